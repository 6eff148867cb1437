import Domain
import Risk
import Trading
import Venues

/// Amendments: the venue's own, or cancel-then-new in one place for every venue that has none.
extension DeskCore {
    func amend(_ cleared: ClearedAmendment, _ instrument: InstrumentID, _ seat: Int) {
        if paper != nil {
            var numbered = cleared.amendment
            numbered.id = number(numbered.id, of: seat)
            paper?.amend(numbered, instrument, at: now.wall)
            return
        }
        let venue = home[instrument.position]
        let key = AdoptedKey(seat: seat, id: cleared.amendment.id)
        if let old = proven.removeValue(forKey: key) { return replace(old, by: cleared, instrument, seat) }
        guard latch.admitsNew, let order = venues[venue].keeper.order(names(of: cleared.amendment.id, seat)), !order.isDone else {
            return refuseAmend(cleared.amendment.id, instrument, seat, .unknownOrder)
        }
        let amendment = KeptAmendment(price: cleared.amendment.price, total: order.filled + cleared.amendment.quantity)
        if plan.venues[venue].capabilities.hasAmend {
            venues[venue].keeper.amending(order.clientID, to: amendment, at: now)
            host.send(.amend(order.reference, price: amendment.price, quantity: cleared.amendment.quantity, total: amendment.total), to: venue)
        } else {
            let whole = KeptAmendment(price: amendment.price, total: order.carried + amendment.total)
            let needsVenueID = plan.venues[venue].capabilities.clientIDs != .lookup
            if let reference = venues[venue].keeper.replacing(order.clientID, with: whole, needsVenueID: needsVenueID) {
                host.send(.cancel(reference), to: venue)
            }
        }
    }

    private func refuseAmend(_ id: OrderID, _ instrument: InstrumentID, _ seat: Int, _ reason: RejectReason) {
        feed(seat, .report(ExecutionReport(order: id, instrument: instrument, exchangeTime: now.wall, fact: .amendRejected(reason))))
    }

    /// The order is proven to have ended. Whether another may stand in its place is judged again: the world has moved meanwhile.
    func stand(in old: String, price: Price, open: Quantity, _ venue: Int) {
        host.orderEnded(old, at: venue)
        guard let order = venues[venue].keeper.order(old) else { return }
        let (seat, id, instrument) = (order.strategy, order.id, order.request.instrument)
        guard open > .zero else {
            // All that it was amended to was filled before its cancel got there.
            for _ in 0..<venues[venue].keeper.pendingAmends(old) {
                feed(seat, .report(ExecutionReport(order: id, instrument: instrument, exchangeTime: now.wall, fact: .amended(price: price, open: .zero))))
            }
            return
        }
        proven[AdoptedKey(seat: seat, id: id)] = old
        feed(seat, .control(.resubmit(AmendRequest(id: id, price: price, quantity: open))))
    }

    /// What did not pass the gate again ends here: nothing of it is at the venue any more.
    func endUnreplaced(_ id: OrderID, _ seat: Int) {
        guard let old = proven.removeValue(forKey: AdoptedKey(seat: seat, id: id)) else { return }
        end(unreplaced: old, seat)
    }

    private func end(unreplaced old: String, _ seat: Int) {
        for venue in venues.indices {
            guard let order = venues[venue].keeper.order(old) else { continue }
            for _ in 0..<venues[venue].keeper.pendingAmends(old) { refuseAmend(order.id, order.request.instrument, seat, .venue) }
            feed(seat, .report(ExecutionReport(order: order.id, instrument: order.request.instrument, exchangeTime: now.wall, fact: .cancelled)))
        }
    }

    private func replace(_ old: String, by cleared: ClearedAmendment, _ instrument: InstrumentID, _ seat: Int) {
        let venue = home[instrument.position]
        guard latch.admitsNew, let before = venues[venue].keeper.order(old) else { return end(unreplaced: old, seat) }
        var request = before.request
        (request.price, request.quantity) = (cleared.amendment.price, cleared.amendment.quantity)
        // Counted down from the highest number there is: orders of the engines count up, and no start makes so many.
        let clientID = ClientOrderID.text(instance: plan.instance, epoch: plan.epoch, order: OrderID((1 << 35) - 1 - replacements))
        replacements += 1
        let venueID: String?
        do {
            venueID = try intend(request, limits: cleared.limitVersion, as: clientID, seat)
        } catch {
            end(unreplaced: old, seat)
            return diskFailed(error)
        }
        adopted[AdoptedKey(seat: seat, id: before.id)] = clientID
        venues[venue].keeper.standsIn(clientID, for: old, request, strategy: seat, at: now.wall, venueID: venueID)
        host.orderNamed(VenueOrderReference(clientID: clientID, venueID: venueID, symbol: before.symbol), at: venue)
        host.send(.place(VenueOrderRequest(clientID: clientID, request: request, venueID: venueID)), to: venue)
    }
}
