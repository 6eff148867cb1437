import Domain

/// C1 to C4: what one order alone may be.
extension InstrumentLimits {
    /// C1, all but the smallest value.
    @inline(__always) func checkForm(of request: OrderRequest, at now: Timestamp) throws(Breach) {
        let counts: ClosedRange<Int64> = 1...Gate.largestCount
        guard counts.contains(request.quantity.lots) else { throw .badQuantity(lots: request.quantity.lots) }
        if request.type.hasLimit && !counts.contains(request.price.ticks) { throw .badPrice(ticks: request.price.ticks) }
        if request.type.isStop && !counts.contains(request.stop.ticks) { throw .badStop(ticks: request.stop.ticks) }
        switch request.timeInForce {
        case .goodTillDate:
            if !request.type.hasLimit && !request.type.isStop {
                throw .unsupportedTimeInForce(request.type, request.timeInForce)
            }
            if request.expire <= now || request.expire == .never { throw .badExpire(expire: request.expire, now: now) }
        case .goodTillCancel, .immediateOrCancel, .fillOrKill: break
        }
        if request.isPostOnly {
            let rests = request.timeInForce == .goodTillCancel || request.timeInForce == .goodTillDate
            if request.type != .limit || !rests { throw .unsupportedPostOnly(request.type, request.timeInForce) }
        }
        if request.quantity.lots < minQuantityLots {
            throw .minQuantity(asked: request.quantity, limit: Quantity(lots: minQuantityLots))
        }
    }

    /// C1, the smallest value: at the limit or the trigger; for a market order at the price it would meet, else at the last; unknown
    /// where nothing has a price.
    @inline(__always) func checkMinimum(of request: OrderRequest, exposure: Exposure) throws(Breach) {
        if minNotional.raw <= 0 { return }
        let ticks = switch request.type {
        case .limit, .stopLimit: request.price.ticks
        case .stop: request.stop.ticks
        case .market: exposure.touch(met: request.side) ?? exposure.lastTicks
        }
        if ticks <= 0 { return }
        if let value = value(ticks: ticks, lots: request.quantity.lots), value < minNotional.raw {
            throw .minNotional(asked: Amount(raw: value), limit: minNotional)
        }
    }

    /// C2 and C3.
    @inline(__always) func checkOrderSize(of request: OrderRequest, charge: Charge) throws(Breach) {
        if request.quantity.lots > maxOrderLots {
            throw .maxOrderQuantity(asked: request.quantity, limit: Quantity(lots: maxOrderLots))
        }
        if hasValueLimit {
            if charge.price.ticks == 0 { throw .noReference(control: 3) }
            if charge.value > maxOrderValue { throw .maxOrderValue(asked: charge.value, limit: maxOrderValue) }
        }
    }

    /// C4. A limit is held against the reference price, a trigger too (by the bound of its own side of the market), and the limit
    /// of a stop-limit against its trigger. A market order may meet no price outside the collar.
    @inline(__always) func checkCollar(of request: OrderRequest, reference: Int64?, exposure: Exposure) throws(Breach) {
        if !hasCollar { return }
        guard let reference else { throw .noReference(control: 4) }
        switch request.type {
        case .limit:
            try hold(request.price.ticks, within: aggressive, through: request.side, of: reference)
            try hold(request.price.ticks, within: passive, through: request.side.opposite, of: reference)
        case .market:
            if let touch = exposure.touch(met: request.side) {
                try hold(touch, within: aggressive, through: request.side, of: reference)
            }
        case .stop, .stopLimit:
            try hold(request.stop.ticks, within: passive, through: .buy, of: reference)
            try hold(request.stop.ticks, within: passive, through: .sell, of: reference)
            if request.type == .stopLimit {
                try hold(request.price.ticks, within: aggressive, through: request.side, of: request.stop.ticks * 2)
            }
        }
    }

    /// Refuses a price further than `parts` from a doubled reference, upwards for a buy, downwards for a sell.
    @inline(__always) private func hold(
        _ ticks: Int64, within parts: Int64, through side: Side, of doubled: Int64
    ) throws(Breach) {
        if parts == InstrumentLimits.unbounded { return }
        let asked = Int128(ticks) &* (2 &* Int128(InstrumentLimits.unit))
        let bound = boundProduct(parts, through: side, of: doubled)
        let isOutside = side == .buy ? asked > bound : asked < bound
        if isOutside {
            let limit = boundTicks(parts, through: side, of: doubled)
            throw .priceCollar(asked: Price(ticks: ticks), limit: Price(ticks: limit))
        }
    }

    /// Below 2^107: a doubled price of 65 bits, and at most 1001 × 10^9.
    @inline(__always) private func boundProduct(_ parts: Int64, through side: Side, of doubled: Int64) -> Int128 {
        Int128(doubled) &* Int128(side == .buy ? InstrumentLimits.unit + parts : InstrumentLimits.unit - parts)
    }

    /// The last tick inside the collar.
    private func boundTicks(_ parts: Int64, through side: Side, of doubled: Int64) -> Int64 {
        let product = boundProduct(parts, through: side, of: doubled)
        let unit = 2 * Int128(InstrumentLimits.unit)
        let toZero = product / unit
        let isExact = toZero &* unit == product
        let down = product < 0 && !isExact ? toZero - 1 : toZero
        return Int64(clamping: side == .buy || isExact ? down : down + 1)
    }

    /// The reference price of C4 in half ticks: the mid while the book is fresh, else the last trade while that is, else nil.
    @inline(__always) func reference(at now: Timestamp, exposure: Exposure) -> Int64? {
        if !hasCollar { return nil }
        let hasBoth = exposure.bestBidTicks != Exposure.noBid && exposure.bestAskTicks != Exposure.noAsk
        if hasBoth && isFresh(exposure.bookTime, at: now) { return exposure.bestBidTicks + exposure.bestAskTicks }
        if exposure.lastTicks > 0 && isFresh(exposure.lastTime, at: now) { return exposure.lastTicks * 2 }
        return nil
    }

    @inline(__always) private func isFresh(_ time: Timestamp, at now: Timestamp) -> Bool {
        let (age, isAges) = now.nanoseconds.subtractingReportingOverflow(time.nanoseconds)
        return !isAges && age <= referenceMaxAge.nanoseconds
    }

    /// The price an order is valued at: the most it can be worth at prices we know. 0 where none is known.
    ///
    /// A limit is its own worst price; a sell below the bid is worth what the bid gives. A market order is worth the end of the
    /// collar or the far touch, whichever is more; without both, nothing is known, and a limit that needs a price refuses.
    @inline(__always) func worstTicks(of request: OrderRequest, reference: Int64?, exposure: Exposure) -> Int64 {
        switch request.type {
        case .stop: return request.stop.ticks
        case .stopLimit: return request.price.ticks
        case .limit:
            let own = request.price.ticks
            if request.side == .buy { return own }
            return max(own, exposure.touch(met: .sell) ?? own)
        case .market:
            let touch = exposure.touch(met: request.side) ?? 0
            guard let reference, aggressive != InstrumentLimits.unbounded else { return touch }
            return max(touch, boundTicks(aggressive, through: request.side, of: reference))
        }
    }
}

extension Exposure {
    /// The best price that a taking order meets, nil where that side of the book is empty.
    @inline(__always) func touch(met side: Side) -> Int64? {
        switch side {
        case .buy: bestAskTicks == Exposure.noAsk ? nil : bestAskTicks
        case .sell: bestBidTicks == Exposure.noBid ? nil : bestBidTicks
        }
    }
}
