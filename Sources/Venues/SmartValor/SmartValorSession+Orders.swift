internal import Domain
internal import JSON

/// Orders without a name of ours.
///
/// - Source: the venue's page, 6 and 9.
extension SmartValorSession {
    func placing(_ order: VenueOrderRequest, _ instrument: Instrument) -> CallOrReason<Call> {
        let request = order.request
        guard request.type == .limit || request.type == .market else { return .none("the venue has no stop orders") }
        guard request.timeInForce == .goodTillCancel || request.type == .market, !request.isPostOnly, !request.isReduceOnly, order.quote == nil else {
            return .none("the venue has no \(request.timeInForce.name)\(request.isPostOnly ? " post-only" : "") order")
        }
        guard let number = numbers[instrument.nativeSymbol] else { return .none("the venue's number of \(instrument.nativeSymbol) is not known") }
        let look = look(of: request, instrument)
        if lost.values.contains(where: { $0.look.symbol == look.symbol }) {
            return .none("an order on \(look.symbol) is of unknown fate: nothing new goes there until it is found")
        }
        let isTwin = core.names.placing.keys.contains { looks[$0] == look }
        if isTwin { return .none("an order just like this one is under way, and the venue could not tell them apart") }
        var body = JSONWriter()
        body.beginObject()
        body.field("side", request.side == .buy ? "BUY" : "SELL")
        body.field("type", request.type == .limit ? "LIMIT" : "MARKET")
        body.field("quantity", instrument.decimal(request.quantity))
        body.field("instrumentId", number)
        if request.type == .limit { body.field("price", instrument.decimal(request.price)) }
        body.endObject()
        return .call(Call(method: .post, path: "/orders", body: body.bytes), .rest)
    }

    private func look(of request: OrderRequest, _ instrument: Instrument) -> Look {
        Look(symbol: instrument.nativeSymbol, side: request.side, ticks: request.type == .limit ? request.price.ticks : nil, lots: request.quantity.lots)
    }

    func cancelling(_ reference: VenueOrderReference) -> Call? {
        reference.venueID.map { Call(method: .delete, path: "/orders/\(URLText.encoded($0))") }
    }

    /// One call for the account, none for an instrument.
    func cancellingAll(_ symbol: String?) -> (call: Call, route: RequestRoute)? {
        symbol == nil ? (Call(method: .delete, path: "/orders"), .rest) : nil
    }

    mutating func cancelDone(_ reference: VenueOrderReference, _ outgoing: Outgoing<Call>) { look(after: reference) }

    mutating func placementDone(_ clientID: String, venueID: String?, symbol: String) {
        if let venueID {
            own(venueID, clientID)
            shownOpen[venueID] = symbol
        }
        look(after: VenueOrderReference(clientID: clientID, venueID: venueID, symbol: symbol))
    }

    mutating func look(after reference: VenueOrderReference) {
        start(QueryJob(owner: .own(Own.look), kind: .detail(reference)))
        noteActivity()
    }

    /// The order of this id is ours.
    mutating func own(_ venueID: String, _ clientID: String) {
        if owners.updateValue(clientID, forKey: venueID) == nil { ownerOrder.append(venueID) }
        if ownerOrder.count > 16_384 {
            for old in ownerOrder.prefix(8_192) { owners[old] = nil }
            ownerOrder.removeFirst(8_192)
        }
    }

    // MARK: - After an input

    mutating func remember(_ order: VenueOrderRequest) {
        guard core.names.placing[order.clientID] != nil, core.instruments.indices.contains(order.request.instrument.position) else { return }
        looks[order.clientID] = look(of: order.request, core.instruments[order.request.instrument.position])
        noteActivity()
    }

    /// Placements that ended without an answer: their instrument waits until they are found, or could not come any more.
    mutating func noteLost() {
        for clientID in looks.keys.sorted() where core.names.placing[clientID] == nil && lost[clientID] == nil {
            guard let look = looks[clientID] else { continue }
            if core.names.isLate(clientID) {
                lost[clientID] = (look, now.monotonic + settings.requestLifetime.nanoseconds + 3_000_000_000)
            } else if core.names.venueID(of: clientID) == nil {
                looks[clientID] = nil
            }
        }
        for clientID in lost.keys.sorted() where (lost[clientID]?.until ?? 0) <= now.monotonic {
            lost[clientID] = nil
            looks[clientID] = nil
        }
    }

    /// A row of a listing: an order that looks like a lost one is the lost one to us; whether the desk agrees it says itself.
    mutating func order(_ row: SmartValorOrder) -> VenueOrder {
        // An order on what we do not know counts as well: a listing must not lose one.
        let order = row.order(symbol: symbols[row.instrument]?.symbol ?? "#\(row.instrument)", clientID: owners[row.id], now: now.wall)
        if order.reference.clientID == nil { settle(order) }
        if let clientID = order.reference.clientID, order.isFinal { looks[clientID] = nil }
        return order
    }

    private mutating func settle(_ order: VenueOrder) {
        guard let place = core.places[order.reference.symbol] else { return }
        let instrument = core.instruments[place]
        let match = lost.keys.sorted().filter { clientID in
            guard let look = lost[clientID]?.look else { return false }
            return look.symbol == order.reference.symbol && look.side == order.side && order.quantity?.multiple(of: instrument.lot) == look.lots
                && look.ticks == order.price?.multiple(of: instrument.tick)
        }
        if match.count == 1 {
            lost[match[0]] = nil
            looks[match[0]] = nil
        }
    }

    /// Executions by the step of what an order shows, for a venue whose trades name no orders.
    mutating func steps(of row: SmartValorOrder, _ order: VenueOrder) -> VenueFill? {
        guard !tradesNameOrders, let cumulative = row.executed, let side = row.side, let instrument = symbols[row.instrument] else { return nil }
        let before = executed[row.id] ?? .zero
        guard let step = cumulative.adding(-before), step.mantissa != 0 else { return nil }
        guard step.mantissa > 0 else {
            tell(.alarm("order \(row.id) had executed \(before) and now \(cumulative)"))
            return nil
        }
        guard let price = row.price, price.mantissa > 0 else {
            tell(.alarm("order \(row.id) has executed \(step) at a price that nothing tells"))
            return nil
        }
        executed[row.id] = cumulative
        // An id that is the same whenever the same step is seen.
        return VenueFill(
            tradeID: "\(row.id)-\(cumulative)", reference: order.reference, side: side, price: price, quantity: step, fee: .zero,
            feeCurrency: instrument.quote, liquidity: nil, time: now.wall)
    }
}
