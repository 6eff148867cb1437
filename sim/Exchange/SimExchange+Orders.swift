internal import Domain

// What every order goes through, whatever the tape: refusal, acceptance, fills, the end.
extension SimExchange {
    /// Why the venue does not take an order, nil where it does.
    func refusal(_ market: Handle<Market>, _ order: RestingOrder) -> RejectReason? {
        if order.isPostOnly && !order.type.hasLimit { return .unsupported }
        if let reason = refusal(market, order, by: market.pointee.id.position) { return reason }
        if order.leaves < 1 || order.leaves < market.pointee.instrument.minQuantity.lots { return .minQuantity }
        if order.isReduceOnly && reducible(market, order.side) == 0 { return .reduceOnly }
        if order.type.hasLimit, market.pointee.instrument.minNotional > .zero {
            let notional = market.pointee.instrument.notional(Price(ticks: order.price), Quantity(lots: order.leaves))
            if notional.magnitude < market.pointee.instrument.minNotional { return .minNotional }
        }
        if market.pointee.kind != .bars, !order.type.isStop || isTriggered(market, order) {
            if order.isPostOnly && crosses(market, order) { return .postOnly }
        }
        if isSpot {
            let (place, amount) = holding(market, order)
            if amount > purse.available(place) { return .insufficientBalance }
        }
        return nil
    }

    /// What the venue of this instrument does not know, or has no place for.
    private func refusal(_ market: Handle<Market>, _ order: RestingOrder, by index: Int) -> RejectReason? {
        guard index < rules.venues.count else { return nil }
        if !rules.venues[index].takes(order) { return .unsupported }
        guard let most = rules.venues[index].maxOpenOrders else { return nil }
        let open = (0..<3).reduce(0) { count, number in count + market.pointee.list(number).pointee.count }
        return open >= most ? .venue : nil
    }

    /// How many lots a fill of this side may have while it only reduces our position.
    func reducible(_ market: Handle<Market>, _ side: Side) -> Int64 {
        let position = market.pointee.position
        return side == .buy ? max(0, -position) : max(0, position)
    }

    /// Puts an order into one of the market's lists.
    mutating func enlist(_ market: Handle<Market>, _ order: RestingOrder, inQueue: Bool) {
        if inQueue {
            market.pointee.resting(order.side).pointee.insertByPriority(order)
        } else {
            market.pointee.waiting.pointee.append(order)
        }
        market.pointee.watch(order, inQueue: inQueue)
        if order.expire < nextExpiry { nextExpiry = order.expire }
    }

    /// The venue has taken the order: holds back its balance and reports `accepted`.
    mutating func accept(_ market: Handle<Market>, _ order: inout RestingOrder, _ time: Timestamp) {
        hold(market, &order)
        report(order.id, market.pointee.id, time, .accepted)
    }

    /// One fill, bounded by what a reduce-only order and a spot balance allow; answers the lots filled.
    @discardableResult
    mutating func fill(
        _ market: Handle<Market>, _ order: inout RestingOrder, lots wanted: Int64, ticks: Int64,
        _ liquidity: Liquidity, _ time: Timestamp
    ) -> Int64 {
        var lots = min(wanted, order.leaves)
        if order.isReduceOnly { lots = min(lots, reducible(market, order.side)) }
        if isSpot { lots = min(lots, affordable(market, order, ticks: ticks)) }
        if lots <= 0 { return 0 }
        let (price, quantity) = (Price(ticks: ticks), Quantity(lots: lots))
        let notional = market.pointee.instrument.notional(price, quantity)
        let fee = market.pointee.fees.fee(order.side, notional, ticks: ticks, lots: lots, liquidity)
        order.leaves -= lots
        market.pointee.position += order.side.sign * lots
        market.pointee.positionChanged = true
        if isSpot {
            // What is left of a market order ends within this event: it holds nothing back.
            if order.type == .market { release(market, &order) } else { hold(market, &order) }
            settle(market, order.side, lots: lots, notional: notional, fee: fee)
        }
        let fill = Fill(
            id: nextFill(), price: price, quantity: quantity, liquidity: liquidity, fee: fee.amount, feeInBase: fee.isInBase)
        report(order.id, market.pointee.id, time, .filled(fill))
        if order.leaves == 0 {
            order.isDone = true
            market.pointee.hasDone = true
        }
        return lots
    }

    /// A fill of an order that stands in a list.
    @discardableResult
    mutating func fill(
        _ market: Handle<Market>, _ order: Handle<RestingOrder>, lots: Int64, ticks: Int64,
        _ liquidity: Liquidity, _ time: Timestamp
    ) -> Int64 {
        fill(market, &order.pointee, lots: lots, ticks: ticks, liquidity, time)
    }

    /// Ends an order with a report, releasing what it held back.
    mutating func end(
        _ market: Handle<Market>, _ order: inout RestingOrder, _ time: Timestamp, _ fact: ExecutionReport.Fact
    ) {
        order.isDone = true
        market.pointee.hasDone = true
        release(market, &order)
        report(order.id, market.pointee.id, time, fact)
    }

    mutating func end(
        _ market: Handle<Market>, _ order: Handle<RestingOrder>, _ time: Timestamp,
        _ fact: ExecutionReport.Fact
    ) {
        end(market, &order.pointee, time, fact)
    }

    /// The last act of every event that may have touched orders: ends reduce-only orders that can reduce no more, drops what is done.
    mutating func finish(_ market: Handle<Market>, _ time: Timestamp) {
        if market.pointee.positionChanged {
            while let order = first(market, where: { $0.isReduceOnly && reducible(market, $0.side) == 0 }) {
                end(market, order, time, .expired)
            }
            market.pointee.positionChanged = false
        }
        if market.pointee.hasDone { sweep(market) }
    }

    private mutating func sweep(_ market: Handle<Market>) {
        market.pointee.hasDone = false
        var hadExpiry = false
        for number in 0..<3 {
            let list = market.pointee.list(number)
            var isAnyDone = false
            for index in 0..<list.pointee.count where list.pointee[index].pointee.isDone {
                isAnyDone = true
                if list.pointee[index].pointee.expire != .never { hadExpiry = true }
            }
            if isAnyDone { list.pointee.removeDone() }
        }
        market.pointee.refreshWatches()
        if hadExpiry { refreshExpiry() }
    }

    /// The open order that arrived first among those that a condition holds for.
    func first(_ market: Handle<Market>, where condition: (RestingOrder) -> Bool) -> Handle<RestingOrder>? {
        var first: Handle<RestingOrder>?
        for number in 0..<3 {
            let list = market.pointee.list(number)
            for index in 0..<list.pointee.count {
                let order = list.pointee[index]
                if order.pointee.isDone || !condition(order.pointee) { continue }
                if let other = first, other.pointee.arrival < order.pointee.arrival { continue }
                first = order
            }
        }
        return first
    }

    // MARK: - GTD

    mutating func refreshExpiry() {
        nextExpiry = Timestamp(nanoseconds: dealerDue)
        for index in 0..<marketCount {
            for number in 0..<3 {
                let list = market(index).pointee.list(number)
                for place in 0..<list.pointee.count {
                    nextExpiry = min(nextExpiry, list.pointee[place].pointee.expire)
                }
            }
        }
    }
}
