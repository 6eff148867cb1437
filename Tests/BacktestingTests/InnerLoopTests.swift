import Domain
import Exchange
import Foundation
import Risk
import Tape
import Testing
import Trading

@testable import Backtesting

/// The inner loop over records must decide nothing that the timeline's general turn would not: the same run with it and
/// without it tells the same story, event by event.
struct InnerLoopTests {
    final class Story { var lines: [String] = [] }

    /// Trades at random, sets timers, subscribes to bars, and writes down all it hears.
    struct Gambler: Strategy {
        var callbacks: Callbacks = [.quote, .book, .trade, .bar, .order, .fill]
        var faultMessage = ""
        let story: Story
        var random: UInt64
        let feeds: [Desk.Feed]
        /// Of this many timers one asks for something: above 1 the venue is without an order now and then.
        let patience: UInt64
        /// Between two of its timers, ns.
        var beat: Int64 = 37
        /// Of this many bars it answers one with an order; 0 for none.
        var boldness: UInt64 = 0
        let id = InstrumentID(index: 0)

        mutating func next(_ bound: UInt64) -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((random >> 33) % bound)
        }
        mutating func note(_ line: String, _ desk: inout Desk) -> CallbackResult {
            story.lines.append("\(desk.now.nanoseconds) \(line)")
            return .clean
        }
        mutating func onStart(_ desk: inout Desk) -> CallbackResult {
            for feed in feeds { try? desk.subscribe(id, to: feed) }
            _ = desk.every(Span(nanoseconds: beat))
            return note("start", &desk)
        }
        mutating func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { note("quote", &desk) }
        mutating func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
            if next(8) == 0 { _ = desk.after(Span(nanoseconds: next(20))) }
            return note("book", &desk)
        }
        mutating func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
            note("trade \(trade.ticks) \(trade.size)", &desk)
        }
        mutating func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
            if boldness > 0, next(boldness) == 0 { gamble(&desk) }
            if boldness > 0, next(20) == 0 { _ = desk.after(Span(nanoseconds: next(90))) }
            return note("bar \(bar)", &desk)
        }
        mutating func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult {
            note("order \(order.raw) \(desk.order(order)?.stateName ?? "?")", &desk)
        }
        mutating func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult {
            note("fill \(order.raw) \(fill.quantity.lots) at \(fill.price.ticks), \(exchangeTime.nanoseconds)", &desk)
        }
        mutating func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult {
            for order in desk.openOrders(id) where next(2) == 0 { desk.cancel(order) }
            if next(patience) == 0 { gamble(&desk) }
            return note("timer \(timer.raw)", &desk)
        }
        mutating func gamble(_ desk: inout Desk) {
            let type: OrderType = [.limit, .limit, .limit, .market, .stop][Int(next(5))]
            _ = try? desk.submit(
                OrderRequest(
                    id: OrderID(0), instrument: id, side: next(2) == 0 ? .buy : .sell, type: type,
                    quantity: Quantity(lots: 1 + next(3)), price: Price(ticks: 95 + next(10)), stop: Price(ticks: 95 + next(10)),
                    timeInForce: type == .limit && next(4) == 0 ? .goodTillDate : .goodTillCancel,
                    expire: desk.now + Span(nanoseconds: 30), allowsDuplicate: true))
        }
        mutating func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
        mutating func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult { note("stop \(reason)", &desk) }
        mutating func forget(_ order: OrderID) {}
    }

    final class Witness: BacktestSink {
        let story: Story
        var nextMark = Int64.max
        init(_ story: Story) { self.story = story }
        func filled(_ fill: BookedFill, desk: borrowing Desk) { nextMark = min(nextMark, fill.time.nanoseconds + 13) }
        func closed(_ order: OrderRecord, desk: borrowing Desk) { story.lines.append("closed \(order.order.id.raw) \(order.stateName)") }
        func sampled(at time: Timestamp, lastRecord: Timestamp, desk: borrowing Desk) {
            story.lines.append("sample \(time.nanoseconds) \(lastRecord.nanoseconds) \(desk.equity().raw)")
        }
        func marked(at time: Timestamp, desk: borrowing Desk) {
            story.lines.append("mark \(time.nanoseconds) \(desk.markHalfTicks(0, lots: 0) ?? -1)")
            nextMark = .max
        }
        func noted(_ note: Note) {}
        func tick(events: Int, at time: Timestamp) -> Bool { false }
    }

    private func instrument() throws -> Instrument {
        try Instrument(
            venue: "t", symbol: "A_B", nativeSymbol: "AB", base: "A", quote: "B", tick: ExactDecimal("1"), lot: ExactDecimal("1"))
    }

    /// Levels and trades around 100, many of them at one instant, delayed by 0 to 9 ns.
    private func writeTape(_ path: String, seed: UInt64) throws {
        let writer = try TapeWriter(path: path, instruments: [try instrument()], metadata: [], recordsPerBlock: 64)
        var random = seed
        func next(_ bound: UInt64) -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((random >> 33) % bound)
        }
        var time: Int64 = 1_000
        var arrival = time
        for _ in 0..<1_500 {
            time += next(4)
            arrival = max(arrival, time + next(10))
            let side: Side = next(2) == 0 ? .buy : .sell
            let isTrade = next(6) == 0
            let ticks = isTrade ? 98 + next(5) : side == .buy ? 99 - next(6) : 101 + next(6)
            try writer.append(
                MarketRecord(
                    kind: isTrade ? .trade : .level, instrument: InstrumentID(index: 0), localTime: arrival, exchangeTime: time,
                    side: side, flags: next(3) == 0 ? 0 : MarketRecord.Flag.endOfBatch, a: ticks, b: isTrade ? 1 + next(4) : next(5)))
        }
        try writer.finish(durably: false)
    }

    /// Bars of 60 ns around 100 with gaps; some arrive after they have closed.
    private func writeBars(_ path: String, seed: UInt64) throws {
        let instrument = try Instrument(
            venue: "t", symbol: "A_B", nativeSymbol: "AB", base: "A", quote: "B", tick: ExactDecimal("1"), lot: ExactDecimal("1"),
            barInterval: Span(nanoseconds: 60), dataKind: .bars)
        let writer = try TapeWriter(path: path, instruments: [instrument], metadata: [], recordsPerBlock: 64)
        var random = seed
        func next(_ bound: UInt64) -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((random >> 33) % bound)
        }
        var time: Int64 = 1_200
        var arrival = time
        for _ in 0..<800 {
            time += next(12) == 0 ? 60 * (1 + next(3)) : 60
            arrival = max(arrival, time + 60 + (next(9) == 0 ? next(80) : 0))
            let (open, close) = (97 + next(7), 97 + next(7))
            try writer.append(
                MarketRecord(
                    kind: .bar, instrument: InstrumentID(index: 0), localTime: arrival, exchangeTime: time,
                    flags: MarketRecord.Flag.endOfBatch, a: open, b: max(open, close) + next(3), c: min(open, close) - next(3), d: close,
                    e: 1 + next(50), aux: 4))
        }
        try writer.finish(durably: false)
    }

    private func runBars(_ path: String, seed: UInt64, feeds: [Desk.Feed], usesInnerLoop: Bool) throws -> [String] {
        let story = Story()
        let tape = try MergedTape(paths: [path])
        let setup = DeskSetup(instruments: tape.instruments, balances: [], reportingCurrency: "B")
        var settings = BacktestSettings(
            exchange: ExchangeRules(), desk: setup, sample: Span(nanoseconds: seed % 3 == 0 ? 50 : seed % 3 == 1 ? 60 : 300))
        if seed % 2 == 1 { settings.to = Timestamp(nanoseconds: 30_000) }
        let gambler = Gambler(
            story: story, random: seed, feeds: feeds, patience: 2, beat: 60 * Int64(5 + seed % 9) + Int64(seed % 2), boldness: 2 + seed % 7)
        let engine = Engine(strategy: gambler, gate: Gate(instruments: tape.instruments, limits: .none), desk: setup)
        var backtest = try Backtest(engine: engine, tape: tape, settings: settings, sink: Witness(story))
        backtest.usesInnerLoop = usesInnerLoop
        story.lines.append("\(try backtest.run()) \(backtest.eventCount)")
        return story.lines
    }

    @Test(arguments: 1...24 as ClosedRange<UInt64>) func barsTellTheSameStory(seed: UInt64) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("inner-\(UUID().uuidString).tape").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try writeBars(path, seed: seed)
        for feeds in [[], [.bars("60ns")], [.bars("180ns")], [.bars("60ns"), .bars("120ns"), .trades]] as [[Desk.Feed]] {
            let with = try runBars(path, seed: seed, feeds: feeds, usesInnerLoop: true)
            let without = try runBars(path, seed: seed, feeds: feeds, usesInnerLoop: false)
            #expect(with.count > 60, "seed \(seed): the run is too quiet to show anything")
            #expect(with == without, "seed \(seed), feeds \(feeds)")
        }
    }

    private func run(_ path: String, seed: UInt64, feeds: [Desk.Feed], usesInnerLoop: Bool) throws -> [String] {
        let story = Story()
        let tape = try MergedTape(paths: [path])
        let setup = DeskSetup(instruments: tape.instruments, balances: [], reportingCurrency: "B")
        var settings = BacktestSettings(exchange: ExchangeRules(), desk: setup, sample: Span(nanoseconds: 50))
        settings.latency =
            seed % 4 == 2
            ? .feed(factor: try ExactDecimal("1.5"), offset: Span(nanoseconds: Int64(seed % 3)))
            : .constant(entry: Span(nanoseconds: Int64(seed % 7)), response: Span(nanoseconds: Int64(seed % 5)))
        if seed % 2 == 1 { settings.to = Timestamp(nanoseconds: 2_500) }
        let engine = Engine(
            strategy: Gambler(story: story, random: seed, feeds: feeds, patience: 1 + seed % 3 * 4), gate: Gate(instruments: tape.instruments, limits: .none),
            desk: setup)
        var backtest = try Backtest(engine: engine, tape: tape, settings: settings, sink: Witness(story))
        backtest.usesInnerLoop = usesInnerLoop
        story.lines.append("\(try backtest.run()) \(backtest.eventCount)")
        return story.lines
    }

    @Test(arguments: 1...24 as ClosedRange<UInt64>) func tellsTheSameStory(seed: UInt64) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("inner-\(UUID().uuidString).tape").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try writeTape(path, seed: seed)
        for feeds in [[], [.trades], [.book, .trades, .quotes], [.bars("100ns"), .quotes]] as [[Desk.Feed]] {
            let with = try run(path, seed: seed, feeds: feeds, usesInnerLoop: true)
            let without = try run(path, seed: seed, feeds: feeds, usesInnerLoop: false)
            #expect(with.count > 60, "seed \(seed): the run is too quiet to show anything")
            #expect(with == without, "seed \(seed), feeds \(feeds)")
        }
    }
}
