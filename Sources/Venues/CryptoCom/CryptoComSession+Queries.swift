internal import Domain
internal import JSON

/// Questions as the venue takes them, and what it answers.
extension CryptoComSession {
    static let pageSize = 200

    func asking(_ job: QueryJob) -> CallOrReason<Call> {
        func rest(_ method: String, _ params: [CryptoComField] = []) -> CallOrReason<Call> { .call(Call(method, params), .rest) }
        switch job.kind {
        case .instruments: return rest(CryptoComMethod.instruments)
        case .balances: return rest(CryptoComMethod.account)
        case .serverTime:
            // Any answer has the header that is wanted; the lightest needs an instrument.
            guard let sample = core.own.first.map({ core.books[$0].symbol }) else { return rest(CryptoComMethod.instruments) }
            return rest(CryptoComMethod.ticker, [CryptoComField("instrument_name", sample)])
        case .detail(let reference):
            guard let venueID = reference.venueID else {
                return .none("the venue is asked by its own id only, and that is not known: look through the open orders and the history")
            }
            return rest(CryptoComMethod.detail, [CryptoComField("order_id", venueID)])
        case .openOrders(let symbol):
            return rest(
                CryptoComMethod.openOrders,
                named(symbol) + [CryptoComField("page_size", String(CryptoComSession.pageSize)), CryptoComField("page", String(job.page))])
        case .history(let symbol): return rest(CryptoComMethod.history, named(symbol) + window(job))
        case .fills(let symbol): return rest(CryptoComMethod.trades, named(symbol) + window(job))
        case .own: return .none("the venue has no such question")
        }
    }

    private func named(_ symbol: String?) -> [CryptoComField] { symbol.map { [CryptoComField("instrument_name", $0)] } ?? [] }

    private func window(_ job: QueryJob) -> [CryptoComField] {
        [
            CryptoComField("start_ts", job.from), CryptoComField("end_ts", job.to), CryptoComField("page_size", Int64(CryptoComSession.pageSize)),
            CryptoComField("page", Int64(job.page)),
        ]
    }

    func read(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        switch job.kind {
        case .instruments:
            var list: [VenueInstrument] = []
            _ = try CryptoComRows.each("instruments", of: reply.result) { row throws(JSONError) in list.append(try CryptoComPrivate.instrument(row)) }
            return .instruments(list)
        case .balances:
            var list: [VenueBalance] = []
            _ = try CryptoComRows.each("accounts", of: reply.result) { row throws(JSONError) in list.append(try CryptoComPrivate.balance(row)) }
            return .balances(list)
        case .detail(let reference):
            if reply.verdict == .noSuchOrder { return .order(nil, fills: []) }
            let (order, fills) = try CryptoComRows.detail(reply.result, symbol: reference.symbol, now: now.wall, grids: core.grids)
            return .order(order, fills: fills)
        case .openOrders(let symbol), .history(let symbol): return try readOrders(&job, reply, symbol)
        case .fills(let symbol): return try readFills(&job, reply, symbol)
        case .serverTime, .own: return nil
        }
    }

    private func readOrders(_ job: inout QueryJob, _ reply: Reply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueOrder] = []
        let (rows, count) = try CryptoComRows.each("order_list", of: reply.result) { row throws(JSONError) in
            page.append(try CryptoComPrivate.order(row, symbol: symbol, now: now.wall, grids: core.grids))
        }
        job.take(page)
        if rows >= CryptoComSession.pageSize {
            job.page += 1
            return nil
        }
        if case .openOrders = job.kind, let count, count != Int64(job.orders.count) {
            let found = job.orders.count
            if job.restart() { return nil }
            return .failed(VenueFailure(.unreachable, "open orders moved between pages three times: \(found) of \(count) were seen"))
        }
        if case .history = job.kind, job.nextWindow(longestWindow) { return nil }
        return .orders(job.orders)
    }

    private func readFills(_ job: inout QueryJob, _ reply: Reply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueFill] = []
        let (rows, _) = try CryptoComRows.each("trade_list", of: reply.result) { row throws(JSONError) in
            page.append(try CryptoComPrivate.fill(row, symbol: symbol, now: now.wall, grids: core.grids))
        }
        job.take(page)
        if rows >= CryptoComSession.pageSize {
            job.page += 1
            return nil
        }
        return job.nextWindow(longestWindow) ? nil : .fills(job.fills)
    }
}
