import Domain
import Venues

/// Orders at a venue that knows no name of ours, found again by what they look like (`docs/venues.md`, SMART VALOR).
///
/// Only an order whose answer is lost is looked for, and only among those that were not there before it was sent.
extension OrderKeeper {
    enum Owner: Equatable {
        case ours(String)
        /// It looks like one whose answer is still out: that will tell.
        case perhaps
        /// Like one that we hold for never placed: it came after all, and goes.
        case late(String)
        case nobody
    }

    /// How far the venue's clock and ours may be apart.
    private static var clockError: Int64 { 2_000_000_000 }
    /// How long a placement that never came is still watched for.
    private static var watch: Int64 { 600_000_000_000 }

    mutating func owner(byLooks told: VenueOrder, at now: VenueTime) -> Owner {
        guard bindsByLooks, told.reference.clientID == nil, let venueID = told.reference.venueID, !strangers.contains(venueID) else { return .nobody }
        let alike = sequence.compactMap { orders[$0] }.filter { $0.venueID == nil && looksLike($0, told) }
        if let found = alike.first(where: \.isUnknown) { return .ours(found.clientID) }
        if alike.contains(where: { $0.stage == .sent }) { return .perhaps }
        let late = alike.first { order in
            order.stage == .done(.notPlaced) && now.wall.nanoseconds - order.sent.nanoseconds < OrderKeeper.watch
        }
        if let late, !told.isFinal { return .late(late.clientID) }
        if strangers.count >= 65_536 { strangers.removeAll() }
        strangers.insert(venueID)
        return .nobody
    }

    private func looksLike(_ order: KeptOrder, _ told: VenueOrder) -> Bool {
        let instrument = instruments[order.request.instrument.position]
        guard told.reference.symbol == order.symbol, told.side == order.request.side,
            told.quantity?.multiple(of: instrument.lot) == order.request.quantity.lots
        else { return false }
        if order.request.type.hasLimit, told.price?.multiple(of: instrument.tick) != order.request.price.ticks { return false }
        return told.created.map { $0.nanoseconds >= order.sent.nanoseconds - OrderKeeper.clockError } ?? true
    }
}
