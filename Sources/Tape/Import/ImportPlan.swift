public import Domain

/// One instrument of the tape to be: which product it is, and its grid.
struct PlannedInstrument {
    let product: Int
    let choice: GridChoice
    let instrument: Instrument
}

/// Decides after the first pass which products go onto the tape, under which names and on which grid.
struct ImportPlan {
    let instruments: [PlannedInstrument]

    init(_ session: ImportSession) throws(ImportError) {
        let options = session.options
        var planned: [PlannedInstrument] = []
        for (product, names) in try ImportPlan.pick(session) {
            session.rename(product, names)
            let scan = session.products[product].scan
            let choice = GridChoice(scan, options: options)
            do throws(Instrument.BadGrid) {
                let instrument = try Instrument(
                    venue: names.venue, symbol: names.symbol, nativeSymbol: names.native, base: names.base, quote: names.quote,
                    tick: choice.tick, lot: choice.lot, sizeUnit: choice.sizeUnit, makerFee: options.makerFee, takerFee: options.takerFee,
                    barInterval: scan.dataKind == .bars ? session.barInterval : .zero, dataKind: scan.dataKind)
                planned.append(PlannedInstrument(product: product, choice: choice, instrument: instrument))
            } catch {
                throw ImportError(.usage, error.message)
            }
        }
        instruments = planned
    }

    /// The products to import and their names.
    private static func pick(_ session: ImportSession) throws(ImportError) -> [(Int, InstrumentNames)] {
        let seen = session.products.indices.filter { !session.products[$0].scan.isEmpty }
        guard !seen.isEmpty else {
            throw ImportError(.data, "\(session.options.inputs.joined(separator: ", ")): holds no records; expected at least one")
        }
        if session.options.instruments.isEmpty { return seen.map { ($0, session.products[$0].names) } }
        var result: [(Int, InstrumentNames)] = []
        for flag in session.options.instruments {
            let wanted = try InstrumentNames.parse(flag: flag)
            let single = seen.count == 1 && session.options.instruments.count == 1 ? seen.first : nil
            guard let found = single ?? seen.first(where: { session.products[$0].names.matches(wanted) }) else {
                let known = seen.map { session.products[$0].names.symbol }.sorted().joined(separator: ", ")
                throw ImportError(.usage, "--instrument \(flag): the input does not hold it; expected one of \(known)")
            }
            guard !result.contains(where: { $0.0 == found }) else {
                throw ImportError(.usage, "--instrument \(flag): names the same instrument twice")
            }
            // Only a capture knows the venue's own spelling; a file's name is a guess.
            result.append((found, session.options.format.namesProducts ? session.products[found].names.renamed(wanted) : wanted))
        }
        return result
    }
}

/// What an import did.
public struct ImportSummary: Sendable {
    public struct Item: Sendable {
        public let instrument: Instrument
        public let tickSource: GridSource
        public let lotSource: GridSource
        public let records: Int
        public let sequence: SequenceFacts
    }

    public let items: [Item]
    public let records: Int
    public let firstLocalTime: Timestamp
    public let lastLocalTime: Timestamp
    public let skippedRows: Int
    public let firstSkipped: String?
    /// What each input file held.
    public let inputs: [InputFacts]
    /// Counts of what the importer met: gaps, stale messages, checksums.
    public let notes: [(key: String, value: Int)]
    public let warnings: [String]
    /// Records whose local time is before their exchange time.
    public let earlyRecords: Int
    /// A `--shift-local` that would do, where `earlyRecords` is not 0.
    public let suggestedShift: Span?
}
