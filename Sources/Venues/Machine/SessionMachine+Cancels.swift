internal import Domain

/// Cancels: repeated, since one does no harm twice, and by REST where the socket is down.
extension SessionMachine {
    private var mayCancel: Bool { hasCredentials && (core.scope == .trading || core.scope == .cancelling) }

    mutating func cancel(_ reference: VenueOrderReference) {
        guard mayCancel else { return tell(.cancelRefused(reference, code: "scope", message: "this session does not trade")) }
        var known = reference
        known.venueID = reference.venueID ?? reference.clientID.flatMap { core.names.venueID(of: $0) }
        guard let call = cancelling(known) else {
            guard let clientID = reference.clientID, core.names.isUnanswered(clientID) else {
                return tell(.cancelRefused(reference, code: "unknown_id", message: "the venue cancels by its own id only, which is not known"))
            }
            core.names.wait(reference, clientID)
            if core.names.isLate(clientID) { tell(.cancelLost(reference, why: "the venue's id of the order is not known yet")) }
            return
        }
        submit(Outgoing(purpose: .cancel(known), call: call, route: cancelRoute))
    }

    mutating func cancelled(_ reference: VenueOrderReference, _ outgoing: Outgoing<Call>, _ reply: Reply) {
        if reply.verdict == .done { return cancelDone(reference, outgoing) }
        if retryCancel(outgoing, reply) { return }
        switch reply.verdict {
        case .done: break
        case .unknown, .throttled: tell(.cancelLost(reference, why: reply.why))
        case .rejected, .unauthorised, .forbidden, .clock, .retired, .account, .paused, .duplicate, .noSuchOrder:
            tell(.cancelRefused(reference, code: reply.code, message: reply.message.isEmpty ? reply.why : reply.message))
        }
    }

    /// A cancel is sent again, by REST, where the venue did not judge it.
    mutating func retryCancel(_ outgoing: Outgoing<Call>, _ reply: Reply) -> Bool {
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
            (again.route, again.notBefore) = (outgoing.route == .rest ? .rest : cancelRoute, now.monotonic + step)
        case .unauthorised:
            guard outgoing.route != .rest else { return false }
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

    // MARK: - Everything

    /// By the venue's own call where it has one; else an instrument at a time; else what a listing shows, order by order.
    mutating func cancelAll(_ instrument: InstrumentID?) {
        let symbol = instrument.flatMap { core.own.contains($0.position) ? core.instruments[$0.position].nativeSymbol : nil }
        guard mayCancel else { return tell(.cancelAllFailed(symbol: symbol, why: "this session does not trade")) }
        if let (call, route) = cancellingAll(symbol) {
            return submit(Outgoing(purpose: .cancelAll(symbol: symbol, wave: nil), call: call, route: route))
        }
        let wave = core.nextJob
        core.nextJob += 1
        core.waves[wave] = CancelWave(symbol: symbol)
        if symbol == nil { for index in core.own { joinWave(wave, core.instruments[index].nativeSymbol) } }
        // What we do not trade may have orders too: the listing says where.
        start(QueryJob(owner: .wave(wave), kind: .openOrders(symbol: symbol)))
    }

    private mutating func joinWave(_ wave: UInt64, _ symbol: String) {
        guard let (call, route) = cancellingAll(symbol), core.waves[wave]?.symbols.insert(symbol).inserted == true else { return }
        core.waves[wave]?.outstanding += 1
        submit(Outgoing(purpose: .cancelAll(symbol: symbol, wave: wave), call: call, route: route))
    }

    mutating func cancelledAll(_ symbol: String?, _ wave: UInt64?, _ outgoing: Outgoing<Call>, _ reply: Reply) {
        if reply.verdict != .done, retryCancel(outgoing, reply) { return }
        guard let wave else {
            return tell(reply.verdict == .done ? .cancelAllReceived(symbol: symbol) : .cancelAllFailed(symbol: symbol, why: reply.why))
        }
        core.waves[wave]?.outstanding -= 1
        if reply.verdict != .done { core.waves[wave]?.failure = "\(symbol ?? "the account"): \(reply.why)" }
        closeWave(wave)
    }

    /// The listing of a wave is there.
    mutating func listed(_ answer: VenueAnswer, wave: UInt64) {
        core.waves[wave]?.isListing = false
        switch answer {
        case .orders(let orders):
            for order in orders where !order.isFinal {
                if cancellingAll(order.reference.symbol) != nil { joinWave(wave, order.reference.symbol) } else { cancel(order.reference) }
            }
        case .failed(let failure): core.waves[wave]?.failure = "open orders could not be listed: \(failure.message)"
        case .instruments, .order, .fills, .balances, .serverTime: break
        }
        closeWave(wave)
    }

    private mutating func closeWave(_ wave: UInt64) {
        guard let state = core.waves[wave], !state.isListing, state.outstanding == 0 else { return }
        core.waves[wave] = nil
        tell(state.failure.map { .cancelAllFailed(symbol: state.symbol, why: $0) } ?? .cancelAllReceived(symbol: state.symbol))
    }
}
