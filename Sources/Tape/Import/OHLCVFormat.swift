import Domain

/// Any CSV of bars: `--columns` says which is which, `--time-unit` and `--time-zone` what the first one means.
struct OHLCVFormat {
    private let session: ImportSession
    private let product: Int
    private let scalePlaces: Int32
    private var clock: ZoneClock
    private var fields = FieldSplitter()
    private var layout = BarLayout()
    private var lastOpen = Int64.min
    private var steps = StepHistogram()

    init(_ session: ImportSession, _ parts: [InputPart]) throws(ImportError) {
        self.session = session
        product = session.product(names: InstrumentNames.guess(file: parts[0].fileName))
        scalePlaces = try session.options.priceScalePlaces(default: 0)
        clock = try session.options.clock(default: "UTC")
        if let interval = session.options.interval {
            guard interval > .zero else { throw ImportError(.usage, "--interval \(interval.text): expected a length above zero, such as 1m") }
            session.barInterval = interval
        }
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        for (index, part) in parts.enumerated() {
            let lines = try part.lines()
            layout = try BarLayout(session.options)
            while let line = try lines.next() {
                session.reading(index, line: lines.number)
                if line.isEmpty { continue }
                let place = Place(name: lines.name, line: lines.number)
                fields.split(line)
                if lines.number == 1, try isHeader(place) { continue }
                do throws(BadRow) {
                    try row()
                } catch {
                    try session.bad(error, at: place)
                }
                try session.commit()
            }
        }
        // Without any row the session says so.
        guard session.pass == .scan, session.barInterval == .zero, session.products[product].scan.bars > 0 else { return }
        guard let step = steps.mostCommon else {
            throw ImportError(.usage, "\(parts[0].path): the length of a bar cannot be told from fewer than two rows; say --interval 1m")
        }
        session.barInterval = Span(nanoseconds: step)
    }

    /// The first line is a header where `--header` says so, or where no field of it is a number.
    private mutating func isHeader(_ place: Place) throws(ImportError) -> Bool {
        let isText = fields.fields.allSatisfy { ShortDecimal($0) == nil && CivilTime($0) == nil }
        guard session.options.hasHeader || isText else { return false }
        if session.options.columns.isEmpty { try layout.readHeader(fields.fields, place) }
        return true
    }

    private mutating func row() throws(BadRow) {
        try fields.require(layout.count, layout.text)
        let open = try time()
        if open <= lastOpen {
            let (was, now) = (Timestamp(nanoseconds: lastOpen), Timestamp(nanoseconds: open))
            throw BadRow("time does not increase: expected later than \(TimeText.text(was)), found \(TimeText.text(now))")
        }
        let (close, overflow) = open.addingReportingOverflow(session.barInterval.nanoseconds)
        if overflow { throw BadRow(expected: "a time between 1970 and 2262", found: fields.fields[layout.time]) }
        var event = SourceEvent(.bar, product: product, local: try session.shifted(close), exchange: open)
        event.v0 = try fields.decimal(layout.open, "open").shifted(down: scalePlaces)
        event.v1 = try fields.decimal(layout.high, "high").shifted(down: scalePlaces)
        event.v2 = try fields.decimal(layout.low, "low").shifted(down: scalePlaces)
        event.v3 = try fields.decimal(layout.close, "close").shifted(down: scalePlaces)
        if let column = layout.volume { event.v4 = try fields.decimal(column, "volume") }
        if let column = layout.trades {
            let count = try fields.integer(column, "trades")
            guard let small = UInt32(exactly: count) else { throw BadRow(expected: "a count of trades", found: fields.fields[column]) }
            event.aux = small
        }
        try session.add(event)
        if lastOpen != .min { steps.add(open - lastOpen) }
        lastOpen = open
    }

    private mutating func time() throws(BadRow) -> Int64 {
        let field = fields.fields[layout.time]
        if let nanoseconds = BarTime.parse(field, unit: session.options.timeUnit, clock: &clock) { return nanoseconds }
        let unit = session.options.timeUnit.map { " in \($0.rawValue)" } ?? ""
        throw BadRow(expected: "a time\(unit) between 1970 and 2262", found: field)
    }
}

/// Which column of a bar file is what.
struct BarLayout {
    private(set) var count = 6
    private(set) var text = "time,open,high,low,close,volume"
    private(set) var time = 0
    private(set) var open = 1
    private(set) var high = 2
    private(set) var low = 3
    private(set) var close = 4
    private(set) var volume: Int? = 5
    private(set) var trades: Int?

    init() {}

    init(_ options: ImportOptions) throws(ImportError) {
        if !options.columns.isEmpty { try take(options.columns, strict: "--columns \(options.columns.joined(separator: ","))") }
    }

    private static let spellings: [(name: String, others: Set<String>)] = [
        ("time", ["time", "timestamp", "date", "datetime", "open_time", "opentime", "open time", "ts", "ts_ns", "ts_ms", "unix", "t"]),
        ("open", ["open", "o"]), ("high", ["high", "h"]), ("low", ["low", "l"]), ("close", ["close", "c"]),
        ("volume", ["volume", "vol", "v", "volume_btc", "base_volume"]), ("trades", ["trades", "count", "number_of_trades", "tradecount", "n"]),
    ]

    /// Finds the columns by the names of a header.
    mutating func readHeader(_ header: [Bytes], _ place: Place) throws(ImportError) {
        let names = header.map { field in
            let lower = field.text.lowercased()
            return BarLayout.spellings.first { $0.others.contains(lower) }?.name ?? "-"
        }
        var seen: Set<String> = []
        let unique = names.map { seen.insert($0).inserted ? $0 : "-" }
        if unique.contains("time") && unique.contains("open") && unique.contains("high") && unique.contains("low") && unique.contains("close") {
            try take(unique, strict: nil)
        } else if header.count != count {
            throw ImportError(.data, "\(place): the header has \(header.count) columns and does not name time, open, high, low, close; say --columns")
        }
    }

    private mutating func take(_ names: [String], strict: String?) throws(ImportError) {
        let known = BarLayout.spellings.map(\.name)
        if let strict {
            for name in names where name != "-" {
                guard known.contains(name) else {
                    throw ImportError(.usage, "\(strict): “\(name)” is no column; expected \(known.joined(separator: ", ")) or -")
                }
                guard names.filter({ $0 == name }).count == 1 else { throw ImportError(.usage, "\(strict): “\(name)” stands there twice") }
            }
        }
        func place(_ name: String) throws(ImportError) -> Int {
            guard let index = names.firstIndex(of: name) else {
                throw ImportError(.usage, "\(strict ?? "the header"): “\(name)” is missing; expected time, open, high, low, close at least")
            }
            return index
        }
        (time, open, high) = (try place("time"), try place("open"), try place("high"))
        (low, close) = (try place("low"), try place("close"))
        (volume, trades) = (names.firstIndex(of: "volume"), names.firstIndex(of: "trades"))
        (count, text) = (names.count, names.joined(separator: ","))
    }
}

/// The times bar files are written in.
enum BarTime {
    /// A number in `unit` (told from its size where none is given), or a date with or without a time of day on the clock's zone.
    static func parse(_ field: Bytes, unit: TimeUnit?, clock: inout ZoneClock) -> Int64? {
        if let number = ShortDecimal(field), unit != nil || field.count != 8 || number.scale > 0 {
            let places = (unit ?? guess(number)).places - Int(number.scale)
            guard number.mantissa >= 0, places >= 0 else { return nil }
            return TimeText.scaled(number.mantissa, by: places)
        }
        guard let moment = CivilTime(field), moment.wall >= 0 else { return nil }
        return moment.offsetSeconds == nil ? clock.utc(wall: moment.wall) : moment.utc
    }

    private static func guess(_ number: ShortDecimal) -> TimeUnit {
        var whole = number.mantissa
        for _ in 0..<number.scale { whole /= 10 }
        if whole < 100_000_000_000 { return .s }
        if whole < 100_000_000_000_000 { return .ms }
        return whole < 100_000_000_000_000_000 ? .us : .ns
    }
}

/// How often each distance between bars was seen.
struct StepHistogram {
    private var counts: [Int64: Int] = [:]

    mutating func add(_ step: Int64) {
        if counts.count < 4096 || counts[step] != nil { counts[step, default: 0] += 1 }
    }

    /// The most frequent one, of equals the shortest.
    var mostCommon: Int64? {
        counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
    }
}
