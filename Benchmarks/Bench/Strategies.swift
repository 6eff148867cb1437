import Domain
import Trading

/// Listens to nothing.
struct Idle: Strategy {
    var callbacks: Callbacks { [] }
    var faultMessage: String { "" }
    func onStart(_ desk: inout Desk) -> CallbackResult { .clean }
    func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult { .clean }
    func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult { .clean }
    func forget(_ order: OrderID) {}
}

/// Keeps ten orders a side resting, 1 to 10 ticks behind the touch, and places them anew every 10 seconds: the exchange has queue
/// positions to keep, and nothing else is asked of it.
struct Rester: Strategy {
    var callbacks: Callbacks { [] }
    var faultMessage: String { "" }

    func onStart(_ desk: inout Desk) -> CallbackResult {
        _ = desk.every(Span(nanoseconds: 10_000_000_000))
        return .clean
    }

    func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult {
        let instrument = InstrumentID(index: 0)
        _ = desk.cancelAll(instrument)
        let (bid, ask) = unsafe (desk.books[0].bestBidTicks, desk.books[0].bestAskTicks)
        guard bid != Book.noBid, ask != Book.noAsk else { return .clean }
        for distance in 1...10 {
            let reach = Int64(distance)
            place(.buy, bid - reach, instrument, &desk)
            place(.sell, ask + reach, instrument, &desk)
        }
        return .clean
    }

    private func place(_ side: Side, _ ticks: Int64, _ instrument: InstrumentID, _ desk: inout Desk) {
        let request = OrderRequest(
            id: OrderID(0), instrument: instrument, side: side, type: .limit, quantity: Quantity(lots: 10), price: Price(ticks: ticks),
            isPostOnly: true)
        _ = try? desk.submit(request)
    }

    func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult { .clean }
    func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult { .clean }
    func forget(_ order: OrderID) {}
}
