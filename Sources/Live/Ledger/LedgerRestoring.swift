public import Domain
public import Trading
public import Venues

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

extension DeskSetup {
    /// Takes over what the ledger knows of a strategy: its positions from the fills, and the orders that an earlier start left.
    public mutating func restore(_ state: LedgerState, strategy: String) {
        for fill in state.fillSequence where fill.strategy == strategy {
            guard let index = place(fill.key.venue, fill.key.symbol), let own = fill.booked(on: instruments[index]) else { continue }
            history.append((fill: own, side: fill.key.side, instrument: InstrumentID(index: index)))
        }
        for open in state.openOrders where open.intent.strategy == strategy {
            guard let index = place(open.intent.venue, open.intent.symbol), let left = open.left(on: instruments[index], at: index) else { continue }
            leftOrders.append(left)
        }
    }

    private func place(_ venue: String, _ symbol: String) -> Int? {
        instruments.firstIndex { $0.venue == venue && $0.nativeSymbol == symbol }
    }
}

extension LedgerState {
    /// What a venue's account holds by our books: where they have begun, the fills that are found later come on top; else what the venue says.
    public func holdings(_ venue: String, told: [VenueBalance], instruments: [Instrument], pairs: BreakWatch.Pairs = [:]) -> [VenueBalance] {
        let watch = watch(venue, BreakWatch.Limits(), instruments: instruments, pairs: pairs)
        var named = told
        for currency in watch.currencies where !named.contains(where: { $0.currency == currency }) {
            named.append(VenueBalance(currency: currency, total: .zero, available: .zero, reserved: .zero))
        }
        return named.map { balance in
            var own = balance
            own.total = watch.expected(balance.currency) ?? balance.total
            return own
        }
    }
}
