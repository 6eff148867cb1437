import Domain

/// One level of a depth message.
struct DepthLevel: BitwiseCopyable {
    let side: Side
    let price: ShortDecimal
    let size: ShortDecimal
}

/// A message of Binance's market streams, spot or USD-M, decoded but not yet put in order.
///
/// - Source: Binance's public documentation, “Web Socket Streams” (spot) and “Websocket Market Streams” (USD-M futures).
struct BinanceMessage {
    enum Kind { case depth, snapshot, trade, bookTicker, other }

    var kind = Kind.other
    /// As the stream spells it; nil for a bare REST snapshot.
    var symbol: Bytes?
    /// `T`, else `E`, in nanoseconds.
    var exchangeTime: Int64?
    /// `U`, `u` (or `lastUpdateId`) and `pu`.
    var firstUpdate: Int64 = 0
    var lastUpdate: Int64 = 0
    var previousUpdate: Int64?
    var tradeID: Int64 = 0
    var price = ShortDecimal.zero
    var size = ShortDecimal.zero
    var buyerIsMaker = false
    /// `X` of a futures trade: `MARKET`, `INSURANCE_FUND`, `ADL`, `NA`.
    var tradeType: Bytes?
    var askPrice = ShortDecimal.zero
    var askSize = ShortDecimal.zero
}

/// Reads Binance messages. Pure: bytes in, a message or an error out. The levels of the last message stay in ``levels``.
struct BinanceDecoder {
    private(set) var levels: [DepthLevel] = []
    private var message = BinanceMessage()
    private var seen = Seen()
    private var eventTime: Int64?
    private var transactionTime: Int64?
    private var streamSymbol: Bytes?

    private struct Seen {
        var eventName: Bytes?
        var stream: Bytes?
        var hasLevels = false
        var hasSnapshot = false
        var bid: ShortDecimal?
        var bidSize: ShortDecimal?
        var ask: ShortDecimal?
        var askSize: ShortDecimal?
        var id: Int64?
    }

    mutating func decode(_ json: Bytes) throws(BadRow) -> BinanceMessage {
        levels.removeAll(keepingCapacity: true)
        (message, seen, eventTime, transactionTime) = (BinanceMessage(), Seen(), nil, nil)
        var reader = JSONReader(json)
        do throws(JSONError) {
            guard try reader.peek() == .object else {
                try reader.skip()
                try reader.finish()
                return message
            }
            try object(&reader)
            try reader.finish()
        } catch {
            throw BadRow(error, in: json)
        }
        try classify()
        return message
    }

    private mutating func object(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let key = try reader.nextKey() {
            if key.bytes.count == 1 {
                try short(key.bytes[0], &reader)
            } else {
                try long(key, &reader)
            }
        }
    }

    private mutating func long(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if key.equals("stream"), try reader.peek() == .string {
            seen.stream = try reader.string().bytes
        } else if key.equals("data"), try reader.peek() == .object {
            try object(&reader)
        } else if key.equals("lastUpdateId") {
            message.lastUpdate = try integer(&reader)
            seen.hasSnapshot = true
        } else if key.equals("bids") {
            try depth(.buy, &reader)
        } else if key.equals("asks") {
            try depth(.sell, &reader)
        } else if key.equals("pu") {
            message.previousUpdate = try integer(&reader)
        } else {
            try reader.skip()
        }
    }

    private mutating func short(_ key: UInt8, _ reader: inout JSONReader) throws(JSONError) {
        switch key {
        case UInt8(ascii: "e"): seen.eventName = try reader.string().bytes
        case UInt8(ascii: "E"): eventTime = try milliseconds(&reader)
        case UInt8(ascii: "T"): transactionTime = try milliseconds(&reader)
        case UInt8(ascii: "s"): message.symbol = try reader.string().bytes
        case UInt8(ascii: "U"): message.firstUpdate = try integer(&reader)
        case UInt8(ascii: "u"): message.lastUpdate = try integer(&reader)
        case UInt8(ascii: "t"): message.tradeID = try integer(&reader)
        case UInt8(ascii: "p"): message.price = try decimal(&reader)
        case UInt8(ascii: "q"): message.size = try decimal(&reader)
        case UInt8(ascii: "m"): message.buyerIsMaker = try reader.bool()
        case UInt8(ascii: "X"): message.tradeType = try reader.string().bytes
        case UInt8(ascii: "b"):
            if try reader.peek() == .array { try depth(.buy, &reader) } else { seen.bid = try amount(&reader) }
        case UInt8(ascii: "a"):
            if try reader.peek() == .array { try depth(.sell, &reader) } else { seen.ask = try amount(&reader) }
        case UInt8(ascii: "B"): seen.bidSize = try amount(&reader)
        case UInt8(ascii: "A"): seen.askSize = try amount(&reader)
        default: try reader.skip()
        }
    }

    private func integer(_ reader: inout JSONReader) throws(JSONError) -> Int64 {
        let offset = reader.index
        guard let value = try reader.scalar().integer else { throw JSONError(offset: offset, expected: "a whole number") }
        return value
    }

    private func milliseconds(_ reader: inout JSONReader) throws(JSONError) -> Int64 {
        let offset = reader.index
        let (value, overflow) = try integer(&reader).multipliedReportingOverflow(by: 1_000_000)
        if overflow || value <= 0 { throw JSONError(offset: offset, expected: "a time in milliseconds") }
        return value
    }

    private func decimal(_ reader: inout JSONReader) throws(JSONError) -> ShortDecimal {
        let offset = reader.index
        guard let value = ShortDecimal(try reader.scalar()) else { throw JSONError(offset: offset, expected: "a decimal") }
        return value
    }

    /// A decimal where the key means an amount in some messages and something else in others.
    private func amount(_ reader: inout JSONReader) throws(JSONError) -> ShortDecimal? {
        let kind = try reader.peek()
        guard kind == .string || kind == .number else {
            try reader.skip()
            return nil
        }
        return ShortDecimal(try reader.scalar())
    }

    private mutating func depth(_ side: Side, _ reader: inout JSONReader) throws(JSONError) {
        seen.hasLevels = true
        try LevelReader.read(side, &reader, into: &levels)
    }

    private mutating func classify() throws(BadRow) {
        message.exchangeTime = transactionTime ?? eventTime
        let stream = seen.stream
        let kind = stream.flatMap { stream in stream.firstIndex(of: UInt8(ascii: "@")).map { stream.dropFirst($0 + 1) } }
        if seen.hasSnapshot && seen.hasLevels {
            message.kind = .snapshot
        } else if let name = seen.eventName {
            if name.equals("depthUpdate") { message.kind = .depth }
            if name.equals("trade") || name.equals("aggTrade") { message.kind = .trade }
            if name.equals("bookTicker") { message.kind = .bookTicker }
        } else if kind?.hasPrefix("bookTicker") ?? (message.symbol != nil && seen.bidSize != nil && seen.askSize != nil) {
            message.kind = .bookTicker
        }
        if message.kind == .depth, message.lastUpdate == 0 || message.firstUpdate == 0 {
            throw BadRow("expected U and u in a depthUpdate, found none")
        }
        guard message.kind == .bookTicker else { return }
        guard let bid = seen.bid, let bidSize = seen.bidSize, let ask = seen.ask, let askSize = seen.askSize else {
            throw BadRow("expected b, B, a and A in a bookTicker, found fewer")
        }
        (message.price, message.size, message.askPrice, message.askSize) = (bid, bidSize, ask, askSize)
    }

    /// Counts the last message under its stream's name, else its event's.
    func count(_ message: BinanceMessage, _ session: ImportSession) {
        if let name = seen.stream ?? seen.eventName { return session.message(name) }
        switch message.kind {
        case .snapshot: session.message("snapshot")
        case .bookTicker: session.message("bookTicker")
        case .depth, .trade, .other: session.message("other")
        }
    }

    /// The symbol of a stream's name, `btcusdt@depth` in capitals; nil where the message has none.
    var streamSymbolText: String? {
        guard let stream = seen.stream, let at = stream.firstIndex(of: UInt8(ascii: "@")), at > 0 else { return nil }
        return stream.slice(0, at).text.uppercased()
    }
}

/// Reads `[["price","size",…],…]`.
enum LevelReader {
    static func read(_ side: Side, _ reader: inout JSONReader, into levels: inout [DepthLevel]) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            try reader.beginArray()
            var values = (ShortDecimal.zero, ShortDecimal.zero)
            var count = 0
            while try reader.nextElement() {
                if count >= 2 {
                    try reader.skip()
                    continue
                }
                let offset = reader.index
                guard let value = ShortDecimal(try reader.scalar()) else { throw JSONError(offset: offset, expected: "a decimal") }
                if count == 0 { values.0 = value } else { values.1 = value }
                count += 1
            }
            guard count >= 2 else { throw reader.wrong("a price and a size in each level") }
            levels.append(DepthLevel(side: side, price: values.0, size: values.1))
        }
    }
}
