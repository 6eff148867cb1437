internal import Domain

// Spot balances: what an order may spend is held back when it is accepted, so that no balance can go below zero.
extension SimExchange {
    /// What an open order must hold back, and the place of the currency.
    func holding(_ market: Handle<Market>, _ order: RestingOrder) -> (place: Int, amount: Amount) {
        if order.side == .sell {
            return (market.pointee.base, baseOfSale(market, lots: order.leaves))
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

    /// What a buy takes from the quote balance. A fee in base comes out of what the buy brings in.
    func cost(_ market: Handle<Market>, ticks: Int64, lots: Int64) -> Amount {
        let notional = market.pointee.instrument.notional(Price(ticks: ticks), Quantity(lots: lots))
        let fee = market.pointee.fees.worst(.buy, notional, ticks: ticks, lots: lots)
        return fee.isInBase ? notional : notional + fee.amount
    }

    /// What a sale takes from the base balance.
    private func baseOfSale(_ market: Handle<Market>, lots: Int64) -> Amount {
        let size = market.pointee.instrument.baseLot * lots
        let fee = market.pointee.fees.worst(.sell, .zero, ticks: 0, lots: lots)
        return fee.isInBase ? size + fee.amount : size
    }

    /// How many lots at a price the balance pays, with what the order itself holds back.
    func affordable(_ market: Handle<Market>, _ order: RestingOrder, ticks: Int64) -> Int64 {
        if order.side == .sell {
            let available = purse.available(market.pointee.base) + order.reserved
            let owned = mostLots(order.leaves, in: available) { baseOfSale(market, lots: $0) }
            // At a price below zero the seller pays.
            let spare = purse.available(market.pointee.quote)
            return min(owned, mostLots(order.leaves, in: spare) { -proceeds(market, ticks: ticks, lots: $0) })
        }
        let available = purse.available(market.pointee.quote) + order.reserved
        return mostLots(order.leaves, in: available) { cost(market, ticks: ticks, lots: $0) }
    }

    private func proceeds(_ market: Handle<Market>, ticks: Int64, lots: Int64) -> Amount {
        let notional = market.pointee.instrument.notional(Price(ticks: ticks), Quantity(lots: lots))
        let fee = market.pointee.fees.worst(.sell, notional, ticks: ticks, lots: lots)
        return fee.isInBase ? notional : notional - fee.amount
    }

    /// The most lots, up to `wanted`, that an amount pays for. A rounded fee is no multiple of the lots, so this searches.
    private func mostLots(_ wanted: Int64, in amount: Amount, price: (Int64) -> Amount) -> Int64 {
        if price(wanted) <= max(.zero, amount) { return wanted }
        var (low, high) = (Int64(0), wanted)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if price(middle) <= amount { low = middle } else { high = middle }
        }
        return low
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
    mutating func settle(_ market: Handle<Market>, _ side: Side, lots: Int64, notional: Amount, fee: Fee) {
        let size = market.pointee.instrument.baseLot * lots
        let (inBase, inQuote) = fee.isInBase ? (fee.amount, Amount.zero) : (.zero, fee.amount)
        purse.add((side == .buy ? size : -size) - inBase, to: market.pointee.base)
        purse.add((side == .buy ? -notional : notional) - inQuote, to: market.pointee.quote)
    }
}
