import Domain

/// Coinbase (Pro) `level2` and `matches` channels.
///
/// - Source: Coinbase Exchange's WebSocket documentation: `side` of a match is the maker's; `last_match` came before the subscription.
struct CoinbaseFeed {
    private let session: ImportSession
    private var levels: [DepthLevel] = []
    private var snapshotExchange: [Int64] = []

    init(_ session: ImportSession) { self.session = session }

    private struct Fields {
        var type: JSONText?
        var product: Bytes?
        var time: Bytes?
        var side: Bytes?
        var price: Bytes?
        var size: Bytes?
    }

    mutating func take(_ json: Bytes, local: Int64) throws(BadRow) {
        levels.removeAll(keepingCapacity: true)
        var fields = Fields()
        do throws(JSONError) { try read(json, &fields) } catch { throw BadRow(error, in: json) }
        if let type = fields.type { session.message(type.bytes) } else { session.message("other") }
        guard let type = fields.type, let native = fields.product else { return }
        let isSnapshot = type.equals("snapshot")
        guard isSnapshot || type.equals("l2update") || type.equals("match") else { return }
        var own: Int64?
        if let time = fields.time {
            guard let parsed = TimeText.rfc3339(time) else { throw BadRow(expected: "a time such as 2021-04-17T16:43:30.244075Z", found: time) }
            own = parsed
        }
        let exchange = session.exchangeTime(own, local: local)
        let product = session.product(native)
        while snapshotExchange.count <= product { snapshotExchange.append(.min) }
        if type.equals("match") {
            try trade(fields, product, local, exchange)
        } else {
            try depth(isSnapshot: isSnapshot, product, local, exchange)
        }
    }

    private mutating func read(_ json: Bytes, _ fields: inout Fields) throws(JSONError) {
        var reader = JSONReader(json)
        try reader.beginObject()
        while let key = try reader.nextKey() {
            if key.equals("type") {
                fields.type = try reader.string()
            } else if key.equals("product_id") {
                fields.product = try reader.string().bytes
            } else if key.equals("time") {
                fields.time = try reader.string().bytes
            } else if key.equals("side") {
                fields.side = try reader.string().bytes
            } else if key.equals("price") {
                fields.price = try reader.scalar()
            } else if key.equals("size") {
                fields.size = try reader.scalar()
            } else if key.equals("bids") {
                try LevelReader.read(.buy, &reader, into: &levels)
            } else if key.equals("asks") {
                try LevelReader.read(.sell, &reader, into: &levels)
            } else if key.equals("changes") {
                try changes(&reader)
            } else {
                try reader.skip()
            }
        }
        try reader.finish()
    }

    /// `[["buy","14.75","3.2"],…]`.
    private mutating func changes(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() {
            try reader.beginArray()
            guard try reader.nextElement() else { throw reader.wrong("a side, a price and a size") }
            let side = try reader.string()
            guard side.equals("buy") || side.equals("sell") else { throw reader.wrong("buy or sell before here") }
            guard try reader.nextElement(), let price = ShortDecimal(try reader.scalar()),
                try reader.nextElement(), let size = ShortDecimal(try reader.scalar()), try !reader.nextElement()
            else { throw reader.wrong("a side, a price and a size before here") }
            levels.append(DepthLevel(side: side.equals("buy") ? .buy : .sell, price: price, size: size))
        }
    }

    private func trade(_ fields: Fields, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        guard let priceText = fields.price, let sizeText = fields.size, let side = fields.side else {
            throw BadRow("expected price, size and side in a match, found fewer")
        }
        guard let price = ShortDecimal(priceText) else { throw BadRow(expected: "price as a decimal of at most 18 digits", found: priceText) }
        guard let size = ShortDecimal(sizeText) else { throw BadRow(expected: "size as a decimal of at most 18 digits", found: sizeText) }
        guard side.equals("buy") || side.equals("sell") else { throw BadRow(expected: "side buy or sell", found: side) }
        var event = SourceEvent(.trade, product: product, local: local, exchange: exchange, side: side.equals("buy") ? .sell : .buy)
        (event.v0, event.v1) = (price, size)
        try session.add(event)
    }

    private mutating func depth(isSnapshot: Bool, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        let time = max(exchange, snapshotExchange[product])
        let flags = isSnapshot ? MarketRecord.Flag.snapshot : 0
        if isSnapshot {
            try session.add(SourceEvent(.clear, product: product, local: local, exchange: time, flags: flags))
            snapshotExchange[product] = time
        }
        levels.sort { $0.side == .buy && $1.side == .sell }
        for level in levels where !isSnapshot || level.size.mantissa != 0 {
            var event = SourceEvent(.level, product: product, local: local, exchange: time, side: level.side, flags: flags)
            (event.v0, event.v1) = (level.price, level.size)
            try session.add(event)
        }
    }
}
