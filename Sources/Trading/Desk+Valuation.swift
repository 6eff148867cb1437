public import Domain

/// How an amount of one currency becomes one of the reporting currency.
enum Conversion: Hashable, Sendable {
    case same
    /// By the instrument whose base it is.
    case multiply(Int)
    /// By the instrument whose quote it is.
    case divide(Int)

    static func table(of currencies: [String], into reporting: String, instruments: [Instrument]) -> [Conversion?] {
        currencies.map { currency in
            if currency == reporting { return .same }
            if let index = instruments.firstIndex(where: { $0.base == currency && $0.quote == reporting }) { return .multiply(index) }
            if let index = instruments.firstIndex(where: { $0.quote == currency && $0.base == reporting }) { return .divide(index) }
            return nil
        }
    }
}

/// Equity, and what it is made of, in the reporting currency.
public struct Valuation: Hashable, Sendable, BitwiseCopyable {
    public var cash = Amount.zero
    public var positionValue = Amount.zero
    public var equity: Amount { cash + positionValue }
}

extension Desk {
    /// The price at which the instrument's position is valued, in half ticks; nil before the first one is known.
    ///
    /// - Parameter lots: the position, for `adverse`.
    @inline(__always)
    public func markHalfTicks(_ index: Int, lots: Int64) -> Int64? {
        let market = unsafe markets + index
        let bid = unsafe books[index].bestBidTicks
        let ask = unsafe books[index].bestAskTicks
        switch markMode {
        case .adverse:
            if lots > 0, bid != Book.noBid { return 2 * bid }
            if lots < 0, ask != Book.noAsk { return 2 * ask }
        case .last:
            if unsafe market.pointee.hasTraded { return unsafe 2 * market.pointee.lastTrade.ticks }
        case .mid:
            break
        }
        if bid != Book.noBid, ask != Book.noAsk { return bid + ask }
        if unsafe market.pointee.hasTraded { return unsafe 2 * market.pointee.lastTrade.ticks }
        return unsafe market.pointee.hasMark ? market.pointee.lastMark : nil
    }

    /// Notes this moment's equity: its peak is what a drawdown is measured from.
    public mutating func noteEquity() {
        rememberMarks()
        lastValuation = valuation()
        peakEquity = max(peakEquity, lastValuation.equity)
    }

    /// Remembers the marks of this moment for the time when a side is empty.
    mutating func rememberMarks() {
        for index in tickLots.indices {
            guard let mark = markHalfTicks(index, lots: portfolio.positions[index].lots) else { continue }
            unsafe markets[index].lastMark = mark
            unsafe markets[index].hasMark = true
        }
    }

    /// Signed value of the instrument's position in its quote currency.
    @inline(__always)
    public func positionValue(_ index: Int) -> Amount {
        let lots = portfolio.positions[index].lots
        guard lots != 0, let mark = markHalfTicks(index, lots: lots) else { return .zero }
        // Checked by a bound: a checked product of 128 bits costs as much as a division.
        let (product, overflow) = mark.multipliedReportingOverflow(by: lots)
        let isSmall = !overflow && product.magnitude <= largestTickLots[index]
        let doubled = isSmall ? tickLots[index] &* Int128(product) : tickLots[index] * (Int128(mark) * Int128(lots))
        return doubled & 1 == 0 ? Amount(raw: doubled >> 1) : Amount(raw: doubled).scaled(by: 1, over: 2)
    }

    public func valuation() -> Valuation {
        var value = Valuation()
        for index in portfolio.cash.indices where portfolio.cash[index] != .zero {
            value.cash += isReporting[index] ? portfolio.cash[index] : convert(portfolio.cash[index], from: index)
        }
        for index in portfolio.positions.indices where portfolio.positions[index].lots != 0 {
            let (own, currency) = (positionValue(index), portfolio.quoteCurrency[index])
            value.positionValue += isReporting[currency] ? own : convert(own, from: currency)
        }
        return value
    }

    public func equity() -> Amount { valuation().equity }

    /// 1 − equity ÷ peak, a fraction of 0 or more.
    public func drawdown() -> Double {  // house-ok: a ratio, not money
        let equity = equity()
        guard peakEquity > .zero, equity < peakEquity else { return 0 }
        let lost = (peakEquity - equity).scaled(by: ExactDecimal.powerOfTen(18), over: peakEquity.raw, places: Amount.scale)
        return Double(lost.raw) / 1e18  // house-ok: a ratio, not money
    }

    /// Realised and unrealised P&L of one instrument in its quote currency, fees included.
    public func profit(_ index: Int) -> (realised: Amount, unrealised: Amount) {
        let position = portfolio.positions[index]
        guard position.lots != 0 else { return (position.realised, .zero) }
        let cost = position.lots > 0 ? position.cost : -position.cost
        return (position.realised, positionValue(index) - cost - position.entryFees)
    }

    /// What the account holds of a currency, and how much of it no live order has claimed.
    public func balance(_ currency: String) -> (total: Amount, available: Amount) {
        guard let index = portfolio.currencyIndex(currency) else { return (.zero, .zero) }
        let total = portfolio.balance(currency: index)
        return (total, total - reserved(currency: currency))
    }

    /// Claimed by live orders: quote by buys at their limit (a market order: at the far touch), base by sells.
    func reserved(currency: String, without excluded: OrderID? = nil, isJudgedOnly: Bool = false) -> Amount {
        var claimed = Amount.zero
        for (index, instrument) in instruments.enumerated() where instrument.quote == currency || instrument.base == currency {
            for id in orders.live(InstrumentID(index: index)) where id != excluded {
                guard let record = orders[id], record.charge != nil || !isJudgedOnly else { continue }
                claimed += reserve(of: record.order, record.worstLeaves, in: currency)
            }
        }
        return claimed
    }

    private func reserve(of order: Order, _ leaves: Quantity, in currency: String) -> Amount {
        let instrument = instruments[order.instrument.position]
        switch order.side {
        case .sell: return instrument.base == currency ? instrument.baseLot * leaves.lots : .zero
        case .buy: return instrument.quote == currency ? instrument.notional(worstPrice(of: order.request), leaves) : .zero
        }
    }

    func worstPrice(of request: OrderRequest) -> Price {
        if request.type.hasLimit { return request.price }
        if request.type.isStop { return request.stop }
        let index = request.instrument.position
        let far = unsafe books[index].bestTicks(request.side.opposite)
        if far != Book.noBid, far != Book.noAsk { return Price(ticks: far) }
        return Price(ticks: unsafe markets[index].lastTrade.ticks)
    }

    /// An amount of the instrument's quote currency in the reporting currency, at the marks of this moment.
    public func reported(_ amount: Amount, of instrument: InstrumentID) -> Amount {
        convert(amount, from: portfolio.quoteCurrency[instrument.position])
    }

    private func convert(_ amount: Amount, from currency: Int) -> Amount {
        switch conversions[currency] {
        case nil:
            return .zero
        case .same:
            return amount
        case .multiply(let index):
            guard let mark = markHalfTicks(index, lots: 0) else { return .zero }
            let instrument = instruments[index]
            return amount.scaled(by: instrument.tickLot.raw * Int128(mark), over: 2 * instrument.baseLot.raw)
        case .divide(let index):
            guard let mark = markHalfTicks(index, lots: 0), mark != 0 else { return .zero }
            let instrument = instruments[index]
            return amount.scaled(by: 2 * instrument.baseLot.raw, over: instrument.tickLot.raw * Int128(mark))
        }
    }
}
