import Domain
import Testing

struct CrossVenueTests {
    static let settings: KeyValuePairs = [
        "quote": "one:ABC_USD", "hedge": "two:ABC_USD", "qty": "4", "edge": "0.001", "inventory_limit": "2", "slack": "3",
    ]

    /// Two venues with the same wandering price; trades on the first reach a few ticks into our quotes now and then.
    private func market(seed: UInt64, seconds: Int, hedgeFrom: Int = 0, hedgeTo: Int = .max) throws -> SmallMarket {
        var market = SmallMarket([
            try SmallMarket.instrument(venue: "one", kind: .level2), try SmallMarket.instrument(venue: "two", kind: .level2),
        ])
        var random = Seeded(seed)
        var mid: Int64 = 10_000
        for second in 0..<seconds {
            let at = Int64(second) * SmallMarket.second
            mid += Int64(random.below(3)) - 1
            let hasHedge = second >= hedgeFrom && second < hedgeTo
            market.book(at: at, 1, bids: hasHedge ? (1...5).map { (mid - $0, 50) } : [], asks: hasHedge ? (1...5).map { (mid + $0, 50) } : [])
            market.book(at: at, 0, bids: (20...25).map { (mid - $0, 5) }, asks: (20...25).map { (mid + $0, 5) })
            let isBuy = random.below(2) == 0
            market.trade(at: at + 600_000_000, isBuy ? mid + 15 : mid - 15, Int64(1 + random.below(6)), isBuy ? .buy : .sell)
        }
        return market
    }

    @Test(arguments: [(51, 0), (52, 0), (53, 40_000_000)] as [(UInt64, Int64)])
    func everyFillIsHedged(seed: UInt64, latency: Int64) throws {
        let trial = try Trial.run("cross_venue", on: try market(seed: seed, seconds: 600).tape(), set: CrossVenueTests.settings, latency: latency)
        #expect(trial.ending == .endOfTape, "\(trial.log)")
        let (quoted, hedged) = (trial.fills.filter { $0.instrument == 0 }, trial.fills.filter { $0.instrument == 1 })
        #expect(quoted.count > 30 && hedged.count > 30, "seed \(seed): \(quoted.count) and \(hedged.count) fills")
        #expect(quoted.allSatisfy { $0.isMaker && $0.tag == "quote" } && hedged.allSatisfy { !$0.isMaker && $0.tag == "hedge" })
        #expect(trial.orders.allSatisfy { $0.tag == "quote" ? $0.order.request.isPostOnly : $0.order.request.timeInForce == .immediateOrCancel })
        // Never more unhedged than the limit, and nothing at the end but what has just been filled.
        var (net, worst) = (0.0, 0.0)
        for fill in trial.fills {
            net += fill.side == .buy ? fill.quantity : -fill.quantity
            worst = max(worst, abs(net))
        }
        #expect(worst <= 8 && abs(net) <= 4, "seed \(seed): \(worst) unhedged, \(net) at the end")
        // What was bought and sold together earned the edge: the quote is 0.1 % beyond the touch it was hedged at, give or take what the price moved.
        for fill in quoted { #expect(fill.price.rounded() == fill.price) }
    }

    @Test func aBidStandsBelowTheHedgesBidByTheEdge() throws {
        var market = SmallMarket([
            try SmallMarket.instrument(venue: "one", kind: .level2), try SmallMarket.instrument(venue: "two", kind: .level2),
        ])
        market.book(at: 0, 1, bids: [(10_000, 9)], asks: [(10_004, 9)])
        market.book(at: 0, 0, bids: [(9_950, 5)], asks: [(10_060, 5)])
        market.book(at: 5 * SmallMarket.second, 1, bids: [(10_020, 9)], asks: [(10_024, 9)])
        market.book(at: 10 * SmallMarket.second, 1, bids: [(10_020, 8)], asks: [(10_024, 9)])
        let trial = try Trial.run("cross_venue", on: market.tape(), set: CrossVenueTests.settings)
        let bids = trial.orders.filter { $0.side == .buy }.sorted { $0.created < $1.created }
        let asks = trial.orders.filter { $0.side == .sell }.sorted { $0.created < $1.created }
        // 10 000 less a tenth of a percent; then 10 020 less its own, on the tick below.
        #expect(bids.map(\.price) == [9_990, 10_009] && asks.map(\.price) == [10_015, 10_035])
    }

    @Test func withoutTheHedgeVenueNothingIsOffered() throws {
        let trial = try Trial.run(
            "cross_venue", on: try market(seed: 54, seconds: 300, hedgeFrom: 0, hedgeTo: 100).tape(), set: CrossVenueTests.settings)
        let late = trial.orders.filter { $0.created > 102 * SmallMarket.second }
        #expect(late.isEmpty, "\(late.count) orders without anything to hedge with")
        #expect(trial.orders.filter { $0.tag == "quote" }.allSatisfy { $0.closed < 102 * SmallMarket.second }, "and those that stood are gone")
    }

    @Test func itNeedsTwoInstrumentsOfOneBase() throws {
        let one = SmallMarket([try SmallMarket.instrument(kind: .level2)])
        var market = one
        market.book(at: 0, bids: [(1, 1)], asks: [(3, 1)])
        let alone = try Trial.run("cross_venue", on: market.tape())
        #expect("\(alone.ending)".contains("two instruments"))
        var other = SmallMarket([try SmallMarket.instrument("AAA", kind: .level2), try SmallMarket.instrument("BBB", kind: .level2)])
        other.book(at: 0, bids: [(1, 1)], asks: [(3, 1)])
        let mixed = try Trial.run("cross_venue", on: other.tape())
        #expect("\(mixed.ending)".contains("cannot be hedged"))
    }
}
