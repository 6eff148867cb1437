public import Domain
import Risk

/// The account as a whole: what others hold and have open, and what it all is worth.
extension Desk {
    /// What this engine has open and holds, for the limits of the others on the account.
    public func ownExposure(_ instrument: InstrumentID) -> ForeignExposure {
        let index = instrument.position
        var own = ForeignExposure()
        own.positionLots = portfolio.positions[index].lots
        let tickLot = instruments[index].tickLot.raw
        for place in 0..<orders.liveCount(index) {
            let record = unsafe orders.live(index, at: place)
            guard let charge = unsafe record.pointee.charge else { continue }
            let order = unsafe record.pointee.order
            let leaves = unsafe record.pointee.worstLeaves.lots
            own.liveOrders += 1
            own.openValue += Amount(raw: tickLot * Int128(charge.price.ticks) * Int128(leaves))
            switch order.side {
            case .buy:
                own.buyLeavesLots += leaves
                if order.request.type == .limit, !order.request.isAcceptance { own.highestBuyTicks = max(own.highestBuyTicks, order.request.price.ticks) }
            case .sell:
                own.sellLeavesLots += leaves
                if order.request.type == .limit, !order.request.isAcceptance { own.lowestSellTicks = min(own.lowestSellTicks, order.request.price.ticks) }
            }
        }
        return own
    }

    mutating func setForeign(_ exposure: ForeignExposure, of instrument: InstrumentID) {
        foreign[instrument.position] = exposure
        hasForeign = foreign.contains { $0 != ForeignExposure() }
    }

    /// Takes down what a venue says it holds for us. What it does not name is not changed.
    mutating func noteVenue(_ venue: String, _ balances: [AccountBalance]) {
        for balance in balances {
            if balance.isCredit {
                if let left = Amount(balance.available) { credits[balance.currency] = (left, self.balance(balance.currency).total) }
                continue
            }
            guard let total = Amount(balance.total) else { continue }
            if let place = venueBalances.firstIndex(where: { $0.venue == venue && $0.currency == balance.currency }) {
                venueBalances[place].total = total
            } else {
                venueBalances.append((venue, balance.currency, total))
            }
        }
    }

    /// What the venues together say they hold of the currency; nil where none has said it.
    func told(_ currency: String) -> Amount? {
        var sum: Amount?
        for balance in venueBalances where balance.currency == currency { sum = (sum ?? .zero) + balance.total }
        return sum
    }

    /// The middle of the touch in half ticks; nil while a side is empty.
    func midHalfTicks(_ index: Int) -> Int64? {
        let bid = unsafe books[index].bestBidTicks
        let ask = unsafe books[index].bestAskTicks
        return bid != Book.noBid && ask != Book.noAsk ? bid + ask : nil
    }

    /// The equity if every position were closed at the touch (C14).
    func adverseEquity() -> Amount {
        var equity = valuation().equity
        for index in instruments.indices {
            let lots = portfolio.positions[index].lots
            guard lots != 0, let mark = markHalfTicks(index, lots: lots) else { continue }
            let bid = unsafe books[index].bestBidTicks
            let ask = unsafe books[index].bestAskTicks
            let worst = lots > 0 ? (bid == Book.noBid ? mark : 2 * bid) : (ask == Book.noAsk ? mark : 2 * ask)
            guard worst != mark else { continue }
            let doubled = instruments[index].tickLot.raw * Int128(worst - mark) * Int128(lots)
            equity += reported(Amount(raw: doubled / 2), of: InstrumentID(index: index))
        }
        return equity
    }

    /// C12: positions and open orders of everything in the reporting currency.
    func value(_ index: Int, into exposure: inout Exposure) {
        let unit = Amount(raw: ExactDecimal.powerOfTen(Amount.scale))
        exposure.conversion = reported(unit, of: InstrumentID(index: index))
        exposure.hasConversion = exposure.conversion.raw > 0
        for other in instruments.indices {
            let instrument = InstrumentID(index: other)
            let lots = portfolio.positions[other].lots + foreign[other].positionLots
            if lots != 0 {
                guard let mark = markHalfTicks(other, lots: lots) else {
                    exposure.hasConversion = false
                    continue
                }
                let value = reported(Amount(raw: instruments[other].tickLot.raw * Int128(mark) * Int128(lots) / 2), of: instrument)
                exposure.netValue += value
                exposure.grossValue += value.raw < 0 ? .zero - value : value
            }
            addOpen(instrument, into: &exposure)
        }
    }

    private func addOpen(_ instrument: InstrumentID, into exposure: inout Exposure) {
        let own = ownExposure(instrument)
        let all = reported(own.openValue + foreign[instrument.position].openValue, of: instrument)
        exposure.grossValue += all
        let lots = own.buyLeavesLots + own.sellLeavesLots + foreign[instrument.position].buyLeavesLots + foreign[instrument.position].sellLeavesLots
        guard lots > 0 else { return }
        let buys = own.buyLeavesLots + foreign[instrument.position].buyLeavesLots
        let buyValue = all.scaled(by: Int128(buys), over: Int128(lots))
        exposure.openBuyValue += buyValue
        exposure.openSellValue += all - buyValue
    }
}
