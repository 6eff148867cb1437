internal import Domain
internal import JSON

/// Questions, over REST: they do not stand in an order's way, and their answers bear the venue's clock.
extension SessionMachine {
    mutating func ask(_ id: VenueQueryID, _ query: VenueQuery) {
        let owner = QueryJob.Owner.query(id)
        func refuse(_ kind: VenueFailure.Kind, _ message: String) { tell(.answer(id, .failed(VenueFailure(kind, message)))) }
        switch query {
        case .instruments: return start(QueryJob(owner: owner, kind: .instruments))
        case .serverTime: return start(QueryJob(owner: owner, kind: .serverTime))
        case .openOrders, .order, .orderHistory, .fills, .balances: break
        }
        // Before it begins, a session that was given credentials may be asked; one for market data has none (C33).
        guard core.scope != .marketData else { return refuse(.unsupported, "this session asks for public data only") }
        guard hasCredentials else { return refuse(.authentication, "credentials.\(missingCredential ?? "key") is missing") }
        switch query {
        case .openOrders(let symbol): start(QueryJob(owner: owner, kind: .openOrders(symbol: symbol)))
        case .order(let reference):
            var known = reference
            known.venueID = reference.venueID ?? reference.clientID.flatMap { core.names.venueID(of: $0) }
            start(QueryJob(owner: owner, kind: .detail(known)))
        case .orderHistory(let symbol, let from, let to):
            start(QueryJob(owner: owner, kind: .history(symbol: symbol), from: from, to: to, longest: longestWindow))
        case .fills(let symbol, let from, let to):
            start(QueryJob(owner: owner, kind: .fills(symbol: symbol), from: from, to: to, longest: longestWindow))
        case .balances: start(QueryJob(owner: owner, kind: .balances))
        case .instruments, .serverTime: break
        }
    }

    mutating func start(_ job: QueryJob) {
        let id = core.nextJob
        core.nextJob += 1
        core.jobs[id] = job
        request(id, job, attempts: 1, notBefore: .min)
    }

    mutating func probeClock() {
        guard !core.isProbingClock else { return }
        core.isProbingClock = true
        start(QueryJob(owner: .clock, kind: .serverTime))
    }

    private mutating func request(_ id: UInt64, _ job: QueryJob, attempts: Int, notBefore: Int64) {
        switch asking(job) {
        case .none(let why): finish(id, .failed(VenueFailure(.unsupported, why)))
        case .call(let call, let route):
            submit(Outgoing(purpose: .page(job: id), call: call, route: route, attempts: attempts, notBefore: notBefore))
        }
    }

    mutating func page(_ id: UInt64, _ asked: PendingRequest<Call>, _ reply: Reply) {
        guard var job = core.jobs[id] else { return }
        if case .serverTime = job.kind, !hasServerTime { return finishClock(id, job, reply) }
        guard reply.verdict == .done || reply.verdict == .noSuchOrder && isDetail(job) else { return pageRefused(id, job, asked, reply) }
        do throws(JSONError) {
            if let answer = try read(&job, reply) { return finish(id, answer) }
        } catch {
            let why = "\(asked.outgoing.call): the answer cannot be read: at byte \(error.offset) expected \(error.expected)"
            return finish(id, .failed(VenueFailure(.refused, why)))
        }
        core.jobs[id] = job
        request(id, job, attempts: 1, notBefore: .min)
    }

    private func isDetail(_ job: QueryJob) -> Bool { if case .detail = job.kind { true } else { false } }

    /// A venue without a clock of its own: the header of whatever it answered.
    private mutating func finishClock(_ id: UInt64, _ job: QueryJob, _ reply: Reply) {
        if let time = job.venueTime { return finish(id, .serverTime(time)) }
        if reply.isUnreachable { return finish(id, .failed(VenueFailure(.unreachable, reply.why))) }
        finish(id, .failed(VenueFailure(.unsupported, "the venue has no clock, and its answer no Date header: \(reply.why)")))
    }

    private mutating func pageRefused(_ id: UInt64, _ job: QueryJob, _ asked: PendingRequest<Call>, _ reply: Reply) {
        func fail(_ kind: VenueFailure.Kind) { finish(id, .failed(VenueFailure(kind, "\(asked.outgoing.call): \(reply.why)"))) }
        let attempts = asked.outgoing.attempts
        let wait = now.monotonic + 250_000_000 << Int64(min(attempts, 5))
        switch reply.verdict {
        case .unknown: attempts < 3 ? request(id, job, attempts: attempts + 1, notBefore: wait) : fail(.unreachable)
        case .throttled:
            tell(.throttled(Span(nanoseconds: 1_000_000_000)))
            attempts < 5 ? request(id, job, attempts: attempts + 1, notBefore: wait) : fail(.throttled)
        case .clock:
            probeClock()
            attempts < 2 ? request(id, job, attempts: attempts + 1, notBefore: wait) : fail(.authentication)
        case .unauthorised, .forbidden: fail(.authentication)
        case .retired:
            finish(id, .failed(VenueFailure(.retired, "venue API retired or of another version: \(asked.outgoing.call): \(reply.why)")))
        case .noSuchOrder, .rejected, .account, .paused, .duplicate, .done: fail(.refused)
        }
    }

    mutating func finish(_ id: UInt64, _ answer: VenueAnswer) {
        guard let job = core.jobs.removeValue(forKey: id) else { return }
        switch job.owner {
        case .query(let query): tell(.answer(query, answer))
        case .wave(let wave): listed(answer, wave: wave)
        case .clock: core.isProbingClock = false
        case .own(let number): answered(own: number, answer)
        }
    }

    /// Each row by itself: one that cannot be read must not take the others along.
    mutating func eachRow(_ data: Bytes, of name: String, _ body: (inout Self, Bytes) throws(JSONError) -> Void) {
        var rows: [Bytes] = []
        do throws(JSONError) {
            var reader = JSONReader(data)
            if try reader.peek() == .array {
                try reader.beginArray()
                while try reader.nextElement() { rows.append(try reader.raw()) }
            } else {
                rows.append(data)
            }
        } catch {
            return tell(.alarm("a message of the \(name) cannot be read: at byte \(error.offset) expected \(error.expected)"))
        }
        for row in rows {
            do throws(JSONError) {
                try body(&self, row)
            } catch {
                tell(.alarm("a row of the \(name) cannot be read: at byte \(error.offset) expected \(error.expected): \(row.excerpt)"))
            }
        }
    }
}
