public import Domain

/// The formats that can be imported, as `--format` spells them.
public enum ImportFormat: String, CaseIterable, Sendable {
    case binanceWS = "binance-ws"
    case cryptofeed, ohlcv, lobster, lean, csv, hftbacktest

    /// Whether the messages themselves name their products.
    var namesProducts: Bool {
        switch self {
        case .binanceWS, .cryptofeed: true
        case .ohlcv, .lobster, .lean, .csv, .hftbacktest: false
        }
    }
}

/// What a row of a LEAN file is.
public enum LeanKind: String, CaseIterable, Sendable {
    case quote, trade, bar
    case forexQuote = "forex-quote"
}

/// Unit of whole numbers that are times.
public enum TimeUnit: String, CaseIterable, Sendable {
    case s, ms, us, ns

    /// Decimal places to nanoseconds.
    var places: Int {
        switch self {
        case .s: 9
        case .ms: 6
        case .us: 3
        case .ns: 0
        }
    }
}

/// What to import, and how: the flags of `perigee data import`.
public struct ImportOptions: Sendable {
    public var format: ImportFormat
    public var inputs: [String]
    /// `VENUE:SYMBOL` each; renames, and picks where a capture holds several.
    public var instruments: [String] = []
    public var tick: ExactDecimal?
    public var lot: ExactDecimal?
    /// Added to every local time.
    public var shiftLocal = Span.zero
    /// How many bad rows may be passed over.
    public var skipBad = 0
    public var makerFee = ExactDecimal.zero
    public var takerFee = ExactDecimal.zero
    public var isPacked = false
    /// Asked now and then; true ends the import, and nothing is left behind.
    public var shouldStop: @Sendable () -> Bool = { false }

    /// Column names of a bar file in order, `-` skips one; empty: `time,open,high,low,close,volume` or what the header says.
    public var columns: [String] = []
    public var timeUnit: TimeUnit?
    public var interval: Span?
    public var hasHeader = false
    /// Prices in the file are this many times too large; a power of ten.
    public var priceScale: ExactDecimal?
    public var timeZone: String?
    /// `2012-06-21`, where a file only says the time of day.
    public var date: String?
    public var leanKind: LeanKind?

    public init(format: ImportFormat, inputs: [String]) {
        self.format = format
        self.inputs = inputs
    }

    /// Decimal places by which written prices are to be divided.
    func priceScalePlaces(default places: Int32) throws(ImportError) -> Int32 {
        guard let priceScale else { return places }
        var (value, count) = (priceScale.normalized, Int32(0))
        while value.scale == 0 && value.mantissa > 1 && value.mantissa % 10 == 0 && count < 12 {
            value = ExactDecimal(mantissa: value.mantissa / 10, scale: 0)
            count += 1
        }
        guard value == .one else {
            throw ImportError(.usage, "--price-scale \(priceScale): expected a power of ten such as 1, 100 or 10000")
        }
        return count
    }

    func clock(default zone: String) throws(ImportError) -> ZoneClock {
        let name = timeZone ?? zone
        guard let clock = ZoneClock(name) else {
            throw ImportError(.usage, "--time-zone “\(name)”: expected a zone's name such as America/New_York, UTC, or an offset such as -05:00")
        }
        return clock
    }
}
