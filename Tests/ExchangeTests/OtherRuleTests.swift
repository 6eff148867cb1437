import Domain
import Exchange
import Testing

@Suite struct StopTests {
    @Test func theLastTradeTriggersAStop() {
        let bench = Bench()
        bench.level(.sell, 105, 5)
        bench.trade(.buy, 100, 1)
        bench.send(.buy, 2, stop: 103)
        bench.send(.buy, 9, at: 105, stop: 104)
        bench.level(.sell, 104, 1)
        bench.trade(nil, 102, 1)
        #expect(bench.heard() == ["1 accepted", "2 accepted"])
        bench.trade(nil, 104, 1)
        #expect(bench.heard() == ["1 taker 1@104", "1 taker 1@105", "2 taker 1@104", "2 taker 5@105"])
        bench.send(.sell, 1, stop: 104)
        #expect(bench.heard() == ["3 accepted", "3 expired"], "triggered on arrival, no bids")
    }

    @Test func withoutTradesTheOppositeBestTriggers() {
        let bench = Bench()
        bench.level(.sell, 101, 5)
        bench.level(.buy, 100, 5)
        bench.send(.sell, 2, stop: 98)
        bench.level(.buy, 98, 5)
        #expect(bench.heard() == ["1 accepted"])
        bench.level(.buy, 100, 0)
        #expect(bench.heard() == ["1 taker 2@98"])
    }

    @Test func aPostOnlyStopLimitThatWouldTakeEnds() {
        let bench = Bench()
        bench.level(.sell, 101, 5)
        bench.trade(.buy, 101, 1)
        bench.send(.buy, 2, at: 103, stop: 102, post: true)
        bench.trade(.buy, 102, 1)
        #expect(bench.heard() == ["1 accepted", "1 expired"])
    }
}

@Suite struct ReduceOnlyTests {
    @Test func itNeverTurnsThePosition() {
        let bench = Bench()
        bench.level(.sell, 101, 50)
        bench.level(.buy, 99, 50)
        bench.send(.buy, 5)
        bench.send(.sell, 8, at: 103, reduce: true)
        bench.send(.sell, 2, at: 99)
        _ = bench.heard()
        bench.trade(.buy, 104, 50)
        #expect(bench.heard() == ["2 maker 3@103", "2 expired"])
        #expect(bench.exchange.position(0) == 0)
        bench.send(.sell, 1, reduce: true)
        #expect(bench.heard() == ["4 rejected reduce_only"])
    }

    @Test func itEndsWhenThereIsNothingLeftToReduce() {
        let bench = Bench()
        bench.level(.sell, 101, 50)
        bench.level(.buy, 99, 50)
        bench.send(.buy, 5)
        bench.send(.sell, 5, at: 103, reduce: true)
        _ = bench.heard()
        bench.send(.sell, 5)
        #expect(bench.heard() == ["3 accepted", "3 taker 5@99", "2 expired"])
    }

    @Test func aFillOrKillThatMayNotBeFilledWholeExpires() {
        let bench = Bench()
        bench.level(.sell, 101, 50)
        bench.level(.buy, 99, 50)
        bench.send(.buy, 5)
        bench.send(.sell, 6, at: 99, .fillOrKill, reduce: true)
        bench.send(.sell, 6, at: 99, .immediateOrCancel, reduce: true)
        #expect(bench.heard() == ["1 accepted", "1 taker 5@101", "2 accepted", "2 expired", "3 accepted", "3 taker 5@99", "3 expired"])
    }
}

@Suite struct SpotTests {
    /// 1 USDT and 0.01 BTC; bids 99, asks 101 (tick 0.1: a lot at 100 ticks is 0.01 USDT); fees 0 and 0.001.
    private func bench() -> Bench {
        let bench = Bench(testInstrument(maker: "0", taker: "0.001")) {
            $0.spot = [
                SpotBalance(currency: "USDT", total: amount("1")), SpotBalance(currency: "BTC", total: amount("0.01")),
            ]
        }
        bench.level(.sell, 101, 1_000)
        bench.level(.buy, 99, 1_000)
        return bench
    }

    @Test func nothingIsSoldThatIsNotThere() {
        let bench = bench()
        bench.send(.sell, 11)
        bench.send(.sell, 6, at: 105)
        bench.send(.sell, 5)
        bench.send(.sell, 4)
        #expect(bench.heard() == [
            "1 rejected insufficient_balance", "2 accepted", "3 rejected insufficient_balance", "4 accepted", "4 taker 4@99",
        ])
        #expect(bench.exchange.balance("BTC") == amount("0.006"))
        // 9.9 × 0.004 less a thousandth.
        #expect(bench.exchange.balance("USDT") == amount("1.0395604"))
    }

    @Test func aBuyHoldsBackItsLimitAndFee() {
        let bench = bench()
        bench.send(.buy, 100, at: 100)
        let order = bench.send(.buy, 99, at: 100)
        bench.send(.buy, 1, at: 100)
        bench.cancel(order)
        bench.send(.buy, 99, at: 100)
        #expect(bench.heard() == [
            "1 rejected insufficient_balance", "2 accepted", "3 rejected insufficient_balance", "2 cancelled", "4 accepted",
        ])
    }

    @Test func anAmendmentMayNotOutgrowTheBalance() {
        let bench = bench()
        let order = bench.send(.buy, 50, at: 100)
        bench.amend(order, 120, at: 100)
        bench.amend(order, 90, at: 100)
        bench.send(.buy, 10, at: 100)
        #expect(bench.heard() == [
            "1 accepted", "1 amend rejected insufficient_balance", "1 amended 90@100", "2 rejected insufficient_balance",
        ])
    }

    @Test func aMarketBuyIsJudgedByWhatTheBookWouldCost() {
        let bench = bench()
        bench.send(.buy, 99)
        bench.send(.buy, 98)
        #expect(bench.heard() == ["1 rejected insufficient_balance", "2 accepted", "2 taker 98@101"])
        #expect(bench.exchange.balance("USDT") == amount("1") - amount("0.9898") - amount("0.0009898"))
    }
}

@Suite struct QuoteTapeTests {
    @Test func levelTwoRecordsAndQuotesDoNotMix() {
        let level2 = Bench()
        level2.quote((99, 5), (101, 5))
        level2.send(.buy, 1, at: 101, post: true)
        #expect(level2.heard() == ["1 accepted"])
    }

    @Test func aQuoteIsALevelASide() {
        let bench = Bench(testInstrument(.quotes))
        bench.quote((99, 5), (101, 5))
        bench.send(.buy, 9, at: 103)
        #expect(bench.heard() == ["1 accepted", "1 taker 5@101"], "no level behind the best")
        bench.send(.buy, 3, at: 98)
        bench.quote((99, 5), nil)
        bench.quote(nil, (99, 5))
        #expect(bench.heard() == ["2 accepted", "1 maker 4@103"], "the best ask improved and reaches the buy at 103")
        bench.quote(nil, (98, 5))
        #expect(bench.heard() == ["2 maker 3@98"])
    }

    @Test func aSizeThatTheTapeDoesNotTellBoundsNothing() {
        let bench = Bench(testInstrument(.quotes))
        bench.quote((99, 0), (101, 0))
        bench.send(.buy, 1_000_000)
        bench.send(.buy, 2, at: 99)
        bench.trade(.sell, 99, 1)
        #expect(bench.heard() == ["1 accepted", "1 taker 1000000@101", "2 accepted", "2 maker 1@99"])
        bench.quote((0, 0), nil)
        bench.send(.sell, 1)
        #expect(bench.heard() == ["3 accepted", "3 expired"], "no price and no size: an empty side")
    }

    @Test func aBestThatFallsBackLeavesNobodyAhead() {
        let bench = Bench(testInstrument(.quotes))
        bench.quote((99, 5), (101, 5))
        bench.send(.buy, 2, at: 99)
        bench.quote((98, 5), nil)
        bench.trade(.sell, 99, 1)
        #expect(bench.heard() == ["1 accepted", "1 maker 1@99"])
    }
}

@Suite struct TradeTapeTests {
    @Test func theLastPriceIsWhatATakerGets() {
        let bench = Bench(testInstrument(.trades))
        bench.send(.buy, 5)
        bench.trade(nil, 100, 1)
        bench.send(.buy, 5)
        bench.send(.sell, 3, at: 102)
        bench.send(.buy, 3, at: 99)
        #expect(bench.heard() == ["1 accepted", "1 expired", "2 accepted", "2 taker 5@100", "3 accepted", "4 accepted"])
        bench.trade(nil, 102, 1)
        bench.trade(nil, 103, 1)
        bench.trade(nil, 98, 1)
        #expect(bench.heard() == ["3 maker 1@102", "3 maker 2@102", "4 maker 3@99"])
    }
}

@Suite struct Level3Tests {
    private func bench(_ fills: FillModel = .partial) -> Bench {
        let bench = Bench(testInstrument(.level3)) { $0.queue = .fifo; $0.fills = fills }
        bench.add(1, .buy, 100, 5)
        bench.add(2, .buy, 100, 5)
        bench.send(.buy, 4, at: 100)
        bench.add(3, .buy, 100, 5)
        _ = bench.heard()
        return bench
    }

    @Test func whatExecutesBehindUsWouldHaveBeenOurs() {
        let bench = bench()
        bench.fill(1, 5)
        bench.fill(2, 5)
        #expect(bench.heard() == [])
        bench.fill(3, 3)
        bench.fill(3, 2)
        #expect(bench.heard() == ["1 maker 3@100", "1 maker 1@100"])
    }

    @Test func fullFillsUsAtTheFirst() {
        let bench = bench(.full)
        bench.fill(3, 1)
        #expect(bench.heard() == ["1 maker 4@100"])
    }

    @Test func anExecutionBeyondOurPriceFillsUs() {
        let bench = bench()
        bench.add(4, .buy, 99, 5)
        bench.fill(4, 1)
        #expect(bench.heard() == ["1 maker 4@100"])
    }

    @Test func anOrderThatIsMovedBackIsBehindUs() {
        let bench = bench()
        bench.apply(record(.orderModify, at: bench.tick(), .buy, 100, 3, 0, 0, 1))
        bench.fill(1, 1)
        #expect(bench.heard() == [], "smaller keeps its place")
        bench.apply(record(.orderModify, at: bench.tick(), .buy, 100, 9, 0, 0, 1))
        bench.fill(1, 1)
        #expect(bench.heard() == ["1 maker 1@100"])
    }

    @Test func aSnapshotListsWhoIsAheadOfUs() {
        let bench = bench()
        bench.apply(record(.clear, at: bench.tick()))
        bench.add(7, .buy, 100, 5, flags: MarketRecord.Flag.snapshot)
        bench.fill(7, 5)
        #expect(bench.heard() == [])
    }

    @Test func fifoNeedsLevelThree() {
        var rules = ExchangeRules()
        rules.queue = .fifo
        #expect(rules.unsuitability(for: [testInstrument(.level3)]) == nil)
        #expect(rules.unsuitability(for: [testInstrument(.level3), testInstrument()])?.contains("test:BTC_USDT") == true)
        rules.queue = .power(0)
        #expect(rules.unsuitability(for: [testInstrument()])?.contains("--queue power:0") == true)
    }
}

extension Bench {
    fileprivate func add(_ id: Int64, _ side: Side, _ ticks: Int64, _ units: Int64, flags: UInt8 = 0) {
        apply(record(.orderAdd, at: tick(), side, ticks, units, 0, 0, id, flags: flags))
    }
    fileprivate func fill(_ id: Int64, _ units: Int64) { apply(record(.orderFill, at: tick(), nil, 0, units, 0, 0, id)) }
}

/// What a venue does not know, it does not take.
struct VenueRuleTests {
    private func bench(_ change: (inout VenueRules) -> Void) -> Bench {
        var venue = VenueRules()
        change(&venue)
        let bench = Bench { $0.venues = [venue] }
        bench.level(.buy, 100, 500)
        bench.level(.sell, 110, 500)
        return bench
    }

    @Test func unknownKindsOfOrdersAreUnsupported() {
        let bench = bench {
            $0.types = [.market, .limit]
            $0.timesInForce = [.goodTillCancel]
            $0.hasPostOnly = false
        }
        bench.send(.buy, 1, at: 90)
        bench.send(.buy, 1, stop: 120)
        bench.send(.buy, 1, at: 90, .fillOrKill)
        bench.send(.buy, 1, at: 90, post: true)
        bench.send(.buy, 1, .immediateOrCancel)
        #expect(bench.heard() == [
            "1 accepted", "2 rejected unsupported", "3 rejected unsupported", "4 rejected unsupported", "5 accepted", "5 taker 1@110",
        ])
    }

    @Test func onlySoManyOrders() {
        let bench = bench { $0.maxOpenOrders = 2 }
        let first = bench.send(.buy, 1, at: 90)
        bench.send(.buy, 1, at: 91)
        bench.send(.buy, 1, at: 92)
        bench.cancel(first)
        bench.send(.buy, 1, at: 93)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "3 rejected venue", "1 cancelled", "4 accepted"])
    }

    /// Cancelled and sent anew: what is ahead is the whole level again.
    @Test(arguments: [(true, ["1 amended 2@100", "1 maker 2@100"]), (false, ["1 amended 2@100"])])
    func withoutAmendmentsThePlaceIsLost(_ hasAmend: Bool, _ told: [String]) {
        let bench = bench { $0.hasAmend = hasAmend }
        let order = bench.send(.buy, 5, at: 100)
        bench.trade(.sell, 100, 500)
        _ = bench.heard()
        bench.amend(order, 2, at: 100)
        bench.trade(.sell, 100, 3)
        #expect(bench.heard() == told)
    }
}
