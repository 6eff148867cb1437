import Domain

/// Makes a tape of recorded data in somebody else's format.
public enum Importer {
    /// Reads the inputs twice, the second time into a tape; the output appears only when it is complete.
    ///
    /// - Throws: one line that names the file and the line, what was found and what was expected.
    public static func run(_ options: ImportOptions, output: String) throws(ImportError) -> ImportSummary {
        for input in options.inputs where input == output {
            throw ImportError(.usage, "\(output): is an input; expected another name for the output")
        }
        var sink: TapeSink?
        let summary = try run(options) { instruments, metadata throws(ImportError) in
            let made = try TapeSink(output, instruments, metadata, options.isPacked ? .packed : .plain)
            sink = made
            return made
        }
        try sink?.finish()
        return summary
    }

    /// The same into any sink.
    static func run(
        _ options: ImportOptions,
        makeSink: (_ instruments: [Instrument], _ metadata: [(key: String, value: String)]) throws(ImportError) -> any RecordSink
    ) throws(ImportError) -> ImportSummary {
        let session = ImportSession(options)
        let parts = try InputPart.all(options.inputs)
        try read(session, parts)
        let plan = try ImportPlan(session)
        if options.skipBad > 0 {
            // How many rows are bad is known only after the second pass, and the header wants to say it.
            try session.beginWriting(NullSink(), instruments: plan.instruments)
            try read(session, parts)
        }
        let metadata = describe(options, parts, plan, skipped: session.skipped)
        try session.beginWriting(try makeSink(plan.instruments.map(\.instrument), metadata), instruments: plan.instruments)
        try read(session, parts)
        return try summarize(session, plan)
    }

    private static func read(_ session: ImportSession, _ parts: [InputPart]) throws(ImportError) {
        session.open(parts)
        switch session.options.format {
        case .binanceWS:
            var format = BinanceFormat(session)
            try format.run(parts)
        case .cryptofeed:
            var format = CryptofeedFormat(session, parts)
            try format.run(parts)
        case .ohlcv:
            var format = try OHLCVFormat(session, parts)
            try format.run(parts)
        case .lobster:
            var format = try LobsterFormat(session, parts)
            try format.run(parts)
        case .lean:
            var format = try LeanFormat(session, parts)
            try format.run(parts)
        case .csv:
            var format = CSVFormat(session, parts)
            try format.run(parts)
        case .hftbacktest:
            var format = HftBacktestFormat(session, parts)
            try format.run(parts)
        }
    }

    /// What the tape's header says about where it comes from; nothing that depends on the machine or the moment.
    private static func describe(
        _ options: ImportOptions, _ parts: [InputPart], _ plan: ImportPlan, skipped: Int
    ) -> [(key: String, value: String)] {
        var result: [(key: String, value: String)] = [("import.format", options.format.rawValue)]
        for part in parts { result.append(("import.file", part.entry == nil ? part.outerName : part.outerName + "/" + part.fileName)) }
        if options.shiftLocal != .zero { result.append(("import.shift_local", options.shiftLocal.text)) }
        result.append(("import.skipped_rows", String(skipped)))
        for item in plan.instruments {
            result.append(("import.tick_from \(item.instrument.name)", item.choice.tickSource.rawValue))
            result.append(("import.lot_from \(item.instrument.name)", item.choice.lotSource.rawValue))
        }
        return result
    }

    private static func summarize(_ session: ImportSession, _ plan: ImportPlan) throws(ImportError) -> ImportSummary {
        guard let first = session.firstLocal, let last = session.lastWritten else {
            throw ImportError(.data, "\(session.options.inputs.joined(separator: ", ")): holds no records; expected at least one")
        }
        let items = plan.instruments.enumerated().map { position, item in
            ImportSummary.Item(
                instrument: item.instrument, tickSource: item.choice.tickSource, lotSource: item.choice.lotSource,
                records: session.counts[position],
                sequence: session.products[item.product].sequence)
        }
        return ImportSummary(
            items: items, records: session.counts.reduce(0, +), firstLocalTime: Timestamp(nanoseconds: first),
            lastLocalTime: Timestamp(nanoseconds: last), skippedRows: session.skipped, firstSkipped: session.firstSkipped,
            inputs: session.inputs, notes: session.notes, warnings: session.warnings + missingSnapshots(session, plan), earlyRecords: session.early.count,
            suggestedShift: session.early.count == 0 ? nil : session.early.suggestion(after: session.options.shiftLocal))
    }

    private static func missingSnapshots(_ session: ImportSession, _ plan: ImportPlan) -> [String] {
        switch session.options.format {
        case .binanceWS, .cryptofeed:
            let without = plan.instruments.filter { item in
                let scan = session.products[item.product].scan
                return scan.levels > 0 && !scan.hasSnapshot
            }
            if without.isEmpty { return [] }
            let names = without.map(\.instrument.name).joined(separator: ", ")
            return ["\(names): no snapshot in the capture; the book is made of changes only and lacks what did not change"]
        case .ohlcv, .lobster, .lean, .csv, .hftbacktest: return []
        }
    }
}

/// Writes to a tape.
private final class TapeSink: RecordSink {
    private let writer: TapeWriter

    init(
        _ path: String, _ instruments: [Instrument], _ metadata: [(key: String, value: String)], _ encoding: TapeEncoding
    ) throws(ImportError) {
        do throws(TapeError) {
            writer = try TapeWriter(path: path, instruments: instruments, metadata: metadata, encoding: encoding)
        } catch {
            throw ImportError(.data, error.description)
        }
    }

    func append(_ record: MarketRecord) throws(ImportError) {
        do throws(TapeError) { try writer.append(record) } catch { throw ImportError(.data, error.description) }
    }

    func finish() throws(ImportError) {
        do throws(TapeError) { try writer.finish() } catch { throw ImportError(.data, error.description) }
    }
}

/// Only counts.
private final class NullSink: RecordSink {
    func append(_ record: MarketRecord) {}
}
