import Domain
import Exchange
import Testing

@Suite struct BarTests {
    private func bench(_ configure: (inout ExchangeRules) -> Void = { _ in }) -> Bench { Bench(testInstrument(.bars), configure) }

    private func fillTimes(_ bench: Bench) -> [Int64] {
        bench.exchange.reports.compactMap { report in
            if case .filled = report.fact { return report.exchangeTime.nanoseconds }
            return nil
        }
    }

    @Test func aMarketOrderFillsAtTheOpenOfTheNextBar() {
        let bench = bench()
        bench.bar(1, 100, 105, 95, 102)
        bench.send(.buy, 5)
        bench.bar(2, 103, 110, 90, 104)
        #expect(fillTimes(bench) == [120])
        #expect(bench.heard() == ["1 accepted", "1 taker 5@103"])
    }

    @Test func aLimitFillsAtABetterOpenOrWhenTheBarTradesThroughIt() {
        let bench = bench()
        bench.send(.buy, 5, at: 100)
        bench.send(.buy, 6, at: 98)
        bench.send(.sell, 7, at: 104)
        bench.bar(1, 99, 104, 98, 101)
        #expect(fillTimes(bench) == [60])
        #expect(bench.heard() == ["1 accepted", "2 accepted", "3 accepted", "1 taker 5@99"], "touching is not a fill")
        bench.bar(2, 101, 105, 97, 101)
        #expect(fillTimes(bench) == [180, 180])
        #expect(bench.heard() == ["2 maker 6@98", "3 maker 7@104"])
    }

    @Test func aStopFillsAtItsPriceOrAtAWorseOpen() {
        let bench = bench()
        bench.send(.buy, 1, stop: 105)
        bench.send(.sell, 2, stop: 95)
        bench.bar(1, 100, 104, 96, 100)
        #expect(bench.heard() == ["1 accepted", "2 accepted"])
        bench.bar(2, 100, 105, 96, 100)
        #expect(fillTimes(bench) == [180])
        #expect(bench.heard() == ["1 taker 1@105"], "touching triggers")
        bench.bar(3, 90, 91, 80, 85)
        #expect(fillTimes(bench) == [180])
        #expect(bench.heard() == ["2 taker 2@90"], "opened beyond it")
    }

    @Test func insideABarStopsGoBeforeLimits() {
        let bench = bench()
        bench.send(.sell, 1, at: 103)
        bench.send(.sell, 1, stop: 97)
        bench.send(.buy, 1, at: 98)
        bench.bar(1, 100, 110, 90, 100)
        #expect(bench.heard().suffix(3) == ["2 taker 1@97", "1 maker 1@103", "3 maker 1@98"])
    }

    @Test func aStopLimitTouchedInsideWaitsWithItsLimitForTheNextBar() {
        let bench = bench()
        bench.send(.buy, 1, at: 106, stop: 105)
        bench.send(.buy, 1, at: 104, stop: 105)
        bench.bar(1, 100, 110, 90, 108)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "1 taker 1@105"])
        bench.bar(2, 108, 109, 103, 105)
        #expect(bench.heard() == ["2 maker 1@104"])
    }

    @Test func whatIsSentInsideABarWaitsForTheNextOpen() {
        let bench = bench()
        bench.openBar(1, 100, 110, 90, 100)
        bench.send(.buy, 1, at: 99)
        bench.closeBar(1, 100, 110, 90, 100)
        #expect(bench.heard() == ["1 accepted"])
        bench.bar(2, 100, 101, 98, 100)
        #expect(bench.heard() == ["1 maker 1@99"])
    }

    @Test func postOnlyIsRejectedWhereTheNextOpenWouldTakeIt() {
        let bench = bench()
        bench.send(.buy, 1, at: 100, post: true)
        bench.send(.buy, 1, at: 98, post: true)
        #expect(bench.heard() == [])
        bench.bar(1, 99, 100, 98, 100)
        #expect(bench.heard() == ["1 rejected post_only", "2 accepted"])
        bench.bar(2, 97, 100, 96, 100)
        #expect(bench.heard() == ["2 maker 1@98"])
    }

    @Test func immediateOrdersLiveForOneOpen() {
        let bench = bench()
        bench.send(.buy, 1, at: 99, .immediateOrCancel)
        bench.send(.buy, 1, at: 101, .fillOrKill)
        bench.bar(1, 100, 105, 90, 100)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "1 expired", "2 taker 1@100"])
    }

    @Test func theVolumeCapBoundsAllOurFillsOfABar() {
        let bench = bench { $0.maxBarShare = decimal("0.1") }
        bench.send(.buy, 6)
        bench.send(.buy, 6)
        bench.send(.buy, 6, at: 95)
        bench.bar(1, 100, 105, 90, 100, volume: 99)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "3 accepted", "1 taker 6@100", "2 taker 3@100", "2 expired"])
        bench.bar(2, 100, 105, 90, 100, volume: 49)
        bench.bar(3, 94, 105, 90, 100, volume: 99)
        #expect(bench.heard() == ["3 maker 4@95", "3 taker 2@94"])
    }

    @Test func slippageWorsensMarketAndStopFills() {
        let bench = bench { $0.slippage = .ticks(3) }
        bench.send(.buy, 1)
        bench.send(.sell, 1, stop: 95)
        bench.send(.buy, 1, at: 101)
        bench.send(.buy, 1, at: 92)
        bench.bar(1, 100, 105, 90, 100)
        #expect(bench.heard().suffix(4) == ["1 taker 1@103", "3 taker 1@101", "2 taker 1@92", "4 maker 1@92"])
    }

    @Test func anAmendmentTakesItsTurnAtTheNextOpen() {
        let bench = bench()
        let order = bench.send(.buy, 5, at: 90)
        bench.bar(1, 100, 101, 95, 100)
        bench.amend(order, 3, at: 101)
        bench.bar(2, 100, 101, 95, 100)
        #expect(bench.heard() == ["1 accepted", "1 amended 3@101", "1 taker 3@100"])
    }
}
