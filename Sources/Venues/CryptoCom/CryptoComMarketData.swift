internal import Domain
internal import JSON

extension BookData {
    private static let names: [StaticString] = ["bids", "asks", "t", "s", "u", "pu", "update"]

    /// One element of a `book` push or of `public/get-book`.
    ///
    /// - Parameter reader: Before the object; after it when the call returns.
    init(cryptocom reader: inout JSONReader, _ grids: InstrumentGrids) throws { try read(&reader, grids) }

    private mutating func read(_ reader: inout JSONReader, _ grids: InstrumentGrids) throws {
        var fields = JSONFields(BookData.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: try BookData.levels(&reader, grids, into: &bids)
            case 1: try BookData.levels(&reader, grids, into: &asks)
            case 2: time = try reader.optionalMilliseconds()
            case 3: sequence = try reader.optionalInteger()
            case 4: update = try reader.optionalInteger()
            case 5: previous = try reader.optionalInteger()
            case 6: if try !reader.nextIsNull() { try read(&reader, grids) }
            default: preconditionFailure("a field without a place")
            }
        }
    }

    private static func levels(_ reader: inout JSONReader, _ grids: InstrumentGrids, into levels: inout [BookLevel]) throws {
        if try reader.nextIsNull() { return }
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
    }
}

extension TradeData {
    private static let names: [StaticString] = ["p", "q", "s", "d", "t"]

    /// One public trade; the venue's `s` is read as the side of who took.
    init(cryptocom reader: inout JSONReader, _ grids: InstrumentGrids) throws {
        var fields = JSONFields(TradeData.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: ticks = try grids.ticks(reader.scalar())
            case 1: size = try grids.units(reader.scalar())
            case 2:
                let text = try reader.optionalScalar()
                side = text.flatMap { $0.equals("BUY") ? .buy : $0.equals("SELL") ? .sell : nil }
            case 3: id = try reader.optionalScalar().map(TradeData.number)
            case 4: time = try reader.optionalMilliseconds()
            default: preconditionFailure("a field without a place")
            }
        }
        guard fields.has(0), fields.has(1), size > 0 else { throw MarketFault(why: "a trade without price and size") }
    }
}

/// The venue's summary of an instrument's day.
struct CryptoComTicker: Equatable {
    var symbol = ""
    var bid: ExactDecimal?
    var ask: ExactDecimal?
    var last: ExactDecimal?
    var volume: ExactDecimal?
    var high: ExactDecimal?
    var low: ExactDecimal?
    var change: ExactDecimal?
    var time: Timestamp?

    private static let names: [StaticString] = ["i", "b", "k", "a", "v", "h", "l", "c", "t"]

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(CryptoComTicker.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: symbol = try reader.optionalText() ?? ""
            case 1: bid = try reader.optionalDecimal()
            case 2: ask = try reader.optionalDecimal()
            case 3: last = try reader.optionalDecimal()
            case 4: volume = try reader.optionalDecimal()
            case 5: high = try reader.optionalDecimal()
            case 6: low = try reader.optionalDecimal()
            case 7: change = try reader.optionalDecimal()
            case 8: time = try reader.optionalMilliseconds()
            default: preconditionFailure("a field without a place")
            }
        }
    }
}

/// One candle.
struct CryptoComCandle: Equatable {
    var time: Timestamp?
    var open: ExactDecimal?
    var high: ExactDecimal?
    var low: ExactDecimal?
    var close: ExactDecimal?
    var volume: ExactDecimal?

    private static let names: [StaticString] = ["t", "o", "h", "l", "c", "v"]

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(CryptoComCandle.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: time = try reader.optionalMilliseconds()
            case 1: open = try reader.optionalDecimal()
            case 2: high = try reader.optionalDecimal()
            case 3: low = try reader.optionalDecimal()
            case 4: close = try reader.optionalDecimal()
            case 5: volume = try reader.optionalDecimal()
            default: preconditionFailure("a field without a place")
            }
        }
    }
}
