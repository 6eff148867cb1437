import Domain

/// One market event as a capture tells it, before prices and sizes are counted in ticks and units.
///
/// | kind | v0 | v1 | v2 | v3 | v4 |
/// |---|---|---|---|---|---|
/// | level, trade, order… | price | size | | | |
/// | quote | bid price | bid size | ask price | ask size | |
/// | bar | open | high | low | close | volume |
struct SourceEvent: BitwiseCopyable {
    var kind: MarketRecord.Kind
    /// Index into the session's products.
    var product: Int
    var local: Int64
    var exchange: Int64
    var side: Side?
    var flags: UInt8 = 0
    var aux: UInt32 = 0
    /// Order id, or a status code.
    var id: Int64 = 0
    var v0 = ShortDecimal.zero
    var v1 = ShortDecimal.zero
    var v2 = ShortDecimal.zero
    var v3 = ShortDecimal.zero
    var v4 = ShortDecimal.zero

    init(_ kind: MarketRecord.Kind, product: Int, local: Int64, exchange: Int64, side: Side? = nil, flags: UInt8 = 0) {
        (self.kind, self.product, self.local, self.exchange) = (kind, product, local, exchange)
        (self.side, self.flags) = (side, flags)
    }
}

/// What one product of the input looks like, learnt in the first pass.
struct ProductScan: Sendable {
    /// Most digits after the point seen; nil where none was seen.
    var priceScale: Int32?
    var sizeScale: Int32?
    var levels = 0
    var quotes = 0
    var bars = 0
    var orders = 0
    var trades = 0
    var statuses = 0
    var hasSnapshot = false

    var isEmpty: Bool { levels + quotes + bars + orders + trades + statuses == 0 }

    /// The richest kind seen decides how fills are simulated.
    var dataKind: DataKind {
        if orders > 0 { return .level3 }
        if levels > 0 { return .level2 }
        if bars > 0 { return .bars }
        return quotes > 0 ? .quotes : .trades
    }

    @inline(__always) mutating func price(_ value: ShortDecimal) {
        if value.mantissa != 0 { priceScale = max(priceScale ?? 0, value.scale) }
    }

    @inline(__always) mutating func size(_ value: ShortDecimal) {
        if value.mantissa != 0 { sizeScale = max(sizeScale ?? 0, value.scale) }
    }

    mutating func fold(_ event: borrowing SourceEvent) {
        switch event.kind {
        case .level: levels += 1
        case .clear:
            levels += 1
            hasSnapshot = true
        case .trade: trades += 1
        case .quote: quotes += 1
        case .bar: bars += 1
        case .orderAdd, .orderModify, .orderCancel, .orderFill: orders += 1
        case .status: statuses += 1
        }
        price(event.v0)
        if event.kind == .bar {
            price(event.v1)
            price(event.v2)
            price(event.v3)
            size(event.v4)
        } else {
            size(event.v1)
            price(event.v2)
            size(event.v3)
        }
    }

    /// Joins what was seen under two names of one product.
    mutating func merge(_ other: ProductScan) {
        if let scale = other.priceScale { priceScale = max(priceScale ?? 0, scale) }
        if let scale = other.sizeScale { sizeScale = max(sizeScale ?? 0, scale) }
        levels += other.levels
        quotes += other.quotes
        bars += other.bars
        orders += other.orders
        trades += other.trades
        statuses += other.statuses
        hasSnapshot = hasSnapshot || other.hasSnapshot
    }
}
