/// An instrument's names: the canonical `BASE_QUOTE` and the venue's own spelling.
struct InstrumentNames: Hashable, Sendable {
    let venue: String
    let base: String
    let quote: String
    let native: String
    var symbol: String { "\(base)_\(quote)" }

    /// Quote currencies a joined spelling such as `BTCUSDT` may end in; longer ones first.
    private static let quotes = [
        "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "ZAR", "BTC", "XBT", "ETH", "BNB", "TRY",
        "BRL", "DAI",
    ]

    /// Bases whose last letter is not the first of TUSD or BUSD: `usdtusd` is USDT in USD, `bnbusd` BNB in USD.
    private static let plainBases: Set<String> = ["USDT", "BNB", "SHIB", "ARB", "ANT", "APT", "BAT", "BNT", "DOT", "GMT", "GRT", "SNT"]

    /// Where a joined spelling is to be cut.
    private static func quote(of joined: String) -> String? {
        if joined.hasSuffix("USD"), plainBases.contains(String(joined.dropLast(3))) { return "USD" }
        return quotes.first { joined.hasSuffix($0) && joined.count > $0.count }
    }

    /// Reads `BTC_USDT`, `BAND-BTC`, `XBT/EUR`, `BTCUSDT`, `AAPL` (quoted in USD).
    init(native: String, venue: String = "file") {
        self.native = native
        self.venue = venue
        let upper = native.uppercased()
        let parts = upper.split(whereSeparator: { "_-/".contains($0) }).map(String.init)
        if parts.count >= 2 {
            (base, quote) = (parts.dropLast().joined(), parts[parts.count - 1])
        } else if let quote = InstrumentNames.quote(of: upper) {
            (base, self.quote) = (String(upper.dropLast(quote.count)), quote)
        } else {
            (base, quote) = (upper, "USD")
        }
    }

    init(venue: String, base: String, quote: String, native: String) {
        (self.venue, self.base, self.quote, self.native) = (venue, base, quote, native)
    }

    /// Whether `wanted` (any spelling) means this instrument.
    func matches(_ wanted: InstrumentNames) -> Bool { wanted.base == base && wanted.quote == quote }

    /// The same product under the name a user gave it, the venue's spelling kept.
    func renamed(_ wanted: InstrumentNames) -> InstrumentNames {
        InstrumentNames(venue: wanted.venue, base: wanted.base, quote: wanted.quote, native: native)
    }

    /// Reads `--instrument VENUE:SYMBOL` or `SYMBOL`.
    static func parse(flag: String) throws(ImportError) -> InstrumentNames {
        let parts = flag.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let symbol = parts[parts.count - 1]
        let venue = parts.count == 2 ? parts[0] : "file"
        let letters = symbol.unicodeScalars.allSatisfy { isWord($0) || "_-/.".unicodeScalars.contains($0) }
        let clean = venue.unicodeScalars.allSatisfy { isWord($0) || $0 == "-" || $0 == "_" }
        guard parts.count <= 2, !venue.isEmpty, !symbol.isEmpty, letters, clean, symbol.unicodeScalars.contains(where: isWord) else {
            throw ImportError(.usage, "--instrument “\(flag)”: expected VENUE:SYMBOL, for example binance:BTC_USDT")
        }
        return InstrumentNames(native: symbol, venue: venue)
    }

    private static func isWord(_ scalar: UnicodeScalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
    }

    /// Words of file names that are no instrument: venues, spans, kinds.
    private static let noise: Set<String> = [
        "BINANCE", "COINBASE", "KRAKEN", "BITSTAMP", "BITFINEX", "BYBIT", "LEAN", "FXCM", "OANDA", "EQUITY", "SPOT", "USDM", "TICK", "QUOTE",
        "TRADE", "TRADES", "QUOTES", "BARS", "BAR", "HOUR", "DAILY", "MINUTE", "SECOND", "CSV", "GZ", "ZIP", "NPZ", "TXT", "DATA", "OHLCV",
        "KLINES", "CRYPTO", "FOREX", "1S", "1M", "3M", "5M", "15M", "30M", "1H", "2H", "4H", "6H", "12H", "1D", "1W",
    ]

    /// The best guess from a file's name: `binance_btcusdt_15m.csv.gz` is BTCUSDT, `20131009_bac_Quote_Tick.csv` is BAC.
    static func guess(file path: String) -> InstrumentNames {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let words = file.uppercased().split(whereSeparator: { "_-. ".contains($0) }).map(String.init)
        let useful = words.filter { word in !noise.contains(word) && !word.allSatisfy(\.isNumber) }
        let joined = useful.first { word in quotes.contains { word.hasSuffix($0) && word.count > $0.count + 1 } }
        return InstrumentNames(native: joined ?? useful.first ?? words.first ?? "DATA")
    }
}
