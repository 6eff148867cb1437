import Domain
import Testing

struct ImbalanceTakerTests {
    static let settings: KeyValuePairs = ["qty": "5", "smooth": "1", "levels": "2", "threshold": "0.6", "hold": "10s", "pause": "2s", "max_spread": "2"]

    /// One book a second: sizes at the best bid and the best ask, 999 and 1001.
    private func market(_ sizes: [(bid: Int64, ask: Int64)], spread: Int64 = 2) throws -> SmallMarket {
        var market = SmallMarket([try SmallMarket.instrument(kind: .level2)])
        for (second, size) in sizes.enumerated() {
            let deeper = Int64(second % 2)  // so that each second has an update
            market.book(
                at: Int64(second) * SmallMarket.second, bids: [(1000 - spread / 2, size.bid), (980, 1 + deeper)],
                asks: [(1000 + spread / 2, size.ask), (1020, 1 + deeper)])
        }
        return market
    }

    private func seconds(_ fills: [Trial.Filled]) -> [Int64] { fills.map { $0.time / SmallMarket.second } }

    @Test func aBookBelowTheThresholdIsLeftAlone() throws {
        let trial = try Trial.run("imbalance_taker", on: market(Array(repeating: (30, 10), count: 60)).tape(), set: ImbalanceTakerTests.settings)
        #expect(trial.orders.isEmpty && trial.ending == .endOfTape)  // about 0.45
    }

    @Test func takesTheThinSideAndIsOutWhenTimeIsUp() throws {
        var sizes: [(Int64, Int64)] = Array(repeating: (20, 20), count: 5)
        sizes += Array(repeating: (90, 10), count: 11)  // about 0.75, for longer than `hold`
        sizes += Array(repeating: (20, 20), count: 10)
        let trial = try Trial.run("imbalance_taker", on: market(sizes).tape(), set: ImbalanceTakerTests.settings)
        #expect(trial.fills.map(\.side) == [.buy, .sell] && trial.fills.map(\.price) == [1001, 999])
        #expect(seconds(trial.fills) == [5, 15] && trial.fills.map(\.tag) == ["entry", "time is up"])
        #expect(trial.fills.map(\.quantity) == [5, 5] && trial.positions == [0])
        let (entry, exit) = (trial.orders[0].order.request, trial.orders[1].order.request)
        #expect(entry.type == .limit && entry.timeInForce == .immediateOrCancel && !entry.isReduceOnly)
        #expect(exit.type == .market && exit.isReduceOnly)
    }

    @Test func sellsIntoAThinBidAndLeavesWhenTheImbalanceIsGone() throws {
        let sizes: [(Int64, Int64)] = Array(repeating: (10, 90), count: 3) + Array(repeating: (40, 20), count: 10)
        let trial = try Trial.run("imbalance_taker", on: market(sizes).tape(), set: ImbalanceTakerTests.settings)
        #expect(trial.fills.map(\.side) == [.sell, .buy] && seconds(trial.fills) == [0, 3])
        #expect(trial.fills.map(\.tag) == ["entry", "imbalance gone"])
    }

    @Test func takesNoMoreThanIsShown() throws {
        let trial = try Trial.run("imbalance_taker", on: market(Array(repeating: (90, 3), count: 4)).tape(), set: ImbalanceTakerTests.settings)
        #expect(trial.fills.map(\.quantity) == [3] && trial.orders.map(\.quantity) == [3])
    }

    @Test func doesNotCrossAWideSpread() throws {
        let trial = try Trial.run("imbalance_taker", on: market(Array(repeating: (90, 3), count: 30), spread: 4).tape(), set: ImbalanceTakerTests.settings)
        #expect(trial.orders.isEmpty)
    }

    @Test func pausesBetweenTrades() throws {
        let trial = try Trial.run("imbalance_taker", on: market(Array(repeating: (90, 10), count: 60)).tape(), set: ImbalanceTakerTests.settings)
        #expect(seconds(trial.fills) == [0, 10, 12, 22, 24, 34, 36, 46, 48, 58])
    }

    /// With a slow way to the venue nothing is sent twice.
    @Test func sendsNothingTwiceWhileAnOrderIsUnderWay() throws {
        let trial = try Trial.run(
            "imbalance_taker", on: market(Array(repeating: (90, 10), count: 40)).tape(), set: ImbalanceTakerTests.settings,
            latency: 1_700_000_000)
        #expect(trial.fills.count > 4)
        #expect(trial.fills.allSatisfy { abs($0.position) <= 5 } && trial.orders.allSatisfy { !$0.isRefused })
    }
}
