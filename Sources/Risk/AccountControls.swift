import Domain

/// C9 to C13: what the account may have open, hold and spend with this order in it.
extension InstrumentLimits {
    /// The charge of a request at its worst price; nothing is reserved where balances are not checked.
    @inline(__always) func charge(
        _ request: OrderRequest, worstTicks: Int64, reserves: Bool
    ) throws(Breach) -> Charge {
        guard let value = value(ticks: worstTicks, lots: request.quantity.lots) else {
            throw .tooLarge(lots: request.quantity.lots)
        }
        let price = Price(ticks: worstTicks)
        if !reserves { return Charge(price: price, value: Amount(raw: value), reserve: .zero) }
        guard let reserve = reserve(request.side, value: value, lots: request.quantity.lots) else {
            throw .tooLarge(lots: request.quantity.lots)
        }
        return Charge(price: price, value: Amount(raw: value), reserve: reserve)
    }

    /// Quote currency with the highest fee, rounded up, for a buy; base currency for a sell. Nil where it does not fit.
    @inline(__always) func reserve(_ side: Side, value: Int128, lots: Int64) -> Amount? {
        switch side {
        case .sell: return Int128(lots) <= largestLots ? Amount(raw: baseLot.raw &* Int128(lots)) : nil
        case .buy:
            if feeParts == 0 { return Amount(raw: value) }
            if value > largestFeeValue { return Amount(raw: value + (value / feeUnit + 1) * feeParts) }
            let product = value &* feeParts
            let fee = product / feeUnit
            return Amount(raw: value + (fee &* feeUnit == product ? fee : fee + 1))
        }
    }

    /// C9 and C10.
    @inline(__always) func checkOpen(_ charge: Charge, exposure: Exposure, isNew: Bool) throws(Breach) {
        if isNew {
            if exposure.liveOrders >= maxInstrumentOrders {
                throw .maxOpenOrders(asked: exposure.liveOrders + 1, limit: maxInstrumentOrders)
            }
            if exposure.accountLiveOrders >= maxAccountOrders {
                throw .maxOpenOrders(asked: exposure.accountLiveOrders + 1, limit: maxAccountOrders)
            }
        }
        if !hasOpenValueLimit { return }
        if charge.price.ticks == 0 { throw .noReference(control: 10) }
        let (own, all) = (exposure.openValue + charge.value, exposure.accountOpenValue + charge.value)
        if own > maxInstrumentOpenValue { throw .maxOpenValue(asked: own, limit: maxInstrumentOpenValue) }
        if all > maxAccountOpenValue { throw .maxOpenValue(asked: all, limit: maxAccountOpenValue) }
    }

    /// C11, on the side that the request makes worse.
    @inline(__always) func checkPosition(of request: OrderRequest, exposure: Exposure) throws(Breach) {
        if maxPositionLots == .max { return }
        let position = Int128(exposure.positionLots)
        let worst = switch request.side {
        case .buy: position + Int128(exposure.buyLeavesLots) + Int128(request.quantity.lots)
        case .sell: position - Int128(exposure.sellLeavesLots) - Int128(request.quantity.lots)
        }
        let size = request.side == .buy ? worst : -worst
        if size > Int128(maxPositionLots) {
            throw .maxPosition(worstLots: Int64(clamping: worst), limitLots: maxPositionLots)
        }
    }

    /// C13: a buy needs its value and fees in the quote currency, a sell its size in the base currency.
    @inline(__always) func checkBalance(of request: OrderRequest, charge: Charge, exposure: Exposure) throws(Breach) {
        if !exposure.checksBalances { return }
        let total = request.side == .buy ? exposure.availableQuote : exposure.availableBase
        if request.side == .buy && charge.price.ticks == 0 { throw .noReference(control: 13) }
        let available = haircut == 0 || total.raw <= 0 ? total : kept(total)
        if charge.reserve > available {
            throw .insufficientBalance(needed: charge.reserve, available: available, inBase: request.side == .sell)
        }
    }

    /// A balance without its haircut.
    private func kept(_ total: Amount) -> Amount {
        let unit = Int128(InstrumentLimits.unit)
        let (whole, rest) = total.raw.quotientAndRemainder(dividingBy: unit)
        let share = unit - min(unit, Int128(haircut))
        return Amount(raw: whole &* share + rest &* share / unit)
    }
}

extension Exposure {
    /// The exposure without one open order of ours.
    func without(_ side: Side, leaves: Quantity, at price: Price, limit: InstrumentLimits) -> Exposure {
        var rest = self
        let value = limit.value(ticks: price.ticks, lots: leaves.lots) ?? 0
        rest.openValue -= Amount(raw: value)
        rest.accountOpenValue -= Amount(raw: value)
        let reserve = limit.reserve(side, value: value, lots: leaves.lots) ?? .zero
        switch side {
        case .buy:
            rest.buyLeavesLots -= leaves.lots
            rest.availableQuote += reserve
        case .sell:
            rest.sellLeavesLots -= leaves.lots
            rest.availableBase += reserve
        }
        return rest
    }
}
