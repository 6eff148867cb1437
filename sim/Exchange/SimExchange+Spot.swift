internal import Domain

// Spot balances: what an order may spend is held back when it is accepted, so that no balance can go below zero.
extension SimExchange {
    /// What an open order must hold back, and the place of the currency.
    func holding(_ market: Handle<Market>, _ order: RestingOrder) -> (place: Int, amount: Amount) {
        if order.side == .sell {
            return (market.pointee.base, market.pointee.instrument.baseLot * order.leaves)
        }
        return (market.pointee.quote, max(.zero, worstCost(market, order)))
    }

    /// The most a buy may cost with its fee: at its limit, its trigger, or (a market order) from the recorded book or last bar.
    private func worstCost(_ market: Handle<Market>, _ order: RestingOrder) -> Amount {
        switch order.type {
        case .limit, .stopLimit: return cost(market, ticks: order.price, lots: order.leaves)
        case .stop: return cost(market, ticks: order.stop, lots: order.leaves)
        case .market:
            if market.pointee.kind == .bars {
                guard let last = market.pointee.last else { return .zero }
                return cost(market, ticks: last, lots: order.leaves)
            }
            return costOfTaking(market, order)
        }
    }

    func cost(_ market: Handle<Market>, ticks: Int64, lots: Int64) -> Amount {
        let notional = market.pointee.instrument.notional(Price(ticks: ticks), Quantity(lots: lots))
        return notional + market.pointee.fees.worst(notional, ticks: ticks, lots: lots)
    }

    /// How many lots at a price the balance pays, with what the order itself holds back.
    func affordable(_ market: Handle<Market>, _ order: RestingOrder, ticks: Int64) -> Int64 {
        if order.side == .sell {
            let available = purse.available(market.pointee.base) + order.reserved
            let owned = lots(in: available, each: market.pointee.instrument.baseLot)
            // At a price below zero the seller pays.
            return min(owned, lots(in: purse.available(market.pointee.quote), each: -proceeds(market, ticks: ticks)))
        }
        let available = purse.available(market.pointee.quote) + order.reserved
        return lots(in: available, each: cost(market, ticks: ticks, lots: 1))
    }

    private func proceeds(_ market: Handle<Market>, ticks: Int64) -> Amount {
        let notional = market.pointee.instrument.notional(Price(ticks: ticks), Quantity(lots: 1))
        return notional - market.pointee.fees.worst(notional, ticks: ticks, lots: 1)
    }

    private func lots(in amount: Amount, each: Amount) -> Int64 {
        if each <= .zero { return .max }
        if amount < .zero { return 0 }
        return Int64(clamping: amount.raw / each.raw)
    }

    /// Holds back what the order's open part needs, at most what it may: called at acceptance, after fills and amendments.
    mutating func hold(_ market: Handle<Market>, _ order: inout RestingOrder) {
        if !isSpot { return }
        let (place, needed) = holding(market, order)
        let amount = order.type == .market || order.type == .stop ? min(needed, purse.available(place) + order.reserved) : needed
        purse.hold(amount, insteadOf: order.reserved, in: place)
        order.reserved = amount
    }

    mutating func release(_ market: Handle<Market>, _ order: inout RestingOrder) {
        if !isSpot { return }
        let place = order.side == .sell ? market.pointee.base : market.pointee.quote
        purse.hold(.zero, insteadOf: order.reserved, in: place)
        order.reserved = .zero
    }

    /// Moves the money of one fill.
    mutating func settle(_ market: Handle<Market>, _ side: Side, lots: Int64, notional: Amount, fee: Amount) {
        let size = market.pointee.instrument.baseLot * lots
        purse.add(side == .buy ? size : -size, to: market.pointee.base)
        purse.add(side == .buy ? -(notional + fee) : notional - fee, to: market.pointee.quote)
    }
}
