public import Domain
public import Venues

/// Amendments: the venue's own, and cancel-then-new where it has none.
///
/// Where a venue cannot amend, the order is cancelled, and only once its end and the sum of its fills are proven does another one go out,
/// with what is then left. The engine sees one order all the while.
extension OrderKeeper {
    // MARK: - The venue's own

    /// Notes an amendment that is about to leave.
    public mutating func amending(_ clientID: String, to amendment: KeptAmendment, at now: VenueTime) {
        var sent = amendment
        sent.asked = now.monotonic
        orders[clientID]?.amends.append(sent)
        orders[clientID]?.wasAmended = true
    }

    /// The venue's own word that an order was amended.
    mutating func wasAmended(_ reference: VenueOrderReference, _ price: Price, _ total: Quantity, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard let clientID = clientID(of: reference), var order = orders[clientID], !order.isDone else { return }
        let isKnown = order.amends.isEmpty && price == order.request.price && total == order.request.quantity
        guard !isKnown else { return }
        let place = order.amends.lastIndex { $0.price == price && $0.total == total } ?? 0
        take(&order, upTo: place, price, total, time, &actions)
        orders[clientID] = order
    }

    /// The venue's own word that it did not amend; of several on their way it is not known which.
    mutating func amendWasRefused(_ reference: VenueOrderReference, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard let clientID = clientID(of: reference), var order = orders[clientID], !order.isDone else { return }
        if order.amends.count == 1 {
            order.amends.removeAll()
            actions.append(report(order, time, .amendRejected(.venue)))
        } else {
            order.amendRefusals += 1
        }
        orders[clientID] = order
    }

    /// What the venue shows of price and quantity: which amendments have come to pass.
    mutating func reshape(_ clientID: String, _ told: VenueOrder, at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], !order.isDone, told.updated >= order.shapedAt, let (price, total) = shape(told, order) else { return }
        let isAsSent = price == order.request.price && total == order.request.quantity
        if let place = order.amends.lastIndex(where: { $0.price == price && $0.total == total }) {
            take(&order, upTo: place, price, total, told.updated, &actions)
            order.shapedAt = told.updated
        } else if !order.amends.isEmpty, isAsSent {
            // Refused as often as the venue said, or without a word for so long that it will not come any more.
            let late = order.amends.prefix { now.monotonic - $0.asked >= 2 * OrderKeeper.answerPatience }.count
            let refused = min(max(order.amendRefusals, late), order.amends.count)
            for _ in 0..<refused { actions.append(report(order, told.updated, .amendRejected(.venue))) }
            order.amends.removeFirst(refused)
            order.amendRefusals = 0
        } else if order.isAdopted || order.wasAmended, !isAsSent, told.updated > order.shapedAt, order.request.type.hasLimit {
            // By an earlier start, of which the ledger has the order as it was sent, or in another order than they were asked for.
            take(&order, upTo: -1, price, total, told.updated, &actions)
            order.shapedAt = told.updated
        }
        orders[clientID] = order
    }

    /// The order stands so: all amendments up to this one are answered.
    private func take(
        _ order: inout KeptOrder, upTo place: Int, _ price: Price, _ total: Quantity, _ time: Timestamp, _ actions: inout [KeeperAction]
    ) {
        let answered = min(place + 1, order.amends.count)
        (order.request.price, order.request.quantity) = (price, total)
        for _ in 0..<max(answered, 1) { actions.append(amended(order, KeptAmendment(price: price, total: total), time)) }
        order.amends.removeFirst(answered)
        order.amendRefusals = min(order.amendRefusals, order.amends.count)
    }

    private func shape(_ told: VenueOrder, _ order: KeptOrder) -> (Price, Quantity)? {
        let instrument = instruments[order.request.instrument.position]
        guard let price = told.price.flatMap(instrument.price), let lots = told.quantity?.multiple(of: instrument.lot), lots > 0 else { return nil }
        return (price, Quantity(lots: lots))
    }

    private func amended(_ order: KeptOrder, _ amendment: KeptAmendment, _ time: Timestamp) -> KeeperAction {
        let filled = order.carried + order.filled
        let total = order.carried + amendment.total
        return report(order, time, .amended(price: amendment.price, open: total > filled ? total - filled : .zero))
    }

    // MARK: - Cancel, then new

    /// Begins to put another order in the place of this one.
    ///
    /// - Returns: How to name the order in the cancel; nil where one is on its way already, or the venue's own id must be waited for.
    public mutating func replacing(_ clientID: String, with amendment: KeptAmendment, needsVenueID: Bool) -> VenueOrderReference? {
        guard var order = orders[clientID], !order.isDone else { return nil }
        var wanted = amendment
        if let earlier = order.replacement { wanted.count += earlier.count }
        let isUnderWay = order.replacement != nil || order.isCancelWanted
        order.replacement = wanted
        order.cancelSeen = .min
        if !isUnderWay { order.isCancelWaiting = needsVenueID && order.venueID == nil }
        orders[clientID] = order
        return isUnderWay || order.isCancelWaiting ? nil : order.reference
    }

    /// Notes the order that is about to leave in the place of another.
    public mutating func standsIn(_ clientID: String, for old: String, _ request: OrderRequest, strategy: Int, at wall: Timestamp, venueID: String? = nil) {
        sending(clientID: clientID, strategy: strategy, request: request, at: wall, venueID: venueID)
        guard let before = orders[old] else { return }
        orders[clientID]?.carried = before.carried + before.filled
        orders[clientID]?.owedAmends = before.replacement?.count ?? 1
    }

    /// How many amendments of the strategy hang on what becomes of the order's replacement.
    public func pendingAmends(_ clientID: String) -> Int { orders[clientID]?.replacement?.count ?? 0 }

    /// The first sign of life of an order that stands in another's place: for the engine, its order was amended.
    mutating func payAmends(_ clientID: String, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], order.owedAmends > 0 else { return }
        let owed = order.owedAmends
        order.owedAmends = 0
        orders[clientID] = order
        // Where the answer had been lost it is known again.
        actions.append(report(order, time, .accepted))
        for _ in 0..<owed { actions.append(report(order, time, .amended(price: order.request.price, open: order.request.quantity))) }
    }

    /// The order that should have stood in another's place never did: what is left of the first is its end.
    func neverStood(_ order: KeptOrder, _ outcome: LedgerOutcome, _ reason: RejectReason, at time: Timestamp, _ actions: inout [KeeperAction]) {
        for _ in 0..<order.owedAmends { actions.append(report(order, time, .amendRejected(reason))) }
        actions.append(report(order, time, outcome == .expired ? .expired : .cancelled))
    }
}

extension KeptOrder {
    /// The most that may be filled: the order as it stands, or as an amendment on its way would have it.
    var most: Quantity { amends.map(\.total).max().map { max($0, request.quantity) } ?? request.quantity }

    /// It ended, and it is not known with how much.
    var isWaitingForTotal: Bool {
        if case .ending(.cancelled, _) = stage { return replacement != nil && !isCancelWanted && !isTotalKnown }
        return false
    }
}
