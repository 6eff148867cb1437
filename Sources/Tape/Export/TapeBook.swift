public import Domain

/// The recorded book of one instrument as a plain dictionary a side: for summaries and exports, not for trading.
public struct TapeBook: Sendable {
    /// One resting order of a level-3 tape.
    private struct Order {
        let side: Side
        var price: Int64
        var size: Int64
    }

    private(set) var bids: [Int64: Int64] = [:]
    private(set) var asks: [Int64: Int64] = [:]
    private var orders: [Int64: Order] = [:]

    public init() {}

    public mutating func apply(_ record: borrowing MarketRecord) {
        switch record.kind {
        case .level:
            guard let side = record.side else { return }
            set(side, record.a, record.b)
        case .clear:
            if record.side != .sell { bids.removeAll(keepingCapacity: true) }
            if record.side != .buy { asks.removeAll(keepingCapacity: true) }
            if record.side == nil { orders.removeAll(keepingCapacity: true) }
        case .orderAdd:
            guard let side = record.side else { return }
            place(record.e, Order(side: side, price: record.a, size: record.b))
        case .orderModify:
            guard let old = orders[record.e] else { return }
            place(record.e, Order(side: old.side, price: record.a, size: record.b))
        case .orderFill:
            guard let old = orders[record.e] else { return }
            place(record.e, Order(side: old.side, price: old.price, size: old.size - record.b))
        case .orderCancel: place(record.e, nil)
        case .trade, .quote, .bar, .status: return
        }
    }

    private mutating func set(_ side: Side, _ price: Int64, _ size: Int64) {
        if side == .buy {
            bids[price] = size > 0 ? size : nil
        } else {
            asks[price] = size > 0 ? size : nil
        }
    }

    private mutating func place(_ id: Int64, _ order: Order?) {
        if let old = orders[id] { add(old.side, old.price, -old.size) }
        orders[id] = nil
        guard let order, order.size > 0 else { return }
        orders[id] = order
        add(order.side, order.price, order.size)
    }

    private mutating func add(_ side: Side, _ price: Int64, _ change: Int64) {
        let old = side == .buy ? bids[price] ?? 0 : asks[price] ?? 0
        set(side, price, old + change)
    }

    /// One side, best first: prices in ticks, sizes in size units.
    public func levels(_ side: Side) -> [(price: Int64, size: Int64)] {
        let all = side == .buy ? bids : asks
        let sorted = all.sorted { side == .buy ? $0.key > $1.key : $0.key < $1.key }
        return sorted.map { (price: $0.key, size: $0.value) }
    }

    /// SHA-256 over `b,price,qty\n` bids high to low, then `a,price,qty\n` asks low to high.
    public func sha256(_ instrument: Instrument) -> String {
        var digest = SHA256()
        for (letter, side) in [("b", Side.buy), ("a", Side.sell)] {
            for level in levels(side) {
                var line = "\(letter),\(instrument.decimal(Price(ticks: level.price))),\(instrument.decimal(units: level.size))\n"
                line.withUTF8 { unsafe digest.update(UnsafeRawBufferPointer($0)) }
            }
        }
        return digest.finish()
    }
}
