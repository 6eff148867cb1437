import Domain
import Risk
import Testing
import Trading

@testable import Scripting

/// A script on a real engine, driven by hand-made records.
final class Bench {
    var engine: Engine<LuaStrategy>
    let strategy: LuaStrategy
    private(set) var effects: [Effect] = []
    /// What `on_save` gave, for a later `on_load`.
    var saved: [UInt8]?
    private(set) var now: Int64 = 1_700_000_000_000_000_000

    static func btc(venue: String = "file", bars: Span = .zero) throws -> Instrument {
        try Instrument(
            venue: venue, symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT", tick: ExactDecimal("0.01"),
            lot: ExactDecimal("0.0001"), sizeUnit: ExactDecimal("0.00001"), minQuantity: Quantity(lots: 1),
            makerFee: ExactDecimal("0.0002"), takerFee: ExactDecimal("0.0005"), barInterval: bars,
            dataKind: bars == .zero ? .level2 : .bars)
    }

    static func eth() throws -> Instrument {
        try Instrument(
            venue: "file", symbol: "ETH_USDT", nativeSymbol: "ETHUSDT", base: "ETH", quote: "USDT", tick: ExactDecimal("0.05"),
            lot: ExactDecimal("0.001"))
    }

    init(
        _ source: String, file: String = "test.lua", instruments: [Instrument]? = nil, policy: ErrorPolicy = .stop,
        limits: RiskLimits = RiskLimits(), options change: (inout LuaOptions) -> Void = { _ in }
    ) throws {
        let instruments = try instruments ?? [Bench.btc()]
        var options = LuaOptions()
        options.deadline = nil
        change(&options)
        strategy = try LuaStrategy(source: Array(source.utf8), file: file, instruments: instruments, options: options)
        let balance = try #require(Amount(ExactDecimal("10000")))
        engine = Engine(
            strategy: strategy, gate: Gate(instruments: instruments, limits: limits),
            desk: DeskSetup(instruments: instruments, balances: [("USDT", balance)], reportingCurrency: "USDT"), errorPolicy: policy)
    }

    /// What was printed and logged since the last look, as `text` or `level: text`.
    func take() -> [String] {
        defer { engine.desk.notes.removeAll() }
        return engine.desk.notes.map { note in
            switch note {
            case .log(_, let level, let text): level == .info ? text : "\(level.rawValue): \(text)"
            case .plot(_, let series, let value): "plot \(series) \(value)"
            }
        }
    }

    func takeEffects() -> [Effect] {
        defer { effects.removeAll() }
        return effects
    }

    func step(_ input: Input, after nanoseconds: Int64 = 1_000_000) {
        now += nanoseconds
        engine.step(input, at: Timestamp(nanoseconds: now), into: &effects)
    }

    @discardableResult func start() -> [String] {
        step(.start)
        return take()
    }

    func send(_ record: MarketRecord) {
        now = max(now, record.localTime)
        withUnsafePointer(to: record) { pointer in
            engine.step(.market(pointer, instrument: Int(record.instrument)), at: Timestamp(nanoseconds: now), into: &effects)
        }
    }

    /// - Parameter size: in the instrument's size units (1e-5 BTC).
    func level(_ side: Side, _ ticks: Int64, _ size: Int64, ends: Bool = true, instrument: Int = 0) {
        now += 1_000_000
        send(
            MarketRecord(
                kind: .level, instrument: InstrumentID(index: instrument), localTime: now, exchangeTime: now - 5, side: side,
                flags: ends ? MarketRecord.Flag.endOfBatch : 0, a: ticks, b: size))
    }

    func trade(_ side: Side?, _ ticks: Int64, _ size: Int64, instrument: Int = 0) {
        now += 1_000_000
        send(
            MarketRecord(
                kind: .trade, instrument: InstrumentID(index: instrument), localTime: now, exchangeTime: now - 5, side: side,
                flags: MarketRecord.Flag.endOfBatch, a: ticks, b: size))
    }

    func report(_ order: UInt64, _ fact: ExecutionReport.Fact, instrument: Int = 0) {
        step(
            .report(
                ExecutionReport(
                    order: OrderID(order), instrument: InstrumentID(index: instrument), exchangeTime: Timestamp(nanoseconds: now),
                    fact: fact)))
    }

    func fill(_ order: UInt64, _ id: UInt64, ticks: Int64, lots: Int64, maker: Bool = false) {
        report(
            order,
            .filled(
                Fill(
                    id: FillID(id), price: Price(ticks: ticks), quantity: Quantity(lots: lots), liquidity: maker ? .maker : .taker,
                    fee: Amount(raw: 1_500_000_000_000_000_000_000_000))))
    }

    /// Lets the clock run and fires what is due on the way.
    func wait(_ nanoseconds: Int64) {
        let end = now + nanoseconds
        while engine.desk.nextTimer <= end {
            now = max(now, engine.desk.nextTimer)
            engine.step(.timer, at: Timestamp(nanoseconds: now), into: &effects)
        }
        now = end
    }

    var requests: [OrderRequest] {
        effects.compactMap { if case .submit(let cleared) = $0 { cleared.request } else { nil } }
    }
}

/// What a chunk prints when it runs as `on_start`; the fault's text where it fails.
func run(_ chunk: String, instruments: [Instrument]? = nil, options: (inout LuaOptions) -> Void = { _ in }) throws -> [String] {
    let bench = try Bench("local S = {}\nfunction S.on_start()\n\(chunk)\nend\nreturn S", instruments: instruments, options: options)
    var lines = bench.start()
    if case .failed(let message) = bench.engine.life { lines.append("FAILED " + message) }
    return lines
}

/// The last thing a chunk says, in one line; what most sentences of the contract need.
func say(_ chunk: String, options: (inout LuaOptions) -> Void = { _ in }) throws -> String {
    try run(chunk, options: options).joined(separator: "\n")
}

/// The message with which a file is refused.
func loadError(_ source: String, options change: (inout LuaOptions) -> Void = { _ in }) -> String {
    do {
        _ = try Bench(source, options: change)
        return "loaded"
    } catch let error as ScriptError {
        return error.message
    } catch {
        return "\(error)"
    }
}
