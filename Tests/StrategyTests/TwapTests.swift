import Domain
import Testing

struct TwapTests {
    /// A book that stands still: 999 for 500, 1001 for 500; a trade now and then keeps time going.
    private func market(seconds: Int, sells: Bool = false) throws -> SmallMarket {
        var market = SmallMarket([try SmallMarket.instrument(kind: .level2)])
        market.book(at: 0, bids: [(999, 5)], asks: [(1001, 500)])
        for second in 1...seconds { market.trade(at: Int64(second) * SmallMarket.second, sells ? 998 : 1001, 1, sells ? .sell : .buy) }
        return market
    }

    private func seconds(_ fills: [Trial.Filled]) -> [Int64] { fills.map { $0.time / SmallMarket.second } }

    @Test func takesEvenSlicesAtEvenTimes() throws {
        let trial = try Trial.run(
            "twap", on: market(seconds: 100).tape(), set: ["qty": "24", "duration": "60s", "slices": "6", "patience": "0"])
        #expect(seconds(trial.fills) == [0, 10, 20, 30, 40, 50])
        #expect(trial.fills.map(\.quantity) == [4, 4, 4, 4, 4, 4] && trial.fills.allSatisfy { $0.price == 1001 && $0.side == .buy })
        #expect(trial.ending == .strategyStopped(reason: "all done"))
        #expect(trial.log.contains { $0.contains("bought 24 of 24 at 1001 on average, 10.0 bps worse than at the start (1000)") }, "\(trial.log)")
    }

    @Test func unevenTotalsComeOutExactly() throws {
        for total in [7, 13, 20, 29] {
            let trial = try Trial.run(
                "twap", on: market(seconds: 100).tape(), set: ["qty": "\(total)", "duration": "60s", "slices": "6", "patience": "0"])
            #expect(trial.fills.map(\.quantity).reduce(0, +) == Double(total))
            for (place, fill) in trial.fills.enumerated() {
                #expect(fill.time < 60 * SmallMarket.second)
                // Never more than a lot behind the even schedule, and never ahead of it.
                let even = Double(total) * (Double(fill.time / SmallMarket.second) / 10 + 1) / 6
                let done = trial.fills[...place].map(\.quantity).reduce(0, +)
                #expect(done <= even + 1e-9 && done > even - 1, "total \(total), fill \(place)")
            }
        }
    }

    @Test func waitsAsAMakerBeforeItTakes() throws {
        let trial = try Trial.run(
            "twap", on: market(seconds: 100).tape(), set: ["qty": "24", "duration": "60s", "slices": "6", "patience": "0.5"])
        #expect(seconds(trial.fills) == [5, 15, 25, 35, 45, 55] && trial.fills.allSatisfy { !$0.isMaker && $0.price == 1001 })
        let waiting = trial.orders.filter { $0.tag == "wait" }
        #expect(waiting.count == 6 && waiting.allSatisfy { $0.order.request.isPostOnly && $0.price == 999 && $0.order.stateName == "cancelled" })

        let lucky = try Trial.run(
            "twap", on: market(seconds: 100, sells: true).tape(), set: ["qty": "24", "duration": "60s", "slices": "6", "patience": "0.5"])
        #expect(lucky.fills.allSatisfy { $0.isMaker && $0.price == 999 } && lucky.fills.map(\.quantity).reduce(0, +) == 24)
    }

    @Test func staysWithinItsLimitAndSaysWhatIsMissing() throws {
        let trial = try Trial.run(
            "twap", on: market(seconds: 100).tape(),
            set: ["qty": "24", "duration": "60s", "slices": "6", "patience": "0.5", "limit": "1000"])
        #expect(trial.fills.isEmpty && trial.orders.allSatisfy { $0.price <= 1000 && $0.order.request.type == .limit })
        #expect(trial.ending == .strategyStopped(reason: "the time is up"))
        #expect(trial.log.contains { $0.contains("bought 0 of 24") }, "\(trial.log)")
        let sale = try Trial.run(
            "twap", on: market(seconds: 100).tape(),
            set: ["side": "sell", "qty": "24", "duration": "60s", "slices": "6", "patience": "0", "limit": "999"])
        #expect(sale.fills.allSatisfy { $0.price >= 999 && $0.side == .sell } && sale.fills.map(\.quantity).reduce(0, +) == 24)
    }

    /// The bid shows 5, so a slice of 12 is filled in parts; the next slices make up for it.
    @Test func whatASliceDoesNotGetTheNextOnesDo() throws {
        let trial = try Trial.run(
            "twap", on: market(seconds: 100).tape(), set: ["side": "sell", "qty": "24", "duration": "60s", "slices": "2", "patience": "0"])
        #expect(trial.fills.map(\.quantity) == [5, 5] && trial.ending == .strategyStopped(reason: "the time is up"))
        #expect(trial.orders.map(\.quantity) == [12, 19])
    }

    @Test func aRestartGoesOnWhereItWas() throws {
        let settings: KeyValuePairs = ["qty": "24", "duration": "60s", "slices": "6", "patience": "0"]
        let first = try Trial.run("twap", on: market(seconds: 100).tape(), set: settings, until: 25)
        #expect(seconds(first.fills) == [0, 10, 20])
        let saved = try #require(first.saved)
        let second = try Trial.run("twap", on: market(seconds: 100).tape(), set: settings, restoring: saved, from: 32)
        #expect(second.fills.map(\.quantity).reduce(0, +) == 12 && second.ending == .strategyStopped(reason: "all done"))
        #expect(seconds(second.fills) == [32, 40, 50])
    }

    @Test(arguments: [("side", "both", "side"), ("slices", "0", "slices"), ("patience", "1", "patience"), ("duration", "soon", "soon")])
    func badParametersEndTheRunAndSayWhich(key: String, value: String, said: String) throws {
        let trial = try Trial.run("twap", on: market(seconds: 10).tape(), set: [key: value])
        guard case .strategyFailed(let message) = trial.ending else { return #expect(Bool(false), "\(trial.ending)") }
        #expect(message.contains(said) && trial.orders.isEmpty)
    }
}
