internal import Domain
internal import JSON
internal import Transport

/// Orders over REST, and the look after them: what is pushed are hints, what is listed is the truth.
///
/// - Source: the venue's page, 4.4 to 4.9 and 9.
extension DVChainSession {
    /// An acceptance takes its quote with it before anything is sent: a key goes over the wire once.
    func placing(_ order: VenueOrderRequest, _ instrument: Instrument) -> CallOrReason<Call> {
        if let quote = order.quote { return accepting(order, quote) }
        let request = order.request
        guard request.timeInForce == .goodTillCancel || request.type == .market, !request.isPostOnly, !request.isReduceOnly else {
            return .none("the venue has no \(request.timeInForce.name)\(request.isPostOnly ? " post-only" : "") order")
        }
        guard let pair = DVChainWords.pair(instrument.nativeSymbol) else { return .none("\(instrument.nativeSymbol) is no pair of the venue") }
        var body = JSONWriter()
        body.beginObject()
        switch request.type {
        case .limit: body.field("orderType", "Limit")
        case .market: body.field("orderType", "Market")
        case .stop, .stopLimit: return .none("the venue has no stop orders")
        }
        body.field("side", DVChainWords.side(request.side))
        body.field("qty", instrument.decimal(request.quantity))
        body.field("asset", pair.asset)
        body.field("counterAsset", pair.counter)
        if request.type == .limit {
            body.field("limitPrice", instrument.decimal(request.price))
        } else {
            guard settings.workflow == .order else { return .none("workflow = \"rfq\": a market order is inst:request_quote and quote:accept here") }
            guard let price = marketPrice(request, instrument) else { return .none("no fresh quote reaches this size") }
            body.field("price", price)
        }
        body.field("clientTag", DVChainTag.tag(order.clientID))
        body.endObject()
        return .call(
            Call(method: .post, path: "/api/v4/trade", body: body.bytes, kind: request.type == .limit ? .limit : .market), .rest)
    }

    /// The newest ladder's price of the whole size; a ladder is dead after five seconds.
    private func marketPrice(_ request: OrderRequest, _ instrument: Instrument) -> ExactDecimal? {
        guard let (ladder, at) = ladders[request.instrument.position], now.monotonic - at <= 5_000_000_000 else { return nil }
        return ladder.price(request.side, quantity: instrument.decimal(request.quantity))
    }

    func cancelling(_ reference: VenueOrderReference) -> Call? {
        reference.venueID.map { Call(method: .delete, path: "/api/v4/trades/\(URLText.encoded($0))") }
    }

    func cancellingAll(_ symbol: String?) -> (call: Call, route: RequestRoute)? { nil }

    /// An answer to a cancel is a receipt: the order's own state is asked for.
    mutating func cancelDone(_ reference: VenueOrderReference, _ outgoing: Outgoing<Call>) { look(after: reference) }

    /// An execution is complete at once, and a limit order may be: both are verified by their id.
    mutating func placementDone(_ clientID: String, venueID: String?, symbol: String) {
        sent.learn(clientID, venueID: venueID, isFinal: false)
        look(after: VenueOrderReference(clientID: clientID, venueID: venueID, symbol: symbol))
        startWatching()
    }

    /// Asks about one order by itself.
    mutating func look(after reference: VenueOrderReference) { start(QueryJob(owner: .own(0), kind: .detail(reference))) }

    // MARK: - Watching

    mutating func startWatching() {
        guard !isPolling, core.scope == .trading, !sent.live.isEmpty else { return }
        isPolling = true
        core.out.append(.timer(DVChainSession.watchTimer, after: settings.poll))
    }

    /// Everything of ours that lives, in one question.
    mutating func lookAtOrders() {
        guard core.scope == .trading, core.orders.phase == .ready else { return startWatching() }
        if !sent.live.isEmpty { start(QueryJob(owner: .own(0), kind: .own(0))) }
        startWatching()
    }

    /// A row that came by whatever way.
    mutating func heard(_ row: DVChainRow) {
        let order = told(row)
        if let fill = row.fill(clientID: order.reference.clientID, now: now.wall), order.reference.clientID != nil { tell(fill: fill) }
        if order.reference.clientID != nil { tell(order: order) }
    }

    /// The row as an order of ours, or somebody's.
    func order(_ row: DVChainRow) -> VenueOrder { row.order(clientID: sent.owner(of: row), now: now.wall) }

    private mutating func told(_ row: DVChainRow) -> VenueOrder {
        let order = order(row)
        if let clientID = order.reference.clientID { sent.learn(clientID, venueID: row.id, isFinal: order.isFinal) }
        return order
    }

    // MARK: - After an input

    /// The text of a refusal of an execution, and whose it is: looked at by its key before it is believed.
    func refusedExecution(_ input: VenueInput) -> (clientID: String, message: String)? {
        guard case .response(let token, .answer(status: let status, headers: _, body: let body)) = input, status == 400 || status == 422,
            let pending = core.pending[token.raw], case .execute = pending.outgoing.call.kind, case .place(let clientID) = pending.outgoing.purpose
        else { return nil }
        return (clientID, Bytes.with(body) { DVChainSmall.text("message", of: $0) ?? "" })
    }

    /// Placements that ended without an answer are looked for at once; those of refused executions tell the refusal where nothing is found.
    mutating func followUp(_ refusal: (clientID: String, message: String)?) {
        for entry in sent.noteLost(core.names) {
            guard core.names.isLate(entry.clientID) else {
                sent.learn(entry.clientID, venueID: nil, isFinal: true)
                continue
            }
            let reference = VenueOrderReference(clientID: entry.clientID, venueID: nil, symbol: entry.symbol)
            if let refusal, refusal.clientID == entry.clientID {
                refusals[entry.clientID] = refusal.message
                start(QueryJob(owner: .own(1), kind: .detail(reference)))
            } else {
                look(after: reference)
            }
            startWatching()
        }
    }

    /// The answer to a question of the session's own.
    mutating func answered(own number: UInt64, _ answer: VenueAnswer) {
        switch answer {
        case .order(let order?, let fills):
            for fill in fills { tell(fill: fill) }
            if let clientID = order.reference.clientID { sent.learn(clientID, venueID: order.reference.venueID, isFinal: order.isFinal) }
            tell(order: order)
        case .orders(let orders):
            for order in orders { tell(order: order) }
        case .fills(let fills):
            for fill in fills { tell(fill: fill) }
        case .balances(let balances): tell(.balances(balances))
        case .order(nil, _), .instruments, .serverTime, .failed: break
        }
        if number == 1 { settleRefusals() }
    }

    /// The venue knows nothing of a quote whose execution it refused: the refusal stands.
    private mutating func settleRefusals() {
        for clientID in refusals.keys.sorted() {
            guard let entry = sent.entry(clientID), entry.venueID == nil, !entry.isFinal else {
                refusals[clientID] = nil
                continue
            }
            // Another look may still be under way; the last one to come back decides.
            guard !core.jobs.values.contains(where: { if case .own(1) = $0.owner { true } else { false } }) else { return }
            let message = refusals.removeValue(forKey: clientID) ?? ""
            sent.learn(clientID, venueID: nil, isFinal: true)
            let reference = VenueOrderReference(clientID: clientID, venueID: nil, symbol: entry.symbol)
            let reason: RejectReason = message.lowercased().contains("expired") ? .quoteExpired : .venue
            tell(.order(VenueOrder(reference: reference, state: .rejected(reason, code: "400", message: message), updated: now.wall)))
        }
    }
}
