import Domain
import Risk
import Testing

@Suite("C1: well-formed") struct FormTests {
    @Test("quantities and prices outside 1 to 2^53 are refused, the edges pass", arguments: [
        (Int64(0), "bad_qty"), (Gate.largestCount + 1, "bad_qty"), (Int64.max, "bad_qty"),
    ]) func quantity(lots: Int64, code: String) throws {
        #expect(try breach(of: limit(.buy, lots, at: 1))?.code == code)
        #expect(try breach(of: limit(.buy, 1, at: 1)) == nil)
        #expect(try breach(of: limit(.buy, 1 << 48, at: 1)) == nil)
        #expect(try breach(of: limit(.buy, 1, at: 1 << 48)) == nil)
    }

    @Test("a price of zero, below zero or beyond counting", arguments: [Int64(0), -1, Int64.min, Int64.max, Gate.largestCount + 1])
    func price(ticks: Int64) throws {
        #expect(try breach(of: limit(.buy, 1, at: ticks)) == .badPrice(ticks: ticks))
        var stop = limit(.buy, 1, at: 5)
        (stop.type, stop.stop) = (.stopLimit, Price(ticks: ticks))
        #expect(try breach(of: stop) == .badStop(ticks: ticks))
    }

    @Test("a market order's price field means nothing") func marketPrice() throws {
        var request = orderAtMarket(.buy, 1)
        request.price = Price(ticks: -7)
        #expect(try breach(of: request) == nil)
    }

    @Test("worth more than an account can hold: refused, not trapped") func tooLarge() throws {
        let request = limit(.buy, Gate.largestCount, at: Gate.largestCount)
        let refusal = try #require(try breach(of: request))
        #expect(refusal == .tooLarge(lots: Gate.largestCount))
        #expect(refusal.code == "bad_qty" && refusal.control == 1)
    }

    @Test("an instrument that is not in the run") func unknownInstrument() throws {
        var request = limit(.buy, 1, at: 100)
        request.instrument = InstrumentID(index: 1)
        #expect(try breach(of: request) == .unknownInstrument(index: 1))
    }

    @Test("GTD ends in the future, and only what can rest may be GTD") func expire() throws {
        var request = limit(.buy, 1, at: 100)
        (request.timeInForce, request.expire) = (.goodTillDate, noon)
        #expect(try breach(of: request) == .badExpire(expire: noon, now: noon))
        request.expire = Timestamp(nanoseconds: noon.nanoseconds + 1)
        #expect(try breach(of: request) == nil)
        request.expire = .never
        #expect(try breach(of: request)?.code == "bad_expire")
        (request.type, request.expire) = (.market, noon + second)
        #expect(try breach(of: request)?.code == "unsupported_tif")
    }

    @Test("post-only needs a limit order that may rest") func postOnly() throws {
        var request = orderAtMarket(.buy, 1)
        request.isPostOnly = true
        #expect(try breach(of: request)?.code == "unsupported_post_only")
        request = limit(.buy, 1, at: 100, postOnly: true)
        #expect(try breach(of: request) == nil)
        for tif in [TimeInForce.immediateOrCancel, .fillOrKill] {
            request.timeInForce = tif
            #expect(try breach(of: request)?.code == "unsupported_post_only")
        }
    }

    @Test("the venue's least quantity and least value") func minimum() throws {
        let small = try bitcoin(minQuantity: 10, minNotional: "5")
        #expect(try breach(of: limit(.buy, 10, at: 1000), on: small) == nil)
        #expect(
            try breach(of: limit(.buy, 9, at: 2000), on: small)
                == .minQuantity(asked: Quantity(lots: 9), limit: Quantity(lots: 10)))
        #expect(try breach(of: limit(.buy, 10, at: 999), on: small) == .minNotional(asked: amount("4.995"), limit: amount("5")))
        // A market order is held against the price it would meet: 50 lots × 101.
        #expect(try breach(of: orderAtMarket(.buy, 50), on: small) == nil)
        #expect(try breach(of: orderAtMarket(.buy, 49), on: small)?.code == "min_notional")
        // With no price anywhere the venue decides.
        #expect(try breach(of: orderAtMarket(.buy, 49), exposure: Exposure(), on: small) == nil)
    }

    @Test("C1 speaks before any limit") func order() throws {
        let refusal = try breach(of: limit(.buy, 0, at: 1), { $0.maxOpenOrders = 0 })
        #expect(refusal?.control == 1)
    }
}
