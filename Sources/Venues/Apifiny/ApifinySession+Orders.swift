internal import Domain
internal import FIX
internal import JSON

/// Orders as the venue writes them.
extension ApifinySession {
    func placing(_ order: VenueOrderRequest, _ instrument: Instrument) -> CallOrReason<ApifinyCall> {
        let request = order.request
        guard let venueID = order.venueID ?? settings.naming.venueID(of: order.clientID, at: now.wall) else {
            return .none("the client id cannot be written in the venue's form")
        }
        guard request.quantity > .zero else { return .none("nothing to trade") }
        var made = ApifinyNewOrder(
            venueID: venueID, symbol: instrument.nativeSymbol, side: request.side, price: nil, quantity: instrument.decimal(request.quantity),
            timeInForce: nil)
        switch (request.type, request.timeInForce) {
        case (.limit, .goodTillCancel):
            (made.price, made.timeInForce) = (instrument.decimal(request.price), request.isPostOnly ? 7 : 1)
        case (.limit, .immediateOrCancel):
            guard !request.isPostOnly else { return .none("an order that is both post-only and IOC can never trade") }
            (made.price, made.timeInForce) = (instrument.decimal(request.price), 3)
        case (.market, .fillOrKill), (.market, .goodTillDate), (.limit, .fillOrKill), (.limit, .goodTillDate):
            return .none("the venue has no order of time in force \(request.timeInForce.name)")
        case (.stop, _), (.stopLimit, _): return .none("the venue has no stop orders")
        case (.market, _):
            // A market sale by quantity exists at some venues; a market buy is by total, which is not what was asked for.
            if request.side == .sell, settings.hasMarketOrders { break }
            guard let bound = bound(request) else { return .none("a market order becomes an IOC limit here, and there is no book to limit it by") }
            (made.price, made.timeInForce) = (instrument.decimal(bound), 3)
        }
        guard usesFIX else { return .call(.place(made), .rest) }
        return fix.isReady ? .call(.place(made), .socket(.orders)) : .none("messages of the FIX session are missing: nothing new before they came")
    }

    /// The worst price of a market order: the touch and the collar, on the tick.
    private func bound(_ request: OrderRequest) -> Price? {
        let index = request.instrument.position
        guard core.books.indices.contains(index), let touch = core.books[index].touch(request.side.opposite) else { return nil }
        guard let part = settings.collar.scaled(to: 18) else { return nil }
        let distance = Int64(clamping: Int128(touch) * part / ExactDecimal.powerOfTen(18))
        let ticks = request.side == .buy ? touch + distance : max(1, touch - distance)
        return Price(ticks: ticks)
    }

    func cancelling(_ reference: VenueOrderReference) -> ApifinyCall? {
        guard let venueID = reference.venueID else { return nil }
        return .cancel(venueID: venueID, symbol: reference.symbol)
    }

    /// Over REST only; of the account's venue, best effort.
    func cancellingAll(_ symbol: String?) -> (call: ApifinyCall, route: RequestRoute)? { (.cancelAll(symbol: symbol), .rest) }

    // MARK: - Bytes

    func free(_ outgoing: Outgoing<ApifinyCall>) -> Int64 {
        switch outgoing.call {
        case .subscribe: marketRequests.free(isUrgent: true)
        case .place, .cancel, .cancelAll, .status: requests.free(isUrgent: outgoing.isUrgent)
        case .get(_, _, let isSigned): isSigned ? requests.free(isUrgent: false) : .min
        }
    }

    mutating func write(_ outgoing: Outgoing<ApifinyCall>, id: UInt64) {
        if case .place(let clientID) = outgoing.purpose, case .place(let order) = outgoing.call { core.names.learn(clientID, order.venueID) }
        switch outgoing.call {
        case .subscribe(let channel, let symbol, let isOn): return writeSubscription(channel, symbol, isOn, id)
        case .get(let path, let query, let isSigned):
            if isSigned { requests.count(at: now.monotonic) }
            return writeGet(path, query, isSigned, id, isUrgent: outgoing.isUrgent)
        case .place, .cancel, .cancelAll, .status: requests.count(at: now.monotonic)
        }
        if outgoing.route == .socket(.orders) { return writeFIX(outgoing, id) }
        switch outgoing.call {
        case .place(let order): post("/order/newOrder", order.body(accountID: settings.accountID, venue: settings.venue), id, isUrgent: false)
        case .cancel(let venueID, _): post("/order/cancelOrder", body { $0.field("orderId", venueID) }, id, isUrgent: true)
        case .cancelAll(let symbol):
            post("/order/cancelAccountVenueAllOrder", body { writer in if let symbol { writer.field("symbol", symbol) } }, id, isUrgent: true)
        case .status, .subscribe, .get: break
        }
    }

    private func body(_ fields: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("accountId", settings.accountID)
        writer.field("venue", settings.venue)
        fields(&writer)
        writer.endObject()
        return writer.bytes
    }

    private mutating func post(_ path: String, _ body: [UInt8], _ id: UInt64, isUrgent: Bool) {
        guard let signer = settings.signer else { return }
        let (signed, headers) = signer.post(body, at: now.wall)
        core.out.append(
            .request(
                VenueToken(id),
                VenueRequest(
                    method: .post, url: settings.rest + path, headers: headers + [("Content-Type", "application/json")], body: signed,
                    deadline: replyTimeout, isUrgent: isUrgent)))
    }

    private mutating func writeGet(_ path: String, _ query: [(String, String)], _ isSigned: Bool, _ id: UInt64, isUrgent: Bool) {
        var text = query.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        var headers: [(name: String, value: String)] = []
        if isSigned, let signer = settings.signer { (text, headers) = signer.get(text, at: now.wall) }
        let url = settings.rest + path + (text.isEmpty ? "" : "?" + text)
        core.out.append(.request(VenueToken(id), VenueRequest(method: .get, url: url, headers: headers, deadline: replyTimeout, isUrgent: isUrgent)))
    }

    private mutating func writeSubscription(_ channel: String, _ symbol: String, _ isOn: Bool, _ id: UInt64) {
        marketRequests.count(at: now.monotonic)
        let text = "{\"channel\":\"\(channel)\",\"symbol\":\"\(symbol)\",\"venues\":[\"\(settings.venue)\"],\"action\":\"\(isOn ? "sub" : "unsub")\"}"
        core.out.append(.send(core.market.socket, Array(text.utf8)))
        // Nothing acknowledges it: what was asked for once is asked for.
        core.pending[id] = nil
        guard isOn else { return }
        if channel == "orderbook", let index = core.places[symbol] { core.resyncs[index].isAwaited = false }
    }

    // MARK: - Answers

    func judge(_ outgoing: Outgoing<ApifinyCall>, status: Int, headers: [(name: String, value: String)], body: Bytes) -> Reply {
        let matter: ApifinyMatter =
            switch outgoing.call {
            case .place: .place
            case .cancel, .cancelAll: .cancel
            case .status, .get, .subscribe: .query
            }
        do throws(JSONError) {
            let envelope = try ApifinyEnvelope(body)
            if let code = envelope.code {
                let verdict = RequestVerdict(apifiny: code, message: envelope.message, matter: matter)
                return Reply(verdict: verdict, code: String(code), message: envelope.message, why: "\(code) \(envelope.message)")
            }
            guard status < 300 else { return Reply(verdict: RequestVerdict(status: status), why: "HTTP \(status): \(body.excerpt)") }
            var reply = Reply(verdict: .done, result: envelope.result, why: "")
            if case .place(let order) = outgoing.call { reply.venueID = order.venueID }
            if matter != .cancel, envelope.result == nil { reply = Reply(verdict: .unknown, why: "an answer without a result") }
            return reply
        } catch {
            return Reply(unreadable: body, status: status)
        }
    }

    /// What an answer says beside its verdict, before it is judged: the clock, cancels that came too soon, an address that is shut out.
    ///
    /// - Returns: True where nothing else is to be done about it.
    mutating func prepare(_ token: VenueToken, _ response: VenueResponse, at now: VenueTime, into actions: inout [VenueAction]) -> Bool {
        guard let waiting = core.pending[token.raw], case .answer(let status, _, let body) = response, !core.isEnded else { return false }
        core.now = now
        swap(&core.out, &actions)
        defer { swap(&core.out, &actions) }
        if status == 403 {
            core.pausedUntil = now.monotonic + 300_000_000_000
            tell(.throttled(Span.seconds(300)))
            tell(.alarm("the venue has shut this address out (HTTP 403): nothing new is sent for five minutes"))
        }
        if case .get("/utils/currentTimeMillis", _, _) = waiting.outgoing.call { clock(waiting, body) }
        guard case .cancel(let venueID, _) = waiting.outgoing.call else { return false }
        return Bytes.with(body) { again(venueID, token, waiting.outgoing, $0) }
    }

    private mutating func clock(_ waiting: PendingRequest<ApifinyCall>, _ body: [UInt8]) {
        let told = Bytes.with(body) { bytes -> Int64? in
            do throws(JSONError) {
                return try ApifinyEnvelope(bytes).result?.integer
            } catch {
                return nil
            }
        }
        guard let told, (1_000_000_000_000...9_999_999_999_999).contains(told) else { return }
        let venue = Timestamp(nanoseconds: told * 1_000_000)
        sighting(venue, within: .milliseconds(1), asked: waiting.sent)
    }

    /// A cancel that came while the order was under way: once more after half a second, and an alarm where that lasts.
    private mutating func again(_ venueID: String, _ token: VenueToken, _ outgoing: Outgoing<ApifinyCall>, _ body: Bytes) -> Bool {
        var code: Int64?
        do throws(JSONError) {
            code = try ApifinyEnvelope(body).code
        } catch {
            code = nil
        }
        guard let code, RequestVerdict.isTooSoon(code) else {
            tooSoon[venueID] = nil
            if code == 327_755 { tell(.alarm("the venue could not cancel \(venueID) (327755): it may live; its support should look")) }
            return false
        }
        core.pending[token.raw] = nil
        let since = tooSoon[venueID] ?? now.monotonic
        if tooSoon[venueID] == nil { tooSoon[venueID] = since }
        if now.monotonic - since >= 60_000_000_000 {
            tooSoon[venueID] = now.monotonic
            tell(.alarm("order \(venueID) cannot be cancelled for a minute: the venue still has it under way"))
        }
        var later = outgoing
        later.notBefore = now.monotonic + 500_000_000
        submit(later)
        return true
    }
}
