internal import Domain
internal import JSON

/// Questions, over REST: they do not stand in an order's way, and their answers bear the venue's clock.
extension CryptoComSession {
    mutating func ask(_ id: VenueQueryID, _ query: VenueQuery) {
        let owner = CryptoComJob.Owner.query(id)
        func refuse(_ kind: VenueFailure.Kind, _ message: String) { tell(.answer(id, .failed(VenueFailure(kind, message)))) }
        switch query {
        case .instruments: return start(CryptoComJob(owner: owner, kind: .instruments))
        case .serverTime: return start(CryptoComJob(owner: owner, kind: .serverTime))
        case .openOrders, .order, .orderHistory, .fills, .balances: break
        }
        // Before it begins, a session that was given credentials may be asked; one for market data has none (C33).
        guard scope != .marketData else { return refuse(.unsupported, "this session asks for public data only") }
        guard settings.signer != nil else { return refuse(.authentication, "credentials.\(settings.missingCredential ?? "key") is missing") }
        switch query {
        case .openOrders(let symbol): start(CryptoComJob(owner: owner, kind: .openOrders(symbol: symbol)))
        case .order(let reference): askOrder(id, reference)
        case .orderHistory(let symbol, let from, let to):
            start(CryptoComJob(owner: owner, kind: .history(symbol: symbol), from: from, to: to))
        case .fills(let symbol, let from, let to): start(CryptoComJob(owner: owner, kind: .fills(symbol: symbol), from: from, to: to))
        case .balances: start(CryptoComJob(owner: owner, kind: .balances))
        case .instruments, .serverTime: break
        }
    }

    private mutating func askOrder(_ id: VenueQueryID, _ reference: VenueOrderReference) {
        var known = reference
        known.venueID = reference.venueID ?? reference.clientID.flatMap { ids.venueID(of: $0) }
        guard known.venueID != nil else {
            let message = "the venue is asked by its own id only, and that is not known: look through the open orders and the history"
            return tell(.answer(id, .failed(VenueFailure(.unsupported, message))))
        }
        start(CryptoComJob(owner: .query(id), kind: .detail(known)))
    }

    mutating func start(_ job: CryptoComJob) {
        let id = nextJob
        nextJob += 1
        jobs[id] = job
        request(id, job, attempts: 1, notBefore: .min)
    }

    mutating func probeClock() {
        guard !isProbingClock else { return }
        isProbingClock = true
        start(CryptoComJob(owner: .clock, kind: .serverTime))
    }

    private mutating func request(_ id: UInt64, _ job: CryptoComJob, attempts: Int, notBefore: Int64) {
        let sample = instruments.first?.nativeSymbol
        let isBare = if case .serverTime = job.kind { sample == nil } else { false }
        submit(
            CryptoComOutgoing(
                purpose: .page(job: id), method: isBare ? CryptoComMethod.instruments : job.method, params: job.params(sample: sample),
                route: .rest, attempts: attempts, notBefore: notBefore))
    }

    mutating func page(_ id: UInt64, _ asked: CryptoComPending, _ reply: CryptoComReply) {
        guard var job = jobs[id] else { return }
        if case .serverTime = job.kind { return finishClock(id, job, reply) }
        guard reply.verdict == .done else { return pageRefused(id, job, asked, reply) }
        do throws(JSONError) {
            if let answer = try read(&job, reply) { return finish(id, answer) }
        } catch {
            let why = "\(job.method): the answer cannot be read: at byte \(error.offset) expected \(error.expected)"
            return finish(id, .failed(VenueFailure(.refused, why)))
        }
        jobs[id] = job
        request(id, job, attempts: 1, notBefore: .min)
    }

    private mutating func finishClock(_ id: UInt64, _ job: CryptoComJob, _ reply: CryptoComReply) {
        if let time = job.venueTime { return finish(id, .serverTime(time)) }
        if reply.isUnreachable { return finish(id, .failed(VenueFailure(.unreachable, reply.why))) }
        finish(id, .failed(VenueFailure(.unsupported, "the venue has no clock, and its answer no Date header: \(reply.why)")))
    }

    /// Nil where another page is needed.
    private func read(_ job: inout CryptoComJob, _ reply: CryptoComReply) throws(JSONError) -> VenueAnswer? {
        switch job.kind {
        case .instruments:
            var list: [VenueInstrument] = []
            _ = try CryptoComRows.each("instruments", of: reply.result) { row throws(JSONError) in
                list.append(try CryptoComPrivate.instrument(row))
            }
            return .instruments(list)
        case .balances:
            var list: [VenueBalance] = []
            _ = try CryptoComRows.each("accounts", of: reply.result) { row throws(JSONError) in
                list.append(try CryptoComPrivate.balance(row))
            }
            return .balances(list)
        case .detail(let reference):
            let (order, fills) = try CryptoComRows.detail(reply.result, symbol: reference.symbol, now: now.wall, grids: grids)
            return .order(order, fills: fills)
        case .openOrders(let symbol), .history(let symbol): return try readOrders(&job, reply, symbol)
        case .fills(let symbol): return try readFills(&job, reply, symbol)
        case .serverTime: return nil
        }
    }

    private func readOrders(_ job: inout CryptoComJob, _ reply: CryptoComReply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueOrder] = []
        let (rows, count) = try CryptoComRows.each("order_list", of: reply.result) { row throws(JSONError) in
            page.append(try CryptoComPrivate.order(row, symbol: symbol, now: now.wall, grids: grids))
        }
        for order in page where job.seen.insert(order.reference.venueID ?? "").inserted { job.orders.append(order) }
        if rows >= CryptoComJob.pageSize {
            job.page += 1
            return nil
        }
        if case .openOrders = job.kind, let count, count != Int64(job.orders.count) {
            let found = job.orders.count
            if job.restart() { return nil }
            return .failed(VenueFailure(.unreachable, "open orders moved between pages three times: \(found) of \(count) were seen"))
        }
        if case .history = job.kind, job.nextWindow() { return nil }
        return .orders(job.orders)
    }

    private func readFills(_ job: inout CryptoComJob, _ reply: CryptoComReply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueFill] = []
        let (rows, _) = try CryptoComRows.each("trade_list", of: reply.result) { row throws(JSONError) in
            page.append(try CryptoComPrivate.fill(row, symbol: symbol, now: now.wall, grids: grids))
        }
        for fill in page {
            // A trade id alone is not one: two orders of ours may meet in one trade.
            let key = "\(fill.tradeID)/\(fill.reference.venueID ?? "")/\(fill.side.name)/\(fill.reference.symbol)"
            if job.seen.insert(key).inserted { job.fills.append(fill) }
        }
        if rows >= CryptoComJob.pageSize {
            job.page += 1
            return nil
        }
        return job.nextWindow() ? nil : .fills(job.fills)
    }

    private mutating func pageRefused(_ id: UInt64, _ job: CryptoComJob, _ asked: CryptoComPending, _ reply: CryptoComReply) {
        func fail(_ kind: VenueFailure.Kind) { finish(id, .failed(VenueFailure(kind, "\(job.method): \(reply.why)"))) }
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
        case .retired: finish(id, .failed(VenueFailure(.retired, "venue API retired or of another version: \(job.method): \(reply.why)")))
        case .noSuchOrder: if case .detail = job.kind { finish(id, .order(nil, fills: [])) } else { fail(.refused) }
        case .rejected, .account, .paused, .duplicate, .done: fail(.refused)
        }
    }

    private mutating func finish(_ id: UInt64, _ answer: VenueAnswer) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        switch job.owner {
        case .query(let query): tell(.answer(query, answer))
        case .wave(let wave): listed(answer, wave: wave)
        case .clock: isProbingClock = false
        }
    }
}
