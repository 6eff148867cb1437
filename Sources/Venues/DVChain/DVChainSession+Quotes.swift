internal import Domain
internal import JSON

/// Firm quotes: asked for, told, and taken once.
///
/// - Source: the venue's page, 4.3, 4.4 and 9.
extension DVChainSession {
    mutating func ask(for request: VenueQuoteRequest) {
        func refuse(_ reason: QuoteRefusal, _ message: String) {
            tell(.quote(VenueQuoteAnswer(number: request.number, outcome: .refused(reason, message: message))))
        }
        guard settings.workflow == .rfq else { return refuse(.unsupported, "workflow = \"order\": this venue is not asked for quotes") }
        guard core.scope == .trading, hasCredentials, core.orders.phase == .ready else { return refuse(.notReady, "the order connection is not ready") }
        guard core.instruments.indices.contains(request.instrument.position) else { return refuse(.unsupported, "an instrument of another venue") }
        let instrument = core.instruments[request.instrument.position]
        guard let pair = DVChainWords.pair(instrument.nativeSymbol) else { return refuse(.unsupported, "\(instrument.nativeSymbol) is no pair of the venue") }
        // The key of a quote is made of pair, size, side and a millisecond: two alike at one time may be one.
        let isAlike = others.values.contains { other in
            if case .quote(let pending) = other { pending.instrument == request.instrument } else { false }
        }
        if isAlike { return refuse(.throttled, "a request for \(instrument.nativeSymbol) is under way") }
        if let last = lastQuoted[instrument.nativeSymbol], now.monotonic - last < quoteSpacing {
            return refuse(.throttled, "one request a second for each pair")
        }
        let number = nextOther
        let call = Call(
            path: "/api/v5/RFQ",
            query: [
                ("side", DVChainWords.side(request.side)), ("qty", instrument.decimal(request.quantity).description), ("asset", pair.asset),
                ("counterAsset", pair.counter),
            ])
        let outgoing = Outgoing(purpose: .other(number), call: call, route: .rest)
        // A quote that waits for its turn is late: nothing is asked that cannot leave now.
        guard free(outgoing) <= now.monotonic else { return refuse(.throttled, "the budget of calls is used up") }
        lastQuoted[instrument.nativeSymbol] = now.monotonic
        nextOther += 1
        others[number] = .quote(request)
        askedAt[request.number] = now.wall
        transmit(outgoing)
    }

    private var quoteSpacing: Int64 { 1_000_000_000 }

    mutating func quoted(_ request: VenueQuoteRequest, _ reply: Reply) {
        let asked = askedAt.removeValue(forKey: request.number) ?? now.wall
        let outcome = judge(request, reply, asked: asked)
        tell(.quote(VenueQuoteAnswer(number: request.number, outcome: outcome)))
    }

    private mutating func judge(_ request: VenueQuoteRequest, _ reply: Reply, asked: Timestamp) -> VenueQuoteAnswer.Outcome {
        switch reply.verdict {
        case .done: break
        case .throttled: return .refused(.throttled, message: reply.why)
        case .unknown: return .refused(.timeout, message: reply.why)
        case .rejected: return .refused(.declined, message: reply.message.isEmpty ? reply.why : reply.message)
        case .unauthorised, .forbidden, .clock, .retired, .account, .paused, .duplicate, .noSuchOrder: return .refused(.venue, message: reply.why)
        }
        let instrument = core.instruments[request.instrument.position]
        let quote: DVChainQuote
        do throws(JSONError) {
            guard let body = reply.result else { return .refused(.venue, message: "an answer without a body") }
            quote = try DVChainQuote(body)
        } catch {
            return .refused(.venue, message: "a quote that cannot be read: at byte \(error.offset) expected \(error.expected)")
        }
        guard let price = quote.price, price.mantissa > 0, let quantity = quote.quantity, let key = quote.key, let life = quote.life, life > .zero else {
            return .refused(.venue, message: "a quote without price, size, key or end")
        }
        // The venue's own samples answer other assets than were asked for: nothing is used that does not echo.
        guard "\(quote.asset)/\(quote.counter)" == instrument.nativeSymbol, quote.side == request.side,
            quantity.multiple(of: instrument.lot) == request.quantity.lots
        else { return .refused(.mismatch, message: "the quote is for \(quote.side?.name ?? "?") \(quantity) \(quote.asset)/\(quote.counter)") }
        // From when we asked: earlier than the venue's own end.
        let expires = asked + life
        if firm.count >= 1_024 { firm = firm.filter { $0.value.expires > now.wall } }
        firm[request.number] = Firm(key: key, expires: expires, symbol: instrument.nativeSymbol)
        return .quoted(price: price, quantity: quantity, side: request.side, expires: expires)
    }

    /// How an acceptance is written; a quote that is not there any more, or is over, is not sent.
    func accepting(_ order: VenueOrderRequest, _ number: UInt64) -> CallOrReason<Call> {
        guard let quote = firm[number] else { return .none("the quote was taken before, or never told") }
        guard now.wall < quote.expires else { return .none("the quote is over") }
        var body = JSONWriter()
        body.beginObject()
        body.field("key", quote.key)
        body.field("clientTag", DVChainTag.tag(order.clientID))
        body.endObject()
        return .call(Call(method: .post, path: "/api/v5/RFQ/execute", body: body.bytes, kind: .execute(quote: number)), .rest)
    }

    /// Whatever becomes of the placement, its quote is gone, and its terms are kept to know the order by.
    mutating func remember(_ order: VenueOrderRequest) {
        let request = order.request
        guard core.instruments.indices.contains(request.instrument.position) else { return }
        let instrument = core.instruments[request.instrument.position]
        let quote = order.quote.flatMap { firm.removeValue(forKey: $0) }
        // An order that did not leave was told as refused in the same turn.
        guard core.names.placing[order.clientID] != nil else { return }
        sent.add(
            DVChainSent.Entry(
                clientID: order.clientID, symbol: instrument.nativeSymbol, side: request.side, quantity: instrument.decimal(request.quantity),
                price: request.type == .limit && quote == nil ? instrument.decimal(request.price) : nil, key: quote?.key, at: now.wall))
    }
}
