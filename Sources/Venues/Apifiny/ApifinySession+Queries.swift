internal import Domain
internal import JSON

/// Questions as the venue takes them, and what it answers. It has no pages: where a list is full, the time is cut in halves.
extension ApifinySession {
    static let most = 1_000

    func asking(_ job: QueryJob) -> CallOrReason<ApifinyCall> {
        func rest(_ path: String, _ query: [(String, String)] = [], isSigned: Bool = true) -> CallOrReason<ApifinyCall> {
            .call(.get(path: path, query: query, isSigned: isSigned), .rest)
        }
        let account = [("accountId", settings.accountID), ("venue", settings.venue)]
        switch job.kind {
        case .instruments: return rest("/utils/listSymbolInfo", isSigned: false)
        case .serverTime: return rest("/utils/currentTimeMillis", isSigned: false)
        case .balances: return rest("/asset/listBalance", account)
        case .openOrders: return rest("/order/listOpenOrder", account)
        case .detail(let reference):
            guard let venueID = reference.venueID else { return .none("the venue's id of the order is not known: look through its lists") }
            if job.step > 0 { return rest("/order/listFilledOrder", account + fillsOf(venueID, until: now.wall)) }
            return rest("/order/queryOrderInfo", account + [("orderId", venueID)])
        case .history: return rest("/order/listCompletedOrder", account + window(job))
        case .fills(let symbol):
            if job.step > 0 { return rest("/order/listFilledOrder", account + fillsOf(job.incomplete[job.step - 1], until: now.wall)) }
            return rest("/order/listFilledOrder", account + (symbol.map { [("symbol", $0)] } ?? []) + window(job))
        case .own: return .none("the venue has no such question")
        }
    }

    private func window(_ job: QueryJob) -> [(String, String)] {
        [("limit", String(ApifinySession.most)), ("startTime", String(job.from)), ("endTime", String(job.to))]
    }

    /// Every execution of one order: since a little before it was made, which its id tells.
    func fillsOf(_ venueID: String, until now: Timestamp) -> [(String, String)] {
        let made = OrderNaming.created(venueID) ?? now + Span(nanoseconds: -Span.day.nanoseconds * 89)
        let from = min(made, now).nanoseconds / 1_000_000 - 60_000
        return [("orderId", venueID), ("limit", String(ApifinySession.most)), ("startTime", String(from)), ("endTime", String(now.nanoseconds / 1_000_000 + 60_000))]
    }

    func read(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        switch job.kind {
        case .instruments:
            var list: [VenueInstrument] = []
            try ApifinyEnvelope.each(reply.result) { row throws(JSONError) in list.append(try ApifinyReference.symbol(row)) }
            return .instruments(list)
        case .serverTime:
            guard let value = reply.result?.integer, value > 0, value < 9_999_999_999_999 else { throw JSONError(offset: 0, expected: "milliseconds since the epoch") }
            return .serverTime(Timestamp(nanoseconds: value * 1_000_000))
        case .balances:
            var list: [VenueBalance] = []
            try ApifinyEnvelope.each(reply.result) { row throws(JSONError) in list.append(try ApifinyBalance.read(row)) }
            return .balances(list)
        case .openOrders(let symbol):
            var orders: [VenueOrder] = []
            try ApifinyEnvelope.each(reply.result) { row throws(JSONError) in
                let order = try ApifinyOrder(row)
                if symbol == nil || order.symbol == symbol { orders.append(told(order, isListedOpen: true)) }
            }
            return .orders(orders)
        case .detail: return try readDetail(&job, reply)
        case .history(let symbol): return try readHistory(&job, reply, symbol)
        case .fills: return try readFills(&job, reply)
        case .own: return nil
        }
    }

    func told(_ order: ApifinyOrder, isListedOpen: Bool = false) -> VenueOrder {
        order.told(settings.naming, isListedOpen: isListedOpen, now: now.wall, grids: core.grids(order.symbol))
    }

    /// First the order, then its executions.
    private func readDetail(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        if job.step == 0 {
            guard reply.verdict == .done, let row = try ApifinyEnvelope.first(reply.result) else { return .order(nil, fills: []) }
            let order = told(try ApifinyOrder(row))
            job.orders = [order]
            guard order.cumulativeQuantity.map({ $0.mantissa > 0 }) ?? true else { return .order(order, fills: []) }
            job.step = 1
            return nil
        }
        var rows: [ApifinyExecution] = []
        try ApifinyEnvelope.each(reply.result) { row throws(JSONError) in
            let order = try ApifinyOrder(row)
            guard order.venueID == job.orders.first?.reference.venueID else { return }
            if let execution = ApifinyExecution(order, now: now.wall, grids: core.grids(order.symbol)) { rows.append(execution) }
        }
        return .order(job.orders.first, fills: ApifinyExecution.fills(rows, settings.naming, told: namedFills))
    }

    /// Whether a list is full, and the time that it covers was cut in half for that.
    private func isCut(_ count: Int, _ job: inout QueryJob) -> Bool {
        guard count >= ApifinySession.most, job.to > job.from else { return false }
        job.to = job.from + (job.to - job.from) / 2
        return true
    }

    private func readHistory(_ job: inout QueryJob, _ reply: Reply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueOrder] = []
        var count = 0
        try ApifinyEnvelope.each(reply.result) { row throws(JSONError) in
            let order = try ApifinyOrder(row)
            count += 1
            if symbol == nil || order.symbol == symbol { page.append(told(order)) }
        }
        if isCut(count, &job) { return nil }
        job.take(page)
        if job.nextWindow(longestWindow) { return nil }
        return .orders(job.orders)
    }

    /// The window's executions, then those of each order that began before it: an execution is known by what came before.
    private func readFills(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        var rows: [[UInt8]] = []
        var unfinished: [String] = []
        var count = 0
        try ApifinyEnvelope.each(reply.result) { row throws(JSONError) in
            let order = try ApifinyOrder(row)
            count += 1
            let made = order.created ?? OrderNaming.created(order.venueID)
            guard job.step == 0, made.map({ $0.nanoseconds / 1_000_000 < job.begin }) ?? true else { return rows.append(row.array) }
            if !unfinished.contains(order.venueID) { unfinished.append(order.venueID) }
        }
        if job.step == 0 {
            if isCut(count, &job) { return nil }
            for order in unfinished where !job.incomplete.contains(order) { job.incomplete.append(order) }
        }
        job.rows += rows
        if job.step == 0, job.nextWindow(longestWindow) {
            // Both ends of a window are in it.
            job.from += 1
            return nil
        }
        job.step += 1
        if job.step <= job.incomplete.count { return nil }
        return .fills(try wholeFills(job))
    }

    private func wholeFills(_ job: QueryJob) throws(JSONError) -> [VenueFill] {
        var rows: [ApifinyExecution] = []
        for bytes in job.rows {
            let execution = try Bytes.with(bytes) { row throws(JSONError) -> ApifinyExecution? in
                let order = try ApifinyOrder(row)
                return ApifinyExecution(order, now: now.wall, grids: core.grids(order.symbol))
            }
            if let execution { rows.append(execution) }
        }
        return ApifinyExecution.fills(rows, settings.naming, told: namedFills)
    }
}
