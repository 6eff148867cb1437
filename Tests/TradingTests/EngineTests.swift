import Domain
import Risk
import Testing

@testable import Trading

/// A strategy made of closures, so that a test can say what each callback does.
struct ScriptedStrategy: Strategy {
    var callbacks: Callbacks = [.quote, .book, .trade, .order, .fill]
    var faultMessage = "made to fail"
    var start: (inout Desk) -> Void = { _ in }
    var trade: (PublicTrade, inout Desk) -> CallbackResult = { _, _ in .clean }
    var order: (OrderID, inout Desk) -> Void = { _, _ in }
    var log: Log

    final class Log { var lines: [String] = [] }

    mutating func onStart(_ desk: inout Desk) -> CallbackResult {
        start(&desk)
        return .clean
    }
    mutating func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { note("quote") }
    mutating func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { note("book") }
    mutating func onTrade(_ event: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
        _ = note("trade \(event.ticks)")
        return trade(event, &desk)
    }
    mutating func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { note("bar") }
    mutating func onOrder(_ id: OrderID, _ desk: inout Desk) -> CallbackResult {
        _ = note("order \(id.raw) \(desk.order(id)?.stateName ?? "?") \(desk.order(id)?.reason ?? "")")
        order(id, &desk)
        return .clean
    }
    mutating func onFill(_ fill: Fill, of id: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult {
        note("fill \(id.raw) \(fill.quantity.lots)")
    }
    mutating func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult { note("timer \(desk.now.nanoseconds)") }
    mutating func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    mutating func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult { note("stop \(reason)") }
    mutating func forget(_ order: OrderID) {}

    private func note(_ line: String) -> CallbackResult {
        log.lines.append(line)
        return .clean
    }
}

struct EngineTests {
    let log = ScriptedStrategy.Log()
    let id = InstrumentID(index: 0)

    private func engine(_ strategy: ScriptedStrategy, policy: ErrorPolicy = .stop) throws -> Engine<ScriptedStrategy> {
        let instrument = try PortfolioTests.instrument()
        return Engine(
            strategy: strategy, gate: Gate(instruments: [instrument], limits: RiskLimits()),
            desk: DeskSetup(instruments: [instrument], balances: [], reportingCurrency: "USDT"), errorPolicy: policy)
    }

    private func record(_ kind: MarketRecord.Kind, at time: Int64, side: Side = .buy, _ ticks: Int64, _ size: Int64) -> MarketRecord {
        MarketRecord(
            kind: kind, instrument: id, localTime: time, exchangeTime: time, side: side, flags: MarketRecord.Flag.endOfBatch,
            a: ticks, b: size)
    }

    private func step(_ engine: inout Engine<ScriptedStrategy>, _ record: MarketRecord, _ effects: inout [Effect]) {
        withUnsafePointer(to: record) { pointer in
            engine.step(.market(pointer, instrument: 0), at: Timestamp(nanoseconds: record.localTime), into: &effects)
        }
    }

    private func buy(_ ticks: Int64, lots: Int64 = 1, postOnly: Bool = false) -> OrderRequest {
        OrderRequest(
            id: OrderID(0), instrument: id, side: .buy, type: .limit, quantity: Quantity(lots: lots), price: Price(ticks: ticks),
            isPostOnly: postOnly)
    }

    @Test func callbacksComeOnlyWhereSubscribed() throws {
        var strategy = ScriptedStrategy(log: log)
        strategy.start = { desk in
            try? desk.subscribe(InstrumentID(index: 0), to: .quotes)
            try? desk.subscribe(InstrumentID(index: 0), to: .trades)
        }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        step(&engine, record(.level, at: 2, side: .buy, 100, 5), &effects)
        step(&engine, record(.level, at: 3, side: .buy, 99, 5), &effects)
        step(&engine, record(.trade, at: 4, 100, 1), &effects)
        #expect(log.lines == ["quote", "trade 100"])
        #expect(effects.isEmpty)
    }

    /// A refused amendment is told once; the cancel that comes later has no reason of its own.
    @Test func aReasonBelongsToItsReport() throws {
        var strategy = ScriptedStrategy(log: log)
        strategy.start = { desk in
            let request = OrderRequest(
                id: OrderID(0), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 1),
                price: Price(ticks: 100), isPostOnly: true)
            guard let order = try? desk.submit(request) else { return }
            try? desk.amend(AmendRequest(id: order, price: Price(ticks: 101), quantity: Quantity(lots: 1)))
        }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        for (time, fact) in [(2, .accepted), (3, .amendRejected(.postOnly)), (4, .cancelled)] as [(Int64, ExecutionReport.Fact)] {
            let now = Timestamp(nanoseconds: time)
            engine.step(.report(ExecutionReport(order: OrderID(1), instrument: id, exchangeTime: now, fact: fact)), at: now, into: &effects)
        }
        #expect(log.lines == ["order 1 open ", "order 1 open post_only", "order 1 cancelled "])
    }

    /// A recorded quote is a message of its own, whether or not its record is marked as the end of one.
    @Test func quotesOfAQuoteTapeAreHeard() throws {
        let plain = try PortfolioTests.instrument()
        let quoted = try Instrument(
            venue: plain.venue, symbol: plain.symbol, nativeSymbol: plain.nativeSymbol, base: plain.base, quote: plain.quote,
            tick: plain.tick, lot: plain.lot, dataKind: .quotes)
        var strategy = ScriptedStrategy(log: log)
        strategy.callbacks.insert(.bar)
        strategy.start = { desk in
            try? desk.subscribe(InstrumentID(index: 0), to: .quotes)
            try? desk.subscribe(InstrumentID(index: 0), to: .bars("1s"))
        }
        var engine = Engine(
            strategy: strategy, gate: Gate(instruments: [quoted], limits: RiskLimits()),
            desk: DeskSetup(instruments: [quoted], balances: [], reportingCurrency: "USDT", barsFromTrades: [false]))
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        for (time, bid) in [(2, 100), (3, 100), (4, 101)] as [(Int64, Int64)] {
            let record = MarketRecord(
                kind: .quote, instrument: id, localTime: time, exchangeTime: time, a: bid, b: 5, c: bid + 1, d: 5, aux: 3)
            step(&engine, record, &effects)
        }
        #expect(log.lines == ["quote", "quote"])
        #expect(engine.desk.nextBarClose == 1_000_000_000)
        engine.step(.barClose, at: Timestamp(nanoseconds: 1_000_000_000), into: &effects)
        #expect(log.lines == ["quote", "quote", "bar"])
    }

    /// 0.015 USDT; a lot at 100 ticks is 0.01: the first of two wishes of one callback gets it, whatever is asked after it.
    @Test func theEarlierWishOfACallbackHasTheBalance() throws {
        var strategy = ScriptedStrategy(log: log)
        let wish = buy(100)
        let larger = buy(99, lots: 5)
        strategy.start = { desk in
            _ = try? desk.submit(wish)
            _ = try? desk.submit(larger)
        }
        strategy.order = { id, desk in
            // What the amended order claims is given back once: 0.02 is more than there is.
            guard id.raw == 1, desk.order(id)?.stateName == "open", desk.order(id)?.reason ?? "" == "" else { return }
            try? desk.amend(AmendRequest(id: id, price: Price(ticks: 100), quantity: Quantity(lots: 2)))
        }
        let instrument = try PortfolioTests.instrument()
        let money = try #require(try Amount(ExactDecimal("0.015")))
        var engine = Engine(
            strategy: strategy, gate: Gate(instruments: [instrument], limits: RiskLimits()),
            desk: DeskSetup(instruments: [instrument], balances: [("USDT", money)], reportingCurrency: "USDT", checksBalances: true))
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        #expect(log.lines == ["order 2 rejected insufficient_balance"])
        let accepted = ExecutionReport(order: OrderID(1), instrument: id, exchangeTime: Timestamp(nanoseconds: 2), fact: .accepted)
        engine.step(.report(accepted), at: Timestamp(nanoseconds: 3), into: &effects)
        #expect(log.lines.dropFirst() == ["order 1 open ", "order 1 open insufficient_balance"])
    }

    @Test func aFailedCallbackSendsNothing() throws {
        var strategy = ScriptedStrategy(log: log)
        let wish = buy(100)
        strategy.start = { desk in
            try? desk.subscribe(InstrumentID(index: 0), to: .trades)
            _ = try? desk.submit(wish)
        }
        strategy.trade = { _, desk in
            _ = try? desk.submit(wish)
            return .failed
        }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        #expect(effects.count == 1)
        effects.removeAll()
        step(&engine, record(.trade, at: 2, 100, 1), &effects)
        // The one order that stands is cancelled, the failed callback's is not sent, and nothing is called any more.
        #expect(effects.count == 1)
        guard case .cancel(let cancelled, _) = effects.first else { Issue.record("expected a cancel, got \(effects)"); return }
        #expect(cancelled == OrderID(1))
        #expect(engine.life == .failed(message: "made to fail"))
        #expect(engine.desk.openOrders == [OrderID(1)])
        step(&engine, record(.trade, at: 3, 100, 1), &effects)
        #expect(log.lines == ["trade 100", "stop made to fail"])
    }

    @Test func aRefusalIsARejectedOrderAtTheSameInstant() throws {
        var strategy = ScriptedStrategy(log: log)
        let wish = buy(100)
        strategy.start = { desk in
            _ = try? desk.submit(wish)
            _ = try? desk.submit(wish)  // the same again while the first is live: C16
        }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        #expect(log.lines == ["order 2 rejected duplicate"])
        guard effects.count == 2, case .submit(let cleared) = effects[0], case .closed(let refused) = effects[1] else {
            Issue.record("got \(effects)")
            return
        }
        #expect(cleared.request.id == OrderID(1) && refused.order.id == OrderID(2) && !refused.isSent)
    }

    @Test func anEndlessAnswerToRefusalsEnds() throws {
        var strategy = ScriptedStrategy(log: log)
        let wish = buy(100)
        strategy.start = { desk in
            _ = try? desk.submit(wish)
            _ = try? desk.submit(wish)
        }
        strategy.order = { _, desk in _ = try? desk.submit(wish) }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        #expect(log.lines.count < 2_000)
        #expect(engine.desk.openOrders == [OrderID(1)])
    }

    @Test func oneCallbackMayAskForAHundredThings() throws {
        var strategy = ScriptedStrategy(log: log)
        strategy.start = { desk in
            for count in 1...150 {
                let wish = OrderRequest(
                    id: OrderID(0), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: Int64(count)),
                    price: Price(ticks: 10))
                do { _ = try desk.submit(wish) } catch { #expect((error as? FormRefusal) == .tooMany(limit: 100) && count > 100) }
            }
        }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        #expect(effects.count == 100)
    }

    @Test func fillsComeBeforeOrdersAndMoveTheBooks() throws {
        var strategy = ScriptedStrategy(log: log)
        let wish = buy(100, lots: 2)
        strategy.start = { desk in _ = try? desk.submit(wish) }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        effects.removeAll()
        let fill = Fill(id: FillID(9), price: Price(ticks: 100), quantity: Quantity(lots: 2), liquidity: .maker, fee: .zero)
        let report = ExecutionReport(order: OrderID(1), instrument: id, exchangeTime: Timestamp(nanoseconds: 1), fact: .filled(fill))
        engine.step(.report(report), at: Timestamp(nanoseconds: 2), into: &effects)
        #expect(log.lines == ["fill 1 2", "order 1 filled "])
        #expect(engine.desk.portfolio.positions[0].lots == 2)
        #expect(engine.desk.openOrders.isEmpty)
        // F18: the same again is an overfill; it is kept, and it is a contradiction.
        effects.removeAll()
        engine.step(.report(report), at: Timestamp(nanoseconds: 3), into: &effects)
        #expect(engine.desk.portfolio.positions[0].lots == 4)
        #expect(effects.contains { if case .contradicted = $0 { true } else { false } })
    }

    @Test func stoppingCancelsAndRefuses() throws {
        var strategy = ScriptedStrategy(log: log)
        let wish = buy(100)
        strategy.start = { desk in
            try? desk.subscribe(InstrumentID(index: 0), to: .trades)
            _ = try? desk.submit(wish)
        }
        strategy.trade = { _, desk in
            desk.stop("enough")
            do {
                _ = try desk.submit(wish)
                Issue.record("a stopping strategy could ask")
            } catch { #expect((error as? FormRefusal) == .stopping) }
            return .clean
        }
        var engine = try engine(strategy)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        effects.removeAll()
        step(&engine, record(.trade, at: 2, 100, 1), &effects)
        #expect(effects.count == 1)
        #expect(engine.life == .ending(reason: "enough"))
        engine.step(.stop(reason: "enough"), at: Timestamp(nanoseconds: 3), into: &effects)
        #expect(log.lines.last == "stop enough")
    }
}
