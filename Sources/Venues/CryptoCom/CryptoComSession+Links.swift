internal import Domain
internal import Transport

/// Authenticating, arming, subscribing.
extension CryptoComSession {
    mutating func began(_ scope: VenueScope) { connectLinks(scope) }

    mutating func address(of link: VenueLink) -> (url: String, headers: [(name: String, value: String)]) {
        (link == .market ? settings.market : settings.user, [])
    }

    mutating func opened(_ link: VenueLink) {
        core[link].phase = .settling
        // Limits are pro-rated to the calendar second of the opening: what goes sooner is refused.
        core.out.append(.timer(core[link].settle, after: settings.settling))
        listen(link, for: settings.heartbeatSilence)
    }

    mutating func settled(_ link: VenueLink) {
        guard core[link].phase == .settling else { return }
        if link == .market { subscribeMarket() } else { authenticate() }
    }

    func silence(_ link: VenueLink) -> String { "no heartbeat for \(settings.heartbeatSilence.text)" }

    // MARK: - Market data

    private mutating func subscribeMarket() {
        core.market.phase = .subscribing
        for index in core.own { core.resyncs[index] = BookResync() }
        let channels = core.own.flatMap { [channel(ofBook: $0), channel(ofTrades: $0)] }
        core.market.outstanding = channels.count
        for channel in channels { subscribe(channel, .market) }
        if channels.isEmpty { becameReady(.market) }
    }

    private mutating func subscribe(_ channel: String, _ link: VenueLink) {
        let call = Call(CryptoComMethod.subscribe, [CryptoComField("channels", .array([.text(channel)]))])
        submit(Outgoing(purpose: .subscribe(channel: channel, link: link), call: call, route: .socket(link)))
    }

    mutating func resubscribe(_ index: Int) {
        let channel = channel(ofBook: index)
        let call = Call(CryptoComMethod.unsubscribe, [CryptoComField("channels", .array([.text(channel)]))])
        submit(Outgoing(purpose: .unsubscribe, call: call, route: .socket(.market)))
        subscribe(channel, .market)
    }

    // MARK: - Orders

    private mutating func authenticate() {
        core.orders.phase = .authenticating
        submit(Outgoing(purpose: .authenticate, call: Call(CryptoComMethod.auth), route: .socket(.orders)))
    }

    private mutating func arm() {
        // A session that only cancels has no orders of its own on this connection.
        guard core.scope == .trading, let cancelScope = settings.cancelScope else { return subscribeUser() }
        core.orders.phase = .arming
        let call = Call(CryptoComMethod.arm, [CryptoComField("scope", cancelScope)])
        submit(Outgoing(purpose: .arm, call: call, route: .socket(.orders)))
    }

    private mutating func subscribeUser() {
        guard core.scope == .trading else { return becameReady(.orders) }
        core.orders.phase = .subscribing
        let channels = core.own.flatMap { ["user.order.\(core.books[$0].symbol)", "user.trade.\(core.books[$0].symbol)"] } + ["user.balance"]
        core.orders.outstanding = channels.count
        for channel in channels { subscribe(channel, .orders) }
    }

    /// The answer to a step of the handshake.
    mutating func handshake(_ purpose: RequestPurpose, _ reply: Reply) {
        let (verdict, text) = (reply.verdict, reply.why)
        switch purpose {
        case .authenticate:
            guard core.orders.phase == .authenticating else { return }
            if verdict == .done { arm() } else { refusedStep(.orders, verdict, "authentication was refused: \(text)", isAuthentication: true) }
        case .arm:
            guard core.orders.phase == .arming else { return }
            let armed = CryptoComSession.scope(in: reply.result)
            if verdict == .done, armed == nil || armed == settings.cancelScope { return subscribeUser() }
            let why = "cancel-on-disconnect was not armed: \(verdict == .done ? "its scope is \(armed ?? "")" : text)"
            tell(.alarm(why))
            refusedStep(.orders, verdict, why, isAuthentication: false)
        case .subscribe(let channel, let link):
            guard verdict == .done else {
                return refusedStep(link, verdict, "the subscription of \(channel) was refused: \(text)", isAuthentication: false)
            }
            if link == .market, let index = core.own.first(where: { self.channel(ofBook: $0) == channel }) {
                core.resyncs[index].isAwaited = false
            }
            subscribed(link)
        case .unsubscribe, .place, .cancel, .amend, .cancelAll, .page, .other: break
        }
    }

    /// A request on the authenticated socket was refused as not authenticated: once more on the same connection, then anew.
    mutating func authenticationExpired(_ text: String) {
        guard core.orders.isAuthenticated else { return }
        if core.orders.hasAskedAgain { return drop(.orders, "not authenticated any more: \(text)") }
        core.orders.hasAskedAgain = true
        tell(.link(.orders, .down(why: "not authenticated any more: \(text)")))
        discardHandshakes(of: .orders)
        authenticate()
    }
}
