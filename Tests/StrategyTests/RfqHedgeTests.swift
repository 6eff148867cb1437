import Domain
import Exchange
import Testing

/// Makes on one venue, hedges with a dealer on another.
struct RfqHedgeTests {
    private static let second = SmallMarket.second

    /// The make venue at 9,999 × 10,001 with a sale through our bid every ten seconds; the dealer's venue at the same middle.
    private func market(_ rounds: Int = 6) throws -> SmallMarket {
        var market = SmallMarket([
            try SmallMarket.instrument("BTC", venue: "lit", kind: .level2, tick: "0.1", lot: "0.001"),
            try SmallMarket.instrument("BTC", venue: "otc", kind: .level2, tick: "0.1", lot: "0.001"),
        ])
        market.book(at: 0, 0, bids: [(99_990, 500)], asks: [(100_010, 500)])
        market.book(at: 0, 1, bids: [(99_980, 500)], asks: [(100_020, 500)])
        for round in 1...Int64(rounds) {
            market.trade(at: round * 10 * RfqHedgeTests.second, 99_900, 1_000, .sell)
            market.book(at: round * 10 * RfqHedgeTests.second + 1, 0, bids: [(99_990, 500 + round)], asks: [(100_010, 500)])
        }
        market.book(at: 100 * RfqHedgeTests.second, 0, bids: [(99_990, 499)], asks: [(100_010, 500)])
        return market
    }

    private func rules(_ configure: (inout DealerModel) -> Void = { _ in }) -> ExchangeRules {
        var model = DealerModel()
        model.venues = ["otc"]
        configure(&model)
        var rules = ExchangeRules()
        rules.dealer = model
        return rules
    }

    private let set: KeyValuePairs = ["make": "lit:BTC_USD", "hedge": "otc:BTC_USD"]

    @Test func whatWasMadeIsHedgedInOnePiece() throws {
        let trial = try Trial.run("rfq_hedge", on: try market().tape(), set: set, rules: rules())
        #expect(trial.ending == .endOfTape)
        // Each sale fills the bid of 0.01; every second one makes 0.02, which is what is hedged.
        #expect(trial.fills.map(\.tag) == ["make", "make", "hedge", "make", "make", "hedge", "make", "make", "hedge"])
        let hedges = trial.fills.filter { $0.tag == "hedge" }
        // 200 USD is the first tier, 10 bps: 5 below the middle of 10,000.
        #expect(hedges.allSatisfy { $0.instrument == 1 && $0.side == .sell && $0.quantity == 0.02 && $0.price == 9_995 && !$0.isMaker })
        #expect(trial.positions == [0.06, -0.06])
        // Latency and jitter of the dealer at most 100 ms, its last look 100 ms.
        for (place, fill) in trial.fills.enumerated() where fill.tag == "hedge" {
            let asked = trial.fills[place - 1].time
            #expect(fill.time - asked >= 150_000_000 && fill.time - asked <= 200_000_000)
        }
        #expect(trial.plots["dealer, bps from the middle"]?.map(\.value) == [5, 5, 5])
    }

    @Test func aDearQuoteIsNotTaken() throws {
        let trial = try Trial.run("rfq_hedge", on: try market(3).tape(), set: ["make": "lit:BTC_USD", "hedge": "otc:BTC_USD", "worst_bps": "4"], rules: rules())
        #expect(!trial.fills.contains { $0.tag == "hedge" })
        #expect(trial.log.contains { $0.contains("a quote of 5.0 bps is too dear") })
        // The position stays where it waits for its hedge.
        #expect(trial.positions[0] == 0.03 && trial.positions[1] == 0)
    }

    @Test func aDeclinedRequestIsAskedAgain() throws {
        let trial = try Trial.run("rfq_hedge", on: try market().tape(), set: set, rules: rules { $0.declines = ExactDecimal(mantissa: 7, scale: 1) })
        #expect(trial.log.contains("info no quote: declined"))
        #expect(trial.fills.contains { $0.tag == "hedge" })
    }

    @Test func withoutADealerItSaysSo() throws {
        let trial = try Trial.run("rfq_hedge", on: try market(3).tape(), set: set)
        #expect(trial.log.contains("info no quote: unsupported") && trial.positions[1] == 0)
    }
}
