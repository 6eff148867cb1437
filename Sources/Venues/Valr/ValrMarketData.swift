internal import Domain
internal import JSON

extension BookData {
    /// An aggregated book: of a push, or of `GET /v1/public/{pair}/orderbook`.
    init(valr data: Bytes, _ grids: InstrumentGrids) throws {
        var reader = JSONReader(data)
        try reader.beginObject()
        var seen: UInt8 = 0
        while let key = try reader.nextKey() {
            if key.isKey("asks") {
                try BookData.once(&seen, 1, reader)
                try BookData.levels(&reader, grids, into: &asks)
            } else if key.isKey("bids") {
                try BookData.once(&seen, 2, reader)
                try BookData.levels(&reader, grids, into: &bids)
            } else if key.isKey("lastchange") {
                time = try reader.optionalTime()
            } else if key.isKey("sequencenumber") {
                sequence = try reader.optionalInteger()
            } else {
                try reader.skip()
            }
        }
        guard seen == 3 else { throw MarketFault(why: "a book without both of its sides") }
    }

    static func once(_ seen: inout UInt8, _ bit: UInt8, _ reader: JSONReader) throws(JSONError) {
        guard seen & bit == 0 else { throw reader.wrong("each side only once") }
        seen |= bit
    }

    private static func levels(_ reader: inout JSONReader, _ grids: InstrumentGrids, into levels: inout [BookLevel]) throws {
        if try reader.nextIsNull() { return }
        try reader.beginArray()
        while try reader.nextElement() {
            var (price, size): (Int64?, Int64?)
            try reader.beginObject()
            while let key = try reader.nextKey() {
                if key.isKey("price") {
                    price = try grids.ticks(reader.scalar())
                } else if key.isKey("quantity") {
                    size = try grids.units(reader.scalar())
                } else {
                    try reader.skip()
                }
            }
            guard let price, let size else { throw MarketFault(why: "a level without price and quantity") }
            levels.append(BookLevel(ticks: price, size: size))
        }
    }
}

extension TradeData {
    private static let names: [StaticString] = ["price", "quantity", "tradedAt", "takerSide", "id"]

    /// One public trade.
    init(valr data: Bytes, _ grids: InstrumentGrids) throws {
        var reader = JSONReader(data)
        var fields = JSONFields(TradeData.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: ticks = try grids.ticks(reader.scalar())
            case 1: size = try grids.units(reader.scalar())
            case 2: time = try reader.optionalTime()
            case 3: side = Side(valr: try reader.optionalScalar())
            case 4: id = try reader.optionalScalar().map(TradeData.number)
            default: preconditionFailure("a field without a place")
            }
        }
        guard fields.has(0), fields.has(1), size > 0 else { throw MarketFault(why: "a trade without price and quantity") }
    }
}

extension Side {
    /// In either letter case.
    init?(valr text: Bytes?) {
        guard let text else { return nil }
        if text.equals("BUY") || text.equals("buy") || text.equals("Buy") {
            self = .buy
        } else if text.equals("SELL") || text.equals("sell") || text.equals("Sell") {
            self = .sell
        } else {
            return nil
        }
    }
}

/// The venue's summary of an instrument's day.
struct ValrSummary: Equatable {
    var ask: ExactDecimal?
    var bid: ExactDecimal?
    var last: ExactDecimal?
    var previousClose: ExactDecimal?
    var baseVolume: ExactDecimal?
    var quoteVolume: ExactDecimal?
    var high: ExactDecimal?
    var low: ExactDecimal?
    /// Percent.
    var change: ExactDecimal?
    var mark: ExactDecimal?
    var time: Timestamp?

    private static let names: [StaticString] = [
        "askPrice", "bidPrice", "lastTradedPrice", "previousClosePrice", "baseVolume", "quoteVolume", "highPrice", "lowPrice",
        "changeFromPrevious", "markPrice", "created",
    ]

    init(_ data: Bytes) throws(JSONError) {
        var reader = JSONReader(data)
        var fields = JSONFields(ValrSummary.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: ask = try reader.optionalDecimal()
            case 1: bid = try reader.optionalDecimal()
            case 2: last = try reader.optionalDecimal()
            case 3: previousClose = try reader.optionalDecimal()
            case 4: baseVolume = try reader.optionalDecimal()
            case 5: quoteVolume = try reader.optionalDecimal()
            case 6: high = try reader.optionalDecimal()
            case 7: low = try reader.optionalDecimal()
            case 8: change = try reader.optionalDecimal()
            case 9: mark = try reader.optionalDecimal()
            case 10: time = try reader.optionalTime()
            default: preconditionFailure("a field without a place")
            }
        }
    }
}
