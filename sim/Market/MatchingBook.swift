public import Domain

/// A limit order book that matches by price, then time: the core of a simulated venue. It knows nothing of clocks, fees or
/// accounts; it is told what arrives, in order, and tells what happened to resting orders.
///
/// - Complexity: constant time an order placed, cancelled or filled (`Ladder`); no allocation once its tables have grown.
public struct MatchingBook: Sendable {
    private var nodes: [QueueNode] = []
    private var freeSlot: Int32 = -1
    private var bids = Ladder(side: .buy)
    private var asks = Ladder(side: .sell)
    private var lastSerial: UInt64 = 0
    /// Orders that rest now.
    public private(set) var count = 0

    public init() {}

    public var bestBid: Price? { bids.isEmpty ? nil : Price(ticks: bids.bestPrice) }
    public var bestAsk: Price? { asks.isEmpty ? nil : Price(ticks: asks.bestPrice) }

    /// What rests at one price.
    public func quantity(_ side: Side, at price: Price) -> Quantity {
        let ladder = side == .buy ? bids : asks
        return Quantity(lots: ladder.index(of: price.ticks).map { ladder.levels[$0].lots } ?? 0)
    }

    /// What is left of an order; nil once it is filled or cancelled.
    public func leaves(of order: RestingOrder) -> Quantity? {
        isResting(order) ? Quantity(lots: nodes[Int(order.slot)].lots) : nil
    }

    private func isResting(_ order: RestingOrder) -> Bool { nodes[Int(order.slot)].serial == order.serial }

    /// A limit order: takes what it crosses, then rests with what is left, unless it was to be gone at once.
    ///
    /// - Returns: The order where some of it rests. A post-only order that would take does nothing.
    @discardableResult
    public mutating func place(
        _ side: Side, _ quantity: Quantity, at price: Price, owner: UInt16,
        postOnly: Bool = false, into events: inout [BookEvent]
    ) -> RestingOrder? {
        precondition(quantity.lots > 0, "an order for nothing")
        if postOnly, let opposite = side == .buy ? bestAsk : bestBid, price.crosses(opposite, taking: side) { return nil }
        let leaves = match(side, quantity.lots, limit: price.ticks, owner: owner, into: &events)
        if leaves == 0 { return nil }
        return rest(side, leaves, at: price.ticks, owner: owner, into: &events)
    }

    /// A market order, or one that is gone at once with what its limit does not reach.
    ///
    /// - Returns: What was filled.
    @discardableResult
    public mutating func take(
        _ side: Side, _ quantity: Quantity, limit: Price? = nil, owner: UInt16, into events: inout [BookEvent]
    ) -> Quantity {
        let worst = limit?.ticks ?? (side == .buy ? .max : .min)
        return Quantity(lots: quantity.lots - match(side, quantity.lots, limit: worst, owner: owner, into: &events))
    }

    /// Takes an order out; false where it is filled or cancelled already.
    @discardableResult
    public mutating func cancel(_ order: RestingOrder, into events: inout [BookEvent]) -> Bool {
        guard isResting(order) else { return false }
        let node = nodes[Int(order.slot)]
        let left = node.side == .buy
            ? MatchingBook.remove(order.slot, from: &bids, nodes: &nodes)
            : MatchingBook.remove(order.slot, from: &asks, nodes: &nodes)
        release(order.slot)
        events.append(MatchingBook.event(.cancelled, node, order, lots: node.lots, levelLots: left, taker: node.owner))
        return true
    }

    /// Makes an order smaller; it keeps its place. False where nothing of it rests or it is not smaller.
    @discardableResult
    public mutating func reduce(_ order: RestingOrder, to quantity: Quantity, into events: inout [BookEvent]) -> Bool {
        let slot = Int(order.slot)
        guard isResting(order), quantity.lots > 0, quantity.lots < nodes[slot].lots else { return false }
        let change = nodes[slot].lots - quantity.lots
        nodes[slot].lots = quantity.lots
        let node = nodes[slot]
        let left = node.side == .buy
            ? MatchingBook.shrink(node.price, by: change, in: &bids)
            : MatchingBook.shrink(node.price, by: change, in: &asks)
        events.append(MatchingBook.event(.reduced, node, order, lots: node.lots, levelLots: left, taker: node.owner))
        return true
    }

    // MARK: What is there

    /// The levels of a side, best first.
    public func levels(_ side: Side) -> [BookLevel] {
        let ladder = side == .buy ? bids : asks
        var result: [BookLevel] = []
        var index = ladder.best
        while index >= 0 {
            let quantity = Quantity(lots: ladder.levels[index].lots)
            result.append(BookLevel(price: Price(ticks: ladder.price(at: index)), quantity: quantity))
            index = ladder.worse(than: index)
        }
        return result
    }

    /// The orders of a side, best price first, each level in order of arrival.
    public func orders(_ side: Side) -> [BookOrder] {
        let ladder = side == .buy ? bids : asks
        var result: [BookOrder] = []
        var index = ladder.best
        while index >= 0 {
            var slot = ladder.levels[index].head
            while slot >= 0 {
                let node = nodes[Int(slot)]
                result.append(
                    BookOrder(
                        order: RestingOrder(serial: node.serial, slot: slot), price: Price(ticks: node.price),
                        quantity: Quantity(lots: node.lots), owner: node.owner))
                slot = node.next
            }
            index = ladder.worse(than: index)
        }
        return result
    }

    // MARK: The work

    private mutating func match(
        _ side: Side, _ lots: Int64, limit: Int64, owner: UInt16, into events: inout [BookEvent]
    ) -> Int64 {
        var leaves = lots
        while leaves > 0 {
            let done: Int32
            if side == .buy {
                if asks.isEmpty || asks.bestPrice > limit { break }
                done = MatchingBook.fillHead(of: &asks, nodes: &nodes, leaves: &leaves, taker: owner, into: &events)
            } else {
                if bids.isEmpty || bids.bestPrice < limit { break }
                done = MatchingBook.fillHead(of: &bids, nodes: &nodes, leaves: &leaves, taker: owner, into: &events)
            }
            if done >= 0 { release(done) }
        }
        return leaves
    }

    private mutating func rest(
        _ side: Side, _ lots: Int64, at price: Int64, owner: UInt16, into events: inout [BookEvent]
    ) -> RestingOrder {
        lastSerial += 1
        let slot = claimSlot()
        let node = QueueNode(
            serial: lastSerial, price: price, lots: lots, next: -1, previous: -1, owner: owner, side: side)
        nodes[Int(slot)] = node
        let total = side == .buy
            ? MatchingBook.enqueue(slot, in: &bids, nodes: &nodes)
            : MatchingBook.enqueue(slot, in: &asks, nodes: &nodes)
        let order = RestingOrder(serial: lastSerial, slot: slot)
        events.append(MatchingBook.event(.added, node, order, lots: lots, levelLots: total, taker: owner))
        return order
    }

    private mutating func claimSlot() -> Int32 {
        count += 1
        if freeSlot < 0 {
            let slot = Int32(nodes.count)
            nodes.append(QueueNode(serial: 0, price: 0, lots: 0, next: -1, previous: -1, owner: 0, side: .buy))
            return slot
        }
        let slot = freeSlot
        freeSlot = nodes[Int(slot)].next
        return slot
    }

    private mutating func release(_ slot: Int32) {
        count -= 1
        nodes[Int(slot)].serial = 0
        nodes[Int(slot)].next = freeSlot
        freeSlot = slot
    }
}
