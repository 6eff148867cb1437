import Domain
import Testing

struct GridTests {
    static let settings: KeyValuePairs = ["rungs": "3", "spacing": "0.01", "qty": "4"]

    /// Mid 1000, lines ten ticks apart. Trades say where the market goes; the book stays a tick around the last price.
    private func market(_ trades: [(price: Int64, size: Int64, Side)]) throws -> SmallMarket {
        var market = SmallMarket([try SmallMarket.instrument(kind: .level2)])
        func book(_ second: Int, _ mid: Int64, size: Int64 = 50) {
            market.book(at: Int64(second) * SmallMarket.second, bids: [(mid - 3, size)], asks: [(mid + 3, size)])
        }
        book(0, 1000)
        for (place, trade) in trades.enumerated() {
            let at = 10 * (place + 1)
            market.trade(at: Int64(at) * SmallMarket.second, trade.price, trade.size, trade.2)
            book(at + 1, trade.2 == .sell ? trade.price + 3 : trade.price - 3)
        }
        book(10 * trades.count + 10, trades.last.map { $0.2 == .sell ? $0.price + 4 : $0.price - 4 } ?? 1000, size: 60)
        return market
    }

    private func ladder(_ trial: Trial) -> [String] {
        trial.orders.filter { $0.closed == .max }.sorted { $0.price < $1.price }.map { "\($0.side) \(Int($0.quantity)) at \(Int($0.price))" }
    }

    @Test func aLadderAroundTheMid() throws {
        let trial = try Trial.run("grid", on: market([]).tape(), set: GridTests.settings)
        #expect(ladder(trial) == ["buy 4 at 970", "buy 4 at 980", "buy 4 at 990", "sell 4 at 1010", "sell 4 at 1020", "sell 4 at 1030"])
        #expect(trial.orders.allSatisfy { $0.order.request.isPostOnly })
    }

    @Test func aFilledPurchaseIsOfferedOneLineHigher() throws {
        let trial = try Trial.run("grid", on: market([(989, 10, .sell)]).tape(), set: GridTests.settings)
        #expect(trial.fills.map(\.price) == [990] && trial.fills.map(\.tag) == ["rung -1"])
        #expect(ladder(trial) == ["buy 4 at 970", "buy 4 at 980", "sell 4 at 1000", "sell 4 at 1010", "sell 4 at 1020", "sell 4 at 1030"])
    }

    @Test func aFilledSaleIsBoughtBackOneLineLower() throws {
        let trial = try Trial.run("grid", on: market([(1021, 10, .buy)]).tape(), set: GridTests.settings)
        #expect(Set(trial.fills.map(\.price)) == [1010, 1020])
        #expect(ladder(trial) == ["buy 4 at 970", "buy 4 at 980", "buy 4 at 990", "buy 4 at 1000", "buy 4 at 1010", "sell 4 at 1030"])
    }

    @Test func aSwingEarnsTheDistanceOfTwoLines() throws {
        let trial = try Trial.run("grid", on: market([(989, 10, .sell), (1001, 10, .buy)]).tape(), set: GridTests.settings)
        #expect(trial.fills.map(\.price) == [990, 1000] && trial.positions == [0])
        #expect(trial.equity == "10040")
        #expect(ladder(trial) == ["buy 4 at 970", "buy 4 at 980", "buy 4 at 990", "sell 4 at 1010", "sell 4 at 1020", "sell 4 at 1030"])
    }

    /// A trade at our price that leaves some of the order: the rung keeps its side until all is filled.
    @Test func aPartialFillDoesNotTurnTheRung() throws {
        let trial = try Trial.run("grid", on: market([(990, 3, .sell)]).tape(), set: GridTests.settings)
        #expect(trial.fills.map(\.quantity) == [3] && trial.positions == [3])
        #expect(ladder(trial).contains("buy 4 at 990") && !ladder(trial).contains("sell 4 at 1000"))
    }

    @Test func withoutShortSalesOnlyThePurchasesBegin() throws {
        let trial = try Trial.run("grid", on: market([]).tape(), set: ["rungs": "3", "spacing": "0.01", "qty": "4", "short": "false"])
        #expect(ladder(trial) == ["buy 4 at 970", "buy 4 at 980", "buy 4 at 990"])
    }

    /// The second run begins at another mid, with the first run's ladder and what one of its rungs was still lacking.
    @Test func aRestartKeepsTheLadder() throws {
        let first = try Trial.run("grid", on: market([(980, 3, .sell)]).tape(), set: GridTests.settings)
        #expect(first.fills.map(\.price) == [990, 980])
        let saved = try #require(first.saved)
        let second = try Trial.run("grid", on: market([]).tape(), set: GridTests.settings, restoring: saved)
        #expect(ladder(second) == [
            "buy 4 at 970", "buy 1 at 980", "sell 4 at 1000", "sell 4 at 1010", "sell 4 at 1020", "sell 4 at 1030",
        ])
    }
}
