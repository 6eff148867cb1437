import ArgumentParser
import Domain
import Tape

/// Prints what a verb made: one line, or one JSON object.
private func report(_ format: OutputFormat, _ line: String, _ pairs: [(String, JSONValue)]) {
    switch format {
    case .text: print(line)
    case .json: print(JSONValue.object(pairs))
    }
}

/// Prints what stands in a tape that was written.
private func reportTape(_ path: String, _ format: OutputFormat) throws {
    let reader = try DataVerb.open(path)
    report(
        format, "\(path): \(DataVerb.grouped(reader.recordCount)) records, \(DataVerb.bytes(reader.fileBytes))",
        [("output", .string(path)), ("records", .count(reader.recordCount)), ("bytes", .count(reader.fileBytes))])
}

/// The output must not be one of the inputs: it would be read while it is replaced.
private func refuseSame(_ output: String, _ inputs: [String]) throws {
    if inputs.contains(output) { throw Failure(.usage, "-o \(output): is an input; expected another name for the output") }
}

/// `perigee data verify`: every checksum and every record.
struct DataVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every block and record of a tape.",
        discussion: "Exit status: 0 intact (a torn tail is told and left out); 1 damaged.\n\n  perigee data verify backtest-data/btc-l2.tape")

    @Argument(help: "The tape.")
    var tape: String

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let reader = try DataVerb.open(tape)
        try DataVerb.guarded { try reader.verify() }
        if let torn = reader.tornTail {
            CommandLineMain.say("warning: \(tape): the tail is torn and left out: \(torn)")
        }
        report(
            format, "\(tape): \(DataVerb.grouped(reader.recordCount)) records in \(DataVerb.grouped(reader.blocks.count)) blocks, all intact",
            [
                ("tape", .string(tape)), ("intact", .bool(true)), ("records", .count(reader.recordCount)),
                ("blocks", .count(reader.blocks.count)), ("torn_tail", .bool(reader.tornTail != nil)),
            ])
    }
}

/// `perigee data export`: one instrument as text.
struct DataExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write one instrument of a tape as CSV.",
        discussion: """
            Levels and trades come in the columns that `data import --format csv` reads.

              perigee data export btc.tape --csv btc.csv
            """)

    @Argument(help: "The tape.")
    var tape: String

    @Option(help: "The file to write.")
    var csv: String

    @Option(help: ArgumentHelp("Which instrument, where the tape holds several.", valueName: "venue:symbol"))
    var instrument: String?

    @Flag(help: "Add the column flags, so that an import makes the same records again.")
    var exact = false

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        try refuseSame(csv, [tape])
        let reader = try DataVerb.open(tape)
        let id = try choose(reader)
        PartialOutput.removeOnSignal(csv)
        let result = try DataVerb.guarded { try CSVExport.run(reader, instrument: id, to: csv, isExact: exact) }
        for item in result.leftOut {
            CommandLineMain.say("warning: \(DataVerb.grouped(item.count)) \(item.what) left out: the columns have no place for them")
        }
        let name = reader.instruments[id.position].name
        report(
            format, "\(csv): \(DataVerb.grouped(result.rows)) rows of \(name)",
            [("output", .string(csv)), ("instrument", .string(name)), ("rows", .count(result.rows))])
    }

    private func choose(_ reader: TapeReader) throws -> InstrumentID {
        let names = reader.instruments.map(\.name)
        guard let instrument else {
            if names.count == 1 { return InstrumentID(index: 0) }
            throw Failure(.usage, "\(tape): holds \(names.count) instruments; say --instrument, one of \(names.prefix(20).joined(separator: ", "))")
        }
        let found = reader.instruments.firstIndex {
            $0.name == instrument || $0.symbol == instrument || $0.nativeSymbol == instrument || "\($0.venue):\($0.nativeSymbol)" == instrument
        }
        guard let found else {
            throw Failure(.usage, "--instrument \(instrument): \(tape) does not hold it; expected one of \(names.prefix(20).joined(separator: ", "))")
        }
        return InstrumentID(index: found)
    }
}

/// `perigee data slice`: a span of time.
struct DataSlice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slice", abstract: "Cut a span of time out of a tape, with the book as it stood at its beginning.",
        discussion: "  perigee data slice btc.tape --from 2023-09-12T13:00:00Z --to 2023-09-12T14:00:00Z -o hour.tape")

    @Argument(help: "The tape.")
    var tape: String

    @Option(help: ArgumentHelp("First local time kept: RFC 3339, a date, or ns.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("First local time no longer kept.", valueName: "time"))
    var to: String?

    @Option(name: [.short, .customLong("out")], help: "The tape to write.")
    var output: String

    @Flag(help: "Write the tape packed.")
    var packed = false

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        try refuseSame(output, [tape])
        guard from != nil || to != nil else { throw Failure(.usage, "slice: expected --from, --to or both") }
        let (start, end) = (try DataVerb.time(from, "--from"), try DataVerb.time(to, "--to"))
        if let start, let end, start >= end {
            throw Failure(.usage, "--from \(TimeText.text(start)) is not before --to \(TimeText.text(end))")
        }
        let reader = try DataVerb.open(tape)
        try checkBounds(reader, start, end)
        PartialOutput.removeOnSignal(output)
        try DataVerb.guarded {
            try TapeOperations.slice(reader, from: start, to: end, output: output, encoding: packed ? .packed : .plain)
        }
        try reportTape(output, format)
    }

    /// A span beside the tape would make an empty tape.
    private func checkBounds(_ reader: TapeReader, _ start: Timestamp?, _ end: Timestamp?) throws {
        guard let first = reader.firstLocalTime, let last = reader.lastLocalTime else { return }
        let span = "the tape goes from \(TimeText.text(first)) to \(TimeText.text(last))"
        if let start, start > last { throw Failure(.usage, "--from \(TimeText.text(start)): is after the last record; \(span)") }
        if let end, end <= first { throw Failure(.usage, "--to \(TimeText.text(end)): is not after the first record; \(span)") }
    }
}

/// `perigee data merge`: several tapes as one.
struct DataMerge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Join tapes into one, by local time.",
        discussion: """
            Tapes of several instruments become one of all; tapes of one instrument follow one another.

              perigee data merge day1.tape day2.tape -o days.tape
            """)

    @Argument(help: "The tapes.")
    var tapes: [String]

    @Option(name: [.short, .customLong("out")], help: "The tape to write.")
    var output: String

    @Flag(help: "Write the tape packed.")
    var packed = false

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        try refuseSame(output, tapes)
        try BacktestChecks.distinct(tapes, "merge")
        PartialOutput.removeOnSignal(output)
        try DataVerb.guarded {
            let merged = try MergedTape(paths: tapes)
            try TapeOperations.merge(merged, to: output, encoding: packed ? .packed : .plain)
        }
        try reportTape(output, format)
    }
}

/// `perigee data convert`: between plain and packed.
struct DataConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write a plain tape packed, or a packed one plain.",
        discussion: """
            Packed tapes take about a tenth of the space; plain ones are read in place. Without a flag the other encoding is taken.

              perigee data convert btc.tape -o btc-packed.tape --packed
            """)

    @Argument(help: "The tape.")
    var tape: String

    @Option(name: [.short, .customLong("out")], help: "The tape to write.")
    var output: String

    @Flag(help: "Write it packed.")
    var packed = false

    @Flag(help: "Write it plain.")
    var plain = false

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        try refuseSame(output, [tape])
        if packed && plain { throw Failure(.usage, "--packed and --plain: expected one of them") }
        let reader = try DataVerb.open(tape)
        let encoding: TapeEncoding = packed ? .packed : plain ? .plain : reader.encodings == [.packed] ? .plain : .packed
        PartialOutput.removeOnSignal(output)
        try DataVerb.guarded { try TapeOperations.convert(reader, to: output, encoding: encoding) }
        try reportTape(output, format)
    }
}
