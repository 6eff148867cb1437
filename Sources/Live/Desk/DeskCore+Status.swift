public import Domain
import Trading
import Venues

extension DeskCore {
    /// The client id of an order of the engine at this place: an adopted one keeps the name it was sent under.
    public func name(of id: OrderID, seat: Int) -> String { names(of: id, seat) }

    /// The desk as people see it, at this moment.
    public func snapshot(run: String, process: Int32, binary: String, started: Timestamp) -> StatusSnapshot {
        var snapshot = StatusSnapshot(
            mode: plan.mode == .paper ? "paper" : "live", run: run, process: process, phase: phaseName, tradingState: tradingState, started: started,
            time: now.wall, binary: binary)
        for (seat, name) in plan.strategies.enumerated() {
            var strategy = StatusSnapshot.Strategy(name: name, state: seats[seat].engine.isRunning ? "running" : "stopped")
            if let code = plan.release?.code.first(where: { $0.strategy == name }) { (strategy.code, strategy.isCanary) = (code.sha256, code.isCanary) }
            snapshot.strategies.append(strategy)
            for (index, instrument) in plan.instruments.enumerated() {
                let lots = seats[seat].engine.desk.portfolio.positions[index].lots
                if lots != 0 { snapshot.positions.append(StatusSnapshot.Position(instrument: instrument.name, quantity: instrument.decimal(lots: lots))) }
            }
            for id in seats[seat].engine.desk.openOrders { if let order = order(id, seat) { snapshot.orders.append(order) } }
        }
        snapshot.alerts = alerts.open
        snapshot.limitVersion = plan.release?.limitVersion ?? 0
        for (index, venue) in plan.venues.enumerated() {
            for side in venue.isTrading ? [VenueLink.market, .orders] : [.market] {
                let (state, why) = DeskCore.words(venues[index].links[Int(side.rawValue)])
                snapshot.links.append(StatusSnapshot.Link(venue: venue.name, side: side == .market ? "market" : "orders", state: state, why: why))
            }
            snapshot.unknownOrders += venues[index].keeper.unknown.count
        }
        for (index, instrument) in plan.instruments.enumerated() { snapshot.feeds.append(feed(index, instrument)) }
        return snapshot
    }

    private func feed(_ index: Int, _ instrument: Instrument) -> StatusSnapshot.Feed {
        let arrival = unsafe seats[0].engine.desk.markets[index].bookArrival.nanoseconds
        return StatusSnapshot.Feed(
            instrument: instrument.name, age: arrival == .min ? nil : Span(nanoseconds: now.wall.nanoseconds - arrival), isValid: arrival != .min, records: 0)
    }

    private func order(_ id: OrderID, _ seat: Int) -> StatusSnapshot.Order? {
        guard let record = seats[seat].engine.desk.order(id) else { return nil }
        let instrument = plan.instruments[record.order.instrument.position]
        let clientID = names(of: id, seat)
        return StatusSnapshot.Order(
            clientID: clientID, venueID: venueID(of: clientID), instrument: instrument.name, strategy: plan.strategies[seat],
            side: record.order.side == .buy ? "buy" : "sell", price: record.order.request.type.hasLimit ? instrument.decimal(record.order.request.price) : nil,
            quantity: instrument.decimal(record.order.request.quantity), filled: instrument.decimal(record.order.filled), state: record.stateName,
            sent: record.order.created)
    }

    private var phaseName: String {
        switch phase {
        case .starting: "starting"
        case .running: "running"
        case .stopping: "stopping"
        case .ended: "ended"
        }
    }

    private var tradingState: String { latch.admitsNew ? "active" : "halted" }

    private static func words(_ state: VenueLinkState) -> (String, String) {
        switch state {
        case .connecting: ("connecting", "")
        case .ready: ("ready", "")
        case .down(let why): ("down", why)
        case .refused(let why): ("refused", why)
        case .closed: ("closed", "")
        }
    }
}
