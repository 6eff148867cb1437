internal import Domain

// Level-2, quote and trade records: the book, then the tests of `docs/fills.md`, in its order.
extension SimExchange {
    /// A level record: the book, and what follows for our orders.
    @inline(__always)
    mutating func setLevel(_ market: Handle<Market>, _ side: Side, ticks: Int64, units: Int64, at time: Int64) {
        let size = units < market.pointee.smallestUnits ? 0 : units
        if !market.pointee.isWatching {
            market.pointee.book.setUncounted(side, ticks: ticks, size: size)
            return
        }
        // With orders of ours beside it: most levels are still at none of their prices, and leave the best where it is.
        let best = market.pointee.book.bestTicks(side)
        let old = market.pointee.book.setUncounted(side, ticks: ticks, size: size)
        if market.pointee.mayRest(side, at: ticks) { queueChanged(market, side, ticks: ticks, from: old, to: units) }
        if market.pointee.book.bestTicks(side) != best {
            bestMoved(market, side, from: best, Timestamp(nanoseconds: time))
        }
    }

    /// A depth record at a price: our orders there move up by the queue model.
    @inline(never)
    func queueChanged(_ market: Handle<Market>, _ side: Side, ticks: Int64, from old: Int64, to new: Int64) {
        let list = market.pointee.resting(side)
        for index in list.pointee.firstIndex(at: ticks, side)..<list.pointee.count {
            let order = list.pointee[index]
            if order.pointee.price != ticks { break }
            let before = market.pointee.baseUnits(old == unknownSize ? 0 : old)
            let after = market.pointee.baseUnits(new == unknownSize ? 0 : new)
            QueueEstimate.depthChanged(&order.pointee, from: before, to: after, rules.queue)
        }
    }

    /// The best of a side has changed: where it improved, it fills the orders of the other side that it reaches, makers at their prices.
    mutating func bestMoved(_ market: Handle<Market>, _ side: Side, from old: Int64, _ time: Timestamp) {
        let flip = Key.flip(side)
        let best = market.pointee.book.bestTicks(side)
        var touched = false
        if best ^ flip > old ^ flip {
            let list = market.pointee.resting(side.opposite)
            for index in 0..<list.pointee.count {
                let order = list.pointee[index]
                if order.pointee.price ^ flip > best ^ flip { break }
                fill(market, order, lots: order.pointee.leaves, ticks: order.pointee.price, .maker, time)
                touched = true
            }
        }
        if market.pointee.last == nil && market.pointee.waiting.pointee.count > 0 {
            touched = triggerStops(market, time) || touched
        }
        if touched { finish(market, time) }
    }

    mutating func trade(_ market: Handle<Market>, _ record: Handle<MarketRecord>) {
        if record.pointee.flags & MarketRecord.Flag.offBook != 0 { return }
        let price = record.pointee.a
        let time = Timestamp(nanoseconds: record.pointee.exchangeTime)
        let isTape = market.pointee.kind == .trades
        if market.pointee.isWatching && market.pointee.kind != .level3 {
            if let aggressor = record.pointee.side {
                serve(market, aggressor.opposite, price: price, units: record.pointee.b, time)
            } else if isTape {
                serve(market, .buy, price: price, units: record.pointee.b, time)
                serve(market, .sell, price: price, units: record.pointee.b, time)
            }
        }
        market.pointee.last = price
        if isTape { setOnlyPrice(market, price) }
        if price >= market.pointee.buyTrigger || price <= market.pointee.sellTrigger {
            if triggerStops(market, time) { finish(market, time) }
        }
    }

    /// A tape of trades alone: the last price is what a taker gets, in any size.
    private func setOnlyPrice(_ market: Handle<Market>, _ ticks: Int64) {
        market.pointee.book.clear()
        market.pointee.book.set(.buy, ticks: ticks, size: unknownSize)
        market.pointee.book.set(.sell, ticks: ticks, size: unknownSize)
    }

    /// A public trade against one side: better orders fill completely, those at its price in turn as their place allows.
    mutating func serve(_ market: Handle<Market>, _ side: Side, price: Int64, units: Int64, _ time: Timestamp) {
        let flip = Key.flip(side)
        let list = market.pointee.resting(side)
        let quantity = market.pointee.baseUnits(units)
        var (remaining, touched) = (units, false)
        for index in 0..<list.pointee.count {
            let order = list.pointee[index]
            if order.pointee.price ^ flip < price ^ flip { break }
            touched = true
            if order.pointee.price != price {
                fill(market, order, lots: order.pointee.leaves, ticks: order.pointee.price, .maker, time)
                continue
            }
            order.pointee.ahead -= market.pointee.baseUnits(remaining)
            order.pointee.traded += quantity
            let lots = (-order.pointee.ahead / market.pointee.lotSize).rounded()
            if lots < 1 { continue }
            let wanted = rules.fills == .full ? order.pointee.leaves : Int64(min(lots, 0x1p62))
            if rules.fills == .partial { order.pointee.ahead = 0 }
            let filled = fill(market, order, lots: wanted, ticks: price, .maker, time)
            remaining = max(0, remaining - filled * market.pointee.unitsPerLot)
        }
        if touched { finish(market, time) }
    }

    mutating func clear(_ market: Handle<Market>, side: Side?) {
        if market.pointee.kind == .trades { return }
        if let side { market.pointee.book.clear(side) } else { market.pointee.book.clear() }
        if market.pointee.kind == .level3 { market.pointee.recorded.removeAll(side) }
    }

    // MARK: - Quote tapes: as level 2 with one level a side

    mutating func quote(_ market: Handle<Market>, _ record: Handle<MarketRecord>) {
        let sides = record.pointee.aux
        if sides & 1 != 0 {
            setBest(market, .buy, ticks: record.pointee.a, units: record.pointee.b, at: record.pointee.exchangeTime)
        }
        if sides & 2 != 0 {
            setBest(market, .sell, ticks: record.pointee.c, units: record.pointee.d, at: record.pointee.exchangeTime)
        }
    }

    /// One side's only level. A size of zero at a price is a size that the tape does not tell; price and size zero, an empty side.
    private mutating func setBest(_ market: Handle<Market>, _ side: Side, ticks: Int64, units: Int64, at time: Int64) {
        let old = market.pointee.book.bestTicks(side)
        let told = units == 0 && ticks != 0 ? unknownSize : units
        let size = told < market.pointee.smallestUnits ? 0 : told
        let before = market.pointee.book.size(side, ticks: ticks)
        if old != ticks && !market.pointee.book.isEmpty(side) { market.pointee.book.set(side, ticks: old, size: 0) }
        market.pointee.book.set(side, ticks: ticks, size: size)
        if !market.pointee.isWatching { return }
        emptied(market, side, betterThan: ticks)
        if ticks != 0 || units != 0 { queueChanged(market, side, ticks: ticks, from: before, to: told) }
        if market.pointee.book.bestTicks(side) != old {
            bestMoved(market, side, from: old, Timestamp(nanoseconds: time))
        }
    }

    /// The best has fallen back: there is nobody left in front of our orders that are better than it.
    private func emptied(_ market: Handle<Market>, _ side: Side, betterThan ticks: Int64) {
        let flip = Key.flip(side)
        let list = market.pointee.resting(side)
        for index in 0..<list.pointee.count {
            let order = list.pointee[index]
            if order.pointee.price ^ flip <= ticks ^ flip { return }
            order.pointee.ahead = min(order.pointee.ahead, 0)
        }
    }
}
