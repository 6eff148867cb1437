internal import Domain

/// One of our orders at the venue.
struct RestingOrder: BitwiseCopyable {
    let id: OrderID
    let side: Side
    /// A stop that has triggered is a market order from then on, a stop-limit a limit order.
    var type: OrderType
    let timeInForce: TimeInForce
    let isPostOnly: Bool
    let isReduceOnly: Bool
    /// The limit, ticks.
    var price: Int64
    /// The trigger, ticks.
    let stop: Int64
    /// What is still open, lots.
    var leaves: Int64
    let expire: Timestamp
    /// Place in the order of everything that arrived at this instrument, recorded orders included.
    var arrival: UInt64 = 0
    /// Estimated quantity in front of it, in base units.
    var ahead = 0.0
    /// Quantity traded at its price since the later of its arrival and the last depth record there, in base units.
    var traded = 0.0
    /// What a spot account holds back for it.
    var reserved = Amount.zero
    /// On bar tapes: no bar has opened since it arrived.
    var isFresh = true
    /// On bar tapes: its acceptance waits for the next open.
    var awaitsOpen = false
    /// On bar tapes: a stop-limit touched inside the current bar, whose limit stands from the next one.
    var triggeredInside = false
    /// Filled or ended; swept out of its list at the end of the event.
    var isDone = false

    init(_ request: OrderRequest) {
        (id, side, type, timeInForce) = (request.id, request.side, request.type, request.timeInForce)
        (isPostOnly, isReduceOnly) = (request.isPostOnly, request.isReduceOnly)
        (price, stop) = (request.price.ticks, request.stop.ticks)
        (leaves, expire) = (request.quantity.lots, request.timeInForce == .goodTillDate ? request.expire : .never)
    }

    /// Whether what cannot be filled at once ends the order.
    var endsAtOnce: Bool { type == .market || timeInForce == .immediateOrCancel || timeInForce == .fillOrKill }

    /// Becomes what it is once its trigger has been touched.
    mutating func trigger() {
        switch type {
        case .stop: type = .market
        case .stopLimit: type = .limit
        case .market, .limit: break
        }
    }
}

/// A flat list of orders that keeps its memory.
@safe struct OrderList: ~Copyable {
    private var base: UnsafeMutablePointer<RestingOrder>
    private(set) var count = 0
    private var capacity = 8

    init() { unsafe base = .allocate(capacity: capacity) }
    deinit { unsafe base.deallocate() }

    @inline(__always) subscript(index: Int) -> Handle<RestingOrder> {
        precondition(index >= 0 && index < count, "no order at this place")
        return unsafe Handle(base + index)
    }

    mutating func append(_ order: RestingOrder) { insert(order, at: count) }

    mutating func insert(_ order: RestingOrder, at index: Int) {
        precondition(index >= 0 && index <= count, "no such place in a list")
        if count == capacity { grow() }
        unsafe (base + index + 1).update(from: base + index, count: count - index)
        unsafe base[index] = order
        count += 1
    }

    /// Before all orders that a venue serves after it: best price first, then order of arrival.
    mutating func insertByPriority(_ order: RestingOrder) {
        let flip = Key.flip(order.side)
        var index = count
        while index > 0, unsafe base[index - 1].price ^ flip < order.price ^ flip { index -= 1 }
        insert(order, at: index)
    }

    mutating func remove(at index: Int) {
        precondition(index >= 0 && index < count, "no order at this place")
        count -= 1
        unsafe (base + index).update(from: base + index + 1, count: count - index)
    }

    mutating func removeDone() {
        var kept = 0
        for index in 0..<count where unsafe !base[index].isDone {
            if kept != index { unsafe base[kept] = base[index] }
            kept += 1
        }
        count = kept
    }

    /// Of a list by priority: the first order at `ticks` or a worse price.
    ///
    /// - Complexity: O(log orders).
    func firstIndex(at ticks: Int64, _ side: Side) -> Int {
        let flip = Key.flip(side)
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) >> 1
            if unsafe base[middle].price ^ flip > ticks ^ flip { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func index(of id: OrderID) -> Int? {
        for index in 0..<count where unsafe base[index].id == id && !base[index].isDone { return index }
        return nil
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<RestingOrder>.allocate(capacity: capacity * 2)
        unsafe larger.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity *= 2
    }
}

/// Prices as keys: on both sides the better price for a resting order has the larger key.
enum Key {
    /// All ones for sells: `ticks ^ flip` is the key.
    @inline(__always) static func flip(_ side: Side) -> Int64 { 0 &- Int64(side.rawValue) }
}
