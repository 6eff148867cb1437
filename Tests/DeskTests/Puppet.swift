import Domain
import Trading

/// A strategy of which the test pulls the strings: once in a while it does what it was told.
final class Puppet: Strategy {
    /// On every tick of its clock.
    var act: (inout Desk) -> Void = { _ in }
    /// Once, at the next tick.
    var once: [(inout Desk) -> Void] = []
    var onStopped: (String, inout Desk) -> Void = { _, _ in }
    private(set) var reconciled: [ReconcileReport] = []
    /// States that orders went through, as the strategy was told.
    private(set) var states: [OrderID: [String]] = [:]
    private(set) var reasons: [OrderID: String] = [:]
    private(set) var stopped: [String] = []
    var isDead = false
    var faultMessage = "the puppet failed"
    let callbacks: Callbacks = [.order, .fill, .quote]

    func onStart(_ desk: inout Desk) -> CallbackResult {
        for index in desk.instruments.indices { try? desk.subscribe(InstrumentID(index: index), to: .quotes) }
        _ = desk.every(.milliseconds(100))
        return .clean
    }

    func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult {
        act(&desk)
        for deed in once { deed(&desk) }
        once.removeAll()
        return .clean
    }

    func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult {
        guard let record = desk.order(order) else { return .clean }
        if states[order]?.last != record.stateName { states[order, default: []].append(record.stateName) }
        reasons[order] = record.reason
        return .clean
    }

    func onReconcile(_ report: ReconcileReport, _ desk: inout Desk) -> CallbackResult {
        reconciled.append(report)
        return .clean
    }

    func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult {
        stopped.append(reason)
        onStopped(reason, &desk)
        return .clean
    }

    func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult { .clean }
    func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    func condemn(_ message: String) { (faultMessage, isDead) = (message, true) }
    func forget(_ order: OrderID) {}
}

extension Puppet {
    /// A limit order at the next tick.
    func order(_ side: Side, _ lots: Int64, at ticks: Int64, instrument: Int = 0, type: OrderType = .limit, _ named: @escaping (OrderID) -> Void = { _ in }) {
        once.append { desk in
            if let id = try? desk.submit(OrderRequest(
                id: OrderID(0), instrument: InstrumentID(index: instrument), side: side, type: type, quantity: Quantity(lots: lots),
                price: Price(ticks: ticks), allowsDuplicate: true)) { named(id) }
        }
    }
}
