import Domain
import Exchange
import Foundation

// Requests and tick records of the naive twin.
extension NaiveExchange {
    func refusal(_ o: Own) -> RejectReason? {
        if o.request.isPostOnly && !o.type.hasLimit { return .unsupported }
        if o.leaves < instrument.minQuantity.lots { return .minQuantity }
        if o.request.isReduceOnly && reducible(o.side) == 0 { return .reduceOnly }
        if o.type.hasLimit, Amount(notional(o.price, o.leaves))! < instrument.minNotional { return .minNotional }
        let acts = !o.type.isStop || isTouched(o)
        if instrument.dataKind != .bars, acts, o.request.isPostOnly, crosses(o.side, o.price) { return .postOnly }
        if rules.spot != nil, needs(o) > free(o.side, without: o.id) { return .insufficientBalance }
        return nil
    }

    func isTouched(_ o: Own) -> Bool {
        guard let reference = last ?? best(o.side.opposite) else { return false }
        return o.side == .buy ? reference >= o.request.stop.ticks : reference <= o.request.stop.ticks
    }

    func submit(_ request: OrderRequest, at time: Int64) {
        var o = Own(
            request: request, type: request.type, price: request.price.ticks, leaves: request.quantity.lots, arrival: arrive())
        let before = position
        if let reason = refusal(o) { return say(o.id, time, .rejected(reason)) }
        let isBar = instrument.dataKind == .bars
        if expiry(o).nanoseconds <= time {
            say(o.id, time, .accepted)
            return say(o.id, time, .expired)
        }
        if rules.spot != nil, isBar || o.type != .market { o.held = needs(o) }
        if isBar {
            o.waits = true
            o.mute = request.isPostOnly && o.type == .limit
            if !o.mute { say(o.id, time, .accepted) }
            own.append(o)
            return
        }
        say(o.id, time, .accepted)
        if o.type.isStop && !isTouched(o) {
            o.waits = true
            own.append(o)
        } else {
            act(unstopped(o), time)
        }
        tidy(time, positionBefore: before)
    }

    func unstopped(_ o: Own) -> Own {
        var o = o
        if o.type == .stop { o.type = .market }
        if o.type == .stopLimit { o.type = .limit }
        return o
    }

    func cancel(_ id: OrderID, at time: Int64) {
        guard own.contains(where: { $0.id == id }) else { return say(id, time, .cancelRejected(.unknownOrder)) }
        own.removeAll { $0.id == id }
        say(id, time, .cancelled)
    }

    func expire(at time: Int64) {
        for o in own.sorted(by: { $0.arrival < $1.arrival }) where expiry(o).nanoseconds <= time {
            own.removeAll { $0.id == o.id }
            say(o.id, time, .expired)
        }
    }

    func amend(_ request: AmendRequest, at time: Int64) {
        guard let index = own.firstIndex(where: { $0.id == request.id }) else {
            return say(request.id, time, .amendRejected(.unknownOrder))
        }
        let old = own[index]
        var o = old
        if o.type.hasLimit { o.price = request.price.ticks }
        o.leaves = request.quantity.lots
        let stays = o.price == old.price && o.leaves <= old.leaves
        var reason: RejectReason?
        if o.leaves < instrument.minQuantity.lots { reason = .minQuantity }
        if reason == nil, o.type.hasLimit, Amount(notional(o.price, o.leaves))! < instrument.minNotional { reason = .minNotional }
        if reason == nil, !stays, instrument.dataKind != .bars, o.type == .limit, o.request.isPostOnly, crosses(o.side, o.price) {
            reason = .postOnly
        }
        if reason == nil, rules.spot != nil, needs(o) > free(o.side, without: o.id) { reason = .insufficientBalance }
        if let reason { return say(o.id, time, .amendRejected(reason)) }
        say(o.id, time, .amended(price: Price(ticks: o.price), open: Quantity(lots: o.leaves)))
        if rules.spot != nil { o.held = needs(o) }
        if stays {
            own[index] = o
            return
        }
        let before = position
        own.remove(at: index)
        o.arrival = arrive()
        if o.waits { own.append(o) } else { act(o, time) }
        tidy(time, positionBefore: before)
    }

    // MARK: - Records

    func level(_ side: Side, _ ticks: Int64, _ units: Int64, _ time: Int64) {
        let before = position
        let oldBest = best(side)
        let a = books[side]![ticks] ?? 0
        books[side]![ticks] = 2 * units < instrument.unitsPerLot && instrument.dataKind != .level3 || units == 0 ? nil : units
        moveUp(side, ticks, base(a), base(units))
        improved(side, from: oldBest, time)
        tidy(time, positionBefore: before)
    }

    func moveUp(_ side: Side, _ ticks: Int64, _ a: Double, _ b: Double) {
        for index in own.indices where own[index].side == side && own[index].price == ticks && !own[index].waits {
            var o = own[index]
            var f: ((Double) -> Double)?
            switch rules.queue {
            case .riskAverse: o.ahead = min(o.ahead, b)
            case .power(let n): f = { pow($0, n) }
            case .log: f = { log(1 + $0) }
            case .fifo: break
            }
            if let f {
                let c = (a - b) - o.traded
                o.traded = 0
                let back = a - o.ahead
                var p = f(back) / (f(back) + f(o.ahead))
                if p.isInfinite { p = 1 }
                if c < 0 { o.ahead = min(o.ahead, b) }
                else if p.isNaN { o.ahead = b }
                else { o.ahead = min(o.ahead - (1 - p) * c + min(back - p * c, 0), b) }
            }
            own[index] = o
        }
    }

    func improved(_ side: Side, from old: Int64?, _ time: Int64) {
        let now = best(side)
        if let now, old == nil || better(side, now, old!) {
            for o in queue(side.opposite) where side == .buy ? o.price <= now : o.price >= now {
                fill(listed: o.id, o.leaves, o.price, .maker, time)
            }
        }
        if now != old, last == nil { touchStops(time) }
    }

    func touchStops(_ time: Int64) {
        for o in own.filter(\.waits) where isTouched(o) {
            own.removeAll { $0.id == o.id }
            var moved = unstopped(o)
            moved.arrival = arrive()
            act(moved, time)
        }
    }

    func serve(_ side: Side, _ ticks: Int64, _ units: Int64, _ time: Int64) {
        var left = units
        for o in queue(side) {
            if better(side, o.price, ticks) { fill(listed: o.id, o.leaves, o.price, .maker, time) }
            if o.price != ticks { continue }
            let index = own.firstIndex { $0.id == o.id }!
            own[index].ahead -= base(left)
            own[index].traded += base(units)
            let n = (-own[index].ahead / lot).rounded(.toNearestOrAwayFromZero)
            if n < 1 { continue }
            if rules.fills == .partial { own[index].ahead = 0 }
            let got = fill(listed: o.id, rules.fills == .full ? o.leaves : Int64(n), ticks, .maker, time)
            left = max(0, left - got * instrument.unitsPerLot)
        }
    }

    func trade(_ aggressor: Side?, _ ticks: Int64, _ units: Int64, offBook: Bool, _ time: Int64) {
        if offBook { return }
        var before = position
        if let aggressor, instrument.dataKind != .level3 { serve(aggressor.opposite, ticks, units, time) }
        tidy(time, positionBefore: before)
        last = ticks
        before = position
        touchStops(time)
        tidy(time, positionBefore: before)
    }

    func quote(_ side: Side, _ ticks: Int64, _ units: Int64, _ time: Int64) {
        let before = position
        let old = best(side)
        let a = books[side]![ticks] ?? 0
        books[side] = 2 * units < instrument.unitsPerLot ? [:] : [ticks: units]
        for index in own.indices where own[index].side == side && !own[index].waits && better(side, own[index].price, ticks) {
            own[index].ahead = min(own[index].ahead, 0)
        }
        moveUp(side, ticks, base(a), base(units))
        improved(side, from: old, time)
        tidy(time, positionBefore: before)
    }

    // MARK: - Level 3

    func changeLevel(_ side: Side, _ ticks: Int64, _ units: Int64, _ time: Int64) {
        level(side, ticks, (books[side]![ticks] ?? 0) + units, time)
    }
    func remove(_ id: Int64, _ units: Int64, _ time: Int64) {
        guard var order = recorded[id], units > 0 else { return }
        order.units -= units
        recorded[id] = order.units > 0 ? order : nil
        changeLevel(order.side, order.price, -units, time)
    }
    func add(_ id: Int64, _ side: Side, _ price: Int64, _ units: Int64, snapshot: Bool, _ time: Int64) {
        recorded[id] = Recorded(side: side, price: price, units: units, arrival: snapshot ? 0 : arrive())
        changeLevel(side, price, units, time)
    }
    func modify(_ id: Int64, _ price: Int64, _ units: Int64, _ time: Int64) {
        guard let order = recorded[id] else { return }
        if price == order.price && units <= order.units { return remove(id, order.units - units, time) }
        remove(id, order.units, time)
        add(id, order.side, price, units, snapshot: false, time)
    }
    func executed(_ id: Int64, _ units: Int64, _ time: Int64) {
        guard let order = recorded[id] else { return }
        let units = min(units, order.units)
        let before = position
        if rules.queue != .fifo {
            serve(order.side, order.price, units, time)
        } else {
            var lots = units / instrument.unitsPerLot
            for o in queue(order.side) {
                if better(order.side, o.price, order.price) { fill(listed: o.id, o.leaves, o.price, .maker, time) }
                if o.price == order.price, o.arrival < order.arrival, lots > 0 {
                    lots -= fill(listed: o.id, rules.fills == .full ? o.leaves : lots, o.price, .maker, time)
                }
            }
        }
        tidy(time, positionBefore: before)
        remove(id, units, time)
    }
}
