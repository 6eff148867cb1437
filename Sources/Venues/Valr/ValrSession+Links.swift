internal import Domain
internal import JSON

/// Both sockets from opening to ready, their PINGs, and the trade socket's successor.
extension ValrSession {
    private static let handshakePatience = Span(nanoseconds: 5_000_000_000)

    mutating func began(_ scope: VenueScope) {
        full = Array(repeating: ValrFullBook(), count: core.books.count)
        for index in core.own { core.books[index].passesOldSnapshots = true }
        guard scope != .marketData, hasCredentials else { return connectLinks(scope) }
        if scope != .cancelling { connect(.market) }
        // Signatures need the venue's clock: it is asked first, but not waited for long.
        core.out.append(.timer(ValrTimer.connect, after: Span(nanoseconds: 1_500_000_000)))
        start(QueryJob(owner: .own(ValrQuestion.clock), kind: .serverTime))
    }

    /// The trade socket authenticates where there is a key: it is not cut after 15 minutes then.
    var authenticatesMarket: Bool { core.scope == .trading && hasCredentials }

    mutating func address(of link: VenueLink) -> (url: String, headers: [(name: String, value: String)]) {
        let url = link == .market ? settings.trade : settings.account
        guard let signer = settings.signer, !settings.authenticatesInBand, link == .orders || authenticatesMarket else { return (url, []) }
        return (url, signer.headers(timestamp, "GET", ValrSettings.path(url)))
    }

    mutating func opened(_ link: VenueLink) {
        (pings[Int(link.rawValue)], heard[Int(link.rawValue)]) = (0, now.monotonic)
        core.out.append(.timer(ValrTimer.ping(link), after: settings.ping))
        core.out.append(.timer(core[link].settle, after: min(ValrSession.handshakePatience, settings.heartbeatSilence)))
        if link == .orders {
            (isArmed, isProven) = (false, false)
            core.orders.phase = .authenticating
            if settings.authenticatesInBand { authenticate(link, core.orders.socket) } else { arm() }
        } else {
            core.market.phase = .subscribing
            for index in core.own {
                core.resyncs[index] = BookResync()
                core.books[index].renumber()
            }
            introduce(core.market.socket)
            if !authenticatesMarket { core.out.append(.timer(ValrTimer.rotate, after: settings.rotation)) }
        }
    }

    /// The time for the handshake is over.
    mutating func settled(_ link: VenueLink) {
        switch (link, core[link].phase) {
        case (.market, .subscribing): drop(.market, "no answer to the subscription")
        // The word of success is not always said: what follows proves it.
        case (.orders, .authenticating):
            arm()
            core.out.append(.timer(core.orders.settle, after: ValrSession.handshakePatience))
        case (.orders, .arming):
            guard isProven else { return drop(.orders, "no answer to the handshake") }
            tell(.alarm("VALR's cancel-on-disconnect was not confirmed: the dead-man process stands alone"))
            accountReady()
        case _: break
        }
    }

    private mutating func authenticate(_ link: VenueLink, _ socket: SocketID) {
        guard let signer = settings.signer else { return }
        let path = ValrSettings.path(link == .market ? settings.trade : settings.account)
        let signature = signer.signature(timestamp, "GET", path)
        let text = #"{"type":"AUTHENTICATE","payload":{"apiKey":"\#(signer.key)","signature":"\#(signature)","timestamp":\#(timestamp)}}"#
        core.out.append(.send(socket, Array(text.utf8)))
    }

    // MARK: - The trade socket

    private var bookEvent: String { settings.book == .full ? "FULL_ORDERBOOK_UPDATE" : "AGGREGATED_ORDERBOOK_UPDATE" }

    /// What a fresh trade socket is told.
    private mutating func introduce(_ socket: SocketID) {
        if authenticatesMarket, settings.authenticatesInBand { authenticate(.market, socket) }
        let pairs = "[" + core.own.map { "\"\(core.books[$0].symbol)\"" }.joined(separator: ",") + "]"
        if !core.own.isEmpty {
            let list = [bookEvent, "NEW_TRADE", "MARKET_SUMMARY_UPDATE"].map { #"{"event":"\#($0)","pairs":\#(pairs)}"# }.joined(separator: ",")
            core.out.append(.send(socket, Array(#"{"type":"SUBSCRIBE","subscriptions":[\#(list)]}"#.utf8)))
        }
        ping(socket)
    }

    /// The whole set anew, after none: a subscription replaces the one before.
    mutating func resubscribe(_ index: Int) {
        let pairs = "[" + core.own.map { "\"\(core.books[$0].symbol)\"" }.joined(separator: ",") + "]"
        for set in ["[]", pairs] {
            let text = #"{"type":"SUBSCRIBE","subscriptions":[{"event":"\#(bookEvent)","pairs":\#(set)}]}"#
            core.out.append(.send(core.market.socket, Array(text.utf8)))
        }
        // Every message of the aggregated book is whole; the full one begins anew with its snapshot.
        if settings.book == .aggregated { core.resyncs[index].isAwaited = false }
    }

    mutating func forgetBook(_ index: Int) { if full.indices.contains(index) { full[index].clear() } }

    // MARK: - The account socket

    private mutating func arm() {
        core.orders.phase = .arming
        func send(_ text: String) { core.out.append(.send(core.orders.socket, Array(text.utf8))) }
        if core.scope == .trading {
            let events = [
                "ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE", "ORDER_PROCESSED", "FAILED_ORDER", "FAILED_CANCEL_ORDER", "NEW_ACCOUNT_TRADE",
                "BALANCE_UPDATE",
            ]
            send(#"{"type":"SUBSCRIBE","subscriptions":[\#(events.map { #"{"event":"\#($0)"}"# }.joined(separator: ","))]}"#)
            // A session that only cancels must not take the account down with its own connection.
            if settings.arms { send(#"{"type":"CANCEL_ON_DISCONNECT","payload":{"cancelOnDisconnect":true}}"#) }
        }
        ping(core.orders.socket)
    }

    /// Something came that only an authenticated connection hears.
    mutating func proven() {
        isProven = true
        if core.orders.phase == .arming, isArmed || core.scope != .trading || !settings.arms { accountReady() }
    }

    mutating func armed(_ isOn: Bool) {
        guard core.orders.phase == .arming || core.orders.phase == .ready else { return }
        isArmed = isOn
        if !isOn { tell(.alarm("VALR says that cancel-on-disconnect is off: the dead-man process stands alone")) }
        if core.orders.phase == .arming { accountReady() }
    }

    private mutating func accountReady() {
        core.out.append(.cancelTimer(core.orders.settle))
        becameReady(.orders)
        guard core.scope == .trading else { return }
        start(QueryJob(owner: .own(ValrQuestion.key), kind: .own(ValrQuestion.key)))
        start(QueryJob(owner: .own(ValrQuestion.status), kind: .own(ValrQuestion.status)))
    }

    /// A step of the handshake that has no id of its own was refused.
    mutating func handshakeFailed(_ link: VenueLink, _ text: String) {
        let verdict = ValrError.verdict(of: text) ?? .rejected(.venue)
        // Before the word of success any error is one of authentication.
        let isAuthentication = link == .orders && !isProven
        refusedStep(link, isAuthentication && verdict == .rejected(.venue) ? .unauthorised : verdict, text, isAuthentication: isAuthentication)
    }

    func isRefusal(_ link: VenueLink, _ closing: VenueClosing) -> Bool {
        link == .orders && core.orders.phase == .authenticating && ![0, 1_001, 1_006, 1_012, 1_013].contains(closing.code)
    }

    /// Requests of the handshake have no ids: their answers are frames of their own.
    mutating func handshake(_ purpose: RequestPurpose, _ reply: Reply) {}

    mutating func authenticationExpired(_ text: String) {
        probeClock()
        drop(.orders, "not authenticated any more: \(text)")
    }

    // MARK: - PINGs

    private mutating func ping(_ socket: SocketID) { core.out.append(.send(socket, Array(#"{"type":"PING"}"#.utf8))) }

    private mutating func pingDue(_ link: VenueLink) {
        guard core[link].hasSocket, core[link].phase != .connecting else { return }
        let place = Int(link.rawValue)
        if now.monotonic - heard[place] > settings.heartbeatSilence.nanoseconds { return drop(link, "nothing heard for \(settings.heartbeatSilence.text)") }
        if pings[place] >= 2 { return drop(link, "two PINGs were not answered") }
        pings[place] += 1
        ping(core[link].socket)
        core.out.append(.timer(ValrTimer.ping(link), after: settings.ping))
    }

    func silence(_ link: VenueLink) -> String { "nothing heard for \(settings.heartbeatSilence.text)" }

    mutating func fired(_ token: VenueToken) {
        switch token {
        case ValrTimer.ping(.market): pingDue(.market)
        case ValrTimer.ping(.orders): pingDue(.orders)
        case ValrTimer.rotate: rotate()
        case ValrTimer.spare: abandonSpare("no answer")
        case ValrTimer.watch: lookAround()
        case ValrTimer.unpriced: fetchFees()
        case ValrTimer.connect: connect(.orders)
        case ValrTimer.status:
            if core.orders.phase == .ready { start(QueryJob(owner: .own(ValrQuestion.status), kind: .own(ValrQuestion.status))) }
        case _: break
        }
    }

    // MARK: - The trade socket's successor

    /// A second socket beside the first, so that no moment is without a book.
    private mutating func rotate() {
        guard core.market.phase == .ready, spare == nil else { return }
        let socket = SocketID(core.market.socket.raw == 0 ? 2 : 0)
        (spare, isSpareOpen) = (socket, false)
        core.out.append(.connect(socket, url: settings.trade, headers: []))
        core.out.append(.timer(ValrTimer.spare, after: Span(nanoseconds: 15_000_000_000)))
    }

    mutating func other(_ input: VenueInput) {
        guard let spare else { return }
        switch input {
        case .opened(spare):
            isSpareOpen = true
            introduce(spare)
        case .closed(spare, let closing): abandonSpare("closed with \(closing.code)")
        case .message(spare, let bytes): succeed(spare, bytes)
        case .opened, .closed, .message, .command, .response, .timer: break
        }
    }

    /// The successor speaks: it takes over, and the old one goes.
    private mutating func succeed(_ socket: SocketID, _ bytes: Bytes) {
        guard isSpareOpen else { return }
        core.out.append(.cancelTimer(ValrTimer.spare))
        spare = nil
        guard core.market.phase == .ready else { return core.out.append(.close(socket)) }
        core.out.append(.close(core.market.socket))
        core.market.socket = socket
        (pings[0], heard[0]) = (0, now.monotonic)
        for index in core.own { core.books[index].renumber() }
        core.out.append(.timer(ValrTimer.rotate, after: settings.rotation))
        message(bytes, on: socket)
    }

    private mutating func abandonSpare(_ why: String) {
        guard let socket = spare else { return }
        spare = nil
        core.out.append(.cancelTimer(ValrTimer.spare))
        core.out.append(.close(socket))
        // The venue cuts the old one within the minute; there is time for another try or two.
        if core.market.phase == .ready { core.out.append(.timer(ValrTimer.rotate, after: Span(nanoseconds: 10_000_000_000))) }
    }
}
