import Backtesting
import Domain
import Exchange
import Foundation
import Risk
import Scripting
import Tape
import Trading

/// One of the ready strategies run on a tape, and everything it did.
final class Trial: BacktestSink {
    struct Filled {
        var time: Int64  // since the start of a small market
        var instrument: Int
        var side: Side
        var price: Double
        var quantity: Double
        var isMaker: Bool
        var tag: String
        /// After it, in base units.
        var position: Double
    }

    struct Placed {
        var order: Order
        var reason: String
        var tag: String
        var instrument: Instrument
        var side: Side { order.side }
        var price: Double { Double(instrument.decimal(order.request.price).description) ?? .nan }
        var quantity: Double { Double(instrument.decimal(order.request.quantity).description) ?? .nan }
        var created: Int64 { order.created.nanoseconds - SmallMarket.start }
        /// The end of time where it is still live.
        var closed: Int64 { order.closed == .never ? .max : order.closed.nanoseconds - SmallMarket.start }
        var isRefused: Bool { order.stateName == "rejected" }
    }

    static let strategies = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("strategies")

    let instruments: [Instrument]
    private(set) var fills: [Filled] = []
    /// In order of their closing, then those still open.
    private(set) var orders: [Placed] = []
    private(set) var log: [String] = []
    private(set) var plots: [String: [(time: Int64, value: Double)]] = [:]
    private(set) var ending = BacktestEnding.endOfTape
    private(set) var equity = ""
    private(set) var positions: [Double] = []
    /// What `on_save` kept at the end.
    private(set) var saved: [UInt8]?

    private init(_ instruments: [Instrument]) { self.instruments = instruments }

    /// - Parameter until: seconds after the first record at which the tape is cut.
    static func run(
        _ name: String, on tape: MergedTape, set: KeyValuePairs<String, String> = [:], until: Int64? = nil,
        latency: Int64 = 0, rules: ExchangeRules = ExchangeRules(), restoring saved: [UInt8]? = nil, from: Int64? = nil
    ) throws -> Trial {
        let script = try strategy(name, tape.instruments, set)
        let quote = tape.instruments[0].quote
        let setup = DeskSetup(
            instruments: tape.instruments, balances: [(quote, Amount(raw: 10_000 * ExactDecimal.powerOfTen(Amount.scale)))],
            reportingCurrency: quote, barsFromTrades: try tape.holdsTrades())
        let isBars = tape.instruments.allSatisfy { $0.dataKind == .bars }
        var settings = BacktestSettings(
            exchange: rules, desk: setup, sample: isBars ? tape.instruments[0].barInterval : Span(nanoseconds: SmallMarket.second))
        if latency > 0 { settings.latency = .constant(entry: Span(nanoseconds: latency), response: Span(nanoseconds: latency)) }
        let first = tape.firstLocalTime ?? Timestamp(nanoseconds: 0)
        settings.to = until.map { first + Span(nanoseconds: $0 * SmallMarket.second) }
        settings.from = from.map { first + Span(nanoseconds: $0 * SmallMarket.second) }
        let trial = Trial(tape.instruments)
        let gate = Gate(instruments: tape.instruments, limits: RiskLimits(), strategy: name)
        var engine = Engine(strategy: script, gate: gate, desk: setup)
        if let saved { _ = script.restore(saved, &engine.desk) }
        var backtest = try Backtest(engine: engine, tape: tape, settings: settings, sink: trial)
        trial.ending = try backtest.run()
        trial.saved = script.save(&backtest.engine.desk)
        trial.finish(backtest.engine.desk)
        return trial
    }

    static func strategy(_ name: String, _ instruments: [Instrument], _ set: KeyValuePairs<String, String> = [:]) throws -> LuaStrategy {
        var options = LuaOptions()
        options.parameters = set.map { ($0.key, $0.value) }
        options.moduleFolders = [strategies.path, strategies.appendingPathComponent("lib").path]
        options.deadline = nil
        let file = name + ".lua"
        let source = [UInt8](try Data(contentsOf: strategies.appendingPathComponent(file)))
        return try LuaStrategy(source: source, file: file, instruments: instruments, options: options)
    }

    private func finish(_ desk: borrowing Desk) {
        for id in desk.openOrders {
            if let record = desk.order(id) { orders.append(placed(record, desk)) }
        }
        equity = "\(desk.equity())"
        positions = instruments.indices.map { Double(instruments[$0].decimal(lots: desk.portfolio.positions[$0].lots).description) ?? .nan }
    }

    private func placed(_ record: OrderRecord, _ desk: borrowing Desk) -> Placed {
        Placed(
            order: record.order, reason: record.reason, tag: desk.text(of: record.order.request.tag),
            instrument: instruments[record.order.instrument.position])
    }

    // MARK: - BacktestSink

    func filled(_ booked: BookedFill, desk: borrowing Desk) {
        let instrument = instruments[booked.instrument.position]
        fills.append(
            Filled(
                time: booked.exchangeTime.nanoseconds - SmallMarket.start, instrument: booked.instrument.position, side: booked.side,
                price: Double(instrument.decimal(booked.fill.price).description) ?? .nan,
                quantity: Double(instrument.decimal(booked.fill.quantity).description) ?? .nan,
                isMaker: booked.fill.liquidity == .maker, tag: desk.text(of: booked.tag),
                position: Double(instrument.decimal(lots: booked.outcome.positionAfter).description) ?? .nan))
    }

    func closed(_ order: OrderRecord, desk: borrowing Desk) { orders.append(placed(order, desk)) }
    func sampled(at time: Timestamp, lastRecord: Timestamp, desk: borrowing Desk) {}
    var nextMark: Int64 { .max }
    func marked(at time: Timestamp, desk: borrowing Desk) {}
    func noted(_ note: Note) {
        switch note {
        case .log(_, let level, let text): log.append("\(level.rawValue) \(text)")
        case .plot(let time, let series, let value): plots[series, default: []].append((time.nanoseconds - SmallMarket.start, value))
        }
    }
    func tick(events: Int, at time: Timestamp) -> Bool { false }
}

/// A tape of `backtest-data/`.
func bundled(_ name: String) throws -> MergedTape {
    let folder = Trial.strategies.deletingLastPathComponent().appendingPathComponent("backtest-data")
    return try MergedTape(paths: [folder.appendingPathComponent(name + ".tape").path])
}
