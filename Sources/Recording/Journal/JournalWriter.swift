public import Domain
public import Tape
public import Trading

/// What a variable record of a journal is.
enum JournalRecord: UInt16 {
    case head = 1, event = 2, effects = 3, modules = 4, verdict = 5

    /// The seat of what concerns every engine.
    static let everySeat = UInt16.max
}

/// Writes a run's journal: its head, every input in order, and the effects of each step.
///
/// Market records that every engine gets stand among the tape's own records; everything else is a variable record between them.
public final class JournalWriter {
    private let tape: TapeWriter
    private let instruments: Int
    private var latestLocal = Int64.min
    private var latestTime = Timestamp(nanoseconds: 0)
    /// By seat: of all effects so far.
    private var digests: [EffectDigest]

    /// - Parameter target: `.inPlace` for runs whose journal shall survive a crash.
    public init(
        path: String, instruments: [Instrument], head: JournalHead, target: TapeWriter.Target = .inPlace
    ) throws(TapeError) {
        precondition(!head.seats.isEmpty && head.seats.count < Int(JournalRecord.everySeat), "a journal is of at least one engine")
        tape = try TapeWriter(
            path: path, instruments: instruments,
            metadata: [("source", "journal"), ("generator", "perigee \(head.engine)"), ("notes", "journal of a \(head.mode.name) run")],
            target: target)
        self.instruments = instruments.count
        digests = Array(repeating: EffectDigest(), count: head.seats.count)
        var fields = FieldWriter()
        fields.head(head)
        try tape.appendVariable(type: JournalRecord.head.rawValue, time: Timestamp(nanoseconds: 0), fields.bytes)
    }

    /// An input, before its step.
    ///
    /// - Parameter seat: the engine that gets it; every engine, in order, where nil.
    public func input(_ input: Input, seat: Int? = nil, at time: Timestamp) throws(TapeError) {
        latestTime = time
        switch input {
        case .market(let pointer, let instrument):
            var record = unsafe pointer.pointee
            record.instrument = UInt16(instrument)
            try market(record, seat, time)
        case .report(let report): try event(.report(report), seat, time)
        case .barClose: try event(.barClose, seat, time)
        case .timer: try event(.timer, seat, time)
        case .start: try event(.start, seat, time)
        case .stop(let reason): try event(.stop(reason: reason), seat, time)
        case .lost(let order): try event(.lost(order), seat, time)
        case .control(let input): try event(.control(input), seat, time)
        case .quote(let answer): try event(.quote(answer), seat, time)
        }
    }

    /// The watchdog ended the strategy in the step of the last input; before that step's effects.
    public func verdict(_ verdict: StrategyVerdict, seat: Int = 0) throws(TapeError) {
        var fields = FieldWriter()
        fields.integer(UInt16(seat))
        fields.integer(verdict.call)
        fields.text(verdict.message)
        try tape.appendVariable(type: JournalRecord.verdict.rawValue, time: latestTime, fields.bytes)
    }

    /// What came of the last input, for one engine; nothing is written where nothing came.
    public func effects(_ effects: [Effect], seat: Int = 0) throws(TapeError) {
        guard !effects.isEmpty else { return }
        let bytes = JournalEffects.encode(effects)
        digests[seat].add(bytes)
        var fields = FieldWriter()
        fields.integer(UInt16(seat))
        fields.integer(digests[seat].value)
        fields.integer(UInt32(effects.count))
        try tape.appendVariable(type: JournalRecord.effects.rawValue, time: latestTime, fields.bytes + bytes)
    }

    /// The driver has called `noteEquity` on the desks, outside a step. After a fill it is understood.
    public func sampled(seat: Int? = nil, at time: Timestamp) throws(TapeError) { try event(.sample, seat, time) }

    /// The driver has called `closeDesk`.
    public func deskClosed(seat: Int? = nil, at time: Timestamp) throws(TapeError) { try event(.close, seat, time) }

    /// The driver has called `save`, which runs the strategy's `on_save`.
    public func saved(seat: Int? = nil, at time: Timestamp) throws(TapeError) { try event(.save, seat, time) }

    /// Modules that the strategy read after the head was written. Anywhere in the journal; the end is early enough.
    public func modules(_ modules: [JournalHead.Module], seat: Int = 0, at time: Timestamp) throws(TapeError) {
        guard !modules.isEmpty else { return }
        var fields = FieldWriter()
        fields.integer(UInt16(seat))
        fields.modules(modules)
        try tape.appendVariable(type: JournalRecord.modules.rawValue, time: time, fields.bytes)
    }

    /// Hands what was written to the system. Not between an input and its effects.
    public func flush(durably: Bool = false) throws(TapeError) { try tape.flush(durably: durably) }

    /// The end of the run.
    public func finish(durably: Bool = true) throws(TapeError) { try tape.finish(durably: durably) }

    /// A record has a place among the tape's own where every engine gets it at its own time, and times do not step back.
    private func market(_ record: MarketRecord, _ seat: Int?, _ time: Timestamp) throws(TapeError) {
        let isPlain = seat == nil && record.localTime == time.nanoseconds && record.localTime >= latestLocal
            && record.flags & MarketRecord.Flag.venueOnly == 0
        guard isPlain else { return try event(.market(record), seat, time) }
        latestLocal = record.localTime
        try tape.append(record)
    }

    private func event(_ event: JournalEvent, _ seat: Int?, _ time: Timestamp) throws(TapeError) {
        latestTime = time
        var fields = FieldWriter()
        fields.integer(seat.map { UInt16($0) } ?? JournalRecord.everySeat)
        fields.event(event)
        try tape.appendVariable(type: JournalRecord.event.rawValue, time: time, fields.bytes)
    }
}

/// The effects of one step of one engine, as bytes that are equal where the effects are.
public struct JournalEffects: Hashable, Sendable {
    public let seat: Int
    /// Of these and all before them.
    public let digest: UInt64
    public let count: Int
    let bytes: [UInt8]

    static func encode(_ effects: [Effect]) -> [UInt8] {
        var fields = FieldWriter()
        for effect in effects { fields.effect(JournalEffect(effect)) }
        return fields.bytes
    }

    static func decode(_ bytes: [UInt8], instruments: Int) throws(FieldReader.Malformed) -> [JournalEffect] {
        var reader = JournalFields(bytes, instruments: instruments)
        var effects: [JournalEffect] = []
        while !reader.fields.isAtEnd { effects.append(try reader.effect()) }
        return effects
    }
}

/// One number for all effects so far: equal runs have equal numbers, on every machine.
///
/// - Source: FNV-1a of 64 bits, over the effects' bytes.
public struct EffectDigest: Hashable, Sendable {
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325
    public init() {}
    public mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
}
