internal import Domain
internal import JSON

/// Requests out, answers back to where they belong.
extension SessionMachine {
    /// Sends a request as soon as the venue's limits allow. Placements do not come this way: they go at once or not at all.
    mutating func submit(_ outgoing: Outgoing<Call>) {
        if due(outgoing) <= now.monotonic {
            transmit(outgoing)
            return
        }
        core.waiting.append(outgoing)
        schedulePump()
    }

    private func due(_ outgoing: Outgoing<Call>) -> Int64 { max(outgoing.notBefore, free(outgoing)) }

    private mutating func schedulePump() {
        guard !core.waiting.isEmpty else { return }
        let next = core.waiting.reduce(Int64.max) { min($0, due($1)) }
        core.out.append(.timer(SessionTimer.pump, after: Span(nanoseconds: max(0, next - now.monotonic))))
    }

    mutating func pump() {
        for isUrgent in [true, false] {
            var index = 0
            while index < core.waiting.count {
                if core.waiting[index].isUrgent == isUrgent, due(core.waiting[index]) <= now.monotonic {
                    transmit(core.waiting.remove(at: index))
                } else {
                    index += 1
                }
            }
        }
        schedulePump()
    }

    @discardableResult
    mutating func transmit(_ outgoing: Outgoing<Call>) -> UInt64 {
        let id = core.nextID
        core.nextID += 1
        core.pending[id] = PendingRequest(outgoing: outgoing, sent: now)
        write(outgoing, id: id)
        if outgoing.route != .rest {
            if core.deadlines.isEmpty { core.out.append(.timer(SessionTimer.sweep, after: replyTimeout)) }
            core.deadlines.append(id, at: now.monotonic + replyTimeout.nanoseconds)
        }
        return id
    }

    // MARK: - Answers

    /// An answer to a request by its id, from whichever way it came.
    mutating func answered(_ id: UInt64, _ reply: Reply) {
        guard let waiting = core.pending.removeValue(forKey: id) else { return answeredLate(id, reply) }
        dispatch(waiting, id, reply)
    }

    private mutating func dispatch(_ waiting: PendingRequest<Call>, _ id: UInt64, _ reply: Reply) {
        switch waiting.outgoing.purpose {
        case .authenticate, .arm, .subscribe, .unsubscribe, .other: handshake(waiting.outgoing.purpose, reply)
        case .place(let clientID): placed(clientID, id, reply)
        case .cancel(let reference): cancelled(reference, waiting.outgoing, reply)
        case .amend(let reference, let price, let total): amended(reference, price, total, reply)
        case .cancelAll(let symbol, let wave): cancelledAll(symbol, wave, waiting.outgoing, reply)
        case .page(let job): page(job, waiting, reply)
        }
    }

    mutating func response(_ token: VenueToken, _ response: VenueResponse) {
        guard let waiting = core.pending[token.raw] else { return }
        switch response {
        case .notSent(let why): answered(token.raw, .none(why, isUnsent: true))
        case .ambiguous(let why): answered(token.raw, .none(why))
        case .answer(let status, let headers, let body):
            clock(waiting, headers)
            Bytes.with(body) { answered(token.raw, judge(waiting.outgoing, status: status, headers: headers, body: $0)) }
        }
    }

    /// The one clock that every server shows: the `Date` of its answers.
    private mutating func clock(_ waiting: PendingRequest<Call>, _ headers: [(name: String, value: String)]) {
        guard let date = HTTPDate.of(headers) else { return }
        // The header names a second in which the answer was made, after the question left and before the answer came.
        let venue = sighting(date, within: .seconds(1), asked: waiting.sent)
        if case .page(let job) = waiting.outgoing.purpose { core.jobs[job]?.venueTime = venue }
    }

    /// The venue's clock showed a time between this one and that, at a moment after the question and before now.
    ///
    /// It is counted from our monotonic clock: the wall's is corrected by what is found here, and may have been since the question.
    @discardableResult
    mutating func sighting(_ from: Timestamp, within width: Span, asked: VenueTime) -> Timestamp {
        let low = from.nanoseconds - now.monotonic
        let high = from.nanoseconds + width.nanoseconds - asked.monotonic
        let venue = Timestamp(nanoseconds: now.monotonic) + core.venueClock.add(low: low, high: high, at: now.monotonic)
        tell(.clock(venue: venue, sent: now, received: now))
        return venue
    }

    // MARK: - Without an answer

    mutating func sweep() {
        while let first = core.deadlines.first, first.at <= now.monotonic {
            core.deadlines.removeFirst()
            if let waiting = core.pending.removeValue(forKey: first.id) { expired(first.id, waiting) }
        }
        if let first = core.deadlines.first {
            core.out.append(.timer(SessionTimer.sweep, after: Span(nanoseconds: first.at - now.monotonic)))
        }
    }

    private mutating func expired(_ id: UInt64, _ waiting: PendingRequest<Call>) {
        let why = "no answer to \(waiting.outgoing.call) within \(replyTimeout.text)"
        switch waiting.outgoing.purpose {
        case .authenticate, .arm, .subscribe:
            if case .socket(let link) = waiting.outgoing.route { drop(link, why) }
        case .unsubscribe: break
        case .place(let clientID): losePlacement(clientID, id, why)
        case .cancel, .amend, .cancelAll, .page, .other: dispatch(waiting, id, .none(why))
        }
    }

    /// What was under way on a socket that is gone.
    mutating func settle(_ link: VenueLink, _ why: String) {
        let route = RequestRoute.socket(link)
        let kept = core.waiting
        core.waiting = []
        for id in core.pending.keys.sorted() {
            guard let lost = core.pending[id], lost.outgoing.route == route else { continue }
            core.pending[id] = nil
            switch lost.outgoing.purpose {
            case .place(let clientID): losePlacement(clientID, id, why)
            case .amend(let reference, _, _): tell(.amendRefused(reference, code: "lost", message: why))
            case .authenticate, .arm, .subscribe, .unsubscribe, .cancel, .cancelAll, .page, .other: reroute(lost.outgoing)
            }
        }
        for outgoing in kept { if outgoing.route == route { reroute(outgoing) } else { core.waiting.append(outgoing) } }
        schedulePump()
    }

    /// A cancel that the socket cannot carry any more goes by REST; a step of a handshake is moot.
    private mutating func reroute(_ outgoing: Outgoing<Call>) {
        guard outgoing.isUrgent, hasCredentials else { return }
        var other = outgoing
        other.route = .rest
        submit(other)
    }

    mutating func discardHandshakes(of link: VenueLink) {
        for id in core.pending.keys.sorted() {
            guard let outgoing = core.pending[id]?.outgoing, outgoing.route == .socket(link), outgoing.purpose.isHandshake else { continue }
            core.pending[id] = nil
        }
        core.waiting.removeAll { $0.route == .socket(link) && !$0.isUrgent }
    }

    /// At the end: everything that was asked has an answer.
    mutating func settleEverything(_ why: String) {
        core.waiting = []
        for id in core.pending.keys.sorted() {
            guard let lost = core.pending.removeValue(forKey: id) else { continue }
            switch lost.outgoing.purpose {
            case .place(let clientID): losePlacement(clientID, id, why)
            case .cancel(let reference): tell(.cancelLost(reference, why: why))
            case .amend(let reference, _, _): tell(.amendRefused(reference, code: "lost", message: why))
            case .cancelAll(let symbol, let wave): if wave == nil { tell(.cancelAllFailed(symbol: symbol, why: why)) }
            case .authenticate, .arm, .subscribe, .unsubscribe, .page, .other: break
            }
        }
        for wave in core.waves.keys.sorted() {
            tell(.cancelAllFailed(symbol: core.waves[wave]?.symbol, why: core.waves[wave]?.failure ?? why))
        }
        for id in core.jobs.keys.sorted() {
            if case .query(let query)? = core.jobs[id]?.owner { tell(.answer(query, .failed(VenueFailure(.unreachable, why)))) }
        }
        (core.jobs, core.waves) = ([:], [:])
    }
}
