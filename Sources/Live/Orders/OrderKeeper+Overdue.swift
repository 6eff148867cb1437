import Domain
public import Venues

/// What is overdue: looked for once a second.
extension OrderKeeper {
    /// A cancel or an amendment without a word for this long is asked about, monotonic ns.
    static let answerPatience: Int64 = 5_000_000_000
    /// A placement of which a session says nothing at all for this long is lost, whatever the session thinks.
    static let silencePatience: Int64 = 30_000_000_000

    /// Orders whose facts do not fit or whose answers are out: asked for again, each at most once a second.
    public mutating func overdue(at now: VenueTime) -> [KeeperAction] {
        var actions: [KeeperAction] = []
        for order in live {
            if order.isMissingFills || order.isWaitingForTotal { ask(about: order.reference, at: now, &actions) }
            if order.isUnknown, order.venueID != nil { ask(about: order.reference, at: now, &actions) }
            doubtCancel(order, at: now, &actions)
            if let oldest = order.amends.first, now.monotonic - oldest.asked >= OrderKeeper.answerPatience { ask(about: order.reference, at: now, &actions) }
            if order.stage == .sent, now.wall.nanoseconds - order.sent.nanoseconds >= OrderKeeper.silencePatience { lose(order.clientID, &actions) }
        }
        settleStrays(at: now, &actions)
        return actions
    }

    /// A cancel goes out until the order is known to have ended (I15).
    private mutating func doubtCancel(_ order: KeptOrder, at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard order.isCancelWanted || order.replacement != nil, !order.isCancelWaiting, order.venueID != nil, case .live = order.stage else { return }
        if order.cancelSeen == .min {
            orders[order.clientID]?.cancelSeen = now.monotonic
        } else if now.monotonic - order.cancelSeen >= OrderKeeper.answerPatience {
            orders[order.clientID]?.isCancelDoubted = true
            ask(about: order.reference, at: now, &actions)
        }
    }

    /// Fills that waited for an order's name, and whose order cannot be ours any more: somebody else's.
    private mutating func settleStrays(at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard !strayFills.isEmpty else { return }
        for venueID in strayFills.keys.sorted() {
            for fill in strayFills.removeValue(forKey: venueID) ?? [] { absorb(fill, at: now, source: .stream, &actions) }
        }
    }
}
