import Domain

/// Bitstamp's `diff_order_book`, `order_book`, `detail_order_book` and `live_trades` channels, and its REST order book.
///
/// - Source: Bitstamp's WebSocket API v2 documentation.
struct BitstampFeed {
    private let session: ImportSession
    private var levels: [DepthLevel] = []
    private var snapshotExchange: [Int64] = []

    init(_ session: ImportSession) { self.session = session }

    private struct Fields {
        var event: JSONText?
        var channel: Bytes?
        var microtimestamp: Bytes?
        var price: Bytes?
        var size: Bytes?
        var type: Int64?
    }

    mutating func take(_ json: Bytes, local: Int64, url: Bytes?) throws(BadRow) {
        guard json[0] == UInt8(ascii: "{") else { return session.message(url == nil ? "other" : "http") }
        levels.removeAll(keepingCapacity: true)
        var fields = Fields()
        do throws(JSONError) {
            var reader = JSONReader(json)
            try object(&reader, &fields)
            try reader.finish()
        } catch {
            throw BadRow(error, in: json)
        }
        session.message(BitstampFeed.kind(fields, url))
        if let url {
            guard url.text.contains("/order_book/"), let symbol = CaptureLine.symbol(of: url) else { return }
            try snapshot(session.product(names: InstrumentNames(native: symbol)), local, try time(fields, local))
        } else if let channel = fields.channel, let event = fields.event {
            try streamed(channel, event, fields, local)
        }
    }

    /// `diff_order_book_ethusd`, or the event's name where it is none of the market's.
    private static func kind(_ fields: Fields, _ url: Bytes?) -> String {
        if url != nil { return "http" }
        let event = fields.event?.bytes.text ?? "other"
        guard event == "data" || event == "trade", let channel = fields.channel else { return event }
        return channel.slice(0, min(channel.count, 60)).text
    }

    private mutating func streamed(_ channel: Bytes, _ event: JSONText, _ fields: Fields, _ local: Int64) throws(BadRow) {
        if event.equals("trade"), channel.hasPrefix("live_trades_") {
            try trade(session.product(channel.dropFirst(12)), fields, local, try time(fields, local))
        } else if event.equals("data"), channel.hasPrefix("diff_order_book_") {
            try change(session.product(channel.dropFirst(16)), local, try time(fields, local))
        } else if event.equals("data"), channel.hasPrefix("order_book_") {
            try snapshot(session.product(channel.dropFirst(11)), local, try time(fields, local))
        } else if event.equals("data"), channel.hasPrefix("detail_order_book_") {
            try snapshot(session.product(channel.dropFirst(18)), local, try time(fields, local))
        }
    }

    private mutating func object(_ reader: inout JSONReader, _ fields: inout Fields) throws(JSONError) {
        try reader.beginObject()
        while let key = try reader.nextKey() {
            if key.equals("data"), try reader.peek() == .object {
                try object(&reader, &fields)
            } else if key.equals("event") {
                fields.event = try reader.string()
            } else if key.equals("channel") {
                fields.channel = try reader.string().bytes
            } else if key.equals("microtimestamp") {
                fields.microtimestamp = try reader.scalar()
            } else if key.equals("price_str") {
                fields.price = try reader.scalar()
            } else if key.equals("amount_str") {
                fields.size = try reader.scalar()
            } else if key.equals("type"), try reader.peek() == .number {
                fields.type = try reader.number().integer
            } else if key.equals("bids"), try reader.peek() == .array {
                try LevelReader.read(.buy, &reader, into: &levels)
            } else if key.equals("asks"), try reader.peek() == .array {
                try LevelReader.read(.sell, &reader, into: &levels)
            } else {
                try reader.skip()
            }
        }
    }

    private func time(_ fields: Fields, _ local: Int64) throws(BadRow) -> Int64 {
        guard let text = fields.microtimestamp else { return session.exchangeTime(nil, local: local) }
        guard let micros = text.integer, micros > 0, let time = TimeText.scaled(micros, by: 3) else {
            throw BadRow(expected: "microseconds in microtimestamp", found: text)
        }
        return session.exchangeTime(time, local: local)
    }

    private mutating func prepare(_ product: Int) {
        while snapshotExchange.count <= product { snapshotExchange.append(.min) }
    }

    private mutating func snapshot(_ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        prepare(product)
        if exchange < snapshotExchange[product] { return }
        snapshotExchange[product] = exchange
        let flags = MarketRecord.Flag.snapshot
        try session.add(SourceEvent(.clear, product: product, local: local, exchange: exchange, flags: flags))
        for level in levels where level.size.mantissa != 0 { try add(level, product, local, exchange, flags) }
    }

    /// Changes that the snapshot already holds are dropped.
    private mutating func change(_ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        prepare(product)
        guard exchange > snapshotExchange[product] else {
            session.count("depth messages dropped as stale")
            return
        }
        for level in levels { try add(level, product, local, exchange, 0) }
    }

    private func add(_ level: DepthLevel, _ product: Int, _ local: Int64, _ exchange: Int64, _ flags: UInt8) throws(BadRow) {
        var event = SourceEvent(.level, product: product, local: local, exchange: exchange, side: level.side, flags: flags)
        (event.v0, event.v1) = (level.price, level.size)
        try session.add(event)
    }

    private func trade(_ product: Int, _ fields: Fields, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        guard let priceText = fields.price, let sizeText = fields.size else {
            throw BadRow("expected price_str and amount_str in a trade, found none")
        }
        guard let price = ShortDecimal(priceText) else { throw BadRow(expected: "price_str as a decimal of at most 18 digits", found: priceText) }
        guard let size = ShortDecimal(sizeText) else { throw BadRow(expected: "amount_str as a decimal of at most 18 digits", found: sizeText) }
        let side: Side? = fields.type == 0 ? .buy : fields.type == 1 ? .sell : nil
        var event = SourceEvent(.trade, product: product, local: local, exchange: exchange, side: side)
        (event.v0, event.v1) = (price, size)
        try session.add(event)
    }
}
