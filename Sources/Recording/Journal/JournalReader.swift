public import Domain
public import Tape
public import Trading

/// What is wrong with a journal, beside what may be wrong with any tape.
public enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    case notAJournal(path: String, reason: String)
    /// A record that no writer writes. `step`: how many events came before it.
    case malformed(path: String, step: Int, byte: Int, expected: String)
    /// An event that cannot happen there.
    case outOfTurn(path: String, step: Int, reason: String)

    public var description: String {
        switch self {
        case .notAJournal(let path, let reason): "\(path): not a journal: \(reason); expected the journal.tape of a run's folder"
        case .malformed(let path, let step, let byte, let expected):
            "\(path): the record after event \(step) is malformed at its byte \(byte): expected \(expected)"
        case .outOfTurn(let path, let step, let reason): "\(path): event \(step): \(reason)"
        }
    }
}

/// One event of a run, and what came of it.
public struct JournalStep: Sendable {
    /// From 1.
    public let number: Int
    public let time: Timestamp
    /// The engine that got it; every engine, in order, where nil.
    public let seat: Int?
    public let event: JournalEvent
    /// Of the engines in which anything came of it.
    public internal(set) var effects: [JournalEffects] = []
    /// What the watchdog did in it, by engine.
    public internal(set) var verdicts: [(seat: Int, verdict: StrategyVerdict)] = []
}

/// Reads a journal event by event; in memory is one block of each kind at a time.
public final class JournalReader {
    public let path: String
    public let instruments: [Instrument]
    public let head: JournalHead
    /// What a crash took away, where the run did not end properly.
    public let tornTail: TornTail?
    private let sequence: TapeSequence
    private var ahead: TapeSequence.Item?
    private var steps = 0

    /// - Throws: `TapeError` where the tape is damaged, ``JournalError`` where it is no journal.
    public init(path: String) throws {
        self.path = path
        let tape = try TapeReader(path: path)
        instruments = tape.instruments
        tornTail = tape.tornTail
        sequence = try TapeSequence(tape)
        guard case .variable(let record) = try sequence.next(), record.type == JournalRecord.head.rawValue else {
            throw JournalError.notAJournal(path: path, reason: "its first record is no head")
        }
        do {
            var fields = JournalFields(record.payload, instruments: instruments.count)
            var head = try fields.head(instruments)
            try JournalReader.addModules(of: tape, to: &head, path: path)
            self.head = head
        } catch let error as FieldReader.Malformed {
            throw JournalError.malformed(path: path, step: 0, byte: error.offset, expected: error.expected)
        }
        ahead = try sequence.next()
    }

    /// Modules that were read while the run went on are written where it was noticed; a replay needs them before it starts.
    private static func addModules(of tape: TapeReader, to head: inout JournalHead, path: String) throws {
        try tape.forEachVariable { record in
            guard record.type == JournalRecord.modules.rawValue else { return }
            var fields = JournalFields(record.payload, instruments: 0)
            let seat = Int(try fields.fields.integer(UInt16.self))
            guard seat < head.seats.count else { throw fields.fields.malformed("one of \(head.seats.count) strategies before it") }
            head.seats[seat].modules += try fields.modules()
            try fields.fields.finish()
        }
    }

    /// Whether events at the end are missing: the last one's effects may be, too.
    public var isCutShort: Bool { tornTail != nil }
    /// Whether what comes next is the end.
    public var isAtEnd: Bool { ahead == nil }

    /// The next event with all its effects; nil at the end.
    public func next() throws -> JournalStep? {
        guard let item = ahead else { return nil }
        ahead = try sequence.next()
        var step: JournalStep
        switch item {
        case .market(let record):
            steps += 1
            step = JournalStep(number: steps, time: Timestamp(nanoseconds: record.localTime), seat: nil, event: .market(record))
        case .variable(let record):
            switch JournalRecord(rawValue: record.type) {
            case .event:
                step = try event(record)
                steps += 1
            case .modules: return try next()
            case .head, .effects, .verdict, nil:
                throw JournalError.outOfTurn(path: path, step: steps, reason: "a record of type \(record.type) follows; expected an event")
            }
        }
        while case .variable(let record) = ahead {
            switch JournalRecord(rawValue: record.type) {
            case .effects: step.effects.append(try effects(record))
            case .verdict: step.verdicts.append(try verdict(record))
            case .head, .event, .modules, nil: return step
            }
            ahead = try sequence.next()
        }
        return step
    }

    private func verdict(_ record: VariableRecord) throws -> (seat: Int, verdict: StrategyVerdict) {
        try decoding(record) { fields throws(FieldReader.Malformed) in
            let seat = Int(try fields.fields.integer(UInt16.self))
            guard seat < head.seats.count else { throw fields.fields.malformed("one of \(head.seats.count) strategies before it") }
            let call = try fields.fields.integer(UInt64.self)
            let verdict = StrategyVerdict(call: call, message: try fields.fields.text())
            try fields.fields.finish()
            return (seat, verdict)
        }
    }

    private func event(_ record: VariableRecord) throws -> JournalStep {
        try decoding(record) { fields throws(FieldReader.Malformed) in
            let seat = try fields.fields.integer(UInt16.self)
            guard seat == JournalRecord.everySeat || Int(seat) < head.seats.count else {
                throw fields.fields.malformed("one of \(head.seats.count) strategies before it, found \(seat)")
            }
            let event = try fields.event()
            try fields.fields.finish()
            return JournalStep(
                number: steps + 1, time: record.time, seat: seat == JournalRecord.everySeat ? nil : Int(seat), event: event)
        }
    }

    private func effects(_ record: VariableRecord) throws -> JournalEffects {
        try decoding(record) { fields throws(FieldReader.Malformed) in
            let seat = Int(try fields.fields.integer(UInt16.self))
            guard seat < head.seats.count else { throw fields.fields.malformed("one of \(head.seats.count) strategies before it, found \(seat)") }
            let (digest, count) = (try fields.fields.integer(UInt64.self), try fields.count())
            return JournalEffects(seat: seat, digest: digest, count: count, bytes: Array(record.payload.dropFirst(fields.fields.offset)))
        }
    }

    private func decoding<Value>(
        _ record: VariableRecord, _ body: (inout JournalFields) throws(FieldReader.Malformed) -> Value
    ) throws -> Value {
        var fields = JournalFields(record.payload, instruments: instruments.count)
        do throws(FieldReader.Malformed) {
            return try body(&fields)
        } catch {
            throw JournalError.malformed(path: path, step: steps, byte: error.offset, expected: error.expected)
        }
    }

    /// The effects themselves, for people.
    public func decoded(_ effects: JournalEffects) throws -> [JournalEffect] {
        do throws(FieldReader.Malformed) {
            return try JournalEffects.decode(effects.bytes, instruments: instruments.count)
        } catch {
            throw JournalError.malformed(path: path, step: steps, byte: error.offset, expected: error.expected)
        }
    }
}
