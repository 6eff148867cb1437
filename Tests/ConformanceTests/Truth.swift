import Domain
import Live
import Testing
import VenueSim
import Venues

/// The venue's truth against ours.
extension VenueBench {
    /// Signed lots of our fills, as the engine was told.
    func position(_ instrument: Int) -> Int64 {
        reports.reduce(0) { sum, report in
            guard report.instrument.position == instrument, case .filled(let fill) = report.fact else { return sum }
            let side = keeper.live.first { $0.id == report.order }?.request.side ?? sides[report.order] ?? .buy
            return sum + (side == .buy ? fill.quantity.lots : -fill.quantity.lots)
        }
    }

    private var sides: [OrderID: Side] {
        Dictionary(sim.venue.orders.compactMap { order in keeper.order(order.clientID).map { ($0.id, $0.request.side) } }, uniquingKeysWith: { first, _ in first })
    }

    func truePosition(_ instrument: Int) -> Int64 {
        sim.venue.fills.reduce(0) { sum, fill in
            guard fill.order.instrument == instrument else { return sum }
            return sum + (fill.order.request.side == .buy ? fill.fill.quantity.lots : -fill.fill.quantity.lots)
        }
    }

    var fillsTold: Int { reports.count { if case .filled = $0.fact { true } else { false } } }

    /// Why what we hold is not yet what the venue holds; nil once it is.
    var difference: String? {
        if fillsTold != sim.venue.fills.count { return "\(fillsTold) fills were told, the venue made \(sim.venue.fills.count)" }
        for index in instruments.indices where position(index) != truePosition(index) {
            return "position \(position(index)) of \(instruments[index].symbol), the venue's is \(truePosition(index))"
        }
        let ours = Set(keeper.live.map(\.clientID))
        let theirs = Set(sim.venue.open.map(\.clientID))
        if ours != theirs { return "alive here \(ours.sorted()), there \(theirs.sorted())" }
        if let order = keeper.live.first(where: \.isUnknown) { return "\(order.clientID) is still unknown" }
        return nil
    }

    /// Waits until orders, fills and positions are the venue's; then nothing may be doubled or halted.
    func agree(_ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws {
        do {
            try await until("agreement with the venue \(comment)") { self.difference == nil }
        } catch {
            Issue.record("\(difference ?? ""): \(error)", sourceLocation: sourceLocation)
            throw error
        }
        #expect(halts.isEmpty, sourceLocation: sourceLocation)
        let known = Set(sim.venue.orders.map(\.clientID))
        #expect(known.count == sim.venue.orders.count, "an order was placed twice", sourceLocation: sourceLocation)
        var ended: [OrderID: Int] = [:]
        for report in reports {
            switch report.fact {
            case .cancelled, .rejected, .expired: ended[report.order, default: 0] += 1
            case .accepted, .filled, .amended, .cancelRejected, .amendRejected: break
            }
        }
        #expect(ended.values.allSatisfy { $0 == 1 }, "an order ended twice", sourceLocation: sourceLocation)
    }

    /// What the desk does after a reconnect: the whole truth is asked for.
    func reconcile() async throws {
        if case .orders(let open) = try await answer(.openOrders(symbol: nil)) {
            // What is not listed any more is asked for by itself.
            let listed = Set(open.compactMap(\.reference.venueID))
            for order in keeper.live {
                if let venueID = order.venueID, !listed.contains(venueID) { ask(.order(order.reference)) }
            }
        }
        _ = try await answer(.orderHistory(symbol: nil, from: began, to: now.wall + .seconds(1)))
        _ = try await answer(.fills(symbol: nil, from: began, to: now.wall + .seconds(1)))
    }
}
