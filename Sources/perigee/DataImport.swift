import ArgumentParser
import Domain
import Tape

/// `perigee data import`: recorded data of others to a tape.
struct DataImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a tape of recorded data: captures, bars, ticks.",
        discussion: """
            Reads plain, .gz and .zip files. The tape appears only when it is complete.

              perigee data import --format ohlcv bars.csv.gz -o bars.tape --instrument binance:BTC_USDT
              perigee data import --format binance-ws day1.gz day2.gz -o day.tape --shift-local 1300ms
              perigee data import --format lobster AMZN_message_1.csv AMZN_orderbook_1.csv -o amzn.tape --date 2012-06-21
            """)

    @Option(help: "What the input is; docs/data.md says how each is read.")
    var format: ImportFormat

    @Argument(help: "The input files; several of one stream in order.")
    var inputs: [String]

    @Option(name: [.short, .customLong("out")], help: "The tape to write.")
    var output: String

    @Option(help: ArgumentHelp("What the instrument shall be called; of several in one capture, which to import. May be repeated.", valueName: "venue:symbol"))
    var instrument: [String] = []

    @Option(parsing: .unconditional, help: ArgumentHelp("Smallest step of a price. Default: the finest decimal seen.", valueName: "decimal"))
    var tick: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Smallest step of an order's size. Default: the finest decimal seen.", valueName: "decimal"))
    var lot: String?

    @Option(name: .customLong("shift-local"), parsing: .unconditional, help: ArgumentHelp("Added to local times, for a clock that lags.", valueName: "duration"))
    var shiftLocal: String?

    @Option(name: .customLong("skip-bad"), parsing: .unconditional, help: ArgumentHelp("Pass over up to this many bad rows, and count them.", valueName: "n"))
    var skipBad = 0

    @Option(name: .customLong("maker-fee"), parsing: .unconditional, help: ArgumentHelp("Fee rate of makers for the header; below zero is a rebate.", valueName: "rate"))
    var makerFee: String?

    @Option(name: .customLong("taker-fee"), parsing: .unconditional, help: ArgumentHelp("Fee rate of takers for the header.", valueName: "rate"))
    var takerFee: String?

    @Flag(help: "Write the tape packed: a tenth of the size, slower to read.")
    var packed = false

    @Option(parsing: .unconditional, help: ArgumentHelp("ohlcv: the columns in order, - skips one. Default: time,open,high,low,close,volume.", valueName: "names"))
    var columns: String?

    @Option(name: .customLong("time-unit"), help: "ohlcv: unit of times that are numbers. Default: told from their size.")
    var timeUnit: TimeUnit?

    @Option(help: ArgumentHelp("ohlcv, lean: length of a bar. Default: the most common step.", valueName: "duration"))
    var interval: String?

    @Flag(help: "ohlcv: the first line is a header.")
    var header = false

    @Option(name: .customLong("price-scale"), help: ArgumentHelp("Prices in the file are this many times too large.", valueName: "power of ten"))
    var priceScale: String?

    @Option(name: .customLong("time-zone"), parsing: .unconditional, help: ArgumentHelp("Zone of times without one: America/New_York, UTC, -05:00.", valueName: "zone"))
    var timeZone: String?

    @Option(help: ArgumentHelp("lobster, lean: the day, where the file's name does not say it.", valueName: "yyyy-mm-dd"))
    var date: String?

    @Option(help: "lean: what the rows are, where the file's name does not say it.")
    var kind: LeanKind?

    @Option(name: .customLong("summary"), help: "How stdout tells what was done: text (nothing; stderr says it) or json.")
    var summary: OutputFormat = .text

    func run() throws {
        var options = try options()
        Interrupt.watch()
        options.shouldStop = { Interrupt.isPending }
        let result = try DataVerb.guarded { try Importer.run(options, output: output) }
        for line in ImportReport.lines(result, output: output) { CommandLineMain.say(line) }
        if summary == .json { print(ImportReport.json(result, output: output)) }
    }

    private func options() throws -> ImportOptions {
        guard skipBad >= 0 else { throw Failure(.usage, "--skip-bad \(skipBad): expected 0 or more") }
        var options = ImportOptions(format: format, inputs: inputs)
        options.instruments = instrument
        options.tick = try DataVerb.positive(tick, "--tick")
        options.lot = try DataVerb.positive(lot, "--lot")
        options.shiftLocal = try DataVerb.span(shiftLocal, "--shift-local") ?? .zero
        options.skipBad = skipBad
        options.makerFee = try DataVerb.decimal(makerFee, "--maker-fee") ?? .zero
        options.takerFee = try DataVerb.decimal(takerFee, "--taker-fee") ?? .zero
        options.isPacked = packed
        options.columns = columns?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        options.timeUnit = timeUnit
        options.interval = try DataVerb.span(interval, "--interval")
        options.hasHeader = header
        options.priceScale = try DataVerb.positive(priceScale, "--price-scale")
        options.timeZone = timeZone
        options.date = date
        options.leanKind = kind
        return options
    }
}

/// Tells what an import did.
enum ImportReport {
    static func lines(_ result: ImportSummary, output: String) -> [String] {
        let span = result.lastLocalTime - result.firstLocalTime
        var lines = [
            "\(output): \(DataVerb.grouped(result.records)) records, \(TimeText.text(result.firstLocalTime)) to "
                + "\(TimeText.text(result.lastLocalTime)) (\(DataVerb.length(span)))"
        ]
        let width = result.items.map(\.instrument.name.count).max() ?? 0
        for item in result.items.prefix(20) {
            let name = item.instrument.name.padding(width)
            lines.append(
                "  \(name)  \(DataVerb.grouped(item.records).leading(11)) records  tick \(item.instrument.tick) (\(item.tickSource.rawValue))"
                    + "  lot \(item.instrument.lot) (\(item.lotSource.rawValue))")
        }
        if result.items.count > 20 { lines.append("  and \(result.items.count - 20) more") }
        for input in result.inputs.prefix(20) where !input.messages.isEmpty { lines.append("  \(messages(input))") }
        for note in result.notes.prefix(12) { lines.append("  \(note.key): \(DataVerb.grouped(note.value))") }
        if result.skippedRows > 0 {
            lines.append("warning: \(result.skippedRows) bad rows skipped; the first: \(result.firstSkipped ?? "")")
        }
        for warning in result.warnings { lines.append("warning: \(warning)") }
        if let shift = result.suggestedShift {
            lines.append(
                "warning: \(DataVerb.grouped(result.earlyRecords)) records have a local time before their exchange time; "
                    + "a backtest refuses them; --shift-local \(shift.text) would do")
        }
        return lines
    }

    /// `day.gz: 41,249 lines: btcusdt@bookTicker 28,040, btcusdt@trade 9,757, …`.
    private static func messages(_ input: InputFacts) -> String {
        let most = input.messages.sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
        let shown = most.prefix(8).map { "\($0.kind) \(DataVerb.grouped($0.count))" } + (most.count > 8 ? ["…"] : [])
        let name = input.name.split(separator: "/").last.map(String.init) ?? input.name
        return "\(name): \(DataVerb.grouped(input.lines)) lines: \(shown.joined(separator: ", "))"
    }

    private static func json(_ input: InputFacts) -> JSONValue {
        .object([
            ("file", .string(input.name)), ("lines", .count(input.lines)), ("messages", .count(input.messageCount)),
            ("kinds", .object(input.messages.map { ($0.kind, .count($0.count)) })), ("first_received", number(input.firstReceived?.nanoseconds)),
            ("last_received", number(input.lastReceived?.nanoseconds)), ("time_decreases", .count(input.timeDecreases)),
        ])
    }

    /// Null where the venue does not number its messages.
    private static func json(_ facts: SequenceFacts) -> JSONValue {
        if facts.isEmpty { return .null }
        return .object([
            ("first_trade_id", number(facts.firstTradeID)), ("last_trade_id", number(facts.lastTradeID)),
            ("snapshot_id", number(facts.snapshotID)), ("first_update_id", number(facts.firstUpdateID)),
            ("last_update_id", number(facts.lastUpdateID)),
        ])
    }

    private static func number(_ value: Int64?) -> JSONValue { value.map { .integer($0) } ?? .null }

    static func json(_ result: ImportSummary, output: String) -> JSONValue {
        let items = result.items.map { item in
            JSONValue.object([
                ("instrument", .string(item.instrument.name)), ("records", .count(item.records)),
                ("tick", .string(item.instrument.tick.description)), ("tick_from", .string(item.tickSource.rawValue)),
                ("lot", .string(item.instrument.lot.description)), ("lot_from", .string(item.lotSource.rawValue)),
                ("sequence", json(item.sequence)),
            ])
        }
        return .object([
            ("output", .string(output)), ("records", .count(result.records)), ("skipped_rows", .count(result.skippedRows)),
            ("first_time", .integer(result.firstLocalTime.nanoseconds)), ("last_time", .integer(result.lastLocalTime.nanoseconds)),
            ("early_records", .count(result.earlyRecords)), ("suggested_shift_local", .text(result.suggestedShift?.text)),
            ("notes", .object(result.notes.map { ($0.key, .count($0.value)) })), ("warnings", .array(result.warnings.map { .string($0) })),
            ("inputs", .array(result.inputs.map { json($0) })), ("instruments", .array(items)),
        ])
    }
}

extension String {
    /// Spaces behind, up to a width.
    func padding(_ width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
    /// Spaces before, up to a width.
    func leading(_ width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
}
