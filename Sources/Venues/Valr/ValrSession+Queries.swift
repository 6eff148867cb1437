internal import Domain
internal import JSON

/// Questions as the venue takes them, and what it answers.
extension ValrSession {
    static let pageSize = 100
    private static let open = "/v1/orders/open"
    private static let status = "/v1/public/status"

    func asking(_ job: QueryJob) -> CallOrReason<ValrCall> {
        switch job.kind {
        case .instruments: return .call(.get(job.step == 0 ? "/v1/public/pairs" : "/v1/account/fees/trade"), .rest)
        case .serverTime: return .call(.get("/v1/public/time"), .rest)
        case .balances: return .call(.get("/v1/account/balances"), .rest)
        case .openOrders: return .call(.get(ValrSession.open), .rest)
        case .history(let symbol):
            let pair = symbol.map { "&currencyPair=\($0)" } ?? ""
            return .call(.get("/v1/orders/history?skip=\(job.page * ValrSession.pageSize)&limit=\(ValrSession.pageSize)\(pair)&showZeroVolumeCancels=true"), .rest)
        case .fills(let symbol): return .call(.get(trades(symbol, page: job.page)), .rest)
        case .detail(let reference): return detail(job, reference)
        case .own(ValrQuestion.key): return .call(.get("/v1/account/api-keys/current"), .rest)
        case .own: return .call(.get(ValrSession.status), .rest)
        }
    }

    private func trades(_ symbol: String?, page: Int) -> String {
        "/v1/account/\(symbol.map { $0 + "/" } ?? "")tradehistory?skip=\(page * ValrSession.pageSize)&limit=\(ValrSession.pageSize)"
    }

    /// The live order, else its history, then its fills.
    private func detail(_ job: QueryJob, _ reference: VenueOrderReference) -> CallOrReason<ValrCall> {
        let name: String
        if let venueID = reference.venueID {
            name = "orderid/\(venueID)"
        } else if let clientID = reference.clientID {
            name = "customerorderid/\(clientID)"
        } else {
            return .none("an order without any id")
        }
        switch job.step {
        case 0: return .call(.get("/v1/orders/\(reference.symbol)/\(name)"), .rest)
        case 1: return .call(.get("/v1/orders/history/detail/\(name)"), .rest)
        case _: return .call(.get(trades(reference.symbol, page: job.page)), .rest)
        }
    }

    // MARK: - Answers

    mutating func read(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        switch job.kind {
        case .instruments: return try readPairs(&job, reply)
        case .serverTime: return try readTime(reply)
        case .balances:
            var list: [VenueBalance] = []
            try rows(reply) { row throws(JSONError) in list.append(try ValrPrivate.balance(row)) }
            return .balances(list)
        case .openOrders(let symbol):
            var list: [VenueOrder] = []
            try rows(reply) { row throws(JSONError) in list.append(try ValrPrivate.order(row, .open, now: now.wall).order) }
            return .orders(list.filter { symbol == nil || $0.reference.symbol == symbol })
        case .history(let symbol): return try readHistory(&job, reply, symbol)
        case .fills(let symbol): return try readFills(&job, reply, symbol)
        case .detail(let reference): return try readDetail(&job, reply, reference)
        case .own(ValrQuestion.key): readKey(reply)
        case .own: readStatus(reply)
        }
        return .balances([])
    }

    @discardableResult
    private func rows(_ reply: Reply, _ body: (Bytes) throws(JSONError) -> Void) throws(JSONError) -> Int {
        guard let result = reply.result else { throw JSONError(offset: 0, expected: "a list") }
        var reader = JSONReader(result)
        var count = 0
        try reader.beginArray()
        while try reader.nextElement() {
            count += 1
            try body(try reader.raw())
        }
        return count
    }

    /// The pairs, and then what they cost this account where it can be asked.
    private func readPairs(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        if job.step == 0 {
            var list: [VenueInstrument] = []
            try rows(reply) { row throws(JSONError) in if let made = try ValrPrivate.instrument(row) { list.append(made) } }
            job.instruments = list
            job.step = 1
            return hasCredentials ? nil : .instruments(list)
        }
        guard reply.result != nil else { return .instruments(job.instruments) }
        var fees: [String: (maker: ExactDecimal?, taker: ExactDecimal?)] = [:]
        do throws(JSONError) {
            try rows(reply) { row throws(JSONError) in
                var reader = JSONReader(row)
                var fields = JSONFields(["currencyPair", "makerPercentage", "takerPercentage"])
                var (pair, maker, taker): (String?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil)
                try reader.beginObject()
                while let field = try fields.next(in: &reader) {
                    switch field {
                    case 0: pair = try reader.optionalText()
                    case 1: maker = try reader.optionalDecimal()
                    default: taker = try reader.optionalDecimal()
                    }
                }
                // Percentage points.
                let percent = { (value: ExactDecimal?) in
                    value.flatMap { $0.scale + 2 <= ExactDecimal.maximumScale ? ExactDecimal(mantissa: $0.mantissa, scale: $0.scale + 2) : nil }
                }
                if let pair { fees[pair] = (percent(maker), percent(taker)) }
            }
        } catch {
            return .instruments(job.instruments)
        }
        return .instruments(job.instruments.map { instrument in
            var instrument = instrument
            (instrument.makerFee, instrument.takerFee) = fees[instrument.symbol] ?? (nil, nil)
            return instrument
        })
    }

    /// `epochTime` is in seconds; `time` has milliseconds.
    private mutating func readTime(_ reply: Reply) throws(JSONError) -> VenueAnswer? {
        guard let result = reply.result else { throw JSONError(offset: 0, expected: "a time") }
        var reader = JSONReader(result)
        var fields = JSONFields(["epochTime", "time"])
        var (seconds, time): (Int64?, Timestamp?) = (nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            if field == 0 { seconds = try reader.optionalInteger() } else { time = try reader.optionalTime() }
        }
        let width: Int64 = time == nil ? 1_000_000_000 : 1_000_000
        guard let from = time?.nanoseconds ?? seconds.flatMap({ (0...4_000_000_000).contains($0) ? $0 * 1_000_000_000 : nil }) else {
            throw JSONError(offset: 0, expected: "epochTime or time")
        }
        return .serverTime(sighting(Timestamp(nanoseconds: from), within: Span(nanoseconds: width), asked: clockAsked ?? now))
    }

    /// Newest first: pages until one is older than the question.
    private func readHistory(_ job: inout QueryJob, _ reply: Reply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueOrder] = []
        let count = try rows(reply) { row throws(JSONError) in page.append(try ValrPrivate.order(row, .history, now: now.wall).order) }
        let (from, to) = (job.from, job.end)
        job.take(page.filter { order in
            let time = max(order.updated, order.created ?? order.updated).nanoseconds / 1_000_000
            return time >= from && (order.created ?? order.updated).nanoseconds / 1_000_000 <= to && (symbol == nil || order.reference.symbol == symbol)
        })
        let isOld = page.allSatisfy { max($0.updated, $0.created ?? $0.updated).nanoseconds / 1_000_000 < from }
        if count < ValrSession.pageSize || isOld { return .orders(job.orders) }
        job.page += 1
        return nil
    }

    private func readFills(_ job: inout QueryJob, _ reply: Reply, _ symbol: String?) throws(JSONError) -> VenueAnswer? {
        var page: [VenueFill] = []
        let count = try rows(reply) { row throws(JSONError) in page.append(try ValrPrivate.fill(row, now: now.wall).fill) }
        let (from, to) = (job.from, job.end)
        job.take(page.filter { fill in
            let time = fill.time.nanoseconds / 1_000_000
            return time >= from && time <= to && (symbol == nil || fill.reference.symbol == symbol)
        })
        if count < ValrSession.pageSize || page.allSatisfy({ $0.time.nanoseconds / 1_000_000 < from }) { return .fills(job.fills) }
        job.page += 1
        return nil
    }

    private func readDetail(_ job: inout QueryJob, _ reply: Reply, _ reference: VenueOrderReference) throws(JSONError) -> VenueAnswer? {
        if job.step < 2 {
            guard reply.verdict != .noSuchOrder, let result = reply.result, let order = try newest(result, isLive: job.step == 0) else {
                job.step += 1
                return job.step == 2 ? .order(nil, fills: []) : nil
            }
            job.orders = [order]
            guard order.cumulativeQuantity.map({ $0.mantissa > 0 }) ?? true else { return .order(order, fills: []) }
            job.step = 2
            return nil
        }
        guard reply.verdict != .noSuchOrder, let order = job.orders.first else { return .order(job.orders.first, fills: []) }
        var page: [VenueFill] = []
        let count = try rows(reply) { row throws(JSONError) in page.append(try ValrPrivate.fill(row, now: now.wall).fill) }
        job.take(page.filter { $0.reference.venueID == order.reference.venueID })
        let held = job.fills.reduce(ExactDecimal.zero) { $0.adding($1.quantity) ?? $0 }
        let isWhole = order.cumulativeQuantity.map { $0 == held } ?? false
        let isOld = order.created.map { created in page.allSatisfy { $0.time < created } } ?? false
        if isWhole || isOld || count < ValrSession.pageSize || job.page >= 20 { return .order(order, fills: job.fills) }
        job.page += 1
        return nil
    }

    /// One order, or its transitions, of which the newest comes first.
    private func newest(_ result: Bytes, isLive: Bool) throws(JSONError) -> VenueOrder? {
        var reader = JSONReader(result)
        guard try reader.peek() == .array else { return try ValrPrivate.order(result, isLive ? .open : .history, now: now.wall).order }
        try reader.beginArray()
        guard try reader.nextElement() else { return nil }
        return try ValrPrivate.order(try reader.raw(), .history, now: now.wall).order
    }

    /// What the key may do: it must trade, and should not be able to withdraw.
    private mutating func readKey(_ reply: Reply) {
        guard let result = reply.result, let permissions = ValrSession.list(result) else { return }
        let words = permissions.map { $0.lowercased() }
        if !words.contains(where: { $0.contains("trade") }) { tell(.alarm("VALR says that this key may not trade: \(permissions.joined(separator: ", "))")) }
        if words.contains(where: { $0.contains("withdraw") }) { tell(.alarm("this VALR key may withdraw: a key that trades should not")) }
    }

    private static func list(_ result: Bytes) -> [String]? {
        do throws(JSONError) {
            var reader = JSONReader(result)
            var fields = JSONFields(["permissions"])
            try reader.beginObject()
            guard try fields.next(in: &reader) != nil, try reader.peek() == .array else { return nil }
            var list: [String] = []
            try reader.beginArray()
            while try reader.nextElement() { list.append(try reader.optionalText() ?? "") }
            return list
        } catch {
            return nil
        }
    }

    /// `read-only` takes cancels and questions only.
    private mutating func readStatus(_ reply: Reply) {
        guard let result = reply.result, let status = ValrSession.text(result, "status") else { return }
        let isNow = status.lowercased() == "read-only"
        guard isNow != isReadOnly else { return }
        isReadOnly = isNow
        if isNow { tell(.alarm("VALR is read-only for maintenance: no new orders")) }
        for index in core.own { tell(.status(core.books[index].instrument, isNow ? .halted : .trading)) }
    }

    mutating func answered(own number: UInt64, _ answer: VenueAnswer) {
        switch number {
        case ValrQuestion.clock:
            // A clock that was far off is corrected before the next input: what is signed now would be refused.
            if case .serverTime(let time) = answer, (time - now.wall).nanoseconds.magnitude > 1_000_000_000 {
                return core.out.append(.timer(ValrTimer.connect, after: Span(nanoseconds: 1_000_000)))
            }
            core.out.append(.cancelTimer(ValrTimer.connect))
            connect(.orders)
        case ValrQuestion.fees: priced(answer)
        case ValrQuestion.status: core.out.append(.timer(ValrTimer.status, after: Span(nanoseconds: 30_000_000_000)))
        case ValrQuestion.key: break
        case _: if let entry = looks.removeValue(forKey: number) { looked(entry, answer) }
        }
    }
}
