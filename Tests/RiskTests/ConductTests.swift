import Domain
import Risk
import Testing

@Suite("C16: duplicates") struct DuplicateTests {
    @Test("a live twin refuses, unless the request says it is meant") func twin() throws {
        var exposure = quietMarket()
        exposure.hasLiveTwin = true
        var request = limit(.buy, 1, at: 200)
        #expect(try breach(of: request, exposure: exposure) == .duplicate)
        request.allowsDuplicate = true
        #expect(try breach(of: request, exposure: exposure) == nil)
    }

    @Test("within the window the same intent is refused, also when the first is gone; at its end it passes") func window() throws {
        var limits = RiskLimits()
        limits.account.duplicateWindow = second
        var gate = try Gate(instruments: [bitcoin()], limits: limits)
        let request = limit(.buy, 1, at: 200)
        var later = noon + second
        _ = try gate.clear(request, at: noon, exposure: quietMarket())
        let just = Timestamp(nanoseconds: later.nanoseconds - 1)
        #expect(throws: Breach.duplicateWithin(age: just - noon, window: second)) {
            _ = try gate.clear(request, at: just, exposure: quietMarket())
        }
        _ = try gate.clear(limit(.buy, 2, at: 200), at: just, exposure: quietMarket())
        for step in 0..<300 {
            later = noon + Span(nanoseconds: Int64(step + 1) * second.nanoseconds)
            _ = try gate.clear(request, at: later, exposure: quietMarket())
        }
        #expect(throws: Breach.self) { _ = try gate.clear(request, at: later, exposure: quietMarket()) }
    }

    @Test("twins are the same in instrument, side, type, the prices that count, and quantity") func twins() {
        let one = limit(.buy, 5, at: 200)
        var other = one
        (other.id, other.tag, other.isPostOnly, other.stop) = (OrderID(9), OrderTag(index: 3), true, Price(ticks: 8))
        #expect(one.isTwin(of: other))
        for change: (inout OrderRequest) -> Void in [
            { $0.side = .sell }, { $0.price = Price(ticks: 201) }, { $0.quantity = Quantity(lots: 6) }, { $0.type = .stopLimit },
            { $0.instrument = InstrumentID(index: 1) },
        ] {
            var changed = one
            change(&changed)
            #expect(!one.isTwin(of: changed))
        }
    }
}

@Suite("C17: self-match") struct SelfMatchTests {
    @Test("own ask 10, buy 10: refused; buy below it: passes") func buy() throws {
        var exposure = quietMarket()
        (exposure.lowestOwnSellTicks, exposure.lowestStayingSellTicks) = (205, 205)
        #expect(try breach(of: limit(.buy, 1, at: 205), exposure: exposure) == .selfMatch(own: Price(ticks: 205)))
        #expect(try breach(of: limit(.buy, 1, at: 205, postOnly: true), exposure: exposure)?.code == "self_match")
        #expect(try breach(of: limit(.buy, 1, at: 204), exposure: exposure) == nil)
        #expect(try breach(of: limit(.sell, 1, at: 205), exposure: exposure) == nil)
    }

    @Test("own bid 10, sell 10: refused; sell above it: passes") func sell() throws {
        var exposure = quietMarket()
        (exposure.highestOwnBuyTicks, exposure.highestStayingBuyTicks) = (198, 198)
        #expect(try breach(of: limit(.sell, 1, at: 198), exposure: exposure) == .selfMatch(own: Price(ticks: 198)))
        #expect(try breach(of: limit(.sell, 1, at: 199), exposure: exposure) == nil)
    }

    @Test("an order being cancelled still counts, but not for post-only, which cannot trade") func cancelling() throws {
        var exposure = quietMarket()
        exposure.lowestOwnSellTicks = 205
        #expect(try breach(of: limit(.buy, 1, at: 205), exposure: exposure)?.code == "self_match")
        #expect(try breach(of: limit(.buy, 1, at: 205, postOnly: true), exposure: exposure) == nil)
    }

    @Test("a market order reaches our own order where it is as good as the best price", arguments: [
        (Int64(201), true), (202, true), (203, false),
    ]) func market(own: Int64, isRefused: Bool) throws {
        var exposure = quietMarket()
        exposure.lowestOwnSellTicks = own
        #expect((try breach(of: orderAtMarket(.buy, 1), exposure: exposure) != nil) == isRefused)
        exposure = quietMarket()
        exposure.highestOwnBuyTicks = 402 - own
        #expect((try breach(of: orderAtMarket(.sell, 1), exposure: exposure) != nil) == isRefused)
    }

    @Test("without a book the last price decides, without any the order is refused") func noBook() throws {
        var exposure = Exposure()
        exposure.lowestOwnSellTicks = 205
        #expect(try breach(of: orderAtMarket(.buy, 1), exposure: exposure)?.control == 17)
        exposure.lastTicks = 204
        #expect(try breach(of: orderAtMarket(.buy, 1), exposure: exposure) == nil)
        exposure.lastTicks = 205
        #expect(try breach(of: orderAtMarket(.buy, 1), exposure: exposure)?.control == 17)
    }

    @Test("an untriggered stop meets nobody") func stop() throws {
        var exposure = quietMarket()
        exposure.lowestOwnSellTicks = 205
        var request = orderAtMarket(.buy, 1)
        (request.type, request.stop) = (.stop, Price(ticks: 210))
        #expect(try breach(of: request, exposure: exposure) == nil)
    }
}

@Suite("C19: reduce-only, strict") struct ReduceOnlyTests {
    @Test("position +5, live sell 4, new sell 2 reduce-only: refused; 1 passes") func table() throws {
        for sign in [Int64(1), -1] {
            var exposure = quietMarket()
            exposure.positionLots = 5 * sign
            (exposure.sellLeavesLots, exposure.buyLeavesLots) = sign > 0 ? (4, 0) : (0, 4)
            let side: Side = sign > 0 ? .sell : .buy
            let ticks: Int64 = sign > 0 ? 202 : 200
            #expect(try breach(of: limit(side, 1, at: ticks, reduceOnly: true), exposure: exposure) == nil)
            #expect(
                try breach(of: limit(side, 2, at: ticks, reduceOnly: true), exposure: exposure)
                    == .reduceOnly(positionLots: 5 * sign, afterLots: -sign))
            #expect(try breach(of: limit(side, 2, at: ticks), exposure: exposure) == nil, "without the flag it passes")
        }
    }

    @Test("it never grows a position, nor opens one") func grows() throws {
        var exposure = quietMarket()
        #expect(try breach(of: limit(.buy, 1, at: 200, reduceOnly: true), exposure: exposure)?.code == "reduce_only")
        exposure.positionLots = 5
        #expect(try breach(of: limit(.buy, 1, at: 200, reduceOnly: true), exposure: exposure)?.code == "reduce_only")
        exposure.positionLots = -5
        #expect(try breach(of: limit(.sell, 1, at: 202, reduceOnly: true), exposure: exposure)?.control == 19)
    }
}
