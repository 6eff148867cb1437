import Domain
import Exchange
import Testing

/// The simulated dealer, sentence by sentence of `docs/rfq.md`.
@Suite struct DealerTests {
    /// Bid 100.0 × ask 100.2 (ticks of 0.1), the middle 100.1.
    private func bench(_ configure: (inout DealerModel) -> Void = { _ in }) -> Bench {
        var model = DealerModel()
        (model.latency, model.jitter) = (Span(nanoseconds: 50), .zero)
        (model.life, model.lastLook) = (Span(nanoseconds: 1_000), Span(nanoseconds: 100))
        configure(&model)
        let bench = Bench { $0.dealer = model }
        bench.level(.buy, 1_000, 5_000)
        bench.level(.sell, 1_002, 5_000)
        return bench
    }

    private func ask(_ bench: Bench, _ number: UInt32 = 1, _ side: Side = .buy, _ lots: Int64 = 1_000) {
        bench.exchange.requestQuote(
            QuoteRequest(id: QuoteRequestID(number), instrument: InstrumentID(index: 0), side: side, quantity: Quantity(lots: lots)),
            at: Timestamp(nanoseconds: bench.time))
    }

    /// Lets the dealer do what is due until `time`.
    private func run(_ bench: Bench, to time: Int64) {
        while bench.exchange.nextExpiry.nanoseconds <= time {
            bench.time = bench.exchange.nextExpiry.nanoseconds
            bench.exchange.expire(at: Timestamp(nanoseconds: bench.time))
        }
        bench.time = max(bench.time, time)
    }

    private func answers(_ bench: Bench) -> [String] {
        defer { bench.exchange.quoteAnswers.removeAll() }
        return bench.exchange.quoteAnswers.map { answer in
            switch answer {
            case .quoted(let quote): "\(quote.id.request.raw): \(quote.side.name) \(quote.quantity.lots)@\(quote.price.ticks) until \(quote.expires.nanoseconds)"
            case .refused(let id, _, let reason): "\(id.raw): \(reason.name)"
            }
        }
    }

    private func accept(_ bench: Bench, order: UInt64, request: UInt32 = 1, _ side: Side = .buy, _ lots: Int64 = 1_000, at ticks: Int64) {
        let quote = Quote(
            id: QuoteID(QuoteRequestID(request)), instrument: InstrumentID(index: 0), side: side, quantity: Quantity(lots: lots),
            price: Price(ticks: ticks), expires: .never)
        bench.exchange.submit(quote.acceptance(OrderID(order)), at: Timestamp(nanoseconds: bench.time))
    }

    /// 10 bps of 100.1 is 0.1001: half of it either way, rounded to the tick that is worse for us.
    @Test func theWholeSizeHasThePriceOfItsTier() {
        let bench = bench()
        ask(bench, 1, .buy)
        ask(bench, 2, .sell)
        ask(bench, 3, .buy, 200_000)  // 200 BTC: 20,020 USDT, the second tier: 0.1001 from the middle
        ask(bench, 4, .buy, 10_000_001)  // beyond a million
        run(bench, to: 51)
        #expect(answers(bench).isEmpty)
        run(bench, to: 52)
        #expect(answers(bench) == ["1: buy 1000@1002 until 1052", "2: sell 1000@1000 until 1052", "3: buy 200000@1003 until 1052", "4: too_large"])
    }

    @Test func priceIsThatOfTheMomentItLeaves() {
        let bench = bench()
        ask(bench)
        bench.level(.sell, 1_002, 0)
        bench.level(.sell, 1_010, 9)
        run(bench, to: 60)
        #expect(answers(bench).first?.hasPrefix("1: buy 1000@1006 ") == true)  // (1000 + 1010) / 2 + 0.05025
    }

    @Test func anAcceptanceIsFilledAfterTheLastLook() {
        let bench = bench()
        ask(bench)
        run(bench, to: 60)
        accept(bench, order: 1, at: 1_002)
        #expect(bench.heard().isEmpty)
        bench.cancel(OrderID(1))
        #expect(bench.heard() == ["1 cancel rejected unsupported"])
        run(bench, to: 160)
        #expect(bench.heard() == ["1 taker 1000@1002"])
        #expect(bench.exchange.position(0) == 1_000)
        #expect(bench.exchange.nextExpiry == .never)
    }

    @Test func aQuoteEndsAndIsGoodOnce() {
        let bench = bench { $0.lastLook = .zero }
        ask(bench, 1)
        ask(bench, 2)
        run(bench, to: 1_052)
        accept(bench, order: 1, at: 1_002)
        accept(bench, order: 2, at: 1_002)
        #expect(bench.heard() == ["1 taker 1000@1002", "2 rejected quote_expired"])
        bench.time = 1_053
        accept(bench, order: 3, request: 2, at: 1_002)
        #expect(bench.heard() == ["3 rejected quote_expired"])
    }

    /// Against the dealer is up where it sells: 5 bps of 100.1 are half a tick and a little.
    @Test(arguments: [(Int64(1_002), Int64(1_002), true), (1_003, 1_003, false), (990, 992, true)])
    func theDealerLooksLast(_ bid: Int64, _ ask: Int64, _ fills: Bool) {
        let bench = bench()
        self.ask(bench)
        run(bench, to: 60)
        accept(bench, order: 1, at: 1_002)
        bench.level(.buy, 1_000, 0)
        bench.level(.sell, 1_002, 0)
        bench.level(.buy, bid - 1, 10)
        bench.level(.sell, ask, 10)
        run(bench, to: 300)
        #expect(bench.heard() == [fills ? "1 taker 1000@1002" : "1 rejected last_look"])
    }

    @Test func withoutAPriceThereIsNoQuote() {
        let bench = Bench { $0.dealer = DealerModel() }
        ask(bench)
        run(bench, to: 200_000_000)
        #expect(answers(bench) == ["1: no_price"])
        let none = Bench()
        ask(none)
        #expect(answers(none) == ["1: unsupported"])
        let elsewhere = self.bench { $0.venues = ["dvchain"] }
        ask(elsewhere)
        #expect(answers(elsewhere) == ["1: unsupported"])
    }

    @Test func theSameSeedAnswersTheSame() {
        func told(_ seed: UInt64) -> [String] {
            let bench = bench { model in
                (model.seed, model.jitter, model.declines) = (seed, Span(nanoseconds: 400), decimal("0.3"))
            }
            for number in 1...200 as ClosedRange<UInt32> {
                ask(bench, number)
                run(bench, to: bench.time + 1_000)
            }
            return answers(bench)
        }
        #expect(told(1) == told(1) && told(1) != told(2))
        let declined = told(3).count { $0.hasSuffix("declined") }
        #expect(declined > 35 && declined < 85, "of 200: \(declined)")
    }

    @Test func spotBalancesPayForIt() {
        var model = DealerModel()
        (model.latency, model.jitter, model.lastLook) = (.zero, .zero, .zero)
        let bench = Bench(testInstrument(minNotional: "0")) { rules in
            rules.dealer = model
            rules.spot = [SpotBalance(currency: "USDT", total: amount("100.3"))]
        }
        bench.level(.buy, 1_000, 10)
        bench.level(.sell, 1_002, 10)
        for number in 1...2 as ClosedRange<UInt32> {
            ask(bench, number)
            run(bench, to: bench.time + 1)
            accept(bench, order: UInt64(number), request: number, at: 1_002)
        }
        #expect(bench.heard() == ["1 taker 1000@1002", "2 rejected insufficient_balance"])
        #expect(bench.exchange.balance("USDT") == amount("0.1") && bench.exchange.balance("BTC") == amount("1"))
    }

    @Test func onBarsTheAnswerComesAtOnce() {
        var model = DealerModel()
        model.tiers = [DealerModel.Tier(upTo: amount("1000"), spread: decimal("0.002"))]
        let bench = Bench(testInstrument(.bars)) { $0.dealer = model }
        bench.bar(1, 990, 1_010, 980, 1_000)
        bench.time = 120
        ask(bench)
        #expect(answers(bench) == ["1: buy 1000@1001 until \(120 + 5_000_000_000)"])
        accept(bench, order: 1, at: 1_001)
        #expect(bench.heard() == ["1 taker 1000@1001"])
    }
}
