import Domain

/// The state of one instrument as its records have built it, to be written again as a snapshot.
struct SnapshotBook {
    private struct Order {
        var side: Side
        var price: Int64
        var size: Int64
        /// When it took its place in the queue.
        var place: Int
    }

    let instrument: InstrumentID
    private var hasBook = false
    private var bids: [Int64: Int64] = [:]
    private var asks: [Int64: Int64] = [:]
    private var orders: [Int64: Order] = [:]
    private var places = 0
    private var quote: MarketRecord?

    init(instrument: InstrumentID) { self.instrument = instrument }

    mutating func apply(_ record: MarketRecord) {
        switch record.kind {
        case .level: setLevel(record)
        case .clear: clear(record.side)
        case .orderAdd, .orderModify, .orderCancel, .orderFill: applyOrder(record)
        case .quote: applyQuote(record)
        case .trade, .bar, .status: break
        }
    }

    private mutating func setLevel(_ record: MarketRecord) {
        hasBook = true
        let size = record.b > 0 ? record.b : nil
        if record.side == .buy { bids[record.a] = size }
        if record.side == .sell { asks[record.a] = size }
    }

    private mutating func clear(_ side: Side?) {
        hasBook = true
        if side != .sell { bids.removeAll() }
        if side != .buy { asks.removeAll() }
        orders = orders.filter { side != nil && $0.value.side != side }
    }

    private mutating func applyOrder(_ record: MarketRecord) {
        hasBook = true
        let old = orders[record.e]
        places += 1
        switch record.kind {
        case .orderAdd:
            guard let side = record.side else { return }
            orders[record.e] = Order(side: side, price: record.a, size: record.b, place: places)
        case .orderModify:
            guard var order = old else { return }
            // Less at the same price keeps its place in the queue; anything else goes to the back.
            if record.a != order.price || record.b > order.size { order.place = places }
            (order.price, order.size) = (record.a, record.b)
            orders[record.e] = order.size > 0 ? order : nil
        case .orderFill:
            guard var order = old else { return }
            order.size -= record.b
            orders[record.e] = order.size > 0 ? order : nil
        case .orderCancel: orders[record.e] = nil
        case .level, .clear, .trade, .quote, .bar, .status: break
        }
    }

    /// A side that a quote does not name stays as it was.
    private mutating func applyQuote(_ record: MarketRecord) {
        guard var merged = quote else {
            quote = record
            return
        }
        if record.aux & 1 != 0 { (merged.a, merged.b) = (record.a, record.b) }
        if record.aux & 2 != 0 { (merged.c, merged.d) = (record.c, record.d) }
        merged.aux |= record.aux & 3
        quote = merged
    }

    /// The state as records: clear, bids from high to low, asks from low to high, orders in the order of their queue; the last ends
    /// the batch.
    func records(local: Int64, exchange: Int64) -> [MarketRecord] {
        func record(_ kind: MarketRecord.Kind, _ side: Side? = nil, _ a: Int64 = 0, _ b: Int64 = 0, _ e: Int64 = 0) -> MarketRecord {
            MarketRecord(
                kind: kind, instrument: instrument, localTime: local, exchangeTime: exchange, side: side,
                flags: MarketRecord.Flag.snapshot, a: a, b: b, e: e)
        }
        var records: [MarketRecord] = []
        if hasBook {
            records.append(record(.clear))
            for level in bids.sorted(by: { $0.key > $1.key }) { records.append(record(.level, .buy, level.key, level.value)) }
            for level in asks.sorted(by: { $0.key < $1.key }) { records.append(record(.level, .sell, level.key, level.value)) }
            for order in orders.sorted(by: { $0.value.place < $1.value.place }) {
                records.append(record(.orderAdd, order.value.side, order.value.price, order.value.size, order.key))
            }
        }
        if var quote {
            (quote.localTime, quote.exchangeTime, quote.flags) = (local, exchange, MarketRecord.Flag.snapshot)
            records.append(quote)
        }
        if !records.isEmpty { records[records.count - 1].flags |= MarketRecord.Flag.endOfBatch }
        return records
    }
}
