internal import Domain

/// Placements: each ends in exactly one of refused, lost, or the venue's own word.
extension SessionMachine {
    mutating func place(_ order: VenueOrderRequest) {
        func refuse(_ reason: RejectReason, _ code: String, _ message: String) {
            tell(.refused(clientID: order.clientID, reason: reason, code: code, message: message))
        }
        guard core.scope == .trading, hasCredentials else { return refuse(.unsupported, "scope", "this session does not trade") }
        guard core.own.contains(order.request.instrument.position) else {
            return refuse(.unsupported, "instrument", "the session was begun without this instrument")
        }
        if let block = core.block { return refuse(.venue, "account", block) }
        guard now.monotonic >= core.pausedUntil else { return refuse(.venue, "paused", "the venue takes no new orders for now") }
        guard core.orders.phase == .ready else { return refuse(.venue, "not_connected", "the order connection is not ready") }
        let instrument = core.instruments[order.request.instrument.position]
        switch placing(order, instrument) {
        case .none(let why): return refuse(.unsupported, "unsupported", why)
        case .call(let call, let route):
            let outgoing = Outgoing(purpose: .place(clientID: order.clientID), call: call, route: route)
            // Never held back: bytes of an order leave in the turn in which the latch was looked at.
            guard free(outgoing) <= now.monotonic else { return refuse(.venue, "rate_limit", "the venue's limit of messages is reached") }
            let id = transmit(outgoing)
            core.names.place(order.clientID, request: id, symbol: instrument.nativeSymbol)
        }
    }

    mutating func placed(_ clientID: String, _ id: UInt64, _ reply: Reply) {
        let symbol = core.names.placing[clientID]?.symbol ?? ""
        switch reply.verdict {
        case .done:
            core.names.settle(clientID)
            // A receipt without an id: the next message about the order tells it, and a cancel may wait for that.
            if reply.venueID == nil { core.names.keep(id, VenueOrderReference(clientID: clientID, venueID: nil, symbol: symbol), isLost: true) }
            received(clientID, reply.venueID)
            return placementDone(clientID, venueID: reply.venueID, symbol: symbol)
        case .unknown where reply.isUnsent: break
        case .unknown: return losePlacement(clientID, id, reply.why)
        case .duplicate: return losePlacement(clientID, id, "perhaps there already: \(reply.why)")
        case .noSuchOrder: return losePlacement(clientID, id, reply.why)
        case .rejected, .throttled, .unauthorised, .forbidden, .clock, .retired, .account, .paused: break
        }
        core.names.settle(clientID)
        let code = reply.isUnsent ? "not_sent" : reply.code
        tell(.refused(clientID: clientID, reason: reply.reason, code: code, message: reply.isUnsent ? reply.why : reply.message))
        if let reference = core.names.takeCancel(clientID) {
            tell(.cancelRefused(reference, code: code, message: "the order on \(symbol) was refused"))
        }
        consequences(reply)
    }

    /// What a refusal says about more than the one request.
    mutating func consequences(_ reply: Reply) {
        switch reply.verdict {
        case .throttled: tell(.throttled(Span(nanoseconds: 1_000_000_000)))
        case .unauthorised: authenticationExpired(reply.why)
        case .forbidden: refuse(.orders, "this account or address may not trade: \(reply.why)")
        case .clock:
            tell(.alarm("the venue finds our clock wrong: \(reply.why)"))
            probeClock()
        case .retired: refuse(.orders, "venue API retired or of another version: \(reply.why)")
        case .account:
            core.block = "trouble with the account: \(reply.why)"
            tell(.alarm("no new orders until a restart: trouble with the account: \(reply.why)"))
        case .paused:
            core.pausedUntil = now.monotonic + 60_000_000_000
            tell(.throttled(Span(nanoseconds: 60_000_000_000)))
        case .done, .rejected, .unknown, .duplicate, .noSuchOrder: break
        }
    }

    private mutating func received(_ clientID: String, _ venueID: String?) {
        tell(.received(clientID: clientID, venueID: venueID))
        if let venueID { learn(clientID, venueID) }
    }

    /// A push told of an order of ours: its placement needs no answer any more, and what waited for its id can go.
    mutating func learn(_ clientID: String, _ venueID: String) {
        if let placement = core.names.placing[clientID] {
            core.pending[placement.request] = nil
            core.names.settle(clientID)
            core.names.keep(placement.request, VenueOrderReference(clientID: clientID, venueID: venueID, symbol: placement.symbol), isLost: false)
        }
        core.names.learn(clientID, venueID)
        if var reference = core.names.takeCancel(clientID) {
            reference.venueID = venueID
            cancel(reference)
        }
    }

    mutating func tell(order: VenueOrder) {
        tell(.order(order))
        if let clientID = order.reference.clientID, let venueID = order.reference.venueID { learn(clientID, venueID) }
    }

    mutating func tell(fill: VenueFill) {
        tell(.fill(fill))
        if let clientID = fill.reference.clientID, let venueID = fill.reference.venueID { learn(clientID, venueID) }
    }

    mutating func losePlacement(_ clientID: String, _ id: UInt64, _ why: String) {
        let symbol = core.names.placing[clientID]?.symbol ?? ""
        core.names.settle(clientID)
        core.names.keep(id, VenueOrderReference(clientID: clientID, venueID: nil, symbol: symbol), isLost: true)
        tell(.lost(clientID: clientID, why: why))
        // The cancel goes on waiting: it leaves as soon as any message tells the id.
        if let reference = core.names.waitingCancel(clientID) {
            tell(.cancelLost(reference, why: "the venue's id of the order is not known: \(why)"))
        }
    }

    /// An answer after its deadline, or after a push that told the same.
    mutating func answeredLate(_ id: UInt64, _ reply: Reply) {
        guard let reference = core.names.takeLate(id), let clientID = reference.clientID else { return }
        switch reply.verdict {
        case .done: received(clientID, reply.venueID ?? reference.venueID)
        case .unknown, .duplicate, .noSuchOrder: core.names.keep(id, reference, isLost: reference.venueID == nil)
        case .rejected, .throttled, .unauthorised, .forbidden, .clock, .retired, .account, .paused:
            // After `.lost` a refusal is told as the venue's own word about the order.
            guard reference.venueID == nil else { return }
            let state = VenueOrder.State.rejected(reply.reason, code: reply.code, message: reply.message)
            tell(.order(VenueOrder(reference: reference, state: state, updated: now.wall)))
            consequences(reply)
        }
    }

    // MARK: - Changes

    mutating func amend(_ reference: VenueOrderReference, price: Price, total: Quantity) {
        func refuse(_ code: String, _ message: String) { tell(.amendRefused(reference, code: code, message: message)) }
        guard core.scope == .trading, hasCredentials else { return refuse("scope", "this session does not trade") }
        guard let place = core.places[reference.symbol] else { return refuse("instrument", "the session was begun without this instrument") }
        if let block = core.block { return refuse("account", block) }
        guard core.orders.phase == .ready else { return refuse("not_connected", "the order connection is not ready") }
        var known = reference
        known.venueID = reference.venueID ?? reference.clientID.flatMap { core.names.venueID(of: $0) }
        switch amending(known, price: price, total: total, core.instruments[place]) {
        case .none(let why): refuse("unsupported", why)
        case .call(let call, let route):
            let outgoing = Outgoing(purpose: .amend(known, price: price, total: total), call: call, route: route)
            guard free(outgoing) <= now.monotonic else { return refuse("rate_limit", "the venue's limit of messages is reached") }
            transmit(outgoing)
        }
    }

    mutating func amended(_ reference: VenueOrderReference, _ price: Price, _ total: Quantity, _ reply: Reply) {
        switch reply.verdict {
        case .done: tell(.amended(reference, price: price, total: total))
        case .unknown where !reply.isUnsent: tell(.amendRefused(reference, code: "lost", message: reply.why))
        case .unknown, .rejected, .throttled, .unauthorised, .forbidden, .clock, .retired, .account, .paused, .duplicate, .noSuchOrder:
            tell(.amendRefused(reference, code: reply.code, message: reply.message.isEmpty ? reply.why : reply.message))
            consequences(reply)
        }
    }
}
