internal import Domain
internal import JSON

/// Requests out, answers back to where they belong.
extension CryptoComSession {
    /// Sends a request as soon as the venue's limits allow. Placements do not come this way: they go at once or not at all.
    mutating func submit(_ outgoing: CryptoComOutgoing) {
        if free(outgoing) <= now.monotonic {
            transmit(outgoing)
            return
        }
        waiting.append(outgoing)
        schedulePump()
    }

    private func free(_ outgoing: CryptoComOutgoing) -> Int64 {
        let kind: CryptoComLimits.Kind =
            switch outgoing.route {
            case .user: .user
            case .market: .market
            case .rest: CryptoComLimits.kind(ofRest: outgoing.method)
            }
        return max(outgoing.notBefore, limits.free(kind, isUrgent: outgoing.isUrgent))
    }

    private mutating func schedulePump() {
        guard !waiting.isEmpty else { return }
        let next = waiting.reduce(Int64.max) { min($0, free($1)) }
        out.append(.timer(CryptoComTimer.pump, after: Span(nanoseconds: max(0, next - now.monotonic))))
    }

    mutating func pump() {
        for isUrgent in [true, false] {
            var index = 0
            while index < waiting.count {
                if waiting[index].isUrgent == isUrgent, free(waiting[index]) <= now.monotonic {
                    transmit(waiting.remove(at: index))
                } else {
                    index += 1
                }
            }
        }
        schedulePump()
    }

    @discardableResult
    mutating func transmit(_ outgoing: CryptoComOutgoing) -> UInt64 {
        let id = nextID
        nextID += 1
        lastNonce = max(lastNonce + 1, now.wall.nanoseconds / 1_000_000)
        let request = CryptoComRequest(method: outgoing.method, id: id, nonce: lastNonce, params: outgoing.params)
        pending[id] = CryptoComPending(outgoing: outgoing, sent: now)
        switch outgoing.route {
        case .user: send(request, id, on: user.socket, isAuthentication: outgoing.method == CryptoComMethod.auth)
        case .market: send(request, id, on: market.socket, isAuthentication: false)
        case .rest: sendREST(request, id, outgoing)
        }
        return id
    }

    private mutating func send(_ request: CryptoComRequest, _ id: UInt64, on socket: SocketID, isAuthentication: Bool) {
        limits.count(socket == user.socket ? .user : .market, at: now.monotonic)
        if isAuthentication, let signer = settings.signer {
            out.append(.send(socket, request.signed(by: signer)))
        } else {
            out.append(.send(socket, request.unsigned()))
        }
        if deadlines.isEmpty { out.append(.timer(CryptoComTimer.sweep, after: replyTimeout)) }
        deadlines.append(id, at: now.monotonic + replyTimeout.nanoseconds)
    }

    private mutating func sendREST(_ request: CryptoComRequest, _ id: UInt64, _ outgoing: CryptoComOutgoing) {
        limits.count(CryptoComLimits.kind(ofRest: outgoing.method), at: now.monotonic)
        let url = settings.rest + "/" + outgoing.method
        guard outgoing.method.hasPrefix("private/"), let signer = settings.signer else {
            var query = ""
            for field in outgoing.params {
                var text = ""
                field.value.appendSigned(to: &text)
                query += (query.isEmpty ? "?" : "&") + field.key + "=" + text
            }
            return out.append(.request(VenueToken(id), VenueRequest(method: .get, url: url + query, deadline: replyTimeout)))
        }
        out.append(
            .request(
                VenueToken(id),
                VenueRequest(
                    method: .post, url: url, headers: [("Content-Type", "application/json")], body: request.signed(by: signer),
                    deadline: replyTimeout, isUrgent: outgoing.isUrgent)))
    }

    /// A kill switch cannot wait as long as a trader.
    private var replyTimeout: Span {
        scope == .cancelling ? min(settings.replyTimeout, Span(nanoseconds: 2_000_000_000)) : settings.replyTimeout
    }

    // MARK: - Messages

    mutating func message(_ bytes: Bytes, on socket: SocketID) {
        guard link(socket).hasSocket else { return }
        let envelope: CryptoComEnvelope
        do throws(JSONError) {
            envelope = try CryptoComEnvelope(bytes)
        } catch {
            let name = socket == market.socket ? "market" : "user"
            return tell(.alarm("the \(name) socket sent what cannot be read: at byte \(error.offset) expected \(error.expected): \(bytes.excerpt)"))
        }
        if envelope.method == .heartbeat { return heartbeat(envelope, socket) }
        if envelope.isPush {
            // A push may bear the subscription's own id, and then stands for its acknowledgement.
            if let id = envelope.id, id > 0, case .subscribe? = pending[UInt64(id)]?.outgoing.purpose { answered(UInt64(id), envelope, status: 0) }
            return push(envelope, on: socket)
        }
        let id = envelope.id.flatMap { $0 > 0 ? UInt64($0) : nil } ?? envelope.originalID
        guard let id else { return tell(.alarm("the venue could not read a request: \(CryptoComSession.text(envelope))")) }
        answered(id, envelope, status: 0)
    }

    /// Before anything else: the venue waits five seconds.
    private mutating func heartbeat(_ envelope: CryptoComEnvelope, _ socket: SocketID) {
        guard let id = envelope.id else { return tell(.alarm("a heartbeat without an id")) }
        out.append(.send(socket, CryptoComRequest.heartbeat(id: id)))
        out.append(.timer(link(socket).heartbeat, after: settings.heartbeatSilence))
        // Its number is the venue's clock, where it is near enough to be one.
        let (nanoseconds, overflow) = id.multipliedReportingOverflow(by: 1_000_000)
        if !overflow, (nanoseconds / 1_000_000_000 - now.wall.nanoseconds / 1_000_000_000).magnitude <= 60 {
            let offset = Timestamp(nanoseconds: nanoseconds) - now.wall
            sighting(low: offset, high: Span(nanoseconds: offset.nanoseconds + CryptoComSession.longestFlight.nanoseconds))
        }
    }

    /// How long a heartbeat may have been under way.
    private static let longestFlight = Span(nanoseconds: 200_000_000)

    static func text(_ envelope: CryptoComEnvelope) -> String {
        "\(envelope.code.map(String.init) ?? "no code")" + (envelope.message.isEmpty ? "" : " \(envelope.message)")
    }

    // MARK: - Answers

    mutating func answered(_ id: UInt64, _ envelope: CryptoComEnvelope, status: Int) {
        let code = envelope.code ?? (envelope.result == nil ? -1 : 0)
        let verdict = CryptoComVerdict(code: code, status: status)
        let reply = CryptoComReply(
            verdict: verdict, code: envelope.code.map(String.init) ?? "", message: envelope.message, result: envelope.result,
            why: CryptoComSession.text(envelope))
        guard let waiting = pending.removeValue(forKey: id) else { return answeredLate(id, reply) }
        dispatch(waiting, id, reply)
    }

    func isAwaited(_ id: UInt64) -> Bool { pending[id] != nil }

    private mutating func dispatch(_ waiting: CryptoComPending, _ id: UInt64, _ reply: CryptoComReply) {
        switch waiting.outgoing.purpose {
        case .authenticate, .arm, .subscribe: handshake(waiting.outgoing.purpose, reply.verdict, reply.why, scope: reply.scope)
        case .unsubscribe: break
        case .place(let clientID): placed(clientID, id, reply)
        case .cancel(let reference): cancelled(reference, waiting.outgoing, reply)
        case .cancelAll(let symbol, let wave): cancelledAll(symbol, wave, waiting.outgoing, reply)
        case .page(let job): page(job, waiting, reply)
        }
    }

    mutating func response(_ token: VenueToken, _ response: VenueResponse) {
        guard let waiting = pending[token.raw] else { return }
        switch response {
        case .notSent(let why), .ambiguous(let why):
            pending[token.raw] = nil
            dispatch(waiting, token.raw, CryptoComReply(verdict: .unknown, code: "", message: "", result: nil, why: why, isUnreachable: true))
        case .answer(let status, let headers, let body):
            clock(waiting, headers)
            Bytes.with(body) { bytes in
                do throws(JSONError) {
                    answered(token.raw, try CryptoComEnvelope(bytes), status: status)
                } catch {
                    pending[token.raw] = nil
                    dispatch(waiting, token.raw, CryptoComReply(unreadable: bytes, status: status))
                }
            }
        }
    }

    private mutating func clock(_ waiting: CryptoComPending, _ headers: [(name: String, value: String)]) {
        guard let date = HTTPDate.of(headers) else { return }
        // The header names a second in which the answer was made, after the question left and before the answer came.
        let venue = sighting(low: date - now.wall, high: date + Span(nanoseconds: 1_000_000_000) - waiting.sent.wall)
        guard case .page(let id) = waiting.outgoing.purpose, var job = jobs[id] else { return }
        job.venueTime = venue
        jobs[id] = job
    }

    @discardableResult
    private mutating func sighting(low: Span, high: Span) -> Timestamp {
        let venue = now.wall + venueClock.add(low: low.nanoseconds, high: high.nanoseconds, at: now.monotonic)
        tell(.clock(venue: venue, sent: now, received: now))
        return venue
    }

    // MARK: - Without an answer

    mutating func sweep() {
        while let first = deadlines.first, first.at <= now.monotonic {
            deadlines.removeFirst()
            if let waiting = pending.removeValue(forKey: first.id) { expired(first.id, waiting) }
        }
        if let first = deadlines.first {
            out.append(.timer(CryptoComTimer.sweep, after: Span(nanoseconds: first.at - now.monotonic)))
        }
    }

    private mutating func expired(_ id: UInt64, _ waiting: CryptoComPending) {
        let why = "no answer to \(waiting.outgoing.method) within \(replyTimeout.text)"
        switch waiting.outgoing.purpose {
        case .authenticate, .arm, .subscribe:
            drop(waiting.outgoing.route == .market ? market.socket : user.socket, why)
        case .unsubscribe: break
        case .place(let clientID): losePlacement(clientID, id, why)
        case .cancel, .cancelAll, .page:
            dispatch(waiting, id, CryptoComReply(verdict: .unknown, code: "", message: "", result: nil, why: why, isUnreachable: true))
        }
    }

    /// What was under way on a socket that is gone.
    mutating func settle(_ socket: SocketID, _ why: String) {
        let route = socket == market.socket ? CryptoComOutgoing.Route.market : .user
        let kept = waiting
        waiting = []
        for id in pending.keys.sorted() {
            guard let lost = pending[id], lost.outgoing.route == route else { continue }
            pending[id] = nil
            if case .place(let clientID) = lost.outgoing.purpose { losePlacement(clientID, id, why) } else { reroute(lost.outgoing) }
        }
        for outgoing in kept { if outgoing.route == route { reroute(outgoing) } else { waiting.append(outgoing) } }
        schedulePump()
    }

    /// A cancel that the socket cannot carry any more goes by REST; a step of a handshake is moot.
    private mutating func reroute(_ outgoing: CryptoComOutgoing) {
        guard outgoing.isUrgent, settings.signer != nil else { return }
        var other = outgoing
        other.route = .rest
        submit(other)
    }

    mutating func discardHandshakes(of link: VenueLink) {
        let route = link == .market ? CryptoComOutgoing.Route.market : .user
        for id in pending.keys.sorted() {
            guard let outgoing = pending[id]?.outgoing, outgoing.route == route else { continue }
            switch outgoing.purpose {
            case .authenticate, .arm, .subscribe, .unsubscribe: pending[id] = nil
            case .place, .cancel, .cancelAll, .page: break
            }
        }
        waiting.removeAll { $0.route == route && !$0.isUrgent }
    }

    /// At the end: everything that was asked has an answer.
    mutating func settleEverything(_ why: String) {
        waiting = []
        for id in pending.keys.sorted() {
            guard let lost = pending.removeValue(forKey: id) else { continue }
            switch lost.outgoing.purpose {
            case .place(let clientID): losePlacement(clientID, id, why)
            case .cancel(let reference): tell(.cancelLost(reference, why: why))
            case .cancelAll(let symbol, let wave): if wave == nil { tell(.cancelAllFailed(symbol: symbol, why: why)) }
            case .authenticate, .arm, .subscribe, .unsubscribe, .page: break
            }
        }
        for wave in waves.keys.sorted() { tell(.cancelAllFailed(symbol: nil, why: waves[wave]?.failure ?? why)) }
        for id in jobs.keys.sorted() {
            if case .query(let query)? = jobs[id]?.owner { tell(.answer(query, .failed(VenueFailure(.unreachable, why)))) }
        }
        (jobs, waves) = ([:], [:])
    }
}

/// An answer, judged.
struct CryptoComReply {
    var verdict: CryptoComVerdict
    /// As the venue wrote it; empty where there was none.
    var code: String
    var message: String
    var result: Bytes?
    /// For people.
    var why: String
    /// There was no answer at all.
    var isUnreachable = false

    init(verdict: CryptoComVerdict, code: String, message: String, result: Bytes?, why: String, isUnreachable: Bool = false) {
        (self.verdict, self.code, self.message, self.result) = (verdict, code, message, result)
        (self.why, self.isUnreachable) = (why, isUnreachable)
    }

    /// A body that is not the venue's: a proxy's page, or half a text.
    init(unreadable body: Bytes, status: Int) {
        let trimmed = body.trimmed
        let isPage = trimmed.hasPrefix("<")
        let isOurs = status < 500 && status != 429 && status != 401 && status != 403
        verdict = isPage && isOurs ? .retired : CryptoComVerdict(status: status)
        (code, message, result) = ("", "", nil)
        why = "HTTP \(status) with a body that is no answer of the venue: \(trimmed.excerpt)"
    }

    /// The `scope` of a `set-cancel-on-disconnect` answer, where it tells one.
    var scope: String? {
        guard let result else { return nil }
        var reader = JSONReader(result)
        var fields = JSONFields(["scope"])
        do throws(JSONError) {
            try reader.beginObject()
            return try fields.next(in: &reader) == nil ? nil : try reader.optionalText()
        } catch {
            return nil
        }
    }
}
