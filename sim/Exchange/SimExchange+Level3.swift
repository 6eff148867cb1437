internal import Domain

// Level-3 tapes: every recorded order is known, so the queue can be exact. A place in it needs no quantity: a recorded order is in front
// of ours where it arrived first, and when one behind ours trades, ours would have traded instead.
extension SimExchange {
    private var isExact: Bool { rules.queue == .fifo }

    mutating func recordedOrder(_ market: Handle<Market>, _ record: Handle<MarketRecord>) {
        if market.pointee.kind != .level3 { return }
        let time = record.pointee.exchangeTime
        let known = market.pointee.recorded.find(record.pointee.e)
        switch record.pointee.kind {
        case .orderAdd:
            guard let side = record.pointee.side else { return }
            // A snapshot lists who was there already; a repeated number replaces its order.
            if let known { leave(market, known, units: known.units, time) }
            let arrival = record.pointee.flags & MarketRecord.Flag.snapshot != 0 ? 0 : market.pointee.nextArrival()
            enter(market, record.pointee.e, side, ticks: record.pointee.a, units: record.pointee.b, arrival, time)
        case .orderModify:
            guard let known else { return }
            if record.pointee.a == known.price && record.pointee.b <= known.units {
                leave(market, known, units: known.units - record.pointee.b, time)
            } else {
                leave(market, known, units: known.units, time)
                let arrival = market.pointee.nextArrival()
                enter(market, known.id, known.side, ticks: record.pointee.a, units: record.pointee.b, arrival, time)
            }
        case .orderCancel:
            if let known { leave(market, known, units: known.units, time) }
        case .orderFill:
            guard let known else { return }
            let units = min(record.pointee.b, known.units)
            if market.pointee.isWatching { executed(market, known, units: units, time) }
            leave(market, known, units: units, time)
        case .level, .clear, .trade, .quote, .bar, .status:
            break
        }
    }

    /// A recorded order joins the queue at its price.
    private mutating func enter(
        _ market: Handle<Market>, _ id: Int64, _ side: Side, ticks: Int64, units: Int64, _ arrival: UInt64,
        _ time: Int64
    ) {
        if units <= 0 { return }
        market.pointee.recorded.put(
            RecordedOrders.Entry(id: id, price: ticks, units: units, arrival: arrival, side: side, isUsed: true))
        changeLevel(market, side, ticks, by: units, time)
    }

    /// Part or all of a recorded order goes; those behind it move up.
    private mutating func leave(_ market: Handle<Market>, _ entry: RecordedOrders.Entry, units: Int64, _ time: Int64) {
        if units <= 0 { return }
        if units >= entry.units {
            market.pointee.recorded.remove(entry.id)
        } else {
            var smaller = entry
            smaller.units -= units
            market.pointee.recorded.put(smaller)
        }
        changeLevel(market, entry.side, entry.price, by: -units, time)
    }

    private mutating func changeLevel(
        _ market: Handle<Market>, _ side: Side, _ ticks: Int64, by units: Int64, _ time: Int64
    ) {
        let size = market.pointee.book.size(side, ticks: ticks)
        setLevel(market, side, ticks: ticks, units: max(0, size + units), at: time)
    }

    /// A recorded order traded. With the exact queue: what executed behind or beyond ours would have been ours.
    private mutating func executed(
        _ market: Handle<Market>, _ entry: RecordedOrders.Entry, units: Int64, _ nanoseconds: Int64
    ) {
        let time = Timestamp(nanoseconds: nanoseconds)
        if !isExact { return serve(market, entry.side, price: entry.price, units: units, time) }
        let flip = Key.flip(entry.side)
        let list = market.pointee.resting(entry.side)
        let unitsPerLot = market.pointee.unitsPerLot
        var (remaining, touched) = (units, false)
        for index in 0..<list.pointee.count {
            let order = list.pointee[index]
            if order.pointee.price ^ flip < entry.price ^ flip { break }
            if order.pointee.price != entry.price {
                fill(market, order, lots: order.pointee.leaves, ticks: order.pointee.price, .maker, time)
                touched = true
            } else if order.pointee.arrival < entry.arrival {
                let lots = remaining / unitsPerLot
                if lots < 1 { break }
                let wanted = rules.fills == .full ? order.pointee.leaves : lots
                let filled = fill(market, order, lots: wanted, ticks: order.pointee.price, .maker, time)
                remaining = max(0, remaining - filled * unitsPerLot)
                touched = true
            }
        }
        if touched { finish(market, time) }
    }
}
