internal import Domain
internal import JSON

/// Questions: pages of orders, single orders by id, key or tag, limits, prices as the list of instruments.
extension DVChainSession {
    private static let pageSize = "100"
    /// Ids of one question about several orders.
    private static let batch = 40

    func asking(_ job: QueryJob) -> CallOrReason<Call> {
        switch job.kind {
        case .instruments: return instruments(job)
        case .serverTime: return .call(Call(path: "/api/v4/prices"), .rest)
        case .balances: return .call(Call(path: "/api/v4/balances"), .rest)
        case .openOrders: return .call(list(job, [("status", "Open")]), .rest)
        case .history: return .call(list(job, window(job) + [("timetype", "created")]), .rest)
        case .fills: return .call(list(job, window(job) + [("status", "Complete"), ("timetype", "filled")]), .rest)
        case .detail(let reference):
            let names = names(of: reference)
            guard job.step < names.count else { return .none("the order has no name that the venue can be asked by") }
            return .call(Call(path: "/api/v4/trade", query: [names[job.step]]), .rest)
        case .own:
            let live = sent.live.suffix(DVChainSession.batch)
            let ids = live.compactMap(\.venueID).joined(separator: ",")
            let tags = live.filter { $0.venueID == nil }.map { DVChainTag.tag($0.clientID) }.joined(separator: ",")
            let query = [("ids", ids), ("clientTags", tags)].filter { !$0.1.isEmpty }
            return .call(Call(path: "/api/v4/trade", query: query), .rest)
        }
    }

    private func instruments(_ job: QueryJob) -> CallOrReason<Call> {
        guard job.step > 0 else { return .call(Call(path: "/api/v4/prices"), .rest) }
        let pair = DVChainWords.pair(settings.pairs[job.step - 1])
        return .call(Call(path: "/api/v4/prices/\(URLText.encoded(pair?.asset ?? ""))/\(URLText.encoded(pair?.counter ?? ""))"), .rest)
    }

    private func window(_ job: QueryJob) -> [(String, String)] { [("after", String(job.from)), ("before", String(job.end))] }

    /// Pages count from 1; a venue that counts from 0 shows itself by rows that are missing, and page 0 is read too.
    private func list(_ job: QueryJob, _ filter: [(String, String)]) -> Call {
        let page = job.step == 1 ? 0 : job.page + 1
        return Call(path: "/api/v4/trades", query: filter + [("page", String(page)), ("limit", DVChainSession.pageSize)])
    }

    /// By id, then by the key of its quote, then by tag.
    private func names(of reference: VenueOrderReference) -> [(String, String)] {
        if let id = reference.venueID { return [("ids", id)] }
        guard let clientID = reference.clientID else { return [] }
        let key = sent.entry(clientID)?.key.map { ("tradeKeys", $0) }
        return [key, ("clientTags", DVChainTag.tag(clientID))].compactMap { $0 }
    }

    mutating func read(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        guard let body = reply.result else { throw JSONError(offset: 0, expected: "an answer") }
        switch job.kind {
        case .instruments: return try readInstruments(&job, body)
        case .serverTime: return nil
        case .balances: return .balances(try DVChainLimits(body).balances)
        case .openOrders(let symbol), .history(let symbol):
            guard try readPage(&job, body, { session, job, row in job.orders.append(session.order(row)) }) else { return nil }
            if let failure = incomplete(&job) { return failure }
            return .orders(job.orders.filter { symbol == nil || $0.reference.symbol == symbol })
        case .fills(let symbol):
            let isWhole = try readPage(&job, body) { session, job, row in
                if let fill = row.fill(clientID: session.sent.owner(of: row), now: session.now.wall) { job.fills.append(fill) }
            }
            guard isWhole else { return nil }
            return .fills(job.fills.filter { symbol == nil || $0.reference.symbol == symbol })
        case .detail(let reference): return try readDetail(&job, reference, body)
        case .own:
            for row in try DVChainPage(body).rows { heard(row) }
            return .orders([])
        }
    }

    /// One row of a listing for each instrument that has a price; pairs of the configuration after them.
    private func readInstruments(_ job: inout QueryJob, _ body: Bytes) throws(JSONError) -> VenueAnswer? {
        for (symbol, _) in try DVChainPrices(body).ladders { job.seen.insert(symbol) }
        let missing = settings.pairs.indices.first { $0 >= job.step && !job.seen.contains(settings.pairs[$0]) && DVChainWords.pair(settings.pairs[$0]) != nil }
        if let missing {
            job.step = missing + 1
            return nil
        }
        return .instruments(
            job.seen.sorted().compactMap { symbol in
                DVChainWords.pair(symbol).map { pair in
                    VenueInstrument(
                        symbol: symbol, base: pair.asset, quote: pair.counter, tick: DVChainSettings.finest, lot: DVChainSettings.finest,
                        makerFee: .zero, takerFee: .zero)
                }
            })
    }

    /// Takes a page's rows; false where another page is needed.
    private func readPage(
        _ job: inout QueryJob, _ body: Bytes, _ take: (Self, inout QueryJob, DVChainRow) -> Void
    ) throws(JSONError) -> Bool {
        let page = try DVChainPage(body)
        for row in page.rows where job.seen.insert(row.id).inserted { take(self, &job, row) }
        if let total = page.total { job.to = total }
        guard job.step == 0 else { return true }
        job.page += 1
        if let pages = page.pages, Int64(job.page) < pages { return false }
        if page.pages == nil, page.rows.count >= 100 { return false }
        // Fewer than there are: perhaps the first page is page 0.
        if let total = page.total, Int64(job.seen.count) < total {
            job.step = 1
            return false
        }
        return true
    }

    /// Open orders that moved between pages while they were read are read again.
    private func incomplete(_ job: inout QueryJob) -> VenueAnswer? {
        guard case .openOrders = job.kind, job.step == 1, Int64(job.seen.count) < job.to else { return nil }
        return .failed(VenueFailure(.unreachable, "open orders moved between pages: \(job.seen.count) of \(job.to) were seen"))
    }

    private mutating func readDetail(_ job: inout QueryJob, _ reference: VenueOrderReference, _ body: Bytes) throws(JSONError) -> VenueAnswer? {
        let rows = try DVChainPage(body).rows
        let found = rows.first { row in
            row.id == reference.venueID || reference.venueID == nil && (rows.count == 1 || sent.owner(of: row) == reference.clientID)
        }
        guard let row = found else {
            job.step += 1
            return job.step < names(of: reference).count ? nil : .order(nil, fills: [])
        }
        let owner = reference.clientID ?? sent.owner(of: row)
        return .order(row.order(clientID: owner, now: now.wall), fills: row.fill(clientID: owner, now: now.wall).map { [$0] } ?? [])
    }
}
