public import Domain
public import Trading

/// Feeds a journal to engines made as its head says, and compares what comes out.
public final class Replay<S: Strategy> {
    /// An engine cannot be copied, so each has a place of its own.
    public final class Seat {
        public fileprivate(set) var engine: Engine<S>
        /// Of all its effects.
        public fileprivate(set) var digest = EffectDigest()
        public init(_ engine: consuming Engine<S>) { self.engine = engine }
    }

    public let reader: JournalReader
    public let seats: [Seat]
    private var effects: [Effect] = []
    private var result = ReplayResult()
    /// Called for every line that a strategy logs.
    public var onNote: ((Note, Int) -> Void)?

    public init(_ reader: JournalReader, seats: [Seat]) {
        precondition(seats.count == reader.head.seats.count, "one engine for each strategy of the head")
        (self.reader, self.seats) = (reader, seats)
    }

    /// - Parameter stopsAtDifference: ends at the first difference; else goes on to the end of the journal.
    /// - Throws: `TapeError`, ``JournalError``.
    public func run(stopsAtDifference: Bool = true) throws -> ReplayResult {
        while let step = try reader.next() {
            result.note(step)
            // A crash may have taken the last event's effects away.
            let mayLack = reader.isAtEnd && reader.isCutShort
            for seat in seats.indices where step.seat == nil || step.seat == seat {
                let expected = step.effects.first { $0.seat == seat }
                for entry in step.verdicts where entry.seat == seat { seats[seat].engine.doom(entry.verdict) }
                try apply(step, to: seat)
                try compare(step, seat, expected, mayLack: mayLack)
                finish(seat)
            }
            if stopsAtDifference, result.difference != nil { break }
        }
        result.digests = seats.map(\.digest.value)
        return result
    }

    private func apply(_ step: JournalStep, to seat: Int) throws {
        let time = max(step.time, seats[seat].engine.desk.now)
        let input: Input
        switch step.event {
        case .market(let record):
            unsafe withUnsafePointer(to: record) { pointer in
                let input = unsafe Input.market(pointer, instrument: Int(record.instrument))
                seats[seat].engine.step(input, at: time, into: &effects)
            }
            return
        case .sample: return seats[seat].engine.desk.noteEquity()
        case .close: return seats[seat].engine.closeDesk()
        case .save:
            _ = seats[seat].engine.save()
            return
        case .start:
            guard seats[seat].engine.life == .created else {
                throw JournalError.outOfTurn(path: reader.path, step: step.number, reason: "a second start of \(reader.head.seats[seat].name)")
            }
            input = .start
        case .report(let report): input = .report(report)
        case .barClose: input = .barClose
        case .timer: input = .timer
        case .stop(let reason): input = .stop(reason: reason)
        case .lost(let order): input = .lost(order)
        case .control(let control): input = .control(control)
        case .quote(let answer): input = .quote(answer)
        }
        seats[seat].engine.step(input, at: time, into: &effects)
    }

    private func compare(_ step: JournalStep, _ seat: Int, _ expected: JournalEffects?, mayLack: Bool) throws {
        let got = JournalEffects.encode(effects)
        if !got.isEmpty { seats[seat].digest.add(got) }
        result.note(effects)
        guard result.difference == nil, got != expected?.bytes ?? [], !(expected == nil && mayLack) else { return }
        let recorded = try expected.map { try reader.decoded($0) } ?? []
        let replayed = effects.map { JournalEffect($0) }
        let place = zip(recorded, replayed).prefix { $0 == $1 }.count
        result.difference = ReplayDifference(
            number: result.inputs, time: step.time, seat: seat, event: step.event, place: place + 1,
            expected: place < recorded.count ? recorded[place] : nil, got: place < replayed.count ? replayed[place] : nil)
    }

    /// What every driver does with a step's effects as far as the engine is concerned.
    private func finish(_ seat: Int) {
        for effect in effects {
            if case .filled = effect { seats[seat].engine.desk.noteEquity() }
        }
        effects.removeAll(keepingCapacity: true)
        if let onNote { for note in seats[seat].engine.desk.notes { onNote(note, seat) } }
        seats[seat].engine.desk.notes.removeAll(keepingCapacity: true)
    }
}

/// Where a replay first did something else than the run.
public struct ReplayDifference: Hashable, Sendable {
    /// Of the input, from 1.
    public let number: Int
    public let time: Timestamp
    public let seat: Int
    public let event: JournalEvent
    /// Of the effect among those of the input, from 1.
    public let place: Int
    /// Nil: none.
    public let expected: JournalEffect?
    public let got: JournalEffect?
}

/// What a replay found.
public struct ReplayResult: Sendable {
    public private(set) var inputs = 0
    public private(set) var effects = 0
    public private(set) var recordedEffects = 0
    public private(set) var first: Timestamp?
    public private(set) var last: Timestamp?
    /// How often, by kind; what the driver did between inputs included.
    public private(set) var events: [String: Int] = [:]
    public private(set) var effectKinds: [String: Int] = [:]
    public internal(set) var difference: ReplayDifference?
    /// By seat, of all effects.
    public internal(set) var digests: [UInt64] = []

    mutating func note(_ step: JournalStep) {
        if step.event.isInput { inputs += 1 }
        if first == nil { first = step.time }
        last = step.time
        events[step.event.kind, default: 0] += 1
        for effects in step.effects { recordedEffects += effects.count }
    }

    mutating func note(_ list: [Effect]) {
        effects += list.count
        for effect in list { effectKinds[JournalEffect(effect).kind, default: 0] += 1 }
    }
}
