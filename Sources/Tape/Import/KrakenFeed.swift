import Domain

/// Kraken's WebSocket v1 `book` and `trade` channels. Every checksum of a book is verified.
///
/// - Source: Kraken's WebSocket v1 documentation.
struct KrakenFeed {
    private let session: ImportSession
    private var books: [KrakenBook?] = []
    private var snapshotExchange: [Int64] = []
    private var message = Message()
    private var mismatch: BadRow?

    /// A level with the digits its checksum needs.
    private struct Level {
        let isBid: Bool
        let price: ShortDecimal
        let size: ShortDecimal
        let raw: KrakenBook.Level
    }

    private struct Trade {
        let price: ShortDecimal
        let size: ShortDecimal
        let time: Int64
        let side: Side
    }

    private struct Message {
        var levels: [Level] = []
        var trades: [Trade] = []
        var isSnapshot = false
        var checksum: UInt32?
        var latest: Int64?
        var names: [Bytes] = []
    }

    init(_ session: ImportSession) { self.session = session }

    /// A checksum that did not agree with the last message; handed out once.
    mutating func takeMismatch() -> BadRow? {
        defer { mismatch = nil }
        return mismatch
    }

    mutating func take(_ json: Bytes, local: Int64) throws(BadRow) {
        guard json[0] == UInt8(ascii: "[") else {
            do throws(JSONError) { try note(json) } catch { throw BadRow(error, in: json) }
            return
        }
        message = Message()
        do throws(JSONError) { try read(json) } catch { throw BadRow(error, in: json) }
        guard message.names.count >= 2, let native = message.names.last else { return session.message("other") }
        let channel = message.names[message.names.count - 2]
        session.message(channel)
        if channel.equals("trade") {
            try trades(session.product(native), local)
        } else if channel.hasPrefix("book") {
            try depth(session.product(native), channel, local)
        }
    }

    // MARK: Reading

    /// A message about the connection: only its name counts.
    private func note(_ json: Bytes) throws(JSONError) {
        var reader = JSONReader(json)
        var name: Bytes?
        try reader.beginObject()
        while let key = try reader.nextKey() {
            if key.equals("event"), try reader.peek() == .string { name = try reader.string().bytes } else { try reader.skip() }
        }
        try reader.finish()
        if let name { session.message(name) } else { session.message("other") }
    }

    private mutating func read(_ json: Bytes) throws(JSONError) {
        var reader = JSONReader(json)
        try reader.beginArray()
        while try reader.nextElement() {
            switch try reader.peek() {
            case .number, .bool, .null: try reader.skip()
            case .string: message.names.append(try reader.string().bytes)
            case .object: try book(&reader)
            case .array: try tradeList(&reader)
            }
        }
        try reader.finish()
    }

    private mutating func book(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let key = try reader.nextKey() {
            let isSnapshot = key.equals("as") || key.equals("bs")
            if isSnapshot || key.equals("a") || key.equals("b") {
                guard try reader.peek() == .array else {
                    try reader.skip()
                    continue
                }
                if isSnapshot { message.isSnapshot = true }
                try levelList(isBid: key.bytes[0] == UInt8(ascii: "b"), &reader)
            } else if key.equals("c"), try reader.peek() == .string {
                guard let value = try reader.string().bytes.integer, let sum = UInt32(exactly: value) else {
                    throw reader.wrong("a checksum of 32 bits before here")
                }
                message.checksum = sum
            } else {
                try reader.skip()
            }
        }
    }

    private mutating func levelList(isBid: Bool, _ reader: inout JSONReader) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            guard try reader.peek() == .array else {
                try reader.skip()
                continue
            }
            let texts = try strings(&reader)
            guard texts.count >= 3, let price = ShortDecimal(texts[0]), let size = ShortDecimal(texts[1]), let time = TimeText.seconds(texts[2]),
                let rawPrice = KrakenBook.digits(texts[0]), let rawSize = KrakenBook.digits(texts[1])
            else { throw reader.wrong("a price, a volume and a time before here") }
            message.latest = max(message.latest ?? .min, time)
            message.levels.append(Level(isBid: isBid, price: price, size: size, raw: KrakenBook.Level(price: rawPrice, size: rawSize)))
        }
    }

    private mutating func tradeList(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            guard try reader.peek() == .array else {
                try reader.skip()
                continue
            }
            let texts = try strings(&reader)
            guard texts.count >= 4, let price = ShortDecimal(texts[0]), let size = ShortDecimal(texts[1]),
                let time = TimeText.seconds(texts[2]), texts[3].equals("b") || texts[3].equals("s")
            else { throw reader.wrong("a price, a volume, a time and a side before here") }
            message.trades.append(Trade(price: price, size: size, time: time, side: texts[3].equals("b") ? .buy : .sell))
        }
    }

    private func strings(_ reader: inout JSONReader) throws(JSONError) -> [Bytes] {
        var result: [Bytes] = []
        try reader.beginArray()
        while try reader.nextElement() { result.append(try reader.scalar()) }
        return result
    }

    // MARK: Events

    private func trades(_ product: Int, _ local: Int64) throws(BadRow) {
        for trade in message.trades {
            let exchange = session.exchangeTime(trade.time, local: local)
            var event = SourceEvent(.trade, product: product, local: local, exchange: exchange, side: trade.side)
            (event.v0, event.v1) = (trade.price, trade.size)
            try session.add(event)
        }
    }

    private mutating func depth(_ product: Int, _ channel: Bytes, _ local: Int64) throws(BadRow) {
        while books.count <= product {
            books.append(nil)
            snapshotExchange.append(.min)
        }
        let isSnapshot = message.isSnapshot
        let exchange = max(session.exchangeTime(message.latest, local: local), snapshotExchange[product])
        let flags = isSnapshot ? MarketRecord.Flag.snapshot : 0
        if isSnapshot {
            books[product] = KrakenBook(depth: channel.firstIndex(of: 45).flatMap { channel.dropFirst($0 + 1).integer }.map(Int.init) ?? 1000)
            snapshotExchange[product] = exchange
            try session.add(SourceEvent(.clear, product: product, local: local, exchange: exchange, flags: flags))
        }
        // Bids before asks; within a side as Kraken ordered them.
        for isBid in [true, false] {
            for level in message.levels where level.isBid == isBid {
                try add(level.price, level.size, isBid, product, local, exchange, flags)
                books[product]?.set(isBid: isBid, level.raw)
                try cut(isBid, like: level, product, local, exchange)
            }
        }
        try verify(product)
    }

    /// Kraken does not delete what falls out of the subscribed depth: the reader does.
    private mutating func cut(_ isBid: Bool, like level: Level, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        guard session.pass == .write, let excess = books[product]?.takeExcess(isBid: isBid) else { return }
        // All prices of a pair are written with the same number of places.
        let places = level.raw.price == 0 ? 0 : KrakenFeed.places(level.price, raw: level.raw.price)
        let price = ShortDecimal(mantissa: excess.price, scale: places).shifted(down: 0)
        try add(price, .zero, isBid, product, local, exchange, 0)
    }

    private static func places(_ value: ShortDecimal, raw: Int64) -> Int32 {
        var (mantissa, places) = (value.mantissa, value.scale)
        while mantissa != 0 && mantissa < raw {
            mantissa *= 10
            places += 1
        }
        return places
    }

    private func add(
        _ price: ShortDecimal, _ size: ShortDecimal, _ isBid: Bool, _ product: Int, _ local: Int64, _ exchange: Int64, _ flags: UInt8
    ) throws(BadRow) {
        var event = SourceEvent(.level, product: product, local: local, exchange: exchange, side: isBid ? .buy : .sell, flags: flags)
        (event.v0, event.v1) = (price, size)
        try session.add(event)
    }

    private mutating func verify(_ product: Int) throws(BadRow) {
        guard session.pass == .write, let expected = message.checksum, let book = books[product] else { return }
        let found = book.checksum
        if found == expected {
            session.count("checksums that agree")
            return
        }
        session.count("checksums that disagree")
        session.markGap()
        let name = session.products[product].names.native
        mismatch = BadRow("Kraken's checksum of \(name) is \(expected), the book's is \(found): messages are missing or damaged")
    }
}
