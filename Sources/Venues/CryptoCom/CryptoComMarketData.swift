internal import Domain
internal import JSON

/// Why a market message cannot be believed.
struct CryptoComFault: Error, Equatable {
    let why: String
}

/// One element of a `book` push or of `public/get-book`.
struct CryptoComBookData {
    struct Level: Equatable, BitwiseCopyable {
        var ticks: Int64
        var size: Int64
    }

    var bids: [Level] = []
    var asks: [Level] = []
    var time: Timestamp?
    /// Of snapshots, where the venue numbers them: rises.
    var sequence: Int64?
    /// Of deltas: their number and that of the one before.
    var update: Int64?
    var previous: Int64?

    private static let names: [StaticString] = ["bids", "asks", "t", "s", "u", "pu", "update"]

    /// - Parameter reader: Before the object; after it when the call returns.
    init(_ reader: inout JSONReader, _ grids: CryptoComGrids) throws { try read(&reader, grids) }

    private mutating func read(_ reader: inout JSONReader, _ grids: CryptoComGrids) throws {
        var fields = JSONFields(CryptoComBookData.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: try CryptoComBookData.levels(&reader, grids, into: &bids)
            case 1: try CryptoComBookData.levels(&reader, grids, into: &asks)
            case 2: time = try reader.optionalMilliseconds()
            case 3: sequence = try reader.optionalInteger()
            case 4: update = try reader.optionalInteger()
            case 5: previous = try reader.optionalInteger()
            case 6: if try !reader.nextIsNull() { try read(&reader, grids) }
            default: preconditionFailure("a field without a place")
            }
        }
    }

    private static func levels(_ reader: inout JSONReader, _ grids: CryptoComGrids, into levels: inout [Level]) throws {
        if try reader.nextIsNull() { return }
        try reader.beginArray()
        while try reader.nextElement() {
            try reader.beginArray()
            guard try reader.nextElement() else { throw CryptoComFault(why: "a level without a price") }
            let ticks = try price(reader.scalar(), grids)
            guard try reader.nextElement() else { throw CryptoComFault(why: "a level without a size") }
            let size = try size(reader.scalar(), grids)
            while try reader.nextElement() { try reader.skip() }
            levels.append(Level(ticks: ticks, size: size))
        }
    }

    static func price(_ text: Bytes, _ grids: CryptoComGrids) throws -> Int64 {
        switch grids.price.read(text) {
        case .on(let ticks) where ticks > 0: return ticks
        case .on: throw CryptoComFault(why: "the price \(text.excerpt) is not above zero")
        case .off: throw CryptoComFault(why: "the price \(text.excerpt) is no multiple of the tick \(grids.price.step)")
        case .unreadable: throw CryptoComFault(why: "the price \(text.excerpt) is no number")
        }
    }

    static func size(_ text: Bytes, _ grids: CryptoComGrids) throws -> Int64 {
        switch grids.size.read(text) {
        case .on(let units) where units >= 0: return units
        case .on: throw CryptoComFault(why: "the size \(text.excerpt) is negative")
        case .off:
            // A sum of sizes finer than an order may be: the nearest unit.
            guard let decimal = try? ExactDecimal(text.text), decimal.mantissa > 0, let units = grids.size.nearestSteps(of: decimal) else {
                throw CryptoComFault(why: "the size \(text.excerpt) is out of range")
            }
            return units
        case .unreadable: throw CryptoComFault(why: "the size \(text.excerpt) is no number")
        }
    }
}

/// One public trade.
struct CryptoComTradeData {
    /// The digits of the venue's id as a number that fits; only compared.
    var id: UInt64?
    var ticks: Int64 = 0
    var size: Int64 = 0
    /// Who took, which is how the venue's `s` is read.
    var side: Side?
    var time: Timestamp?

    private static let names: [StaticString] = ["p", "q", "s", "d", "t"]

    init(_ reader: inout JSONReader, _ grids: CryptoComGrids) throws {
        var fields = JSONFields(CryptoComTradeData.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: ticks = try CryptoComBookData.price(reader.scalar(), grids)
            case 1: size = try CryptoComBookData.size(reader.scalar(), grids)
            case 2:
                let text = try reader.optionalScalar()
                side = text.flatMap { $0.equals("BUY") ? .buy : $0.equals("SELL") ? .sell : nil }
            case 3: id = try reader.optionalScalar().map(CryptoComTradeData.number)
            case 4: time = try reader.optionalMilliseconds()
            default: preconditionFailure("a field without a place")
            }
        }
        guard fields.has(0), fields.has(1), size > 0 else { throw CryptoComFault(why: "a trade without price and size") }
    }

    private static func number(_ text: Bytes) -> UInt64 {
        if let value = text.integer { return UInt64(bitPattern: value) }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<text.count { hash = (hash ^ UInt64(text[index])) &* 0x0000_0100_0000_01B3 }
        return hash
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

extension JSONReader {
    /// Calls `body` before each element of an array, or once where a single object stands instead of it.
    mutating func eachElement<E: Error>(_ body: (inout JSONReader) throws(E) -> Void) throws {
        guard try peek() == .array else { return try body(&self) }
        try beginArray()
        while try nextElement() { try body(&self) }
    }
}
