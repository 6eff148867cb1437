internal import Domain
internal import JSON
internal import Transport

/// SMART VALOR: everything is asked for, nothing is pushed, and an order has no name but the one that the venue gives it.
///
/// A placement whose answer is lost is found again by what it looks like, among orders that were not there before (``OrderKeeper`` binds it);
/// so two that look alike are never under way at once, and nothing new is placed on an instrument while one is lost.
public struct SmartValorSession: SessionMachine {
    struct Call: CustomStringConvertible {
        enum Kind: Equatable { case book(Int), trades(Int), plain }
        var method = VenueRequest.Method.get
        var path: String
        var query: [(String, String)] = []
        var body: [UInt8] = []
        var isSigned = true
        var kind = Kind.plain
        var description: String { "\(method.rawValue) \(path)" }
    }

    /// What a placement looks like at the venue.
    struct Look: Hashable {
        var symbol: String
        var side: Side
        var ticks: Int64?
        var lots: Int64
    }

    let settings: SmartValorSettings
    var core: SessionCore<Call>
    var lastNonce: Int64 = 0
    var usesUserID = false
    /// Whether a signed call was ever answered well.
    var isAccepted = false
    var signsMarketData: Bool
    /// The venue's numbers by our symbols, and back.
    var numbers: [String: Int64] = [:]
    var symbols: [Int64: SmartValorInstrument] = [:]

    // Pacing: one market question and one account question at a time, spaced; wider after a refusal.
    var marketTurn = 0
    var spread: Int64 = 1
    var nextAccount: Int64 = .min
    var orderWindow: RateWindow
    /// Signed questions wait for each other, so that nonces arrive in order.
    var isAsking: UInt64?
    var askers: [(outgoing: Outgoing<Call>, id: UInt64)] = []
    var failures = 0
    var marketFailures = 0
    var accountTurn = 0
    var booksSeen: Set<Int> = []
    var tradesSeen: Set<Int> = []

    /// By the venue's id: ours.
    var owners: [String: String] = [:]
    var ownerOrder: [String] = []
    var looks: [String: Look] = [:]
    /// Orders of ours that were open when last seen, with their symbols.
    var shownOpen: [String: String] = [:]
    /// Placements without an answer: what they look like and until when nothing new goes to their instrument.
    var lost: [String: (look: Look, until: Int64)] = [:]
    /// What was told of an order's execution, where trades name no orders.
    var executed: [String: ExactDecimal] = [:]
    var tradesNameOrders = true
    var lastActivity: Int64 = .min
    var hasWarnedOfBalances = false

    /// - Throws: A setting that no session can be made with; missing credentials are told when a scope needs them.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        self.settings = try SmartValorSettings(settings)
        core = SessionCore(settings)
        signsMarketData = self.settings.signsMarketData
        orderWindow = RateWindow(limit: 8, per: Span(nanoseconds: self.settings.poll.nanoseconds * 8), reserve: 2)
    }

    public var capabilities: VenueCapabilities {
        VenueCapabilities(
            orderTypes: [.limit, .market], timesInForce: [.goodTillCancel], hasPostOnly: false, clientIDs: .none, refusesRepeatedClientIDs: false,
            hasAmend: false, cancelAll: .account, hasCancelOnDisconnect: false, marketData: .poll, privateUpdates: .poll, hasServerTime: true,
            hasSandbox: true, acceptanceBound: settings.requestLifetime, proofSpacing: Span(nanoseconds: 2_000_000_000), messageRate: 8,
            messageWindow: Span(nanoseconds: settings.poll.nanoseconds * 8))
    }

    public var warmAddresses: [String] { [settings.rest] }

    public mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) {
        if case .response(let token, let response) = input, tryAgain(token.raw, response, at: now, &actions) { return }
        run(input, at: now, into: &actions)
        guard !core.isEnded else { return }
        perform(at: now, &actions) { session in
            if case .command(.place(let order)) = input { session.remember(order) }
            if case .response(let token, _) = input { session.asked(token.raw) }
            session.noteLost()
        }
    }

    private mutating func perform(at now: VenueTime, _ actions: inout [VenueAction], _ body: (inout Self) -> Void) {
        core.now = now
        swap(&core.out, &actions)
        body(&self)
        swap(&core.out, &actions)
    }

    var hasCredentials: Bool { settings.signer != nil }
    var missingCredential: String? { settings.missingCredential }
    var patience: Span { settings.replyTimeout }
    var cancelRoute: RequestRoute { .rest }
    func isPolled(_ link: VenueLink) -> Bool { true }
    mutating func address(of link: VenueLink) -> (url: String, headers: [(name: String, value: String)]) { ("", []) }
    mutating func message(_ bytes: Bytes, on socket: SocketID) {}
    mutating func settled(_ link: VenueLink) {}
    mutating func handshake(_ purpose: RequestPurpose, _ reply: Reply) {}
    mutating func authenticationExpired(_ text: String) { refuse(.orders, "the venue refuses key, signature or identification: \(text)") }

    // MARK: - Requests

    func free(_ outgoing: Outgoing<Call>) -> Int64 {
        switch outgoing.purpose {
        case .cancel, .cancelAll: .min
        case .place: orderWindow.free(isUrgent: false)
        case .page, .authenticate, .arm, .subscribe, .unsubscribe, .amend, .other: outgoing.call.isSigned ? nextAccount : .min
        }
    }

    mutating func write(_ outgoing: Outgoing<Call>, id: UInt64) {
        switch outgoing.purpose {
        case .place: orderWindow.count(at: now.monotonic)
        case .cancel, .cancelAll: break
        case .page, .authenticate, .arm, .subscribe, .unsubscribe, .amend, .other:
            if outgoing.call.isSigned {
                nextAccount = max(nextAccount, now.monotonic) + spacing / 2
                guard isAsking == nil else { return askers.append((outgoing, id)) }
                isAsking = id
            }
        }
        emit(outgoing, id: id)
    }

    /// Market and account questions share the venue's patience.
    var spacing: Int64 { settings.poll.nanoseconds * spread }

    mutating func emit(_ outgoing: Outgoing<Call>, id: UInt64) {
        let call = outgoing.call
        var headers: [(name: String, value: String)] = [("Accept", "application/json")]
        if !call.body.isEmpty { headers.append(("Content-Type", "application/json")) }
        if call.isSigned, let signer = settings.signer {
            lastNonce = max(lastNonce + 1, now.wall.nanoseconds / 1_000_000)
            headers += signer.headers(nonce: lastNonce, withUserID: usesUserID)
        }
        core.out.append(
            .request(
                VenueToken(id),
                VenueRequest(
                    method: call.method, url: settings.rest + call.path + URLText.query(call.query), headers: headers, body: call.body,
                    deadline: replyTimeout, isUrgent: outgoing.isUrgent)))
    }

    /// An answer to a signed question: the next one goes.
    private mutating func asked(_ id: UInt64) {
        guard isAsking == id else { return }
        isAsking = nil
        guard !askers.isEmpty else { return }
        let next = askers.removeFirst()
        isAsking = next.id
        emit(next.outgoing, id: next.id)
    }

    /// The first refusal of a session may be about the name of one header; market data may want a signature after all.
    private mutating func tryAgain(_ id: UInt64, _ response: VenueResponse, at now: VenueTime, _ actions: inout [VenueAction]) -> Bool {
        guard case .answer(let status, headers: _, body: _) = response, let waiting = core.pending[id]?.outgoing else { return false }
        if (200...299).contains(status), waiting.call.isSigned { isAccepted = true }
        guard status == 401 else { return false }
        if !waiting.call.isSigned, hasCredentials, !signsMarketData {
            signsMarketData = true
            var signed = waiting
            signed.call.isSigned = true
            core.pending[id]?.outgoing = signed
            perform(at: now, &actions) { $0.emit(signed, id: id) }
            return true
        }
        if case .place = waiting.purpose { return false }
        guard waiting.call.isSigned, !isAccepted, !usesUserID else { return false }
        usesUserID = true
        perform(at: now, &actions) { $0.emit(waiting, id: id) }
        return true
    }

    /// - Source: the venue's page, 8.
    func judge(_ outgoing: Outgoing<Call>, status: Int, headers: [(name: String, value: String)], body: Bytes) -> Reply {
        let message = SmartValorWords.refusal(body)
        let why = "HTTP \(status)\(message.isEmpty ? "" : ": \(message)")"
        func reply(_ verdict: RequestVerdict) -> Reply { Reply(verdict: verdict, code: String(status), message: message, result: body, why: why) }
        switch status {
        case 200...299: return good(outgoing, reply(.done), body)
        case 400, 422:
            let words = message.lowercased()
            return reply(.rejected(words.contains("insufficient") || words.contains("balance") || words.contains("funds") ? .insufficientBalance : .venue))
        case 401, 403: return reply(status == 401 ? .unauthorised : .forbidden)
        case 404:
            if case .page = outgoing.purpose { return reply(outgoing.call.path.hasPrefix("/orders/") ? .noSuchOrder : .retired) }
            if case .cancel = outgoing.purpose { return reply(.noSuchOrder) }
            return reply(.retired)
        // A nonce that was used, or a conflict: nobody says whether it was done.
        case 409, 425, 408: return reply(.unknown)
        case 429: return reply(.throttled)
        case _: return reply(RequestVerdict(status: status))
        }
    }

    private func good(_ outgoing: Outgoing<Call>, _ good: Reply, _ body: Bytes) -> Reply {
        let trimmed = body.trimmed
        let isBare: Bool
        switch outgoing.purpose {
        case .cancel, .cancelAll: isBare = true
        case .place, .page, .authenticate, .arm, .subscribe, .unsubscribe, .amend, .other: isBare = false
        }
        guard isBare || trimmed.hasPrefix("{") || trimmed.hasPrefix("[") else { return Reply(unreadable: body, status: 500) }
        guard case .place = outgoing.purpose else { return good }
        var reply = good
        do throws(JSONError) {
            let row = try SmartValorOrder(body)
            reply.venueID = row.id
        } catch {
            (reply.verdict, reply.why) = (.unknown, "an answer that cannot be read: at byte \(error.offset) expected \(error.expected)")
        }
        return reply
    }
}
