import Domain
import Risk
import Testing

@Suite("C9, C10: live orders and their value") struct OpenOrderTests {
    @Test("the last slot passes, one more is refused; the counts are the desk's") func count() throws {
        let set: (inout RiskLimits.Scope) -> Void = { $0.maxOpenOrders = 3 }
        var exposure = quietMarket()
        exposure.accountLiveOrders = 2
        #expect(try breach(of: limit(.buy, 1, at: 200), set, exposure: exposure) == nil)
        exposure.accountLiveOrders = 3
        #expect(try breach(of: limit(.buy, 1, at: 200), set, exposure: exposure) == .maxOpenOrders(asked: 4, limit: 3))
    }

    @Test("an instrument's limit counts that instrument's orders") func instrumentCount() throws {
        var limits = RiskLimits()
        limits.account.maxOpenOrders = 10
        limits.instruments["sim:BTC_USDT", default: .init()].maxOpenOrders = 2
        var gate = try Gate(instruments: [bitcoin()], limits: limits)
        var exposure = quietMarket()
        (exposure.liveOrders, exposure.accountLiveOrders) = (1, 9)
        #expect(throws: Never.self) { _ = try gate.clear(limit(.buy, 1, at: 200), at: noon, exposure: exposure) }
        exposure.liveOrders = 2
        #expect(throws: Breach.maxOpenOrders(asked: 3, limit: 2)) {
            _ = try gate.clear(limit(.buy, 1, at: 200), at: noon, exposure: exposure)
        }
    }

    @Test("a sum of open value over the limit by one unit is refused") func value() throws {
        let set: (inout RiskLimits.Scope) -> Void = { $0.maxOpenValue = amount("20000") }
        var exposure = quietMarket()
        exposure.accountOpenValue = amount("19900")
        #expect(try breach(of: limit(.buy, 1000, at: 200), set, exposure: exposure) == nil)
        exposure.accountOpenValue = Amount(raw: amount("19900").raw + 1)
        let refusal = try breach(of: limit(.buy, 1000, at: 200), set, exposure: exposure)
        #expect(refusal?.code == "max_open_value" && refusal?.control == 10)
        #expect(try breach(of: orderAtMarket(.buy, 1), set, exposure: Exposure()) == .noReference(control: 10))
    }
}

@Suite("C11: worst-case position") struct PositionTests {
    let set: (inout RiskLimits.Scope) -> Void = { $0.maxPosition = ["BTC": decimal("1")] }

    @Test("three orders of half the limit in one turn: the third is refused though none is acknowledged") func sameTurn() throws {
        for side in [Side.buy, .sell] {
            var exposure = quietMarket()
            let ticks: Int64 = side == .buy ? 200 : 202
            for lots in [Int64(0), 500] {
                (exposure.buyLeavesLots, exposure.sellLeavesLots) = side == .buy ? (lots, 0) : (0, lots)
                #expect(try breach(of: limit(side, 500, at: ticks), set, exposure: exposure) == nil)
            }
            (exposure.buyLeavesLots, exposure.sellLeavesLots) = side == .buy ? (1000, 0) : (0, 1000)
            #expect(
                try breach(of: limit(side, 500, at: ticks), set, exposure: exposure)
                    == .maxPosition(worstLots: side.sign * 1500, limitLots: 1000))
        }
    }

    @Test("the limit passes, one lot more is refused; the other side's leaves do not help") func boundary() throws {
        var exposure = quietMarket()
        (exposure.positionLots, exposure.buyLeavesLots, exposure.sellLeavesLots) = (400, 500, 5000)
        #expect(try breach(of: limit(.buy, 100, at: 200), set, exposure: exposure) == nil)
        #expect(try breach(of: limit(.buy, 101, at: 200), set, exposure: exposure)?.code == "max_position")
    }

    @Test("a position over its limit may be reduced") func reduce() throws {
        var exposure = quietMarket()
        exposure.positionLots = 3000
        #expect(try breach(of: limit(.sell, 4000, at: 202), set, exposure: exposure) == nil)
        #expect(try breach(of: limit(.sell, 4001, at: 202), set, exposure: exposure)?.code == "max_position")
    }

    @Test("sums at the edge of 64 bits do not overflow") func extremes() throws {
        var exposure = quietMarket()
        (exposure.positionLots, exposure.buyLeavesLots) = (.max, .max)
        #expect(try breach(of: limit(.buy, 1, at: 200), set, exposure: exposure)?.code == "max_position")
        var request = limit(.buy, 1, at: 200)
        request.isReduceOnly = true
        #expect(try breach(of: request, exposure: exposure)?.code == "reduce_only")
    }
}

@Suite("C13: balances") struct BalanceTests {
    private func cash(_ quote: String, _ base: String) -> Exposure {
        var exposure = quietMarket()
        exposure.checksBalances = true
        (exposure.availableQuote, exposure.availableBase) = (amount(quote), amount(base))
        return exposure
    }

    @Test("two orders each 60 % of cash: the second is refused before the first is acknowledged") func twice() throws {
        var gate = try Gate(instruments: [bitcoin()], limits: .none)
        var exposure = cash("100", "0")
        let request = limit(.buy, 600, at: 199)  // 59.7 and its fee
        let cleared = try gate.clear(request, at: noon, exposure: exposure)
        #expect(cleared.charge.reserve == amount("59.7597"))
        #expect(cleared.charge.value == amount("59.7") && cleared.charge.price == Price(ticks: 199))
        exposure.availableQuote -= cleared.charge.reserve
        #expect(throws: Breach.insufficientBalance(needed: amount("59.7597"), available: amount("40.2403"), inBase: false)) {
            _ = try gate.clear(request, at: noon, exposure: exposure)
        }
    }

    @Test("fees are part of what is needed, to the last unit") func fees() throws {
        #expect(try breach(of: limit(.buy, 1000, at: 200), exposure: cash("100.1", "0")) == nil)
        var short = cash("100.1", "0")
        short.availableQuote -= Amount(raw: 1)
        #expect(try breach(of: limit(.buy, 1000, at: 200), exposure: short)?.code == "insufficient_balance")
        #expect(try breach(of: limit(.sell, 1000, at: 202), exposure: cash("0", "1")) == nil)
        #expect(
            try breach(of: limit(.sell, 1001, at: 202), exposure: cash("1000000", "1"))
                == .insufficientBalance(needed: amount("1.001"), available: amount("1"), inBase: true))
    }

    @Test("a fee in a fraction that no unit of 10^-24 holds is rounded up") func roundUp() throws {
        let odd = try bitcoin(takerFee: "0.0000000000000000000001234567")
        var gate = Gate(instruments: [odd], limits: .none)
        let reserve = try gate.clear(limit(.buy, 1, at: 1), at: noon, exposure: cash("1", "0")).charge.reserve
        // 0.0005 × 1.234567e-22 = 6.17e-26, less than a unit.
        #expect(reserve == Amount(raw: amount("0.0005").raw + 1))
    }

    @Test("without the check nothing is needed; with it a market buy without a price is refused") func off() throws {
        #expect(try breach(of: limit(.buy, 1000, at: 200)) == nil)
        var blind = cash("1000", "0")
        (blind.bestBidTicks, blind.bestAskTicks) = (Exposure.noBid, Exposure.noAsk)
        #expect(try breach(of: orderAtMarket(.buy, 1), exposure: blind) == .noReference(control: 13))
    }

    @Test("the haircut is kept back") func haircut() throws {
        let set: (inout RiskLimits.Scope) -> Void = { $0.balanceHaircut = decimal("0.1") }
        #expect(try breach(of: limit(.sell, 900, at: 202), set, exposure: cash("0", "1")) == nil)
        #expect(try breach(of: limit(.sell, 901, at: 202), set, exposure: cash("0", "1"))?.control == 13)
    }
}
