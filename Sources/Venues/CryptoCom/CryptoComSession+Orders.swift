internal import Domain

/// Placing and cancelling.
extension CryptoComSession {
    mutating func place(_ order: VenueOrderRequest) {
        let request = order.request
        func refuse(_ reason: RejectReason, _ code: String, _ message: String) {
            tell(.refused(clientID: order.clientID, reason: reason, code: code, message: message))
        }
        guard scope == .trading, settings.signer != nil else { return refuse(.unsupported, "scope", "this session does not trade") }
        guard instruments.indices.contains(request.instrument.position) else {
            return refuse(.unsupported, "instrument", "the session was begun without this instrument")
        }
        if let block { return refuse(.venue, "account", block) }
        guard now.monotonic >= pausedUntil else { return refuse(.venue, "paused", "the venue takes no new orders for now") }
        guard user.phase == .ready else { return refuse(.venue, "not_connected", "the order connection is not ready") }
        // Never held back: bytes of an order leave in the turn in which the latch was looked at.
        guard limits.free(.user, isUrgent: false) <= now.monotonic else {
            return refuse(.venue, "rate_limit", "the venue's limit of messages is reached")
        }
        let instrument = instruments[request.instrument.position]
        guard let params = CryptoComSession.params(request, order.clientID, instrument) else {
            return refuse(.unsupported, "unsupported", "the venue has no such order")
        }
        let id = transmit(
            CryptoComOutgoing(purpose: .place(clientID: order.clientID), method: CryptoComMethod.place, params: params, route: .user))
        ids.place(order.clientID, request: id, symbol: instrument.nativeSymbol)
    }

    /// Nil for what the venue does not have. Every number goes as a text, so that it is signed as it is written.
    static func params(_ request: OrderRequest, _ clientID: String, _ instrument: Instrument) -> [CryptoComField]? {
        guard !clientID.isEmpty, clientID.utf8.count <= 36, request.quantity > .zero else { return nil }
        var fields = [
            CryptoComField("instrument_name", instrument.nativeSymbol), CryptoComField("side", request.side == .buy ? "BUY" : "SELL"),
        ]
        switch request.type {
        case .limit: fields.append(CryptoComField("type", "LIMIT"))
        case .market: fields.append(CryptoComField("type", "MARKET"))
        case .stopLimit: fields.append(CryptoComField("type", "STOP_LIMIT"))
        // A stop that buys is told by notional there, and ours by quantity.
        case .stop: return nil
        }
        if request.type.hasLimit { fields.append(CryptoComField("price", instrument.decimal(request.price).description)) }
        fields.append(CryptoComField("quantity", instrument.decimal(request.quantity).description))
        if request.type.isStop { fields.append(CryptoComField("trigger_price", instrument.decimal(request.stop).description)) }
        fields.append(CryptoComField("client_oid", clientID))
        if request.type == .limit {
            switch request.timeInForce {
            case .goodTillCancel: fields.append(CryptoComField("time_in_force", "GOOD_TILL_CANCEL"))
            case .immediateOrCancel: fields.append(CryptoComField("time_in_force", "IMMEDIATE_OR_CANCEL"))
            case .fillOrKill: fields.append(CryptoComField("time_in_force", "FILL_OR_KILL"))
            case .goodTillDate: return nil
            }
        } else if request.timeInForce == .goodTillDate {
            return nil
        }
        if request.isPostOnly {
            guard request.type == .limit, request.timeInForce == .goodTillCancel else { return nil }
            fields.append(CryptoComField("exec_inst", "POST_ONLY"))
        }
        return fields
    }

    mutating func placed(_ clientID: String, _ id: UInt64, _ reply: CryptoComReply) {
        let symbol = ids.placing[clientID]?.symbol ?? ""
        switch reply.verdict {
        case .done:
            let venueID = CryptoComOrderID(reply.result).venueID
            ids.settle(clientID)
            // A receipt without an id: the next message about the order tells it, and a cancel may wait for that.
            if venueID == nil { ids.keep(id, VenueOrderReference(clientID: clientID, venueID: nil, symbol: symbol), isLost: true) }
            return received(clientID, venueID)
        case .unknown: return losePlacement(clientID, id, reply.why)
        case .duplicate: return losePlacement(clientID, id, "perhaps there already: \(reply.why)")
        case .noSuchOrder: return losePlacement(clientID, id, reply.why)
        case .rejected, .throttled, .unauthorised, .forbidden, .clock, .retired, .account, .paused: break
        }
        ids.settle(clientID)
        tell(.refused(clientID: clientID, reason: CryptoComSession.reason(reply.verdict), code: reply.code, message: reply.message))
        if let reference = ids.takeCancel(clientID) {
            tell(.cancelRefused(reference, code: reply.code, message: "the order on \(symbol) was refused"))
        }
        consequences(reply)
    }

    private static func reason(_ verdict: CryptoComVerdict) -> RejectReason {
        if case .rejected(let reason) = verdict { return reason }
        return .venue
    }

    /// What a refusal says about more than the one request.
    private mutating func consequences(_ reply: CryptoComReply) {
        switch reply.verdict {
        case .throttled: tell(.throttled(Span(nanoseconds: 1_000_000_000)))
        case .unauthorised: authenticationExpired(reply.why)
        case .forbidden: refuse(user.socket, "this account or address may not trade: \(reply.why)")
        case .clock:
            tell(.alarm("the venue finds our clock wrong: \(reply.why)"))
            probeClock()
        case .retired: refuse(user.socket, "venue API retired or of another version: \(reply.why)")
        case .account:
            block = "trouble with the account: \(reply.why)"
            tell(.alarm("no new orders until a restart: trouble with the account: \(reply.why)"))
        case .paused:
            pausedUntil = now.monotonic + 60_000_000_000
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
        if let placement = ids.placing[clientID] {
            pending[placement.request] = nil
            ids.settle(clientID)
            ids.keep(placement.request, VenueOrderReference(clientID: clientID, venueID: venueID, symbol: placement.symbol), isLost: false)
        }
        ids.learn(clientID, venueID)
        if var reference = ids.takeCancel(clientID) {
            reference.venueID = venueID
            cancel(reference)
        }
    }

    mutating func losePlacement(_ clientID: String, _ id: UInt64, _ why: String) {
        let symbol = ids.placing[clientID]?.symbol ?? ""
        ids.settle(clientID)
        ids.keep(id, VenueOrderReference(clientID: clientID, venueID: nil, symbol: symbol), isLost: true)
        tell(.lost(clientID: clientID, why: why))
        // The cancel goes on waiting: it leaves as soon as any message tells the id.
        if let reference = ids.waitingCancel(clientID) { tell(.cancelLost(reference, why: "the venue's id of the order is not known: \(why)")) }
    }

    /// An answer after its deadline, or after a push that told the same.
    mutating func answeredLate(_ id: UInt64, _ reply: CryptoComReply) {
        guard let reference = ids.takeLate(id), let clientID = reference.clientID else { return }
        switch reply.verdict {
        case .done: received(clientID, CryptoComOrderID(reply.result).venueID ?? reference.venueID)
        case .unknown, .duplicate, .noSuchOrder: ids.keep(id, reference, isLost: reference.venueID == nil)
        case .rejected, .throttled, .unauthorised, .forbidden, .clock, .retired, .account, .paused:
            // After `.lost` a refusal is told as the venue's own word about the order.
            guard reference.venueID == nil else { return }
            tell(
                .order(
                    VenueOrder(
                        reference: reference,
                        state: .rejected(CryptoComSession.reason(reply.verdict), code: reply.code, message: reply.message),
                        updated: now.wall)))
            consequences(reply)
        }
    }

    // MARK: - Cancels

    private var cancelRoute: CryptoComOutgoing.Route { user.isAuthenticated ? .user : .rest }

    private var mayCancel: Bool { settings.signer != nil && (scope == .trading || scope == .cancelling) }

    mutating func cancel(_ reference: VenueOrderReference) {
        guard mayCancel else { return tell(.cancelRefused(reference, code: "scope", message: "this session does not trade")) }
        var known = reference
        known.venueID = reference.venueID ?? reference.clientID.flatMap { ids.venueID(of: $0) }
        guard let venueID = known.venueID else {
            guard let clientID = reference.clientID, ids.isUnanswered(clientID) else {
                return tell(.cancelRefused(reference, code: "unknown_id", message: "the venue cancels by its own id only, which is not known"))
            }
            ids.wait(reference, clientID)
            if ids.isLate(clientID) { tell(.cancelLost(reference, why: "the venue's id of the order is not known yet")) }
            return
        }
        submit(
            CryptoComOutgoing(
                purpose: .cancel(known), method: CryptoComMethod.cancel,
                params: [CryptoComField("instrument_name", known.symbol), CryptoComField("order_id", venueID)], route: cancelRoute))
    }

    mutating func cancelled(_ reference: VenueOrderReference, _ outgoing: CryptoComOutgoing, _ reply: CryptoComReply) {
        if reply.verdict == .done || retryCancel(outgoing, reply) { return }
        switch reply.verdict {
        case .done: break
        case .unknown, .throttled: tell(.cancelLost(reference, why: reply.why))
        case .rejected, .unauthorised, .forbidden, .clock, .retired, .account, .paused, .duplicate, .noSuchOrder:
            tell(.cancelRefused(reference, code: reply.code, message: reply.message.isEmpty ? reply.why : reply.message))
        }
    }

    /// A cancel does no harm twice: it is sent again, by REST, where the venue did not judge it.
    private mutating func retryCancel(_ outgoing: CryptoComOutgoing, _ reply: CryptoComReply) -> Bool {
        var again = outgoing
        again.attempts += 1
        again.route = .rest
        let step: Int64 = 100_000_000 << Int64(min(outgoing.attempts, 6))
        switch reply.verdict {
        case .unknown:
            guard outgoing.attempts < 3 else { return false }
            // The socket did not answer, or not well: REST need not wait for it.
            if outgoing.route == .rest { again.notBefore = now.monotonic + step }
        case .throttled:
            tell(.throttled(Span(nanoseconds: 1_000_000_000)))
            guard outgoing.attempts < 6 else { return false }
            (again.route, again.notBefore) = (outgoing.route == .user ? cancelRoute : .rest, now.monotonic + step)
        case .unauthorised:
            guard outgoing.route == .user else { return false }
            authenticationExpired(reply.why)
        case .clock:
            probeClock()
            guard outgoing.attempts < 2 else { return false }
            again.notBefore = now.monotonic + 500_000_000
        case .done, .rejected, .forbidden, .retired, .account, .paused, .duplicate, .noSuchOrder: return false
        }
        submit(again)
        return true
    }

    mutating func cancelAll(_ instrument: InstrumentID?) {
        let symbol = instrument.flatMap { instruments.indices.contains($0.position) ? instruments[$0.position].nativeSymbol : nil }
        guard mayCancel else { return tell(.cancelAllFailed(symbol: symbol, why: "this session does not trade")) }
        if let symbol { return sendCancelAll(symbol, wave: nil) }
        let wave = nextJob
        nextJob += 1
        waves[wave] = CryptoComWave()
        for instrument in instruments { joinWave(wave, instrument.nativeSymbol) }
        // What we do not trade may have orders too: the listing says where.
        start(CryptoComJob(owner: .wave(wave), kind: .openOrders(symbol: nil)))
    }

    private mutating func joinWave(_ wave: UInt64, _ symbol: String) {
        guard waves[wave]?.symbols.insert(symbol).inserted == true else { return }
        waves[wave]?.outstanding += 1
        sendCancelAll(symbol, wave: wave)
    }

    private mutating func sendCancelAll(_ symbol: String, wave: UInt64?) {
        submit(
            CryptoComOutgoing(
                purpose: .cancelAll(symbol: symbol, wave: wave), method: CryptoComMethod.cancelAll,
                params: [CryptoComField("instrument_name", symbol)], route: cancelRoute))
    }

    mutating func cancelledAll(_ symbol: String, _ wave: UInt64?, _ outgoing: CryptoComOutgoing, _ reply: CryptoComReply) {
        if retryCancel(outgoing, reply) { return }
        guard let wave else {
            return tell(reply.verdict == .done ? .cancelAllReceived(symbol: symbol) : .cancelAllFailed(symbol: symbol, why: reply.why))
        }
        waves[wave]?.outstanding -= 1
        if reply.verdict != .done { waves[wave]?.failure = "\(symbol): \(reply.why)" }
        closeWave(wave)
    }

    /// The listing of a wave is there.
    mutating func listed(_ answer: VenueAnswer, wave: UInt64) {
        waves[wave]?.isListing = false
        switch answer {
        case .orders(let orders): for order in orders { joinWave(wave, order.reference.symbol) }
        case .failed(let failure): waves[wave]?.failure = "open orders could not be listed: \(failure.message)"
        case .instruments, .order, .fills, .balances, .serverTime: break
        }
        closeWave(wave)
    }

    private mutating func closeWave(_ wave: UInt64) {
        guard let state = waves[wave], !state.isListing, state.outstanding == 0 else { return }
        waves[wave] = nil
        tell(state.failure.map { .cancelAllFailed(symbol: nil, why: $0) } ?? .cancelAllReceived(symbol: nil))
    }
}
