internal import Domain
internal import JSON

/// A book order by order, as `FULL_ORDERBOOK_SNAPSHOT` and `FULL_ORDERBOOK_UPDATE` tell it, with its checksum.
struct ValrFullBook {
    struct Order {
        var id: [UInt8]
        /// As it was received: the checksum is over the venue's own text.
        var quantity: [UInt8]
        var size: Int64
    }
    struct Level {
        var ticks: Int64
        var orders: [Order]
        var size: Int64 {
            orders.reduce(0) { sum, order in
                let (total, overflow) = sum.addingReportingOverflow(order.size)
                return overflow ? .max : total
            }
        }
    }

    private(set) var bids: [Level] = []
    private(set) var asks: [Level] = []
    private(set) var sequence: Int64?

    mutating func clear() { self = ValrFullBook() }

    /// A whole book.
    mutating func replace(with message: ValrFullMessage) -> BookData {
        clear()
        _ = change(message)
        var data = BookData()
        data.bids = bids.map { BookLevel(ticks: $0.ticks, size: $0.size) }
        data.asks = asks.map { BookLevel(ticks: $0.ticks, size: $0.size) }
        (data.time, data.update) = (message.time, message.sequence)
        return data
    }

    /// What changed, as levels.
    mutating func change(_ message: ValrFullMessage) -> BookData {
        var data = BookData()
        for level in message.bids { data.bids.append(ValrFullBook.merge(level, into: &bids) { $0 > $1 }) }
        for level in message.asks { data.asks.append(ValrFullBook.merge(level, into: &asks) { $0 < $1 }) }
        (data.time, data.previous, data.update) = (message.time, sequence, message.sequence)
        sequence = message.sequence
        return data
    }

    /// Zero removes an order, a new id is appended to its level, a known one gets its new quantity in place.
    private static func merge(_ change: Level, into levels: inout [Level], isBetter: (Int64, Int64) -> Bool) -> BookLevel {
        let place = levels.firstIndex { !isBetter($0.ticks, change.ticks) } ?? levels.count
        if place == levels.count || levels[place].ticks != change.ticks { levels.insert(Level(ticks: change.ticks, orders: []), at: place) }
        for order in change.orders {
            let known = levels[place].orders.firstIndex { $0.id == order.id }
            switch (known, order.size) {
            case (let known?, 0): levels[place].orders.remove(at: known)
            case (let known?, _): levels[place].orders[known] = order
            case (nil, 0): break
            case (nil, _): levels[place].orders.append(order)
            }
        }
        let size = levels[place].size
        if levels[place].orders.isEmpty { levels.remove(at: place) }
        return BookLevel(ticks: change.ticks, size: size)
    }

    // MARK: - Checksum

    /// CRC-32 of the best 25 orders of each side, bid and ask in turns, `id:quantity` joined by colons.
    var checksum: UInt32 {
        let (bids, asks) = (ValrFullBook.best(bids), ValrFullBook.best(asks))
        var text: [UInt8] = []
        for index in 0..<max(bids.count, asks.count) {
            for side in [bids, asks] where index < side.count {
                if !text.isEmpty { text.append(58) }
                text += side[index].id
                text.append(58)
                text += side[index].quantity
            }
        }
        return CRC32.of(text)
    }

    private static func best(_ levels: [Level]) -> [Order] {
        var orders: [Order] = []
        for level in levels {
            orders += level.orders.prefix(25 - orders.count)
            if orders.count == 25 { break }
        }
        return orders
    }
}

/// One message of the full book.
struct ValrFullMessage {
    var bids: [ValrFullBook.Level] = []
    var asks: [ValrFullBook.Level] = []
    var sequence: Int64 = 0
    var checksum: Int64?
    var time: Timestamp?

    init(_ data: Bytes, _ grids: InstrumentGrids) throws {
        var reader = JSONReader(data)
        try reader.beginObject()
        var seen: UInt8 = 0
        while let key = try reader.nextKey() {
            if key.isKey("asks") {
                try BookData.once(&seen, 1, reader)
                try ValrFullMessage.levels(&reader, grids, into: &asks)
            } else if key.isKey("bids") {
                try BookData.once(&seen, 2, reader)
                try ValrFullMessage.levels(&reader, grids, into: &bids)
            } else if key.isKey("sequencenumber") {
                try BookData.once(&seen, 4, reader)
                sequence = try reader.integer()
            } else if key.isKey("checksum") {
                checksum = try reader.optionalInteger()
            } else if key.isKey("lastchange") {
                time = try reader.optionalTime()
            } else {
                try reader.skip()
            }
        }
        guard seen & 4 != 0 else { throw MarketFault(why: "a full book without a number") }
    }

    private static func levels(_ reader: inout JSONReader, _ grids: InstrumentGrids, into levels: inout [ValrFullBook.Level]) throws {
        if try reader.nextIsNull() { return }
        try reader.beginArray()
        while try reader.nextElement() {
            var price: Int64?
            var orders: [ValrFullBook.Order] = []
            try reader.beginObject()
            while let key = try reader.nextKey() {
                if key.isKey("price") {
                    price = try grids.ticks(reader.scalar())
                } else if key.isKey("orders") {
                    try reader.beginArray()
                    while try reader.nextElement() { orders.append(try order(&reader, grids)) }
                } else {
                    try reader.skip()
                }
            }
            guard let price else { throw MarketFault(why: "a level without a price") }
            levels.append(ValrFullBook.Level(ticks: price, orders: orders))
        }
    }

    private static func order(_ reader: inout JSONReader, _ grids: InstrumentGrids) throws -> ValrFullBook.Order {
        var (id, quantity, size): ([UInt8]?, [UInt8], Int64?) = (nil, [], nil)
        try reader.beginObject()
        while let key = try reader.nextKey() {
            if key.isKey("orderid") {
                id = try bytes(reader.scalar())
            } else if key.isKey("quantity") {
                let text = try reader.scalar()
                (quantity, size) = (bytes(text), try grids.units(text))
            } else {
                try reader.skip()
            }
        }
        guard let id, let size else { throw MarketFault(why: "an order without orderId and quantity") }
        return ValrFullBook.Order(id: id, quantity: quantity, size: size)
    }

    private static func bytes(_ text: Bytes) -> [UInt8] { (0..<text.count).map { text[$0] } }
}

/// CRC-32 with zlib's polynomial.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func of(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
    }
}
