internal import Domain
internal import Transport

/// Connecting, authenticating, arming, subscribing, and all of it again.
extension CryptoComSession {
    func link(_ socket: SocketID) -> CryptoComLink { socket == market.socket ? market : user }

    mutating func change(_ socket: SocketID, _ body: (inout CryptoComLink) -> Void) {
        if socket == market.socket { body(&market) } else { body(&user) }
    }

    mutating func connect(_ socket: SocketID) {
        guard !link(socket).hasSocket, link(socket).phase != .refused else { return }
        change(socket) { link in
            link.phase = .connecting
            (link.outstanding, link.hasAskedAgain) = (0, false)
        }
        tell(.link(link(socket).link, .connecting))
        out.append(.connect(socket, url: socket == market.socket ? settings.market : settings.user, headers: []))
    }

    mutating func opened(_ socket: SocketID) {
        guard link(socket).phase == .connecting else { return }
        change(socket) { $0.phase = .settling }
        // Limits are pro-rated to the calendar second of the opening: what goes sooner is refused.
        out.append(.timer(link(socket).settle, after: settings.settling))
        out.append(.timer(link(socket).heartbeat, after: settings.heartbeatSilence))
    }

    mutating func settled(_ socket: SocketID) {
        guard link(socket).phase == .settling else { return }
        if socket == market.socket { subscribeMarket() } else { authenticate() }
    }

    // MARK: - Market data

    private mutating func subscribeMarket() {
        market.phase = .subscribing
        for index in books.indices { resyncs[index] = CryptoComResync() }
        let channels = books.flatMap { [$0.bookChannel, $0.tradeChannel] }
        market.outstanding = channels.count
        for channel in channels { subscribe(channel, .market) }
        if channels.isEmpty { becameReady(market.socket) }
    }

    mutating func subscribe(_ channel: String, _ link: VenueLink) {
        submit(
            CryptoComOutgoing(
                purpose: .subscribe(channel: channel, link: link), method: CryptoComMethod.subscribe,
                params: [CryptoComField("channels", .array([.text(channel)]))], route: link == .market ? .market : .user))
    }

    // MARK: - Orders

    mutating func authenticate() {
        user.phase = .authenticating
        submit(CryptoComOutgoing(purpose: .authenticate, method: CryptoComMethod.auth, route: .user))
    }

    private mutating func arm() {
        // A session that only cancels has no orders of its own on this connection.
        guard scope == .trading, let cancelScope = settings.cancelScope else { return subscribeUser() }
        user.phase = .arming
        submit(
            CryptoComOutgoing(
                purpose: .arm, method: CryptoComMethod.arm, params: [CryptoComField("scope", cancelScope)], route: .user))
    }

    private mutating func subscribeUser() {
        guard scope == .trading else { return becameReady(user.socket) }
        user.phase = .subscribing
        let channels = books.flatMap { ["user.order.\($0.symbol)", "user.trade.\($0.symbol)"] } + ["user.balance"]
        user.outstanding = channels.count
        for channel in channels { subscribe(channel, .orders) }
    }

    mutating func becameReady(_ socket: SocketID) {
        let moment = Timestamp(nanoseconds: now.monotonic)
        change(socket) { link in
            (link.phase, link.failures) = (.ready, 0)
            link.backoff.connected(at: moment)
        }
        tell(.link(link(socket).link, .ready))
    }

    /// The answer to a step of the handshake.
    mutating func handshake(_ purpose: CryptoComPurpose, _ verdict: CryptoComVerdict, _ text: String, scope armed: String?) {
        switch purpose {
        case .authenticate:
            guard user.phase == .authenticating else { return }
            if verdict == .done { arm() } else { refusedStep(user.socket, verdict, "authentication was refused: \(text)", isAuthentication: true) }
        case .arm:
            guard user.phase == .arming else { return }
            if verdict == .done, armed == nil || armed == settings.cancelScope { return subscribeUser() }
            let why = "cancel-on-disconnect was not armed: \(verdict == .done ? "its scope is \(armed ?? "")" : text)"
            tell(.alarm(why))
            refusedStep(user.socket, verdict, why, isAuthentication: false)
        case .subscribe(let channel, let side):
            let socket = side == .market ? market.socket : user.socket
            if verdict == .done { return acknowledged(channel, socket) }
            refusedStep(socket, verdict, "the subscription of \(channel) was refused: \(text)", isAuthentication: false)
        case .unsubscribe, .place, .cancel, .cancelAll, .page: break
        }
    }

    private mutating func acknowledged(_ channel: String, _ socket: SocketID) {
        if socket == market.socket, let index = books.firstIndex(where: { $0.bookChannel == channel }) { resyncs[index].isAwaited = false }
        guard link(socket).phase == .subscribing else { return }
        change(socket) { $0.outstanding -= 1 }
        if link(socket).outstanding == 0 { becameReady(socket) }
    }

    private mutating func refusedStep(_ socket: SocketID, _ verdict: CryptoComVerdict, _ why: String, isAuthentication: Bool) {
        change(socket) { $0.failures += 1 }
        let isSecond = link(socket).failures > 1
        switch verdict {
        case .forbidden, .account: refuse(socket, why)
        case .retired: refuse(socket, "venue API retired or of another version: \(why)")
        case .unauthorised: if isSecond { refuse(socket, why) } else { drop(socket, why) }
        case .clock:
            if isSecond { return refuse(socket, why) }
            probeClock()
            drop(socket, why)
        case .throttled:
            tell(.throttled(Span(nanoseconds: 1_000_000_000)))
            drop(socket, why)
        case .rejected, .duplicate, .noSuchOrder:
            if isAuthentication, isSecond { refuse(socket, why) } else { drop(socket, why) }
        case .done, .unknown, .paused: drop(socket, why)
        }
    }

    /// A request on the authenticated socket was refused as not authenticated: once more on the same connection, then anew.
    mutating func authenticationExpired(_ text: String) {
        guard user.isAuthenticated else { return }
        if user.hasAskedAgain { return drop(user.socket, "not authenticated any more: \(text)") }
        user.hasAskedAgain = true
        tell(.link(.orders, .down(why: "not authenticated any more: \(text)")))
        discardHandshakes(of: .orders)
        authenticate()
    }

    // MARK: - Losing a connection

    mutating func closed(_ socket: SocketID, _ closing: VenueClosing) {
        guard link(socket).hasSocket else { return }
        let text = "closed with \(closing.code)" + (closing.reason.isEmpty ? "" : ": \(closing.reason)")
        if closing.isRefusal {
            switch closing.status {
            case 0: return refuse(socket, text)
            case 404, 410: return refuse(socket, "venue API retired: \(text)")
            case 401, 403:
                change(socket) { $0.failures += 1 }
                if link(socket).failures > 1 { return refuse(socket, text) }
            case 429: tell(.throttled(Span(nanoseconds: 5_000_000_000)))
            case _: break
            }
        }
        var delay: Span?
        if closing.code == 1_013 { delay = Span(nanoseconds: Int64.random(in: 5_000_000_000...10_000_000_000, using: &random)) }
        if closing.code == 1_000 {
            change(socket) { $0.normalCloses += 1 }
            if link(socket).normalCloses > 1 {
                tell(.alarm("the venue closed the \(socket == market.socket ? "market" : "user") socket normally again: heartbeats may not reach it"))
            }
        }
        lose(socket, text, after: delay)
    }

    /// Closes a connection that is no good and tries again.
    mutating func drop(_ socket: SocketID, _ why: String) {
        guard link(socket).hasSocket else { return }
        out.append(.close(socket))
        lose(socket, why, after: nil)
    }

    /// Closes a connection and does not try again.
    mutating func refuse(_ socket: SocketID, _ why: String) {
        guard link(socket).phase != .refused else { return }
        if link(socket).hasSocket { out.append(.close(socket)) }
        for timer in [link(socket).settle, link(socket).heartbeat, link(socket).reconnect] { out.append(.cancelTimer(timer)) }
        change(socket) { $0.phase = .refused }
        tell(.link(link(socket).link, .refused(why: why)))
        abandon(socket, why)
    }

    private mutating func lose(_ socket: SocketID, _ why: String, after given: Span?) {
        out.append(.cancelTimer(link(socket).settle))
        out.append(.cancelTimer(link(socket).heartbeat))
        var link = link(socket)
        let jittered = link.backoff.failed(at: Timestamp(nanoseconds: now.monotonic), using: &random)
        link.phase = .waiting
        change(socket) { $0 = link }
        out.append(.timer(link.reconnect, after: given ?? jittered))
        tell(.link(link.link, .down(why: why)))
        abandon(socket, why)
    }

    /// What becomes of all that was under way on a socket.
    private mutating func abandon(_ socket: SocketID, _ why: String) {
        if socket == market.socket {
            for index in books.indices where books[index].isValid {
                books[index].invalidate()
                tell(.bookInvalid(books[index].instrument, why: why))
            }
        }
        settle(socket, why)
    }
}
