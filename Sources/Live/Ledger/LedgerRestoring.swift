public import Domain
public import Trading

extension LedgerFill {
    /// The fill in the instrument's grid, as the books take it; nil where it is off the grid.
    public func booked(on instrument: Instrument) -> Fill? {
        guard let ticks = price.multiple(of: instrument.tick), let lots = quantity.multiple(of: instrument.lot), lots > 0, let fee = Amount(fee) else { return nil }
        return Fill(
            id: FillID(OrderKeeper.number(of: key.tradeID)), price: Price(ticks: ticks), quantity: Quantity(lots: lots), liquidity: .taker, fee: fee,
            feeInBase: feeCurrency == instrument.base)
    }
}

extension LedgerState.OpenOrder {
    /// The order in the instrument's grid, as the desk takes it over; nil where it is off the grid.
    public func left(on instrument: Instrument, at index: Int) -> DeskSetup.LeftOrder? {
        guard let lots = intent.quantity.multiple(of: instrument.lot), lots > 0, let price = intent.price.multiple(of: instrument.tick),
            let stop = intent.stop.multiple(of: instrument.tick), let filled = filled.multiple(of: instrument.lot)
        else { return nil }
        let request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: intent.side, type: intent.type, quantity: Quantity(lots: lots),
            price: Price(ticks: price), stop: Price(ticks: stop), timeInForce: intent.timeInForce, isPostOnly: intent.isPostOnly,
            isReduceOnly: intent.isReduceOnly)
        return DeskSetup.LeftOrder(request: request, name: intent.clientID, filled: Quantity(lots: filled), created: intent.sent)
    }
}
