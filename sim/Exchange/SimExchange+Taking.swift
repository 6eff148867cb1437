internal import Domain

// An order meets the recorded book on arrival.
extension SimExchange {
    /// Whether a limit order would trade against the recorded opposite best.
    func crosses(_ market: Handle<Market>, _ order: RestingOrder) -> Bool {
        let opposite = order.side.opposite
        if market.pointee.book.isEmpty(opposite) { return false }
        let flip = Key.flip(order.side)
        return order.price ^ flip >= market.pointee.book.bestTicks(opposite) ^ flip
    }

    /// A market or limit order, accepted, takes what it may and rests or ends with the rest.
    mutating func arrive(_ market: Handle<Market>, _ order: inout RestingOrder, _ time: Timestamp) {
        if order.type == .market {
            if order.timeInForce != .fillOrKill || isCovered(market, order) { take(market, &order, time) }
        } else if crosses(market, order) {
            if order.isPostOnly { return end(market, &order, time, .expired) }
            if order.timeInForce != .fillOrKill || isCovered(market, order) { take(market, &order, time) }
        }
        if order.isDone { return }
        if order.endsAtOnce { return end(market, &order, time, .expired) }
        rest(market, &order)
    }

    /// Puts an order at the back of its queue.
    private mutating func rest(_ market: Handle<Market>, _ order: inout RestingOrder) {
        order.ahead = market.pointee.baseUnits(recordedUnits(market, order.side, order.price))
        order.traded = 0
        enlist(market, order, inQueue: true)
    }

    /// The recorded size of a level; nobody is ahead where the tape does not tell sizes.
    func recordedUnits(_ market: Handle<Market>, _ side: Side, _ ticks: Int64) -> Int64 {
        let units = market.pointee.book.size(side, ticks: ticks)
        return units == unknownSize ? 0 : units
    }

    /// Fills against the recorded book, which stays as it is.
    private mutating func take(_ market: Handle<Market>, _ order: inout RestingOrder, _ time: Timestamp) {
        let opposite = order.side.opposite
        if rules.fills == .full && order.type == .limit {
            let best = market.pointee.book.bestTicks(opposite)
            fill(market, &order, lots: order.leaves, ticks: slipped(best, order), .taker, time)
            return
        }
        var walk = Walk(market, order)
        while let step = walk.next(market) {
            let filled = fill(market, &order, lots: step.lots, ticks: slipped(step.ticks, order), .taker, time)
            if filled < step.lots { return }
        }
    }

    /// Whether the levels up to its limit hold all of an order.
    private func isCovered(_ market: Handle<Market>, _ order: RestingOrder) -> Bool {
        if order.isReduceOnly && order.leaves > reducible(market, order.side) { return false }
        var walk = Walk(market, order)
        while walk.next(market) != nil {}
        return walk.left == 0
    }

    /// What a market buy would cost now, fee included.
    func costOfTaking(_ market: Handle<Market>, _ order: RestingOrder) -> Amount {
        var walk = Walk(market, order)
        var sum = Amount.zero
        while let step = walk.next(market) {
            sum += cost(market, ticks: slipped(step.ticks, order), lots: step.lots)
        }
        return sum
    }

    /// A taker's price: the recorded one, worse by the slippage; never beyond the order's limit, nor down through zero.
    func slipped(_ ticks: Int64, _ order: RestingOrder) -> Int64 {
        let distance: Int64
        switch rules.slippage {
        case .ticks(let count): distance = count
        case .basisPoints(let points):
            let divisor = ExactDecimal.powerOfTen(points.scale) * 10_000
            let product = Int128(ticks.magnitude) * points.mantissa
            distance = Int64((product + divisor - 1) / divisor)
        }
        if distance == 0 { return ticks }
        var price = ticks + order.side.sign * distance
        if order.side == .sell && ticks > 0 { price = max(price, 1) }
        if !order.type.hasLimit { return price }
        return order.side == .buy ? min(price, order.price) : max(price, order.price)
    }
}

/// A walk down the recorded side opposite to an order, in whole lots.
///
/// Recorded sizes may be off the lot: what counts is their running sum, so that an order is filled as soon as the levels hold it.
struct Walk {
    private let side: Side
    private let limit: Int64?
    private var level: Int64?
    private var units: Int64 = 0
    private var taken: Int64 = 0
    /// Lots that no level has held yet.
    private(set) var left: Int64

    init(_ market: Handle<Market>, _ order: RestingOrder) {
        side = order.side.opposite
        limit = order.type == .market ? nil : order.price
        left = order.leaves
        level = market.pointee.book.isEmpty(side) ? nil : market.pointee.book.bestTicks(side)
    }

    /// The next level that yields at least a lot.
    mutating func next(_ market: Handle<Market>) -> (ticks: Int64, lots: Int64)? {
        let flip = Key.flip(side)
        while left > 0, let ticks = level {
            if let limit, ticks ^ flip < limit ^ flip { return nil }
            level = market.pointee.book.next(side, after: ticks)
            let (sum, overflow) = units.addingReportingOverflow(market.pointee.book.size(side, ticks: ticks))
            units = overflow ? .max : sum
            let lots = min(units / market.pointee.unitsPerLot - taken, left)
            if lots <= 0 { continue }
            taken += lots
            left -= lots
            return (ticks, lots)
        }
        return nil
    }
}
