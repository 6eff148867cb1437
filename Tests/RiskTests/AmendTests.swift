import Domain
import Risk
import Testing

@Suite("Amendments are judged like the order they make") struct AmendTests {
    private func gate(_ set: (inout RiskLimits.Scope) -> Void) throws -> Gate {
        var limits = RiskLimits()
        set(&limits.account)
        return try Gate(instruments: [bitcoin()], limits: limits)
    }

    private func amend(
        _ gate: Gate, price: Int64, lots: Int64, leaves: Int64 = 100, exposure: Exposure
    ) throws(Breach) -> ClearedAmendment {
        var mutable = gate
        let order = limit(.buy, 100, at: 200)
        var blank = exposure
        (blank.openValue, blank.accountOpenValue, blank.liveOrders, blank.accountLiveOrders) = (.zero, .zero, 0, 0)
        (blank.buyLeavesLots, blank.availableQuote, blank.hasLiveTwin) = (0, amount("1000000"), false)
        let charge = try mutable.clear(order, at: noon, exposure: blank).charge
        return try mutable.clear(
            AmendRequest(id: OrderID(1), price: Price(ticks: price), quantity: Quantity(lots: lots)), of: order,
            leaves: Quantity(lots: leaves), charge: charge, at: noon, exposure: exposure)
    }

    @Test("the order's own leaves are not counted twice") func ownLeaves() throws {
        let gate = try gate {
            $0.maxPosition = ["BTC": decimal("0.5")]
            $0.maxOpenValue = amount("50")
            $0.maxOpenOrders = 1
        }
        var exposure = quietMarket()
        (exposure.buyLeavesLots, exposure.liveOrders, exposure.accountLiveOrders) = (100, 1, 1)
        (exposure.openValue, exposure.accountOpenValue) = (amount("10"), amount("10"))
        let cleared = try amend(gate, price: 200, lots: 500, exposure: exposure)
        #expect(cleared.charge.value == amount("50") && cleared.limitVersion == 1)
        #expect(throws: Breach.maxOpenValue(asked: amount("50.1"), limit: amount("50"))) {
            _ = try amend(gate, price: 200, lots: 501, exposure: exposure)
        }
        #expect(throws: Breach.maxPosition(worstLots: 501, limitLots: 500)) {
            _ = try amend(gate, price: 100, lots: 501, exposure: exposure)
        }
    }

    @Test("the reserve of the order is released first") func balance() throws {
        let gate = try gate { _ in }
        var exposure = quietMarket()
        (exposure.checksBalances, exposure.availableQuote, exposure.buyLeavesLots) = (true, amount("10.01"), 100)
        #expect(throws: Never.self) { _ = try amend(gate, price: 200, lots: 200, exposure: exposure) }
        #expect(throws: Breach.self) { _ = try amend(gate, price: 200, lots: 201, exposure: exposure) }
    }

    @Test("form, collar and self-match bind the new price") func price() throws {
        let gate = try gate { $0.priceCollar = .init(aggressive: decimal("0.01")) }
        var exposure = quietMarket()
        exposure.lowestOwnSellTicks = 203
        #expect(throws: Breach.badPrice(ticks: 0)) { _ = try amend(gate, price: 0, lots: 1, exposure: exposure) }
        #expect(throws: Breach.badQuantity(lots: 0)) { _ = try amend(gate, price: 200, lots: 0, exposure: exposure) }
        #expect(throws: Breach.selfMatch(own: Price(ticks: 203))) {
            _ = try amend(gate, price: 203, lots: 1, exposure: exposure)
        }
        #expect(throws: Breach.priceCollar(asked: Price(ticks: 204), limit: Price(ticks: 203))) {
            _ = try amend(gate, price: 204, lots: 1, exposure: exposure)
        }
    }
}

@Suite("Scopes, versions, messages") struct LimitScopeTests {
    @Test("every scope tightens and none loosens") func tightest() throws {
        for (account, instrument, strategy) in [("1", "2", "3"), ("3", "1", "2"), ("2", "3", "1")] {
            var limits = RiskLimits()
            limits.account.maxOrderQuantity = ["BTC": decimal(account)]
            limits.instruments["sim:BTC_USDT", default: .init()].maxOrderQuantity = ["BTC": decimal(instrument)]
            limits.strategies["maker", default: .init()].maxOrderQuantity = ["BTC": decimal(strategy)]
            limits.strategies["other", default: .init()].maxOrderQuantity = ["BTC": decimal("0.001")]
            var gate = try Gate(instruments: [bitcoin()], limits: limits, strategy: "maker")
            _ = try gate.clear(limit(.buy, 1000, at: 200), at: noon, exposure: quietMarket())
            #expect(throws: Breach.maxOrderQuantity(asked: Quantity(lots: 1001), limit: Quantity(lots: 1000))) {
                _ = try gate.clear(limit(.buy, 1001, at: 200), at: noon, exposure: quietMarket())
            }
        }
    }

    @Test("the native spelling names the same instrument; names of no instrument are told") func names() throws {
        var limits = RiskLimits()
        limits.instruments["sim:BTCUSDT", default: .init()].maxOrderValue = amount("1")
        limits.instruments["sim:BTC_EUR", default: .init()].maxOrderValue = amount("1")
        var gate = try Gate(instruments: [bitcoin()], limits: limits)
        #expect(throws: Breach.self) { _ = try gate.clear(limit(.buy, 1000, at: 200), at: noon, exposure: quietMarket()) }
        #expect(try limits.unmatched(by: [bitcoin()]) == ["sim:BTC_EUR"])
    }

    @Test("other limits are in force at once, under a new version") func replace() throws {
        var gate = try Gate(instruments: [bitcoin()], limits: .none)
        let first = try gate.clear(limit(.buy, 1000, at: 200), at: noon, exposure: quietMarket())
        var limits = RiskLimits()
        limits.account.maxOrderValue = amount("100")
        gate.replace(limits)
        let second = try gate.clear(limit(.buy, 1000, at: 200), at: noon, exposure: quietMarket())
        #expect(first.limitVersion == 1 && second.limitVersion == 2)
        #expect(throws: Breach.self) { _ = try gate.clear(limit(.buy, 1001, at: 200), at: noon, exposure: quietMarket()) }
    }

    @Test("a message has the control, the code and both numbers in the instrument's units") func message() throws {
        let instrument = try bitcoin()
        #expect(
            Breach.maxOrderQuantity(asked: Quantity(lots: 501), limit: Quantity(lots: 500)).message(on: instrument)
                == "C2 max_order_qty: the quantity is 0.501 BTC; the limit is 0.5")
        #expect(
            Breach.priceCollar(asked: Price(ticks: 2021), limit: Price(ticks: 2020)).message(on: instrument)
                == "C4 price_collar: the price is 1010.5 USDT; the collar ends at 1010")
        for breach in Breach.examples {
            let text = breach.message(on: instrument)
            #expect(text.hasPrefix("C\(breach.control) \(breach.code): ") && text.count > 20)
            #expect(breach.code.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 })
        }
    }
}

extension Breach {
    /// One of every case.
    static let examples: [Breach] = [
        .unknownInstrument(index: 3), .badQuantity(lots: 0), .tooLarge(lots: 5), .badPrice(ticks: 0), .badStop(ticks: 0),
        .badExpire(expire: noon, now: noon), .unsupportedType(.stop), .unsupportedTimeInForce(.market, .goodTillDate),
        .unsupportedPostOnly(.market, .goodTillCancel), .minQuantity(asked: .zero, limit: Quantity(lots: 1)),
        .minNotional(asked: .zero, limit: amount("1")), .maxOrderQuantity(asked: Quantity(lots: 2), limit: Quantity(lots: 1)),
        .maxOrderValue(asked: amount("2"), limit: amount("1")), .noReference(control: 3), .noReference(control: 13),
        .priceCollar(asked: Price(ticks: 2), limit: Price(ticks: 1)), .maxOpenOrders(asked: 2, limit: 1),
        .maxOpenValue(asked: amount("2"), limit: amount("1")), .maxPosition(worstLots: -2, limitLots: 1),
        .insufficientBalance(needed: amount("2"), available: amount("1"), inBase: true), .duplicate,
        .duplicateWithin(age: .zero, window: second), .selfMatch(own: Price(ticks: 3)),
        .reduceOnly(positionLots: 1, afterLots: -1),
    ]
}
