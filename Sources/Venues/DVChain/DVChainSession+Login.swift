internal import Domain
internal import JSON
internal import TLS
internal import Transport

/// Where the way to a token stands.
struct DVChainLogin {
    enum Step { case idle, first, second }
    var step = Step.idle
    /// Requests that a fresh token was asked for once already.
    var retried: Set<UInt64> = []
    /// Whether the token is ours to deactivate.
    var isOurs = false
}

/// Token from credentials, refreshed before its end and after a refusal, deactivated at the end.
///
/// - Source: the venue's page, 2.1.
extension DVChainSession {
    static let refreshTimer = VenueToken(100)

    /// With a scope that cannot modify anything where the session only looks: the older call documents it, and so comes first then.
    private var loginPaths: [String] {
        settings.isReadOnly ? ["/api/v4/auth", "/api/v5/auth"] : ["/api/v5/auth", "/api/v4/auth"]
    }

    mutating func logIn() {
        guard login.step == .idle else { return }
        guard settings.key != nil else { return failLogin("credentials.token is refused, and there is no user and password to get another") }
        login.step = .first
        sendLogin(loginPaths[0])
    }

    private mutating func sendLogin(_ path: String) {
        let call = Call(path: path, query: settings.isReadOnly ? [("scope", "readOnly")] : [], kind: .login)
        transmit(Outgoing(purpose: .authenticate, call: call, route: .rest))
    }

    mutating func handshake(_ purpose: RequestPurpose, _ reply: Reply) {
        switch purpose {
        case .authenticate: loggedIn(reply)
        case .other(let number): if let other = others.removeValue(forKey: number) { answered(other, reply) }
        case .arm, .subscribe, .unsubscribe, .place, .cancel, .amend, .cancelAll, .page: break
        }
    }

    private mutating func loggedIn(_ reply: Reply) {
        if reply.verdict == .done, let text = DVChainSmall.text("token", of: reply.result), !text.isEmpty { return take(text) }
        switch reply.verdict {
        case .unauthorised, .retired, .rejected, .noSuchOrder, .forbidden:
            guard login.step == .first else { return failLogin(reply.why) }
            login.step = .second
            sendLogin(loginPaths[1])
        case .done: failLogin("the answer to the login holds no token")
        case .unknown, .throttled, .clock, .account, .paused, .duplicate: retryLogin(reply.why)
        }
    }

    private mutating func take(_ text: String) {
        login.step = .idle
        login.isOurs = true
        token = Secret(Array(text.utf8))
        let end = DVChainSmall.expiry(ofToken: text) { Encoding.bytes(base64: $0) }
        let life = end.map { $0 - now.wall } ?? settings.tokenLife
        core.out.append(.timer(DVChainSession.refreshTimer, after: Span(nanoseconds: max(1_000_000_000, life.nanoseconds / 5 * 4))))
        let waiting = blocked
        blocked = []
        for (outgoing, id) in waiting { emit(outgoing, id: id, authorisation: "Bearer " + text) }
        if core.orders.phase == .authenticating { becameReady(.orders) }
        startWatching()
    }

    private mutating func retryLogin(_ why: String) {
        login.step = .idle
        failBlocked(.none(why, isUnsent: true))
        loseOrders(why)
    }

    /// It will not be better for being tried again.
    private mutating func failLogin(_ why: String) {
        login.step = .idle
        token = nil
        failBlocked(Reply(verdict: .unauthorised, code: "401", message: why, why: why))
        if core.orders.phase != .idle { refuse(.orders, "the venue refused the login: \(why)") }
    }

    private mutating func failBlocked(_ reply: Reply) {
        let waiting = blocked
        blocked = []
        for (_, id) in waiting { answered(id, reply) }
    }

    /// A refused call was not executed: once more with a fresh token. Not an order: what became of its moment nobody knows.
    mutating func retryWithNewToken(_ id: UInt64, at now: VenueTime, _ actions: inout [VenueAction]) -> Bool {
        guard settings.key != nil, let waiting = core.pending[id], waiting.outgoing.call.kind != .login, login.retried.insert(id).inserted else {
            return false
        }
        if login.retried.count > 1_000 { login.retried = [id] }
        if case .place = waiting.outgoing.purpose {
            // Told as refused; the next one has the fresh token.
            perform(at: now, &actions) { session in
                session.token = nil
                session.logIn()
            }
            return false
        }
        perform(at: now, &actions) { session in
            if session.login.step == .idle { session.token = nil }
            session.blocked.append((waiting.outgoing, id))
            session.logIn()
        }
        return true
    }

    mutating func authenticationExpired(_ text: String) {}

    /// A clean end takes the token's power away; the driver lets this last call leave.
    mutating func farewell(at now: VenueTime, _ actions: inout [VenueAction]) {
        guard login.isOurs, let text = token?.headerText, !core.isEnded else { return }
        var body = JSONWriter()
        body.beginObject()
        body.field("token", text)
        body.endObject()
        var request = VenueRequest(
            method: .post, url: settings.rest + "/api/v4/token/deactivate",
            headers: [("Authorization", "Bearer " + text), ("Content-Type", "application/json"), ("Accept", "application/json")],
            body: body.bytes, deadline: Span(nanoseconds: 1_000_000_000), isUrgent: true)
        request.isFarewell = true
        actions.append(.request(VenueToken(0), request))
        token = nil
    }
}
