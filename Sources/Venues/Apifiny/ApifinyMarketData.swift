internal import Domain
internal import JSON

/// A market message: whose, and of what.
struct ApifinyPush {
    enum Kind { case orderbook, trade, ticker, candle, other }

    var kind = Kind.other
    var symbol: Bytes?
    var data: Bytes?
    /// The number that wants to come back.
    var ping: Int64?

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["ping", "channel", "symbol", "orderbook", "trade", "ticker"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: ping = try reader.optionalInteger()
            case 1:
                let name = try reader.optionalScalar()
                kind = name.map(ApifinyPush.kind) ?? .other
            case 2: symbol = try reader.optionalScalar()
            default: data = try reader.raw()
            }
        }
        try reader.finish()
    }

    private static func kind(_ name: Bytes) -> Kind {
        if name.equals("orderbook") { return .orderbook }
        if name.equals("trade") { return .trade }
        if name.equals("ticker") { return .ticker }
        return name.hasPrefix("kline_") ? .candle : .other
    }
}

extension BookData {
    /// `{"symbol","updatedAt","asks":[[price,size]…],"bids":…}`: always the whole book.
    init(apifiny reader: inout JSONReader, _ grids: InstrumentGrids) throws {
        var fields = JSONFields(["asks", "bids", "updatedAt"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: asks = try BookData.levels(&reader, grids)
            case 1: bids = try BookData.levels(&reader, grids)
            default: time = try reader.optionalMilliseconds()
            }
        }
    }

    private static func levels(_ reader: inout JSONReader, _ grids: InstrumentGrids) throws -> [BookLevel] {
        var levels: [BookLevel] = []
        if try reader.nextIsNull() { return levels }
        try reader.beginArray()
        while try reader.nextElement() {
            try reader.beginArray()
            guard try reader.nextElement() else { throw MarketFault(why: "a level without a price") }
            let ticks = try grids.ticks(reader.scalar())
            guard try reader.nextElement() else { throw MarketFault(why: "a level without a size") }
            let size = try grids.units(reader.scalar())
            while try reader.nextElement() { try reader.skip() }
            levels.append(BookLevel(ticks: ticks, size: size))
        }
        return levels
    }
}

extension TradeData {
    /// `side` is the maker's: who took is the other one.
    ///
    /// - Source: Apifiny Connect, "Trade".
    init(apifiny reader: inout JSONReader, _ grids: InstrumentGrids) throws {
        self.init()
        var fields = JSONFields(["price", "qty", "side", "tradeTime", "exchangeID"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: ticks = try grids.ticks(reader.scalar())
            case 1: size = try grids.units(reader.scalar())
            case 2:
                let text = try reader.optionalScalar()
                side = text.flatMap { $0.equals("BUY") ? .sell : $0.equals("SELL") ? .buy : nil }
            case 3: time = try reader.optionalMilliseconds()
            default: id = try reader.optionalScalar().map(TradeData.number)
            }
        }
        guard fields.has(0), fields.has(1), size > 0 else { throw MarketFault(why: "a trade without price and size") }
    }

    /// `{"trades":[…]}` of a push, or the bare list of REST.
    static func apifiny(_ data: Bytes, _ grids: InstrumentGrids) throws -> [TradeData] {
        var trades: [TradeData] = []
        var reader = JSONReader(data)
        if try reader.peek() == .array {
            try reader.eachElement { (inner: inout JSONReader) throws in trades.append(try TradeData(apifiny: &inner, grids)) }
            return trades
        }
        var fields = JSONFields(["trades"])
        try reader.beginObject()
        while try fields.next(in: &reader) != nil {
            try reader.eachElement { (inner: inout JSONReader) throws in trades.append(try TradeData(apifiny: &inner, grids)) }
        }
        return trades
    }
}

/// The venue's summary of a pair's day; it has no bid and ask.
struct ApifinyTicker: Equatable {
    var symbol = ""
    var open: ExactDecimal?
    var high: ExactDecimal?
    var low: ExactDecimal?
    var close: ExactDecimal?
    /// Of the base currency, and what was paid for it.
    var volume: ExactDecimal?
    var amount: ExactDecimal?
    var time: Timestamp?

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["symbol", "open", "high", "low", "close", "vol", "amount", "tickerTime"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: symbol = try reader.optionalText() ?? ""
            case 1: open = try reader.optionalDecimal()
            case 2: high = try reader.optionalDecimal()
            case 3: low = try reader.optionalDecimal()
            case 4: close = try reader.optionalDecimal()
            case 5: volume = try reader.optionalDecimal()
            case 6: amount = try reader.optionalDecimal()
            default: time = try reader.optionalMilliseconds()
            }
        }
        try reader.finish()
    }
}

/// One candle; its time is documented in seconds and sent in milliseconds.
struct ApifinyCandle: Equatable {
    var pair = ""
    var open: ExactDecimal?
    var high: ExactDecimal?
    var low: ExactDecimal?
    var close: ExactDecimal?
    var volume: ExactDecimal?
    var time: Timestamp?

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["currencyPair", "open", "high", "low", "close", "vol", "timestamp"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: pair = try reader.optionalText() ?? ""
            case 1: open = try reader.optionalDecimal()
            case 2: high = try reader.optionalDecimal()
            case 3: low = try reader.optionalDecimal()
            case 4: close = try reader.optionalDecimal()
            case 5: volume = try reader.optionalDecimal()
            default: time = try reader.optionalInteger().flatMap(ApifinyCandle.time)
            }
        }
        try reader.finish()
    }

    private static func time(_ value: Int64) -> Timestamp? {
        let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: value > 100_000_000_000 ? 1_000_000 : 1_000_000_000)
        return overflow ? nil : Timestamp(nanoseconds: nanoseconds)
    }
}
