import Domain
import Risk
import Trading
import Venues

extension DeskCore {
    func handle(_ effect: Effect, of seat: Int) {
        switch effect {
        case .submit(let cleared): submit(cleared, seat)
        case .requestQuote(let cleared): requestQuote(cleared.request, seat)
        case .cancel(let id, let instrument): cancel(id, instrument, seat)
        case .amend(let cleared, let instrument): amend(cleared, instrument, seat)
        case .filled(let fill):
            seats[seat].engine.desk.noteEquity()
            sink.filled(fill, strategy: seat, desk: seats[seat].engine.desk)
        case .closed(let order): sink.closed(order, strategy: seat, desk: seats[seat].engine.desk)
        case .contradicted(let report): contradicted(report, seat)
        case .kill(let reason):
            alert("risk", "kill: \(reason)", urgency: .critical)
            host.kill(reason: reason, source: plan.strategies[seat])
        case .stateChanged(let state, let instrument, let reason):
            let scope = instrument.map { plan.instruments[$0.position].name } ?? "everything"
            guard state > .active else { return host.log(.warn, "risk", "\(scope) is now \(state.name): \(reason)") }
            alert("risk", "\(scope) is now \(state.name): \(reason)", key: "\(scope)/\(state.name)/\(reason)", urgency: state == .reducing ? .warning : .urgent)
        case .alarm(let text): alert("risk", text)
        }
    }

    /// The number of an order among those of all engines: each counts its own from 1.
    func number(_ id: OrderID, of seat: Int) -> OrderID { OrderID((id.raw - 1) * UInt64(seats.count) + UInt64(seat) + 1) }

    func clientID(_ id: OrderID, of seat: Int) -> String {
        ClientOrderID.text(instance: plan.instance, epoch: plan.epoch, order: number(id, of: seat))
    }

    private func submit(_ cleared: Cleared, _ seat: Int) {
        let request = cleared.request
        if paper != nil {
            var numbered = request
            numbered.id = number(request.id, of: seat)
            numbered.quote = numbered.isAcceptance ? number(request.quote, of: seat) : .none
            paper?.submit(numbered, at: now.wall)
            return
        }
        let venue = home[request.instrument.position]
        // The last look before the bytes (C21, 1b); the session writes in this same turn.
        guard latch.admitsNew else { return refuse(request, seat) }
        let clientID = clientID(request.id, of: seat)
        let venueID: String?
        do {
            venueID = try intend(request, limits: cleared.limitVersion, as: clientID, seat)
        } catch {
            refuse(request, seat)
            return diskFailed(error)
        }
        place(request, as: clientID, seat, venue, venueID: venueID)
    }

    /// The intent is in the ledger before anything leaves. Answers the venue's name of the order where it is ours to make: it is journaled with it.
    func intend(_ request: OrderRequest, limits: UInt32, as clientID: String, _ seat: Int) throws(LedgerError) -> String? {
        let venueID = plan.venues[home[request.instrument.position]].capabilities.naming?.venueID(of: clientID, at: now.wall)
        let named = venueID.map { [LedgerEntry.venueID(clientID: clientID, venueID: $0)] } ?? []
        try ledger?.append([.intent(intent(request, limits: limits, clientID, seat))] + named, wall: now.wall, monotonic: now.monotonic, mustLast: true)
        return venueID
    }

    func place(_ request: OrderRequest, as clientID: String, _ seat: Int, _ venue: Int, venueID: String?) {
        venues[venue].keeper.sending(clientID: clientID, strategy: seat, request: request, at: now.wall, venueID: venueID)
        host.orderNamed(
            VenueOrderReference(clientID: clientID, venueID: venueID, symbol: plan.instruments[request.instrument.position].nativeSymbol), at: venue)
        let quote = request.isAcceptance ? UInt64(number(request.quote, of: seat).request.raw) : nil
        host.send(.place(VenueOrderRequest(clientID: clientID, request: request, quote: quote, venueID: venueID)), to: venue)
    }

    /// An order that was cleared and never left.
    func refuse(_ request: OrderRequest, _ seat: Int) {
        feed(seat, .report(ExecutionReport(
            order: request.id, instrument: request.instrument, exchangeTime: now.wall, fact: .rejected(.venue))))
    }

    func intent(_ request: OrderRequest, limits: UInt32, _ clientID: String, _ seat: Int) -> LedgerIntent {
        let instrument = plan.instruments[request.instrument.position]
        return LedgerIntent(
            clientID: clientID, strategy: plan.strategies[seat], venue: instrument.venue, symbol: instrument.nativeSymbol, side: request.side,
            type: request.type, timeInForce: request.timeInForce, isPostOnly: request.isPostOnly, isReduceOnly: request.isReduceOnly,
            price: instrument.decimal(request.price), stop: instrument.decimal(request.stop), quantity: instrument.decimal(request.quantity),
            tag: seats[seat].engine.desk.text(of: request.tag), limitVersion: limits, cause: inputs, run: plan.run, sent: now.wall)
    }

    private func cancel(_ id: OrderID, _ instrument: InstrumentID, _ seat: Int) {
        if paper != nil {
            paper?.cancel(number(id, of: seat), instrument, at: now.wall)
            return
        }
        let venue = home[instrument.position]
        let clientID = names(of: id, seat)
        let needsVenueID = plan.venues[venue].capabilities.clientIDs != .lookup
        // A cancel never waits for the disk.
        if let reference = venues[venue].keeper.cancelling(clientID, needsVenueID: needsVenueID) { host.send(.cancel(reference), to: venue) }
        record([.cancelWanted(clientID: clientID)])
    }

    /// The client id of an order of this engine: an adopted one keeps the name it was sent under, and one that was amended by cancel-then-new has its last one's.
    func names(of id: OrderID, _ seat: Int) -> String { adopted[AdoptedKey(seat: seat, id: id)] ?? clientID(id, of: seat) }

    private func contradicted(_ report: ExecutionReport, _ seat: Int) {
        let instrument = plan.instruments[report.instrument.position]
        alert("desk", "\(instrument.name): what the venue says of order \(names(of: report.order, seat)) contradicts what we know (\(report.fact)); the instrument is halted", urgency: .urgent)
        feedAll(.control(.state(.cancelOnly, report.instrument, reason: "contradiction")))
        let venue = home[report.instrument.position]
        if paper == nil { startReconciliation(venue) }
    }

    /// Ledger lines that may follow what they tell of. A ledger that cannot be written ends trading.
    func record(_ entries: [LedgerEntry]) {
        guard let ledger, !entries.isEmpty else { return }
        do {
            try ledger.append(entries, wall: now.wall, monotonic: now.monotonic, mustLast: false)
        } catch {
            diskFailed(error)
        }
    }

    func diskFailed(_ error: LedgerError) {
        alert("ledger", "\(error): nothing new is sent; everything is cancelled", urgency: .critical)
        feedAll(.control(.state(.cancelOnly, nil, reason: "disk")))
        stop(.failed(message: "\(error)"))
    }

    // MARK: - Keepers

    func perform(_ actions: [KeeperAction], _ venue: Int) {
        var entries: [LedgerEntry] = []
        for action in actions {
            if case .record(let entry) = action {
                entries.append(entry)
                publish(entry, venue)
                continue
            }
            record(entries)
            entries.removeAll()
            perform(action, venue)
        }
        record(entries)
    }

    /// What others follow of the ledger: the kill switch's own list of orders, and what a reconciliation found.
    private func publish(_ entry: LedgerEntry, _ venue: Int) {
        switch entry {
        case .venueID(let clientID, _):
            if let order = venues[venue].keeper.order(clientID) { host.orderNamed(order.reference, at: venue) }
        case .closed(let clientID, _): host.orderEnded(clientID, at: venue)
        case .fill(let fill):
            venues[venue].watch.booked(fill, at: now.monotonic)
            derive(fill)
            recentFills.append(fill)
            if fill.clientID == nil { tellOthers() }
            if !venues[venue].isReconciled, fill.clientID != nil { noteFound(fill, venue) }
        case .intent, .cancelWanted, .unknown, .baseline, .limits, .note, .release, .accepted: break
        }
    }

    /// A fill that no stream had told: `on_reconcile` tells how many there were.
    private func noteFound(_ fill: LedgerFill, _ venue: Int) {
        venues[venue].found.fills += 1
        let signed = fill.key.side == .buy ? fill.quantity : -fill.quantity
        venues[venue].found.positionChange = venues[venue].found.positionChange.adding(signed) ?? venues[venue].found.positionChange
    }

    private func perform(_ action: KeeperAction, _ venue: Int) {
        switch action {
        case .record: break
        case .report(let seat, let report): feed(seat, .report(report))
        case .lost(let seat, let id): feed(seat, .lost(id))
        case .ask(let query):
            if case .order(let reference) = query, let clientID = reference.clientID { ask(query, venue, for: .order(clientID: clientID)) }
        case .cancel(let reference): host.send(.cancel(reference), to: venue)
        case .resolve(let clientID): startResolver(clientID, venue)
        case .replace(let clientID, let price, let open): stand(in: clientID, price: price, open: open, venue)
        case .external(let order): external(order, venue)
        case .orphan(let order):
            alert(plan.venues[venue].name, "order \(order.reference.clientID ?? "") is ours and not in the ledger; it is cancelled")
            host.send(.cancel(order.reference), to: venue)
        case .halt(let symbol, let why):
            alert(plan.venues[venue].name, "\(symbol) is halted: \(why)", urgency: .urgent)
            if let index = plan.instruments.firstIndex(where: { $0.nativeSymbol == symbol && $0.venue == plan.venues[venue].name }) {
                feedAll(.control(.state(.cancelOnly, InstrumentID(index: index), reason: why)))
            }
        case .alarm(let text): alert(plan.venues[venue].name, text)
        }
    }
}
