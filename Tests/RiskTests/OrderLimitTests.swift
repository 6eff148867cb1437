import Domain
import Risk
import Testing

@Suite("C2: order quantity") struct OrderQuantityTests {
    @Test("the limit passes, one lot more is refused") func boundary() throws {
        let set: (inout RiskLimits.Scope) -> Void = { $0.maxOrderQuantity = ["BTC": decimal("0.5"), "ETH": decimal("0.001")] }
        #expect(try breach(of: limit(.buy, 500, at: 200), set) == nil)
        #expect(
            try breach(of: limit(.sell, 501, at: 210), set)
                == .maxOrderQuantity(asked: Quantity(lots: 501), limit: Quantity(lots: 500)))
    }

    @Test("a limit off the lot is rounded down") func offLot() throws {
        let set: (inout RiskLimits.Scope) -> Void = { $0.maxOrderQuantity = ["BTC": decimal("0.0019")] }
        #expect(try breach(of: limit(.buy, 1, at: 200), set) == nil)
        #expect(try breach(of: limit(.buy, 2, at: 200), set)?.code == "max_order_qty")
    }
}

@Suite("C3: order value") struct OrderValueTests {
    let set: (inout RiskLimits.Scope) -> Void = { $0.maxOrderValue = amount("5000") }

    @Test("the limit passes, one lot more and one tick more are refused") func boundary() throws {
        #expect(try breach(of: limit(.buy, 50_000, at: 200), set) == nil)
        #expect(
            try breach(of: limit(.buy, 50_001, at: 200), set)
                == .maxOrderValue(asked: amount("5000.1"), limit: amount("5000")))
        #expect(try breach(of: limit(.buy, 50_000, at: 201), set)?.code == "max_order_value")
    }

    @Test("a limit one unit of 10^-24 below the value refuses") func oneUnit() throws {
        let tight: (inout RiskLimits.Scope) -> Void = { $0.maxOrderValue = Amount(raw: amount("5000").raw - 1) }
        #expect(try breach(of: limit(.buy, 50_000, at: 200), tight)?.control == 3)
    }

    @Test("a market order on an empty book has no price: refused") func noPrice() throws {
        let refusal = try breach(of: orderAtMarket(.buy, 1), set, exposure: Exposure())
        #expect(refusal == .noReference(control: 3))
        #expect(refusal?.code == "no_reference" && refusal?.control == 3)
        #expect(try breach(of: orderAtMarket(.buy, 1), exposure: Exposure()) == nil, "without the limit it passes")
    }

    @Test("a market order is worth the far touch, and the collar's end where there is one") func market() throws {
        #expect(try breach(of: orderAtMarket(.buy, 49_504), set) == nil)
        #expect(try breach(of: orderAtMarket(.buy, 49_505), set)?.code == "max_order_value", "49.505 × 101 = 5000.005")
        let both: (inout RiskLimits.Scope) -> Void = {
            $0.maxOrderValue = amount("5000")
            $0.priceCollar = .init(aggressive: decimal("0.1"))
        }
        // REF 100.5, its end 110.55, the last tick inside it 110.5.
        #expect(try breach(of: orderAtMarket(.buy, 45_248), both) == nil)
        #expect(try breach(of: orderAtMarket(.buy, 45_249), both)?.code == "max_order_value")
        // A sell is worth the bid, more than the collar's low end.
        #expect(try breach(of: orderAtMarket(.sell, 50_000), both) == nil)
        #expect(try breach(of: orderAtMarket(.sell, 50_001), both)?.code == "max_order_value")
    }

    @Test("a sell far below the bid is worth what the bid gives") func cheapSell() throws {
        #expect(try breach(of: limit(.sell, 50_000, at: 1), set) == nil)
        #expect(try breach(of: limit(.sell, 50_001, at: 1), set)?.code == "max_order_value")
    }
}

@Suite("C4: price collar") struct CollarTests {
    let set: (inout RiskLimits.Scope) -> Void = {
        $0.priceCollar = .init(aggressive: decimal("0.01"), passive: decimal("0.1"))
    }

    /// Book 1990 / 2010 ticks: REF = 2000 ticks, so 1 % is 20 ticks and 10 % is 200.
    private func book() -> Exposure {
        var exposure = quietMarket()
        (exposure.bestBidTicks, exposure.bestAskTicks) = (1990, 2010)
        return exposure
    }

    @Test("equal to the bound passes, one tick more is refused", arguments: [
        (Side.buy, Int64(2020), Int64(2021)), (.sell, 1980, 1979), (.buy, 1800, 1799), (.sell, 2200, 2201),
    ]) func boundary(side: Side, inside: Int64, outside: Int64) throws {
        #expect(try breach(of: limit(side, 1, at: inside), set, exposure: book()) == nil)
        #expect(
            try breach(of: limit(side, 1, at: outside), set, exposure: book())
                == .priceCollar(asked: Price(ticks: outside), limit: Price(ticks: inside)))
    }

    @Test("a mid between two ticks is not rounded") func halfTick() throws {
        var exposure = book()
        exposure.bestAskTicks = 2011  // REF 2000.5, its bound 2020.505
        #expect(try breach(of: limit(.buy, 1, at: 2020), set, exposure: exposure) == nil)
        #expect(try breach(of: limit(.buy, 1, at: 2021), set, exposure: exposure)?.control == 4)
        exposure.bestAskTicks = 2110  // REF 2050, its bound 2029.5 for a sell
        #expect(try breach(of: limit(.sell, 1, at: 2030), set, exposure: exposure) == nil)
        #expect(
            try breach(of: limit(.sell, 1, at: 2029), set, exposure: exposure)
                == .priceCollar(asked: Price(ticks: 2029), limit: Price(ticks: 2030)))
    }

    @Test("a reference as old as allowed passes, older falls to the last trade, then refuses") func stale() throws {
        let request = limit(.buy, 1, at: 2020)
        let edge = noon + Span(nanoseconds: 5_000_000_000)
        let late = edge + Span(nanoseconds: 1)
        #expect(try breach(of: request, set, exposure: book(), now: edge) == nil)
        #expect(try breach(of: request, set, exposure: book(), now: late) == .noReference(control: 4))
        var exposure = book()
        (exposure.lastTicks, exposure.lastTime) = (2000, edge)
        #expect(try breach(of: request, set, exposure: exposure, now: late) == nil)
        exposure.lastTicks = 1999
        #expect(try breach(of: request, set, exposure: exposure, now: late)?.code == "price_collar")
        exposure.lastTime = noon
        #expect(try breach(of: request, set, exposure: exposure, now: late)?.code == "no_reference")
    }

    @Test("one side alone is no reference") func oneSided() throws {
        var exposure = book()
        exposure.bestAskTicks = Exposure.noAsk
        #expect(try breach(of: limit(.buy, 1, at: 2000), set, exposure: exposure) == .noReference(control: 4))
    }

    @Test("a market order may not meet a touch outside the collar") func market() throws {
        var exposure = book()
        #expect(try breach(of: orderAtMarket(.buy, 1), set, exposure: exposure) == nil)
        (exposure.bestBidTicks, exposure.bestAskTicks) = (1900, 2100)
        #expect(try breach(of: orderAtMarket(.buy, 1), set, exposure: exposure)?.code == "price_collar")
        #expect(try breach(of: orderAtMarket(.sell, 1), set, exposure: exposure)?.code == "price_collar")
    }

    @Test("a trigger stays within the passive bound, a stop's limit within the aggressive one of its trigger") func stops() throws {
        var request = limit(.buy, 1, at: 2222)
        (request.type, request.stop) = (.stopLimit, Price(ticks: 2200))
        #expect(try breach(of: request, set, exposure: book()) == nil)
        request.price = Price(ticks: 2223)
        #expect(try breach(of: request, set, exposure: book())?.code == "price_collar")
        (request.type, request.stop) = (.stop, Price(ticks: 2201))
        #expect(try breach(of: request, set, exposure: book())?.code == "price_collar")
    }
}
