public import Domain

// Tapes of bars: every order waits for the next bar to open; then at the open, then inside the bar.
extension SimExchange {
    /// A bar opens: market orders, limits and stops that the open reaches, in order of sending.
    ///
    /// - Parameter time: the bar's open time.
    public mutating func openBar(_ record: UnsafePointer<MarketRecord>, instrument: Int, at time: Timestamp) {
        let record = unsafe Handle(reading: record)
        let market = market(instrument)
        market.pointee.barAllowance = allowance(market, volume: record.pointee.e)
        let open = record.pointee.a
        let list = market.pointee.waiting
        if list.pointee.count == 0 { return }
        for index in 0..<list.pointee.count {
            let order = list.pointee[index]
            if order.pointee.isDone { continue }
            meetOpen(market, &order.pointee, open, time)
            order.pointee.isFresh = false
        }
        finish(market, time)
    }

    /// The same bar closes: stops that its range touches, then limits that it trades through.
    ///
    /// - Parameter time: the bar's close time.
    public mutating func closeBar(_ record: UnsafePointer<MarketRecord>, instrument: Int, at time: Timestamp) {
        let record = unsafe Handle(reading: record)
        let market = market(instrument)
        market.pointee.last = record.pointee.d
        let list = market.pointee.waiting
        let count = list.pointee.count
        if count == 0 { return }
        for index in 0..<count {
            let order = list.pointee[index]
            if order.pointee.type.isStop && isInside(order) { meetStop(market, &order.pointee, record, time) }
        }
        for index in 0..<count {
            let order = list.pointee[index]
            if order.pointee.type == .limit && isInside(order) { meetLimit(market, &order.pointee, record, time) }
        }
        for index in 0..<count { list.pointee[index].pointee.triggeredInside = false }
        finish(market, time)
    }

    /// A bar from its open to its close while no order is there.
    @inline(__always)
    public mutating func passBar(close ticks: Int64, instrument: Int) { market(instrument).pointee.last = ticks }

    /// What was sent after the open waits for the next one.
    private func isInside(_ order: Handle<RestingOrder>) -> Bool {
        !order.pointee.isDone && !order.pointee.isFresh && !order.pointee.triggeredInside
    }

    /// An order between bars. Whether a post-only order would take is known at the next open, so its acceptance waits till then.
    mutating func enqueueForBar(_ market: Handle<Market>, _ order: RestingOrder, _ time: Timestamp) {
        var order = order
        if order.isPostOnly && order.type == .limit {
            order.awaitsOpen = true
            hold(market, &order)
        } else {
            accept(market, &order, time)
        }
        enlist(market, order, inQueue: false)
    }

    // MARK: - At the open

    private mutating func meetOpen(
        _ market: Handle<Market>, _ order: inout RestingOrder, _ open: Int64, _ time: Timestamp
    ) {
        let side = order.side
        if order.type.isStop {
            if side == .buy ? open < order.stop : open > order.stop { return }
            order.trigger()
        }
        if order.type == .market { return takeBar(market, &order, open, time) }
        let reaches = side == .buy ? open <= order.price : open >= order.price
        if order.awaitsOpen {
            order.awaitsOpen = false
            if reaches {
                order.isDone = true
                market.pointee.hasDone = true
                release(market, &order)
                return report(order.id, market.pointee.id, time, .rejected(.postOnly))
            }
            report(order.id, market.pointee.id, time, .accepted)
        }
        if reaches && order.isPostOnly {
            fillInBar(market, &order, order.price, .maker, time)
        } else if reaches {
            takeBar(market, &order, open, time)
        }
        if !order.isDone && order.endsAtOnce { end(market, &order, time, .expired) }
    }

    // MARK: - Inside

    private mutating func meetStop(
        _ market: Handle<Market>, _ order: inout RestingOrder, _ record: Handle<MarketRecord>, _ time: Timestamp
    ) {
        let (open, high, low) = (record.pointee.a, record.pointee.b, record.pointee.c)
        if order.side == .buy ? high < order.stop : low > order.stop { return }
        let price = order.side == .buy ? max(open, order.stop) : min(open, order.stop)
        order.trigger()
        if order.type == .market { return takeBar(market, &order, price, time) }
        // Where the bar went after it touched the trigger is not known: a limit that is not met there waits for the next bar.
        order.triggeredInside = true
        if order.side == .buy ? price <= order.price : price >= order.price {
            if order.isPostOnly { return end(market, &order, time, .expired) }
            takeBar(market, &order, price, time)
        }
        if !order.isDone && order.endsAtOnce { end(market, &order, time, .expired) }
    }

    private mutating func meetLimit(
        _ market: Handle<Market>, _ order: inout RestingOrder, _ record: Handle<MarketRecord>, _ time: Timestamp
    ) {
        let (high, low) = (record.pointee.b, record.pointee.c)
        let isThrough = order.side == .buy ? low < order.price : high > order.price
        if isThrough { fillInBar(market, &order, order.price, .maker, time) }
    }

    // MARK: - Fills

    /// Fills as a taker at a price of the bar, worse by the slippage; what the bar's volume does not allow of a market order expires.
    private mutating func takeBar(
        _ market: Handle<Market>, _ order: inout RestingOrder, _ ticks: Int64, _ time: Timestamp
    ) {
        let available = min(market.pointee.barAllowance, order.isReduceOnly ? reducible(market, order.side) : .max)
        if order.timeInForce != .fillOrKill || order.leaves <= available {
            fillInBar(market, &order, slipped(ticks, order), .taker, time)
        }
        if !order.isDone && order.endsAtOnce { end(market, &order, time, .expired) }
    }

    private mutating func fillInBar(
        _ market: Handle<Market>, _ order: inout RestingOrder, _ ticks: Int64, _ liquidity: Liquidity, _ time: Timestamp
    ) {
        let lots = min(order.leaves, market.pointee.barAllowance)
        let filled = fill(market, &order, lots: lots, ticks: ticks, liquidity, time)
        if rules.maxBarShare != nil { market.pointee.barAllowance -= filled }
    }

    /// The lots of a bar's volume that our fills may be.
    private func allowance(_ market: Handle<Market>, volume: Int64) -> Int64 {
        guard let share = rules.maxBarShare else { return .max }
        let divisor = ExactDecimal.powerOfTen(share.scale) * Int128(market.pointee.unitsPerLot)
        return Int64(clamping: Int128(max(0, volume)) * share.mantissa / divisor)
    }
}
