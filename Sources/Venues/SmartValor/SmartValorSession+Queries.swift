internal import Domain
internal import JSON

/// Questions of the desk and of the rounds.
extension SmartValorSession {
    func asking(_ job: QueryJob) -> CallOrReason<Call> {
        switch job.kind {
        case .instruments: return .call(open("/instruments"), .rest)
        case .serverTime: return .call(open("/exchange/time"), .rest)
        case .balances: return .call(Call(path: "/account/balance"), .rest)
        case .openOrders: return .call(Call(path: job.step == 0 ? "/orders" : "/instruments", isSigned: job.step == 0 || signsMarketData), .rest)
        case .history: return .call(Call(path: "/orders/history"), .rest)
        case .fills: return .call(Call(path: "/account/trades"), .rest)
        case .detail(let reference): return detail(job, reference)
        case .own(let number):
            let index = Int(number / 2)
            guard core.instruments.indices.contains(index), let id = numbers[core.instruments[index].nativeSymbol] else {
                return .none("the venue's number of an instrument is not known")
            }
            if number % 2 == 1 { return .call(open("/instruments/\(id)/trades", kind: .trades(index)), .rest) }
            return .call(open("/instruments/\(id)/level2", [("count", "50")], kind: .book(index)), .rest)
        }
    }

    private func open(_ path: String, _ query: [(String, String)] = [], kind: Call.Kind = .plain) -> Call {
        Call(path: path, query: query, isSigned: signsMarketData && hasCredentials, kind: kind)
    }

    /// The order, then its executions; an order that is not found by its id may stand in the history.
    private func detail(_ job: QueryJob, _ reference: VenueOrderReference) -> CallOrReason<Call> {
        guard let id = reference.venueID else {
            return .none("the venue is asked by its own id only, and that is not known: look through the open orders and the history")
        }
        switch job.step {
        case 0: return .call(Call(path: "/orders/\(URLText.encoded(id))"), .rest)
        case 1: return .call(Call(path: "/orders/history"), .rest)
        case _: return .call(Call(path: "/account/trades"), .rest)
        }
    }

    mutating func read(_ job: inout QueryJob, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        switch job.kind {
        case .instruments: return .instruments(try readInstruments(reply))
        case .serverTime: return try readTime(reply)
        case .balances: return .balances(try readBalances(reply))
        case .openOrders(let symbol):
            let orders = try readOrders(reply).filter { !$0.isFinal }
            return .orders(orders.filter { symbol == nil || $0.reference.symbol == symbol })
        case .history(let symbol):
            // No range can be asked for: what began before it is left out.
            let from = Timestamp(nanoseconds: job.from * 1_000_000)
            let orders = try readOrders(reply).filter { ($0.created ?? .never) >= from }
            return .orders(orders.filter { symbol == nil || $0.reference.symbol == symbol })
        case .fills(let symbol):
            let from = Timestamp(nanoseconds: job.from * 1_000_000)
            return .fills(try readFills(reply).filter { ($0.time >= from) && (symbol == nil || $0.reference.symbol == symbol) })
        case .detail(let reference): return try readDetail(&job, reference, reply)
        case .own(let number):
            guard let body = reply.result else { throw JSONError(offset: 0, expected: "an answer") }
            if number % 2 == 1 { try take(trades: body, Int(number / 2)) } else { take(book: body, Int(number / 2)) }
            return .orders([])
        }
    }

    private mutating func readInstruments(_ reply: Reply) throws(JSONError) -> [VenueInstrument] {
        var list: [SmartValorInstrument] = []
        try SmartValorWords.each(reply.result) { reader throws(JSONError) in list.append(try SmartValorInstrument(&reader)) }
        for instrument in list {
            numbers[instrument.symbol] = instrument.id
            symbols[instrument.id] = instrument
        }
        return list.map {
            VenueInstrument(symbol: $0.symbol, base: $0.base, quote: $0.quote, tick: SmartValorSettings.finest, lot: SmartValorSettings.finest)
        }
    }

    private mutating func readTime(_ reply: Reply) throws(JSONError) -> VenueAnswer? {
        guard let milliseconds = try SmartValorWords.integer("timestamp", of: reply.result), milliseconds > 0, milliseconds < 1 << 43 else {
            throw JSONError(offset: 0, expected: "a timestamp in milliseconds")
        }
        return .serverTime(Timestamp(nanoseconds: milliseconds * 1_000_000))
    }

    private mutating func readBalances(_ reply: Reply) throws(JSONError) -> [VenueBalance] {
        var list: [VenueBalance] = []
        try SmartValorWords.each(reply.result) { reader throws(JSONError) in list.append(try SmartValorWords.balance(&reader)) }
        if !hasWarnedOfBalances, let odd = list.first(where: { balance in balance.reserved.adding(balance.available).map { $0 != balance.total } ?? true }) {
            let gap = odd.total.adding(-odd.reserved).flatMap { $0.adding(-odd.available) }?.magnitudeIsSmall ?? false
            if !gap {
                hasWarnedOfBalances = true
                tell(.alarm("the balance of \(odd.currency) does not add up: \(odd.total) in all, \(odd.reserved) held, \(odd.available) free"))
            }
        }
        return list
    }

    private mutating func readOrders(_ reply: Reply) throws(JSONError) -> [VenueOrder] {
        var rows: [SmartValorOrder] = []
        try SmartValorWords.each(reply.result) { reader throws(JSONError) in rows.append(try SmartValorOrder(&reader)) }
        var orders: [VenueOrder] = []
        for row in rows {
            let order = order(row)
            if let fill = steps(of: row, order) { tell(fill: fill) }
            orders.append(order)
        }
        return orders
    }

    private mutating func readFills(_ reply: Reply) throws(JSONError) -> [VenueFill] {
        var rows: [SmartValorTrade] = []
        try SmartValorWords.each(reply.result) { reader throws(JSONError) in rows.append(try SmartValorTrade(&reader)) }
        if !rows.isEmpty, rows.allSatisfy({ $0.order == nil }), tradesNameOrders {
            tradesNameOrders = false
            tell(.alarm("the account's trades name no orders: executions are taken from the orders, at their limits"))
        }
        return rows.compactMap { row in
            symbols[row.instrument].flatMap { instrument in
                row.fill(symbol: instrument.symbol, quote: instrument.quote, clientID: row.order.flatMap { owners[$0] }, now: now.wall)
            }
        }
    }

    private mutating func readDetail(_ job: inout QueryJob, _ reference: VenueOrderReference, _ reply: Reply) throws(JSONError) -> VenueAnswer? {
        switch job.step {
        case 0:
            guard reply.verdict == .done, let body = reply.result else {
                job.step = 1
                return nil
            }
            let row = try SmartValorOrder(body)
            let order = order(row)
            if let fill = steps(of: row, order) { job.fills.append(fill) }
            job.orders = [order]
        case 1: job.orders = try readOrders(reply).filter { $0.reference.venueID == reference.venueID }
        case _:
            job.fills += try readFills(reply).filter { $0.reference.venueID == reference.venueID }
            return .order(job.orders.first, fills: job.fills)
        }
        guard let order = job.orders.first else { return .order(nil, fills: []) }
        // Without executions there is nothing more to ask.
        guard tradesNameOrders, (order.cumulativeQuantity?.mantissa ?? 0) > 0 else { return .order(order, fills: job.fills) }
        job.step = 2
        return nil
    }
}

extension ExactDecimal {
    /// Below a millionth: what is rounded away between two numbers of one sum.
    fileprivate var magnitudeIsSmall: Bool { scaled(to: max(scale, 6)).map { $0.magnitude < ExactDecimal.powerOfTen(max(scale, 6) - 6).magnitude } ?? false }
}
