internal import Domain

/// The queues of a book: what one order does to its level. Static, over the parts of the book, so that each part is changed in place.
extension MatchingBook {
    static func event(
        _ kind: BookEvent.Kind, _ node: QueueNode, _ order: RestingOrder, lots: Int64, levelLots: Int64, taker: UInt16
    ) -> BookEvent {
        BookEvent(
            kind: kind, side: node.side, price: Price(ticks: node.price), quantity: Quantity(lots: lots),
            levelQuantity: Quantity(lots: levelLots), order: order, owner: node.owner, taker: taker)
    }

    /// Puts an order at the back of its level; answers what the level holds now.
    static func enqueue(_ slot: Int32, in ladder: inout Ladder, nodes: inout [QueueNode]) -> Int64 {
        let index = ladder.makeIndex(of: nodes[Int(slot)].price)
        var level = ladder.levels[index]
        if level.tail < 0 {
            level.head = slot
            ladder.occupy(index)
        } else {
            nodes[Int(level.tail)].next = slot
            nodes[Int(slot)].previous = level.tail
        }
        level.tail = slot
        level.lots += nodes[Int(slot)].lots
        ladder.levels[index] = level
        return level.lots
    }

    /// Takes an order with all it holds out of its level; answers what the level holds now.
    static func remove(_ slot: Int32, from ladder: inout Ladder, nodes: inout [QueueNode]) -> Int64 {
        let node = nodes[Int(slot)]
        guard let index = ladder.index(of: node.price) else { preconditionFailure("a resting order has no level") }
        var level = ladder.levels[index]
        if node.previous >= 0 { nodes[Int(node.previous)].next = node.next } else { level.head = node.next }
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous } else { level.tail = node.previous }
        level.lots -= node.lots
        ladder.levels[index] = level
        if level.head < 0 { ladder.vacate(index) }
        return level.lots
    }

    static func shrink(_ price: Int64, by lots: Int64, in ladder: inout Ladder) -> Int64 {
        guard let index = ladder.index(of: price) else { preconditionFailure("a resting order has no level") }
        ladder.levels[index].lots -= lots
        return ladder.levels[index].lots
    }
}

extension MatchingBook {
    /// Fills the oldest order of the best level as far as the aggressor goes.
    ///
    /// - Returns: The slot of the order where it is filled completely, else −1.
    static func fillHead(
        of ladder: inout Ladder, nodes: inout [QueueNode], leaves: inout Int64, taker: UInt16,
        into events: inout [BookEvent]
    ) -> Int32 {
        let index = ladder.best
        let slot = ladder.levels[index].head
        let node = nodes[Int(slot)]
        let order = RestingOrder(serial: node.serial, slot: slot)
        let filled = min(leaves, node.lots)
        leaves -= filled
        if filled < node.lots {
            nodes[Int(slot)].lots -= filled
            let left = shrink(node.price, by: filled, in: &ladder)
            events.append(event(.filled, node, order, lots: filled, levelLots: left, taker: taker))
            return -1
        }
        let left = remove(slot, from: &ladder, nodes: &nodes)
        events.append(event(.filled, node, order, lots: filled, levelLots: left, taker: taker))
        return slot
    }
}
