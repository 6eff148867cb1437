import Domain
import Exchange
import Testing

// One test a sentence of `docs/fills.md`.

@Suite struct ArrivalTests {
    /// Asks 5@101, 5@102, 5@104; bids 5@99, 5@98.
    private func bench(_ fills: FillModel = .partial, _ configure: (inout ExchangeRules) -> Void = { _ in }) -> Bench {
        let bench = Bench { $0.fills = fills; configure(&$0) }
        for (ticks, size) in [(101, 5), (102, 5), (104, 5)] as [(Int64, Int64)] { bench.level(.sell, ticks, size) }
        for (ticks, size) in [(99, 5), (98, 5)] as [(Int64, Int64)] { bench.level(.buy, ticks, size) }
        return bench
    }

    @Test func postOnlyThatCrossesIsRejected() {
        let bench = bench()
        bench.send(.buy, 1, at: 101, post: true)
        bench.send(.sell, 1, at: 99, post: true)
        bench.send(.buy, 1, at: 100, post: true)
        #expect(bench.heard() == ["1 rejected post_only", "2 rejected post_only", "3 accepted"])
    }

    @Test func fullTakesAllAtTheBest() {
        let bench = bench(.full)
        bench.send(.buy, 50, at: 101)
        bench.send(.sell, 50, at: 90, .immediateOrCancel)
        #expect(bench.heard() == ["1 accepted", "1 taker 50@101", "2 accepted", "2 taker 50@99"])
    }

    @Test func partialTakesLevelByLevelAndTheRestRestsAtItsLimit() {
        let bench = bench()
        bench.send(.buy, 12, at: 102)
        #expect(bench.heard() == ["1 accepted", "1 taker 5@101", "1 taker 5@102"])
        bench.trade(.sell, 101, 1)
        #expect(bench.heard() == ["1 maker 2@102"], "a sell below it goes through it")
    }

    @Test func takingLeavesTheRecordedBook() {
        let bench = bench()
        bench.send(.buy, 5, at: 101)
        bench.send(.buy, 5, at: 101)
        #expect(bench.heard() == ["1 accepted", "1 taker 5@101", "2 accepted", "2 taker 5@101"])
    }

    @Test func theRestOfAnIOCExpires() {
        let bench = bench()
        bench.send(.buy, 12, at: 102, .immediateOrCancel)
        bench.send(.buy, 1, at: 100, .immediateOrCancel)
        bench.send(.buy, 1, at: 100, .fillOrKill)
        #expect(bench.heard() == [
            "1 accepted", "1 taker 5@101", "1 taker 5@102", "1 expired", "2 accepted", "2 expired", "3 accepted", "3 expired",
        ])
    }

    @Test(arguments: [FillModel.partial, .full]) func fillOrKillNeedsTheLevelsToHoldAllOfIt(fills: FillModel) {
        let bench = bench(fills)
        bench.send(.buy, 11, at: 102, .fillOrKill)
        #expect(bench.heard() == ["1 accepted", "1 expired"])
        bench.send(.buy, 10, at: 102, .fillOrKill)
        let filled = fills == .full ? ["2 taker 10@101"] : ["2 taker 5@101", "2 taker 5@102"]
        #expect(bench.heard() == ["2 accepted"] + filled)
    }

    /// Ours: all or nothing holds for a market order too.
    @Test(arguments: [FillModel.partial, .full]) func aMarketFillOrKillNeedsTheSideToHoldAllOfIt(fills: FillModel) {
        let bench = bench(fills)
        bench.send(.buy, 16, at: nil, .fillOrKill)
        bench.send(.buy, 15, at: nil, .fillOrKill)
        #expect(bench.heard() == ["1 accepted", "1 expired", "2 accepted", "2 taker 5@101", "2 taker 5@102", "2 taker 5@104"])
    }

    @Test(arguments: [FillModel.partial, .full]) func marketGoesLevelByLevelToTheEndOfTheSide(fills: FillModel) {
        let bench = bench(fills)
        bench.send(.buy, 20)
        #expect(bench.heard() == ["1 accepted", "1 taker 5@101", "1 taker 5@102", "1 taker 5@104", "1 expired"])
        bench.apply(record(.clear, at: bench.tick(), .buy))
        bench.send(.sell, 1)
        #expect(bench.heard() == ["2 accepted", "2 expired"])
    }

    @Test func recordedSizesOffTheLotAddUp() {
        let bench = Bench(testInstrument(sizeUnit: "0.00001"))
        bench.level(.sell, 101, 160)
        bench.level(.sell, 102, 140)
        bench.level(.sell, 103, 49)
        bench.send(.buy, 3, at: 103, .fillOrKill)
        bench.send(.buy, 4, at: 103, .fillOrKill)
        #expect(bench.heard() == ["1 accepted", "1 taker 1@101", "1 taker 2@102", "2 accepted", "2 expired"])
    }

    @Test func slippageMakesATakerPayMoreButNotBeyondItsLimit() {
        let bench = bench { $0.slippage = .ticks(2) }
        bench.send(.buy, 5)
        bench.send(.buy, 5, at: 102)
        bench.send(.sell, 5, at: 98, .immediateOrCancel)
        #expect(bench.heard() == [
            "1 accepted", "1 taker 5@103", "2 accepted", "2 taker 5@102", "3 accepted", "3 taker 5@98",
        ])
        let points = self.bench { $0.slippage = .basisPoints(decimal("50")) }
        points.send(.buy, 5)
        points.send(.sell, 5)
        #expect(points.heard() == ["1 accepted", "1 taker 5@102", "2 accepted", "2 taker 5@98"], "0.505 and 0.495 of a tick, up")
    }

    @Test func feesAreExactAndNegativeOnesAreRebates() {
        let bench = bench()
        bench.send(.buy, 3, at: 101)
        bench.send(.buy, 7, at: 100)
        bench.trade(.sell, 99, 1)
        let fees = bench.exchange.reports.compactMap { report -> Amount? in
            if case .filled(let fill) = report.fact { return fill.fee }
            return nil
        }
        // 10.1 × 0.003 × 0.0007, and 10 × 0.007 × −0.00005.
        #expect(fees == [amount("0.00002121"), amount("-0.0000035")])
    }

    @Test func feesCanBeOverridden() {
        let bench = bench { $0.fees = [FeeOverride(taker: decimal("0.001"))] }
        bench.send(.buy, 1, at: 101)
        guard case .filled(let fill)? = bench.exchange.reports.last?.fact else { Issue.record("no fill"); return }
        #expect(fill.fee == amount("0.0000101") && fill.liquidity == .taker)
    }

    @Test func theVenueRefusesWhatIsTooSmallOrSenseless() {
        let bench = Bench(testInstrument(minQuantity: 2, minNotional: "0.05"))
        bench.send(.buy, 1, at: 100)
        bench.send(.buy, 4, at: 100)
        bench.send(.buy, 5, at: 100)
        bench.send(.buy, 5, post: true)
        bench.send(.buy, 5, at: 100, reduce: true)
        #expect(bench.heard() == [
            "1 rejected min_qty", "2 rejected min_notional", "3 accepted", "4 rejected unsupported", "5 rejected reduce_only",
        ])
    }
}

@Suite struct QueueTests {
    @Test func aTradeServesTheQueueAheadFirst() {
        let bench = Bench()
        bench.level(.buy, 100, 10)
        bench.send(.buy, 5, at: 100)
        bench.trade(.sell, 100, 10)
        #expect(bench.heard() == ["1 accepted"])
        bench.trade(.sell, 100, 2)
        bench.trade(.sell, 100, 4)
        #expect(bench.heard() == ["1 maker 2@100", "1 maker 3@100"])
    }

    @Test func fullFillsAllAsSoonAsALotIsDue() {
        let bench = Bench { $0.fills = .full }
        bench.level(.buy, 100, 10)
        bench.send(.buy, 5, at: 100)
        bench.trade(.sell, 100, 11)
        #expect(bench.heard() == ["1 accepted", "1 maker 5@100"])
    }

    @Test func halfALotRoundsAwayFromZero() {
        let bench = Bench(testInstrument(sizeUnit: "0.0001"))
        bench.send(.buy, 5, at: 100)
        bench.trade(.sell, 100, 4)
        #expect(bench.heard() == ["1 accepted"], "0.4 lots")
        bench.trade(.sell, 100, 1)
        #expect(bench.heard() == ["1 maker 1@100"], "0.5 lots, and nothing is owed afterwards")
        bench.trade(.sell, 100, 4)
        #expect(bench.heard() == [])
    }

    @Test func aTradeBeyondThePriceFillsCompletely() {
        let bench = Bench()
        bench.level(.sell, 100, 100)
        bench.send(.sell, 5, at: 100)
        bench.send(.sell, 6, at: 101)
        bench.send(.sell, 7, at: 102)
        bench.trade(.buy, 102, 1)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "3 accepted", "1 maker 5@100", "2 maker 6@101", "3 maker 1@102"])
    }

    @Test func onlyAnAggressorMovesAQueue() {
        let bench = Bench()
        bench.send(.buy, 5, at: 100)
        bench.trade(nil, 90, 100)
        bench.trade(.buy, 100, 100)
        bench.trade(.sell, 90, 100, flags: MarketRecord.Flag.offBook)
        #expect(bench.heard() == ["1 accepted"])
    }

    @Test func ourOrdersAtOnePriceAreServedInTurn() {
        let bench = Bench()
        bench.level(.buy, 100, 2)
        bench.send(.buy, 3, at: 100)
        bench.level(.buy, 100, 4)
        bench.send(.buy, 3, at: 100)
        bench.trade(.sell, 100, 4)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "1 maker 2@100"], "two ahead, then two of ours")
        bench.trade(.sell, 100, 4)
        #expect(bench.heard() == ["1 maker 1@100", "2 maker 1@100"], "one of ours, two between ours, one of ours")
    }

    @Test func theOppositeBestThatImprovesThroughUsFillsUs() {
        let bench = Bench()
        bench.level(.sell, 105, 9)
        bench.send(.buy, 5, at: 100)
        bench.send(.buy, 6, at: 99)
        bench.level(.sell, 100, 1)
        #expect(bench.heard() == ["1 accepted", "2 accepted", "1 maker 5@100"])
        bench.level(.sell, 101, 1)
        bench.level(.sell, 100, 3)
        #expect(bench.heard() == [], "no better best")
        bench.level(.sell, 99, 1)
        #expect(bench.heard() == ["2 maker 6@99"])
    }

    @Test func riskAverseMovesUpOnlyWhenTheLevelIsSmaller() {
        let bench = Bench()
        bench.level(.buy, 100, 10)
        bench.send(.buy, 5, at: 100)
        bench.level(.buy, 100, 30)
        bench.level(.buy, 100, 4)
        bench.trade(.sell, 100, 5)
        #expect(bench.heard() == ["1 accepted", "1 maker 1@100"])
    }

    @Test func aLevelThatRoundsToNoLotIsGone() {
        let bench = Bench(testInstrument(sizeUnit: "0.0001"))
        bench.level(.sell, 101, 4)
        bench.send(.buy, 1, at: 101, post: true)
        bench.level(.sell, 102, 5)
        bench.send(.buy, 1, at: 102, post: true)
        #expect(bench.heard() == ["1 accepted", "2 rejected post_only"])
    }

    /// By hand: 10 ahead of 10; the level falls to 6: back 0, f(0) = 0, so all 4 were ahead: 6. It grows to 16, falls to 12:
    /// back 10, P = 1000/(1000 + 216), ahead = 6 − (1 − P)·4.
    @Test func thePowerModelSharesADecrease() {
        let bench = Bench { $0.queue = .power(3) }
        bench.level(.buy, 100, 10)
        bench.send(.buy, 50, at: 100)
        bench.level(.buy, 100, 6)
        bench.level(.buy, 100, 16)
        bench.level(.buy, 100, 12)
        // 6 − 0.7105 = 5.29 lots ahead: 5 leave none, 6 leave one.
        bench.trade(.sell, 100, 5)
        #expect(bench.heard() == ["1 accepted"])
        bench.trade(.sell, 100, 1)
        #expect(bench.heard() == ["1 maker 1@100"])
    }

    @Test func tradesAreNotCountedAgainAsADecrease() {
        let bench = Bench { $0.queue = .power(1) }
        bench.level(.buy, 100, 10)
        bench.send(.buy, 50, at: 100)
        bench.level(.buy, 100, 20)
        bench.trade(.sell, 100, 4)
        bench.level(.buy, 100, 16)
        // 6 ahead: the decrease of 4 is the trade's.
        bench.trade(.sell, 100, 6)
        #expect(bench.heard() == ["1 accepted"])
        bench.trade(.sell, 100, 1)
        #expect(bench.heard() == ["1 maker 1@100"])
    }

    @Test func amendingDownKeepsThePlaceAndUpLosesIt() {
        let bench = Bench()
        bench.level(.buy, 100, 2)
        let first = bench.send(.buy, 5, at: 100)
        bench.level(.buy, 100, 9)
        bench.amend(first, 4, at: 100)
        bench.trade(.sell, 100, 3)
        #expect(bench.heard() == ["1 accepted", "1 amended 4@100", "1 maker 1@100"])
        bench.amend(first, 6, at: 100)
        bench.trade(.sell, 100, 9)
        #expect(bench.heard() == ["1 amended 6@100"])
        bench.trade(.sell, 100, 9)
        #expect(bench.heard() == ["1 maker 6@100"])
    }

    @Test func anAmendedPriceMayTake() {
        let bench = Bench()
        bench.level(.sell, 105, 3)
        let order = bench.send(.buy, 5, at: 100)
        bench.amend(order, 5, at: 105)
        let post = bench.send(.buy, 5, at: 100, post: true)
        bench.amend(post, 5, at: 105)
        bench.amend(OrderID(77), 5, at: 105)
        #expect(bench.heard() == [
            "1 accepted", "1 amended 5@105", "1 taker 3@105", "2 accepted", "2 amend rejected post_only",
            "77 amend rejected unknown_order",
        ])
    }

    @Test func cancelsAndExpiry() {
        let bench = Bench()
        let order = bench.send(.buy, 5, at: 100)
        bench.cancel(order)
        bench.cancel(order)
        bench.cancel(OrderID(99))
        #expect(bench.heard() == ["1 accepted", "1 cancelled", "1 cancel rejected unknown_order", "99 cancel rejected unknown_order"])
        bench.send(.buy, 5, at: 100, .goodTillDate, expire: 50)
        bench.send(.buy, 5, at: 100, .goodTillDate, expire: 40)
        #expect(bench.exchange.nextExpiry == Timestamp(nanoseconds: 40))
        bench.exchange.expire(at: Timestamp(nanoseconds: 40))
        #expect(bench.exchange.nextExpiry == Timestamp(nanoseconds: 50))
        bench.exchange.expire(at: Timestamp(nanoseconds: 50))
        #expect(bench.exchange.nextExpiry == .never)
        #expect(bench.heard() == ["2 accepted", "3 accepted", "3 expired", "2 expired"])
    }
}
