import Domain
import Recording
import Scripting
import Tape
import Trading

/// What a replay found, as text or JSON.
struct ReplayReport {
    private let run: ReplayRun
    private let result: ReplayResult
    private let isVerification: Bool

    init(_ run: ReplayRun, result: ReplayResult, isVerification: Bool) {
        (self.run, self.result, self.isVerification) = (run, result, isVerification)
    }

    var differs: Bool { result.difference != nil }
    private var head: JournalHead { run.reader.head }
    private var names: [Instrument] { run.reader.instruments }

    // MARK: Text

    var lines: [String] {
        guard isVerification else { return summary }
        if let difference = result.difference { return lines(difference) }
        return ["verified: \(result.inputs) inputs, \(result.effects) effects"]
    }

    private func lines(_ difference: ReplayDifference) -> [String] {
        let seat = head.seats[difference.seat]
        return [
            "first difference: input \(difference.number) at \(TimeText.text(difference.time)) (\(difference.time.nanoseconds)), "
                + "\(difference.event.words(names)), strategy \(seat.name), effect \(difference.place)",
            "expected: \(difference.expected?.words(names) ?? "nothing more")",
            "got: \(difference.got?.words(names) ?? "nothing more")",
        ] + details(difference)
    }

    /// Two effects that read the same differ in what the words leave out.
    private func details(_ difference: ReplayDifference) -> [String] {
        guard let expected = difference.expected, let got = difference.got, expected.words(names) == got.words(names) else { return [] }
        return ["expected in full: \(expected)", "got in full: \(got)"]
    }

    private var summary: [String] {
        var lines = ["journal: \(run.reader.path), \(head.mode.name)\(head.run.isEmpty ? "" : " \(head.run)"), perigee \(head.engine)"]
        for (index, seat) in head.seats.enumerated() {
            lines.append("strategy: \(seat.name), \(seat.file), SHA-256 \(run.digests[index]), \(state(index))")
        }
        let span = zip([result.first].compactMap { $0 }, [result.last].compactMap { $0 })
        lines.append("inputs: \(result.inputs)" + span.map { ", \(TimeText.text($0)) to \(TimeText.text($1))" }.joined())
        lines += counts(result.events)
        lines.append("effects: \(result.effects), of the run \(result.recordedEffects)")
        lines += counts(result.effectKinds)
        for (index, digest) in result.digests.enumerated() { lines.append("digest: \(ReplayReport.hex(digest)) (\(head.seats[index].name))") }
        if let difference = result.difference { lines += self.lines(difference) } else { lines.append("difference: none") }
        return lines
    }

    private func counts(_ counts: [String: Int]) -> [String] {
        counts.sorted { $0.key < $1.key }.map { "  \($0.key) \($0.value)" }
    }

    private func state(_ seat: Int) -> String {
        switch run.replay.seats[seat].engine.life {
        case .created: "not started"
        case .running: "running"
        case .ending(let reason): "ending (\(reason))"
        case .ended: "ended"
        case .failed(let message): "failed: \(message)"
        }
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    // MARK: JSON

    var json: JSONValue {
        .object([
            ("journal", .string(run.reader.path)), ("mode", .string(head.mode.name)), ("run", .string(head.run)), ("engine", .string(head.engine)),
            ("strategies", .array(head.seats.indices.map(strategy))), ("inputs", .count(result.inputs)), ("effects", .count(result.effects)),
            ("recorded_effects", .count(result.recordedEffects)), ("first_time", .time(result.first?.nanoseconds)),
            ("last_time", .time(result.last?.nanoseconds)), ("input_kinds", object(result.events)), ("effect_kinds", object(result.effectKinds)),
            ("torn_tail", .text(run.reader.tornTail?.description)), ("verified", isVerification ? .bool(!differs) : .null),
            ("difference", result.difference.map(difference) ?? .null),
        ])
    }

    private func strategy(_ index: Int) -> JSONValue {
        let seat = head.seats[index]
        return .object([
            ("name", .string(seat.name)), ("file", .string(seat.file)), ("sha256", .string(run.digests[index])),
            ("journal_sha256", .string(seat.sha256)), ("state", .string(state(index))), ("digest", .string(ReplayReport.hex(result.digests[index]))),
        ])
    }

    private func object(_ counts: [String: Int]) -> JSONValue {
        .object(counts.sorted { $0.key < $1.key }.map { ($0.key, .count($0.value)) })
    }

    private func difference(_ difference: ReplayDifference) -> JSONValue {
        .object([
            ("input", .count(difference.number)), ("time", .time(difference.time.nanoseconds)),
            ("strategy", .string(head.seats[difference.seat].name)), ("event", .string(difference.event.words(names))),
            ("effect", .count(difference.place)), ("expected", .text(difference.expected?.words(names))),
            ("got", .text(difference.got?.words(names))),
        ])
    }
}
