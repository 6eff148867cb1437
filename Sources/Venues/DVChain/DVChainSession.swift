internal import Domain
internal import JSON
internal import Transport

/// DV Chain OTC: a desk that streams tiered quotes over a socket, quotes on request and holds limit orders, all of that over REST with a token.
///
/// There are no order pushes to rely on: they are hints, and the listing is the truth. Nothing cancels when we go.
public struct DVChainSession: SessionMachine {
    /// One call over REST.
    struct Call: CustomStringConvertible {
        enum Kind: Equatable { case login, plain, limit, market, execute(quote: UInt64) }
        var method = VenueRequest.Method.get
        var path: String
        var query: [(String, String)] = []
        var body: [UInt8] = []
        var kind = Kind.plain
        var description: String { "\(method.rawValue) \(path)" }
    }

    /// What a request of ours was for that is neither an order nor a question.
    enum Other {
        case price(Int)
        case quote(VenueQuoteRequest)
    }

    /// A firm quote that may still be taken.
    struct Firm {
        var key: String
        var expires: Timestamp
        var symbol: String
    }

    let settings: DVChainSettings
    var core: SessionCore<Call>
    var window: RateWindow

    // Token.
    var token: Secret?
    var login = DVChainLogin()
    /// Requests that wait for a token, in order.
    var blocked: [(outgoing: Outgoing<Call>, id: UInt64)] = []

    var others: [UInt64: Other] = [:]
    var nextOther: UInt64 = 1
    /// By the number of their request.
    var firm: [UInt64: Firm] = [:]
    var lastQuoted: [String: Int64] = [:]
    /// When a request for a quote left, by its number.
    var askedAt: [UInt64: Timestamp] = [:]
    /// What the venue said to executions that it refused, until the key has been asked about.
    var refusals: [String: String] = [:]
    var sent = DVChainSent()
    /// The newest ladder of each instrument, for market orders.
    var ladders: [Int: (ladder: DVChainLadder, at: Int64)] = [:]
    var isPolling = false
    /// A socket that is to take the place of the market's, once it is open.
    var successor: SocketID?

    /// - Throws: A setting that no session can be made with; missing credentials are told when a scope needs them.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        self.settings = try DVChainSettings(settings)
        core = SessionCore(settings)
        window = RateWindow(limit: self.settings.callsPerSecond, per: Span(nanoseconds: 1_000_000_000), reserve: 1)
        token = self.settings.givenToken
    }

    public var capabilities: VenueCapabilities {
        var row = VenueCapabilities(
            orderTypes: settings.workflow == .order ? [.limit, .market] : [.limit], timesInForce: [.goodTillCancel], hasPostOnly: false,
            clientIDs: .lookup, refusesRepeatedClientIDs: false, hasAmend: false, cancelAll: .emulated, hasCancelOnDisconnect: false,
            marketData: settings.websocket == nil ? .poll : .push, privateUpdates: .poll, hasServerTime: false, hasSandbox: true,
            acceptanceBound: settings.requestLifetime, proofSpacing: Span(nanoseconds: 2_000_000_000), messageRate: settings.callsPerSecond * 4,
            messageWindow: Span(nanoseconds: 4_000_000_000))
        row.quotesOnRequest = settings.workflow == .rfq
        return row
    }

    public var warmAddresses: [String] { [settings.rest] }

    var hasCredentials: Bool { settings.missingCredential == nil }
    var missingCredential: String? { settings.missingCredential }
    var patience: Span { settings.replyTimeout }
    /// Its clock stands inside quotes only; every answer's header has one.
    var hasServerTime: Bool { false }
    var cancelRoute: RequestRoute { .rest }

    public mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) {
        if case .response(let token, .answer(status: 401, headers: _, body: _)) = input, retryWithNewToken(token.raw, at: now, &actions) { return }
        let refusal = refusedExecution(input)
        if case .command(.end) = input { farewell(at: now, &actions) }
        run(input, at: now, into: &actions)
        if case .command(.place(let order)) = input { remember(order) }
        guard refusal != nil || sent.hasNews(core.names) else { return }
        perform(at: now, &actions) { session in
            session.followUp(refusal)
        }
    }

    public mutating func requestQuote(_ request: VenueQuoteRequest, at now: VenueTime, into actions: inout [VenueAction]) {
        perform(at: now, &actions) { $0.ask(for: request) }
    }

    /// Something of the session's own between inputs.
    mutating func perform(at now: VenueTime, _ actions: inout [VenueAction], _ body: (inout Self) -> Void) {
        core.now = now
        swap(&core.out, &actions)
        body(&self)
        swap(&core.out, &actions)
    }

    // MARK: - Requests

    func free(_ outgoing: Outgoing<Call>) -> Int64 { window.free(isUrgent: outgoing.isUrgent) }

    mutating func write(_ outgoing: Outgoing<Call>, id: UInt64) {
        if outgoing.call.kind == .login { return emit(outgoing, id: id, authorisation: settings.basic) }
        guard let text = token?.headerText else {
            blocked.append((outgoing, id))
            return logIn()
        }
        emit(outgoing, id: id, authorisation: "Bearer " + text)
    }

    mutating func emit(_ outgoing: Outgoing<Call>, id: UInt64, authorisation: String) {
        window.count(at: now.monotonic)
        let call = outgoing.call
        var headers = [(name: "Authorization", value: authorisation), (name: "Accept", value: "application/json")]
        if !call.body.isEmpty { headers.append((name: "Content-Type", value: "application/json")) }
        core.out.append(
            .request(
                VenueToken(id),
                VenueRequest(
                    method: call.method, url: settings.rest + call.path + URLText.query(call.query), headers: headers, body: call.body,
                    deadline: replyTimeout, isUrgent: outgoing.isUrgent)))
    }

    mutating func submit(_ call: Call, _ other: Other) {
        let number = nextOther
        nextOther += 1
        others[number] = other
        submit(Outgoing(purpose: .other(number), call: call, route: .rest))
    }

    /// - Source: the venue's page, 7.
    func judge(_ outgoing: Outgoing<Call>, status: Int, headers: [(name: String, value: String)], body: Bytes) -> Reply {
        let message = DVChainSmall.text("message", of: body) ?? (body.count > 0 && body.count < 200 ? body.text : "")
        let why = "HTTP \(status)\(message.isEmpty ? "" : ": \(message)")"
        func reply(_ verdict: RequestVerdict) -> Reply { Reply(verdict: verdict, code: String(status), message: message, result: body, why: why) }
        switch status {
        case 200...299:
            let trimmed = body.trimmed
            guard trimmed.hasPrefix("{") || trimmed.hasPrefix("[") else { return Reply(unreadable: body, status: 500) }
            return placed(outgoing, reply(.done))
        case 400, 422: return reply(refusal(of: outgoing, message))
        case 401: return reply(.unauthorised)
        case 403: return reply(.forbidden)
        case 404:
            if case .cancel = outgoing.purpose { return reply(.noSuchOrder) }
            // A pair that is not quoted is no sign of a retired API.
            return reply(outgoing.call.path.hasPrefix("/api/v4/prices/") ? .rejected(.venue) : .retired)
        case 406: return reply(.rejected(.unsupported))
        case 429: return reply(.throttled)
        case _: return reply(RequestVerdict(status: status))
        }
    }

    /// An order that was answered well has its id in the answer; an answer that cannot be read leaves it unknown.
    private func placed(_ outgoing: Outgoing<Call>, _ good: Reply) -> Reply {
        guard case .place = outgoing.purpose, let body = good.result else { return good }
        var reply = good
        do throws(JSONError) {
            reply.venueID = try DVChainRow(body).id
        } catch {
            (reply.verdict, reply.why) = (.unknown, "an answer that cannot be read: at byte \(error.offset) expected \(error.expected)")
        }
        return reply
    }

    private func refusal(of outgoing: Outgoing<Call>, _ message: String) -> RequestVerdict {
        // What became of a quote is asked by its key before anything is concluded.
        if case .place = outgoing.purpose, case .execute = outgoing.call.kind { return .duplicate }
        if case .cancel = outgoing.purpose { return .noSuchOrder }
        let words = message.lowercased()
        return .rejected(words.contains("limit exceeded") || words.contains("insufficient") ? .insufficientBalance : .venue)
    }
}
