import Domain

/// The two passes of one import: the first learns products and decimals, the second counts them in ticks and units and hands out records.
///
/// A format reads rows, calls ``add(_:)`` for each event and ``commit()`` at the end of each message. A row that fails is passed to
/// ``bad(_:line:)``, which either counts it or ends the import.
final class ImportSession {
    enum Pass { case scan, write }

    let options: ImportOptions
    private(set) var pass = Pass.scan
    private(set) var products: [Product] = []
    private var lastProduct = 0
    /// Records of the message being read.
    private var pending: [MarketRecord] = []
    private var sink: (any RecordSink)?
    /// Of all records handed on, or pending.
    private var lastLocal = Int64.min

    private(set) var skipped = 0
    private(set) var firstSkipped: String?
    private(set) var counts: [Int] = []
    private(set) var firstLocal: Int64?
    private(set) var lastWritten: Int64?
    private(set) var early = EarlyArrivals()
    /// Latest exchange time seen; for records without one of their own.
    private(set) var latestExchange: Int64?
    /// Facts worth telling, in order of first mention.
    private(set) var notes: [(key: String, value: Int)] = []
    private(set) var warnings: [String] = []
    /// One for each input, in their order.
    private(set) var inputs: [InputFacts] = []
    private var currentInput = 0
    private var commits = 0
    /// Length of the bars, once known.
    var barInterval = Span.zero

    init(_ options: ImportOptions) { self.options = options }

    // MARK: Inputs

    /// Before each pass.
    func open(_ parts: [InputPart]) {
        inputs = parts.map { InputFacts(name: $0.name) }
        currentInput = 0
    }

    /// What is read from here on is of this input.
    @inline(__always) func reading(_ part: Int, line: Int) {
        currentInput = part
        inputs[part].lines = max(inputs[part].lines, line)
    }

    func received(_ time: Int64) { inputs[currentInput].received(time) }
    func message(_ kind: Bytes) { inputs[currentInput].message(kind) }
    func message(_ kind: String) { inputs[currentInput].message(kind) }

    // MARK: Products

    /// The product with this native spelling; a new one in the first pass.
    func product(_ native: Bytes) -> Int {
        if lastProduct < products.count, products[lastProduct].isSpelled(native) { return lastProduct }
        if let found = products.firstIndex(where: { $0.isSpelled(native) }) {
            lastProduct = found
            return found
        }
        return product(names: InstrumentNames(native: native.text))
    }

    func product(names: InstrumentNames) -> Int {
        // By the spelling of the input: `--instrument` may have renamed it after the first pass.
        let native = Array(names.native.utf8)
        if let found = products.firstIndex(where: { $0.nativeBytes == native }) { return found }
        products.append(Product(names: names))
        return products.count - 1
    }

    /// Moves what was seen under `product` to another; for snapshots that do not say whose they are.
    func merge(_ product: Int, into other: Int) {
        products[other].scan.merge(products[product].scan)
        products[product].scan = ProductScan()
    }

    /// The one product that has a name; nil where there are none or several.
    var onlyNamedProduct: Int? {
        let named = products.indices.filter { products[$0].names.native != BinanceFeed.unnamed }
        return named.count == 1 ? named[0] : nil
    }

    /// Notes what the venue numbers; only what is written counts.
    func sequence(_ product: Int, _ note: (inout SequenceFacts) -> Void) {
        if pass == .write { note(&products[product].sequence) }
    }

    func rename(_ product: Int, _ names: InstrumentNames) { products[product].names = names }

    // MARK: Passes

    func beginWriting(_ sink: any RecordSink, instruments: [PlannedInstrument]) throws(ImportError) {
        for (position, item) in instruments.enumerated() {
            guard let ticks = StepCounter(item.choice.tick), let units = StepCounter(item.choice.sizeUnit) else {
                let found = "--tick \(item.choice.tick), --lot \(item.choice.lot)"
                throw ImportError(.usage, "\(found): expected decimals above zero with at most 18 digits")
            }
            products[item.product].instrument = InstrumentID(index: position)
            products[item.product].ticks = ticks
            products[item.product].units = units
            products[item.product].tickText = item.choice.tick.description
            products[item.product].sequence = SequenceFacts()
        }
        counts = Array(repeating: 0, count: instruments.count)
        (pass, skipped, firstSkipped, lastLocal, latestExchange) = (.write, 0, nil, .min, nil)
        (notes, warnings, lastProduct) = ([], [], 0)
        early = EarlyArrivals()
        pending.removeAll()
        self.sink = sink
    }

    // MARK: Rows

    /// Takes one event of the message being read.
    func add(_ event: borrowing SourceEvent) throws(BadRow) {
        if pass == .scan {
            try check(event)
            products[event.product].scan.fold(event)
            return
        }
        guard let instrument = products[event.product].instrument else { return }
        // What only the venue sees is ordered by its own clock.
        let isVenueOnly = event.flags & MarketRecord.Flag.venueOnly != 0
        guard event.local >= lastLocal || isVenueOnly else {
            let (was, now) = (Timestamp(nanoseconds: lastLocal), Timestamp(nanoseconds: event.local))
            throw BadRow("the local time runs backwards: expected \(TimeText.text(was)) or later, found \(TimeText.text(now))")
        }
        try check(event)
        pending.append(try record(event, instrument))
        if !isVenueOnly { lastLocal = event.local }
    }

    var pendingCount: Int { pending.count }

    /// Takes back what was added since `pendingCount` was this; for a message that turns out bad.
    func rollBack(to count: Int) { pending.removeLast(pending.count - count) }

    /// The last level added ends a batch, though more of the same message follows.
    func endBatch() {
        guard let last = pending.indices.last, pending[last].kindByte <= MarketRecord.Kind.clear.rawValue else { return }
        pending[last].flags |= MarketRecord.Flag.endOfBatch
    }

    /// Marks the message being read as one before which others are missing.
    func markGap() {
        if let first = pending.indices.first { pending[first].flags |= MarketRecord.Flag.gap }
    }

    /// Hands the message on. The last record of a batch of levels gets its mark.
    func commit(endsBatch: Bool = true) throws(ImportError) {
        commits &+= 1
        if commits & 0xFFF == 0, options.shouldStop() { throw ImportError(.interrupted, "interrupted: no tape was written") }
        guard !pending.isEmpty else { return }
        if endsBatch { endBatch() }
        for record in pending {
            early.look(at: record)
            if firstLocal == nil { firstLocal = record.localTime }
            lastWritten = record.localTime
            counts[Int(record.instrument)] += 1
            try sink?.append(record)
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// A row that cannot be taken: counted where the user allowed it, else the end.
    func bad(_ row: BadRow, at place: Place) throws(ImportError) {
        let message = "\(place): \(row.message)"
        if skipped < options.skipBad {
            skipped += 1
            if firstSkipped == nil { firstSkipped = message }
            return
        }
        let allowed = options.skipBad == 0 ? "" : " (after \(options.skipBad) bad rows that --skip-bad allows)"
        throw ImportError(.data, message + allowed)
    }

    /// The exchange time of a record: its own, else the latest seen, else its local time.
    func exchangeTime(_ own: Int64?, local: Int64) -> Int64 {
        guard let own else { return latestExchange ?? local }
        if own > latestExchange ?? .min { latestExchange = own }
        return own
    }

    func shifted(_ local: Int64) throws(BadRow) -> Int64 {
        let (value, overflow) = local.addingReportingOverflow(options.shiftLocal.nanoseconds)
        if overflow { throw BadRow("the local time \(local) is out of range") }
        return value
    }

    // MARK: Notes

    func count(_ key: String, _ by: Int = 1) {
        if let index = notes.firstIndex(where: { $0.key == key }) { notes[index].value += by } else { notes.append((key, by)) }
    }

    func note(_ key: String) -> Int { notes.first { $0.key == key }?.value ?? 0 }
    func warn(_ text: String) { if !warnings.contains(text) { warnings.append(text) } }
}

/// A line of an input, for messages: `file:12`.
struct Place: CustomStringConvertible {
    let name: String
    let line: Int
    var description: String { "\(name):\(line)" }
}

/// Records that reached the desk before they happened: the local clock lags.
struct EarlyArrivals {
    private(set) var count = 0
    /// Largest exchange time minus local time.
    private(set) var worst: Int64 = 0
    private(set) var first: MarketRecord?

    @inline(__always) mutating func look(at record: MarketRecord) {
        guard record.localTime < record.exchangeTime else { return }
        if first == nil { first = record }
        count += 1
        worst = max(worst, record.exchangeTime &- record.localTime)
    }

    /// What to add to local times, on top of `shift`: rounded up to two digits and whole milliseconds.
    func suggestion(after shift: Span) -> Span {
        let (total, overflow) = worst.addingReportingOverflow(shift.nanoseconds)
        if overflow || total <= 0 { return Span(nanoseconds: max(worst, 0)) }
        var unit: Int64 = 1_000_000
        while total / unit >= 100 { unit *= 10 }
        let (rounded, tooLarge) = ((total + unit - 1) / unit).multipliedReportingOverflow(by: unit)
        return Span(nanoseconds: tooLarge ? total : rounded)
    }
}
