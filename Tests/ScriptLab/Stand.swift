import Domain
import Risk
import Scripting
import Trading

/// A script on an engine of its own, driven by hand-made records.
final class Stand {
    var engine: Engine<LuaStrategy>
    let strategy: LuaStrategy
    private(set) var effects: [Effect] = []
    private(set) var now: Int64 = 1_700_000_000_000_000_000

    init(_ source: String, _ options: LuaOptions) throws {
        let instrument = try Instrument(
            venue: "file", symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT", tick: ExactDecimal("0.01"),
            lot: ExactDecimal("0.0001"), sizeUnit: ExactDecimal("0.00001"), minQuantity: Quantity(lots: 1),
            makerFee: ExactDecimal("0.0002"), takerFee: ExactDecimal("0.0005"), dataKind: .level2)
        strategy = try LuaStrategy(source: Array(source.utf8), file: "script.lua", instruments: [instrument], options: options)
        let balance = Amount(try ExactDecimal("1000000")) ?? .zero
        engine = Engine(
            strategy: strategy, gate: Gate(instruments: [instrument], limits: RiskLimits()),
            desk: DeskSetup(instruments: [instrument], balances: [("USDT", balance)], reportingCurrency: "USDT"), errorPolicy: .stop)
    }

    func step(_ input: Input) {
        now += 1_000_000
        engine.step(input, at: Timestamp(nanoseconds: now), into: &effects)
    }

    func quote(_ side: Side, _ ticks: Int64, _ size: Int64) {
        now += 1_000_000
        let record = MarketRecord(
            kind: .level, instrument: InstrumentID(index: 0), localTime: now, exchangeTime: now - 5, side: side,
            flags: MarketRecord.Flag.endOfBatch, a: ticks, b: size)
        unsafe withUnsafePointer(to: record) { pointer in
            unsafe engine.step(.market(pointer, instrument: 0), at: Timestamp(nanoseconds: now), into: &effects)
        }
    }

    /// The venue takes every order that was sent and is not open yet.
    func accept() {
        for request in takeSubmitted() {
            step(.report(ExecutionReport(order: request.id, instrument: request.instrument, exchangeTime: Timestamp(nanoseconds: now), fact: .accepted)))
        }
    }

    func wait(_ nanoseconds: Int64) {
        let end = now + nanoseconds
        while engine.desk.nextTimer <= end {
            now = max(now, engine.desk.nextTimer)
            engine.step(.timer, at: Timestamp(nanoseconds: now), into: &effects)
        }
        now = end
    }

    func takeSubmitted() -> [OrderRequest] {
        let found = effects.compactMap { if case .submit(let cleared) = $0 { cleared.request } else { nil } }
        effects.removeAll { if case .submit = $0 { true } else { false } }
        return found
    }

    func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    func takeNotes() -> [String] {
        defer { engine.desk.notes.removeAll() }
        return engine.desk.notes.map { note in
            switch note {
            case .log(_, _, let text): text
            case .plot(_, let series, let value): "plot \(series) \(value)"
            }
        }
    }
}
