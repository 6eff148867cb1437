import Domain
import Risk
import Testing
import Trading

@testable import Scripting

/// Quotes on request as a script sees them: asked for, told, taken once and in time (C35).
struct QuoteTests {
    private static let asking = """
        local S = {}
        function S.on_start()
          S.i = market.instrument() S.i:subscribe("trades")
          S.id = S.i:request_quote{side = "buy", qty = 0.5}
        end
        function S.on_trade() if S.q then for n = 1, 2 do S.o = S.q:accept{tag = "hedge"} end S.q = nil end end
        function S.on_rfq(q)
          S.q = q
          print(q.request == S.id, q.inst == S.i, q.side, q.qty, q.price, q.expires, q.id)
        end
        function S.on_rfq_refused(id, inst, reason) print(id == S.id, inst == S.i, reason) end
        function S.on_order(o) print(o.state, o.reason, o.tag, o.qty, o.price, o.tif) end
        return S
        """

    private func quote(_ bench: Bench, life: Int64, ticks: Int64 = 10_010, lots: Int64 = 5_000, side: Side = .buy, answer: UInt8 = 0) {
        let quote = Quote(
            id: QuoteID(QuoteRequestID(1), answer: answer), instrument: InstrumentID(index: 0), side: side, quantity: Quantity(lots: lots),
            price: Price(ticks: ticks), expires: Timestamp(nanoseconds: bench.now + 1_000_000 + life))
        bench.step(.quote(.quoted(quote)))
    }

    @Test func aRequestLeavesAndItsQuoteIsTold() throws {
        let bench = try Bench(QuoteTests.asking)
        bench.start()
        let asked = bench.takeEffects().compactMap { if case .requestQuote(let cleared) = $0 { cleared.request } else { nil } }
        #expect(asked == [QuoteRequest(id: QuoteRequestID(1), instrument: InstrumentID(index: 0), side: .buy, quantity: Quantity(lots: 5_000))])
        quote(bench, life: 5_000_000_000)
        #expect(bench.take() == ["true\ttrue\tbuy\t0.5\t100.1\t\(bench.now + 5_000_000_000)\t1-0"])
    }

    /// Two acceptances, one message: the second is an order that is refused.
    @Test func aQuoteIsGoodForOneAcceptance() throws {
        let bench = try Bench(QuoteTests.asking)
        bench.start()
        quote(bench, life: 5_000_000_000)
        _ = (bench.take(), bench.takeEffects())
        bench.trade(.buy, 10_000, 1)
        #expect(bench.requests.count == 1)
        #expect(bench.requests.first?.quote == QuoteID(QuoteRequestID(1)))
        #expect(bench.take() == ["rejected\tquote_used\thedge\t0.5\t100.1\tFOK"])
        bench.fill(1, 7, ticks: 10_010, lots: 5_000)
        #expect(bench.take() == ["filled\tnil\thedge\t0.5\t100.1\tFOK"])
        #expect(bench.engine.desk.portfolio.positions[0].lots == 5_000)
    }

    /// At the very end it still leaves; a millisecond later it does not.
    @Test(arguments: [(Int64(2_000_000), 1), (1_000_000, 1), (0, 0), (-1_000_000, 0)])
    func afterItsEndAQuoteIsRefusedHere(_ left: Int64, _ leaves: Int) throws {
        let bench = try Bench(QuoteTests.asking)
        bench.start()
        quote(bench, life: 100_000_000)
        _ = (bench.take(), bench.takeEffects())
        bench.wait(100_000_000 - left)
        bench.trade(.buy, 10_000, 1)
        #expect(bench.requests.count == leaves)
        if leaves == 0 { #expect(bench.take().first == "rejected\tquote_expired\thedge\t0.5\t100.1\tFOK") }
    }

    @Test func theMarginIsTakenOffTheEnd() throws {
        var limits = RiskLimits()
        limits.later.quoteMargin = Span(nanoseconds: 50_000_000)
        for (waited, leaves) in [(Int64(49_000_000), 1), (50_000_000, 0)] {
            let bench = try Bench(QuoteTests.asking, limits: limits)
            bench.start()
            quote(bench, life: 100_000_000)
            _ = (bench.take(), bench.takeEffects())
            bench.wait(waited)
            bench.trade(.buy, 10_000, 1)
            #expect(bench.requests.count == leaves)
        }
    }

    /// Another size or side than was asked for is never told as a quote.
    @Test func whatWasNotAskedForIsNotTaken() throws {
        let bench = try Bench(QuoteTests.asking)
        bench.start()
        _ = bench.takeEffects()
        quote(bench, life: 1_000_000_000, lots: 4_999)
        quote(bench, life: 1_000_000_000, side: .sell)
        #expect(bench.take() == ["true\ttrue\tmismatch", "true\ttrue\tmismatch"])
        quote(bench, life: 1_000_000_000)
        quote(bench, life: 1_000_000_000, ticks: 9_000)
        #expect(bench.take().count == 1)
        quote(bench, life: 1_000_000_000, ticks: 9_000, answer: 1)
        #expect(bench.take().count == 1)
        bench.step(.quote(.refused(QuoteRequestID(1), InstrumentID(index: 0), .declined)))
        #expect(bench.take() == ["true\ttrue\tdeclined"])
        quote(bench, life: 1_000_000_000, answer: 2)
        #expect(bench.take().isEmpty)
    }

    /// C4 at the acceptance: the reference has moved since the request.
    @Test func thePriceIsHeldAgainstTheReference() throws {
        var limits = RiskLimits()
        limits.account.priceCollar = RiskLimits.PriceCollar(aggressive: try ExactDecimal("0.01"), referenceMaxAge: Span(nanoseconds: 60_000_000_000))
        for (bid, leaves) in [(Int64(9_910), 1), (9_800, 0)] {
            let bench = try Bench(QuoteTests.asking, limits: limits)
            bench.start()
            quote(bench, life: 5_000_000_000)
            bench.level(.buy, bid, 100)
            bench.level(.sell, bid + 10, 100)
            _ = (bench.take(), bench.takeEffects())
            bench.trade(.buy, 9_900, 1)
            #expect(bench.requests.count == leaves)
            if leaves == 0 { #expect(bench.take().first?.hasPrefix("rejected\tprice_collar") == true) }
        }
    }

    /// C11: an acceptance without its answer counts as if it were filled.
    @Test func outstandingAcceptancesCount() throws {
        var limits = RiskLimits()
        limits.account.maxPosition = ["BTC": try ExactDecimal("0.8")]
        let bench = try Bench("""
            local S = {}
            function S.on_start() S.i = market.instrument() S.i:request_quote{side = "buy", qty = 0.5} end
            function S.on_rfq(q) q:accept() S.i:buy(0.4, 100) end
            function S.on_order(o) print(o.state, o.reason) end
            return S
            """, limits: limits)
        bench.start()
        quote(bench, life: 5_000_000_000)
        #expect(bench.requests.map(\.quantity.lots) == [5_000])
        #expect(bench.take() == ["rejected\tmax_position"])
        bench.step(.lost(OrderID(1)))
        #expect(bench.take() == ["unknown\tnil"])
    }

    @Test func aRequestBeyondTheLimitsIsRefusedHere() throws {
        var limits = RiskLimits()
        limits.account.maxOrderQuantity = ["BTC": try ExactDecimal("0.4")]
        let bench = try Bench(QuoteTests.asking, limits: limits)
        #expect(bench.start() == ["true\ttrue\tmax_order_qty"])
        #expect(bench.takeEffects().isEmpty)
    }

    @Test func formIsRefusedOnTheSpot() throws {
        let ask = "print(market.instrument():request_quote"
        #expect(try say(ask + "{side = 'buy', qty = 0.00005})") == "nil\tthe quantity 5e-05 of BTC_USDT is off its lot of 0.0001; inst:round_qty(qty) helps\tbad_qty")
        #expect(try say(ask + "{side = 'up', qty = 1})") == "nil\tthe side of a request is neither \"buy\" nor \"sell\"\tbad_options")
        #expect(try say(ask + "{qty = 1})") == "nil\tthe side of a request is missing; it is \"buy\" or \"sell\"\tbad_options")
        #expect(try say(ask + "{side = 'sell'})") == "nil\tthe quantity of a request is missing; it is a number\tbad_qty")
        #expect(try say(ask + "{side = 'sell', qty = 1})") == "1")
        #expect(try say(ask + "{side = 'sell', price = 1})").contains("inst:request_quote takes side and qty; it knows no 'price'"))
    }

    /// A callback that fails asks for nothing.
    @Test func aFailedCallbackAsksForNothing() throws {
        let bench = try Bench("local S = {} function S.on_start() market.instrument():request_quote{side = 'buy', qty = 1} error('no') end return S")
        bench.start()
        #expect(!bench.takeEffects().contains { if case .requestQuote = $0 { true } else { false } })
    }
}
