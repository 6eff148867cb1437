import Domain

/// QuantConnect LEAN's data files: tick quotes, tick trades, forex quotes, bars.
///
/// - Source: the formats described in LEAN's `Data/` folder: equities × 10,000, times in ms of the exchange's day.
struct LeanFormat {
    private let session: ImportSession
    private let sources: [Source]
    private var clocks: [DayClock?] = []
    private var bars: ZoneClock
    private var fields = FieldSplitter()
    private var lastOpen = Int64.min
    private var steps = StepHistogram()

    /// One file: what its rows are, and whose.
    private struct Source {
        let kind: LeanKind
        let product: Int
        let scalePlaces: Int32
    }

    init(_ session: ImportSession, _ parts: [InputPart]) throws(ImportError) {
        self.session = session
        bars = try session.options.clock(default: "America/New_York")
        var sources: [Source] = []
        for part in parts {
            let kind: LeanKind
            if let given = session.options.leanKind { kind = given } else { kind = try LeanFormat.kind(of: part) }
            let isForex = kind == .forexQuote
            let places = try session.options.priceScalePlaces(default: isForex ? 0 : 4)
            let product = session.product(names: LeanFormat.names(part.fileName, isForex: isForex))
            sources.append(Source(kind: kind, product: product, scalePlaces: places))
            let zone = isForex ? "-05:00" : "America/New_York"
            if kind == .bar {
                // Hourly bars carry their dates; only minute bars need one from the name.
                clocks.append(try? DayClock(part, options: session.options, zone: zone))
            } else {
                clocks.append(try DayClock(part, options: session.options, zone: zone))
            }
        }
        self.sources = sources
        session.barInterval = session.options.interval ?? session.barInterval
    }

    private static func names(_ file: String, isForex: Bool) -> InstrumentNames {
        let guess = InstrumentNames.guess(file: file)
        return isForex || guess.native.count > 6 ? guess : InstrumentNames(native: guess.native + "_USD")
    }

    /// From the file's name, else from the shape of its first row.
    private static func kind(of part: InputPart) throws(ImportError) -> LeanKind {
        let name = (part.outerName + " " + part.fileName).lowercased()
        let lines = try part.lines()
        var fields = FieldSplitter()
        if let first = try lines.next() { fields.split(first) }
        if name.contains("quote") { return fields.fields.count == 3 ? .forexQuote : .quote }
        if name.contains("trade") && (name.contains("tick") || fields.fields.count > 3 && ShortDecimal(fields.fields[3]) == nil) { return .trade }
        for word in ["hour", "daily", "minute", "second"] where name.contains(word) { return .bar }
        if let first = fields.fields.first, CivilTime(first) != nil, fields.fields.count == 6 { return .bar }
        throw ImportError(.usage, "\(part.path): its name does not tell what it holds; say --kind quote, trade, forex-quote or bar")
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        let lines = try LineMerge(parts) { line, _ in line.slice(0, line.firstIndex(of: 44) ?? 0).integer }
        while let line = try lines.next() {
            session.reading(line.part, line: line.place.line)
            if line.bytes.isEmpty { continue }
            do throws(BadRow) {
                fields.split(line.bytes)
                try row(sources[line.part], line.part)
            } catch {
                try session.bad(error, at: line.place)
            }
            try session.commit()
        }
        let hasBars = sources.contains { $0.kind == .bar && session.products[$0.product].scan.bars > 0 }
        guard session.pass == .scan, session.barInterval == .zero, hasBars else { return }
        guard let step = steps.mostCommon else {
            throw ImportError(.usage, "\(parts[0].path): the length of a bar cannot be told from fewer than two rows; say --interval 1h")
        }
        session.barInterval = Span(nanoseconds: step)
    }

    private mutating func row(_ source: Source, _ part: Int) throws(BadRow) {
        switch source.kind {
        case .quote: try quote(source, try millisecond(part))
        case .trade: try trade(source, try millisecond(part))
        case .forexQuote: try forexQuote(source, try millisecond(part))
        case .bar: try bar(source, part)
        }
    }

    private mutating func millisecond(_ part: Int) throws(BadRow) -> Int64 {
        let value = fields.fields.isEmpty ? nil : TimeText.seconds(fields.fields[0])
        // Seconds of the parser are ms here: nine places become six.
        guard let value, value % 1000 == 0, let time = clocks[part]?.utc(ofDay: value / 1000) else {
            throw BadRow(expected: "milliseconds of the day", found: fields.fields[0])
        }
        return time
    }

    /// A zero on one side leaves that side as it was.
    private func quote(_ source: Source, _ exchange: Int64) throws(BadRow) {
        try fields.require(8, "ms,bid,bid size,ask,ask size,exchange,condition,suspicious")
        var event = SourceEvent(.quote, product: source.product, local: try session.shifted(exchange), exchange: exchange)
        let bid = try fields.decimal(1, "bid").shifted(down: source.scalePlaces)
        let ask = try fields.decimal(3, "ask").shifted(down: source.scalePlaces)
        if bid.mantissa != 0 {
            (event.v0, event.v1) = (bid, try fields.decimal(2, "bid size"))
            event.aux |= 1
        }
        if ask.mantissa != 0 {
            (event.v2, event.v3) = (ask, try fields.decimal(4, "ask size"))
            event.aux |= 2
        }
        if event.aux == 0 { throw BadRow("expected a bid or an ask, found 0 on both sides") }
        _ = try isSuspicious(7)
        try session.add(event)
        mark(fields.fields[5], fields.fields[7])
    }

    private func trade(_ source: Source, _ exchange: Int64) throws(BadRow) {
        try fields.require(6, "ms,price,size,exchange,condition,suspicious")
        var event = SourceEvent(.trade, product: source.product, local: try session.shifted(exchange), exchange: exchange)
        event.v0 = try fields.decimal(1, "price").shifted(down: source.scalePlaces)
        event.v1 = try fields.decimal(2, "size")
        // D: reported to FINRA, traded off the exchanges.
        if try isSuspicious(5) || fields.fields[3].equals("D") { event.flags = MarketRecord.Flag.offBook }
        try session.add(event)
        mark(fields.fields[3], fields.fields[5])
    }

    private func forexQuote(_ source: Source, _ exchange: Int64) throws(BadRow) {
        try fields.require(3, "ms,bid,ask")
        var event = SourceEvent(.quote, product: source.product, local: try session.shifted(exchange), exchange: exchange)
        let bid = try fields.decimal(1, "bid").shifted(down: source.scalePlaces)
        let ask = try fields.decimal(2, "ask").shifted(down: source.scalePlaces)
        // The file tells no sizes: a nominal one, so that simulated orders meet something.
        if bid.mantissa != 0 {
            (event.v0, event.v1) = (bid, LeanFormat.nominalSize)
            event.aux |= 1
        }
        if ask.mantissa != 0 {
            (event.v2, event.v3) = (ask, LeanFormat.nominalSize)
            event.aux |= 2
        }
        if event.aux == 0 { throw BadRow("expected a bid or an ask, found 0 on both sides") }
        try session.add(event)
    }

    /// What stands at each side of a forex quote, in base units.
    static let nominalSize = ShortDecimal(mantissa: 1_000_000, scale: 0)

    /// Hourly and daily bars carry a date, minute and second bars ms of the day.
    private mutating func bar(_ source: Source, _ part: Int) throws(BadRow) {
        try fields.require(6, "time,open,high,low,close,volume")
        let open: Int64
        if let moment = CivilTime(fields.fields[0]) {
            guard let utc = bars.utc(wall: moment.wall) else { throw BadRow(expected: "a time", found: fields.fields[0]) }
            open = utc
        } else {
            open = try millisecond(part)
        }
        if open <= lastOpen { throw BadRow(expected: "a time later than that of the row before", found: fields.fields[0]) }
        let local = try session.shifted(open &+ session.barInterval.nanoseconds)
        var event = SourceEvent(.bar, product: source.product, local: local, exchange: open)
        event.v0 = try fields.decimal(1, "open").shifted(down: source.scalePlaces)
        event.v1 = try fields.decimal(2, "high").shifted(down: source.scalePlaces)
        event.v2 = try fields.decimal(3, "low").shifted(down: source.scalePlaces)
        event.v3 = try fields.decimal(4, "close").shifted(down: source.scalePlaces)
        event.v4 = try fields.decimal(5, "volume")
        try session.add(event)
        if lastOpen != .min { steps.add(open - lastOpen) }
        lastOpen = open
    }

    private func isSuspicious(_ index: Int) throws(BadRow) -> Bool {
        let field = fields.fields[index]
        if field.equals("1") { return true }
        if field.equals("0") { return false }
        throw BadRow(expected: "suspicious 0 or 1", found: field)
    }

    private func mark(_ exchange: Bytes, _ suspicious: Bytes) {
        guard session.pass == .write else { return }
        session.count("exchange \(exchange.text)")
        if suspicious.equals("1") { session.count("suspicious") }
    }
}
