import Domain
import Risk

/// Inputs of a live desk.
extension Engine where S: ~Copyable {
    mutating func control(_ input: ControlInput, _ effects: inout [Effect]) {
        switch input {
        case .venue(let status, let venue):
            if isRunning, callbacks.contains(.status) { finish(strategy.onStatus(status, ofVenue: venue, &desk), &effects) }
        case .instrument(let status, let instrument): statusChanged(status, instrument, &effects)
        case .bookInvalid(let instrument):
            gate.conditions.setBookInvalid(instrument, since: desk.now)
            tell(.stale, instrument, &effects)
        case .lock(let venue): gate.conditions.setLock(true, venue: venue)
        case .unlock(let venue): gate.conditions.setLock(false, venue: venue)
        case .state(let state, let instrument, let reason): lower(to: state, instrument, reason, &effects)
        case .arm(let reason):
            gate.conditions.arm()
            effects.append(.stateChanged(.active, nil, reason: reason))
        case .balances(let venue, let balances): desk.noteVenue(venue, balances)
        case .foreign(let instrument, let exposure): desk.setForeign(exposure, of: instrument)
        case .reconciled(let report):
            if isRunning { finish(strategy.onReconcile(report, &desk), &effects) }
        case .restore(let saved):
            if life == .created, strategy.restore(saved, &desk) == .failed { fail(&effects) }
        case .pulse: pulse(&effects)
        case .verdict(let message):
            strategy.condemn(message)
            isCondemned = true
            if isRunning { finish(.failed, &effects) }
        case .resubmit(let amendment): resubmit(amendment, &effects)
        case .windDown(let reason): windDown(reason)
        }
    }

    /// Whether anything is judged that changes with time alone.
    public var watchesLimits: Bool { gate.conditions.isInForce }

    /// What the host of the strategy decided by a clock of its own, for the journal; once.
    public mutating func takeVerdict() -> StrategyVerdict? { strategy.takeVerdict() }

    /// From a journal, before the step in which it happened.
    public mutating func doom(_ verdict: StrategyVerdict) { strategy.doom(verdict) }

    /// What `on_save` wants kept. Between inputs: it may ask for nothing.
    public mutating func save() -> [UInt8]? { strategy.save(&desk) }

    /// Judged as the amendment it was; where the gate says no, nothing comes out and the driver ends the order.
    private mutating func resubmit(_ amendment: AmendRequest, _ effects: inout [Effect]) {
        guard let record = desk.orders[amendment.id], let charge = record.charge, record.order.isOpen, !record.order.isCancelRequested else { return }
        do {
            let cleared = try gate.clear(
                amendment, of: record.order.request, leaves: record.worstLeaves, charge: charge, at: desk.now,
                exposure: desk.exposure(for: record.order.request, amending: amendment.id))
            effects.append(.amend(cleared, record.order.instrument))
        } catch {
            _ = desk.orders.update(amendment.id) { $0.reason = error.code }
            desk.notes.append(.log(at: desk.now, level: .warn, text: "order \(amendment.id.raw) was cancelled to be amended and is not sent again: \(error.code)"))
        }
    }

    private mutating func statusChanged(_ status: VenueStatus, _ instrument: InstrumentID, _ effects: inout [Effect]) {
        if status == .halted { lower(to: .cancelOnly, instrument, "the venue halted it", &effects) }
        tell(status, instrument, &effects)
    }

    private mutating func tell(_ status: VenueStatus, _ instrument: InstrumentID, _ effects: inout [Effect]) {
        guard isRunning, callbacks.contains(.status) else { return }
        finish(strategy.onStatus(status, of: instrument, &desk), &effects)
    }

    private mutating func lower(to state: TradingState, _ instrument: InstrumentID?, _ reason: String, _ effects: inout [Effect]) {
        guard gate.conditions.lower(to: state, instrument) else { return }
        effects.append(.stateChanged(state, instrument, reason: reason))
        if state >= .cancelOnly { cancelAll(of: instrument, &effects) }
    }

    /// Cancels what is open of one instrument, of everything where nil.
    private mutating func cancelAll(of instrument: InstrumentID?, _ effects: inout [Effect]) {
        guard let instrument else { return cancelAll(&effects) }
        for id in desk.orders.live(instrument) where desk.orders.update(id, { $0.isSent && $0.order.requestCancel() }) == true {
            effects.append(.cancel(id, instrument))
        }
    }

    private mutating func pulse(_ effects: inout [Effect]) {
        guard gate.conditions.isInForce else { return }
        for index in desk.instruments.indices {
            guard let mid = desk.midHalfTicks(index) else { continue }
            gate.conditions.noteReference(mid, of: InstrumentID(index: index), at: desk.now)
        }
        judgeEquity(&effects)
    }

    /// C14, at adverse prices.
    mutating func judgeEquity(_ effects: inout [Effect]) {
        guard let verdict = gate.conditions.noteEquity(desk.adverseEquity(), at: desk.now) else { return }
        follow(verdict, &effects)
    }

    /// C5, C8 and C15, for a fill that was just booked.
    mutating func judgeFill(_ fill: Fill, of order: Order, _ effects: inout [Effect]) {
        guard gate.conditions.isInForce else { return }
        let mid = desk.midHalfTicks(order.instrument.position)
        for verdict in gate.conditions.noteFill(fill, of: order.request, midHalfTicks: mid, at: desk.now) { follow(verdict, &effects) }
        judgeEquity(&effects)
    }

    private mutating func follow(_ verdict: StateVerdict, _ effects: inout [Effect]) {
        effects.append(.stateChanged(verdict.state, verdict.instrument, reason: verdict.reason))
        if verdict.state >= .cancelOnly { cancelAll(of: verdict.instrument, &effects) }
        if verdict.kills { effects.append(.kill(reason: verdict.reason)) }
    }
}
