public import Domain

extension SimExchange {
    /// An amendment of ours reaches the venue: the quantity given is the new open quantity.
    public mutating func amend(_ request: AmendRequest, at time: Timestamp) {
        guard let place = find(request.id) else {
            return report(request.id, home(of: request.id), time, .amendRejected(isWithDealer(request.id) ? .unsupported : .unknownOrder))
        }
        let (market, standing) = (place.market, place.order)
        var amended = standing.pointee
        if amended.type.hasLimit, !request.keepsPrice { amended.price = request.price.ticks }
        if !request.keepsQuantity { amended.leaves = request.quantity.lots }
        if let reason = amendRefusal(market, amended, instead: standing.pointee) {
            return report(request.id, market.pointee.id, time, .amendRejected(reason))
        }
        let price = Price(ticks: amended.price)
        report(request.id, market.pointee.id, time, .amended(price: price, open: Quantity(lots: amended.leaves)))
        hold(market, &amended)
        if keepsPlace(amended, instead: standing.pointee), hasAmend(market) {
            standing.pointee = amended
            return
        }
        place.list.pointee.remove(at: place.index)
        market.pointee.refreshWatches()
        amended.arrival = market.pointee.nextArrival()
        if market.pointee.kind == .bars || amended.type.isStop {
            enlist(market, amended, inQueue: false)
        } else {
            arrive(market, &amended, time)
            if amended.expire != .never { refreshExpiry() }
        }
        finish(market, time)
    }

    private func hasAmend(_ market: Handle<Market>) -> Bool {
        let index = market.pointee.id.position
        return index >= rules.venues.count || rules.venues[index].hasAmend
    }

    /// Smaller at the same price keeps the place; a new price or a larger quantity goes to the back.
    private func keepsPlace(_ amended: RestingOrder, instead standing: RestingOrder) -> Bool {
        amended.price == standing.price && amended.leaves <= standing.leaves
    }

    private func amendRefusal(
        _ market: Handle<Market>, _ amended: RestingOrder, instead standing: RestingOrder
    ) -> RejectReason? {
        let instrument = market.pointee.instrument
        if amended.leaves < 1 || amended.leaves < instrument.minQuantity.lots { return .minQuantity }
        if amended.type.hasLimit, instrument.minNotional > .zero {
            let notional = instrument.notional(Price(ticks: amended.price), Quantity(lots: amended.leaves))
            if notional.magnitude < instrument.minNotional { return .minNotional }
        }
        if amended.isPostOnly, amended.type == .limit, market.pointee.kind != .bars,
            !keepsPlace(amended, instead: standing), crosses(market, amended) {
            return .postOnly
        }
        if isSpot {
            let (place, amount) = holding(market, amended)
            if amount > purse.available(place) + standing.reserved { return .insufficientBalance }
        }
        return nil
    }
}
