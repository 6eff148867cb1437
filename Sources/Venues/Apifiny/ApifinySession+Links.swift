internal import Domain
internal import FIX
internal import JSON
internal import Transport

/// Connecting, authenticating, subscribing.
extension ApifinySession {
    mutating func began(_ scope: VenueScope) {
        if settings.signer == nil, scope == .marketData {
            // Whether the feed insists on its token is not said; without a key there is none to send.
            tell(.alarm("credentials.\(missingCredential ?? "key") is missing: the market data may be refused"))
        }
        connectLinks(scope)
        if scope == .trading { connectAssets() }
    }

    mutating func address(of link: VenueLink) -> (url: String, headers: [(name: String, value: String)]) {
        switch link {
        case .market: return (settings.market, settings.signer.map { [("signature", $0.marketToken())] } ?? [])
        case .orders:
            if usesFIX { return (settings.fixAddress ?? "", []) }
            return (settings.orderSocket ?? "", streamHeaders)
        }
    }

    private var streamHeaders: [(name: String, value: String)] {
        guard let signer = settings.signer, signer.isJWT else { return [] }
        return [("signature", signer.streamToken(at: now.wall))]
    }

    mutating func opened(_ link: VenueLink) {
        switch link {
        case .market:
            listen(link, for: settings.heartbeatSilence)
            subscribeMarket()
        case .orders:
            core.orders.phase = .authenticating
            if usesFIX { return openFIX() }
            listen(link, for: settings.heartbeatSilence)
            if let signer = settings.signer, !signer.isJWT { core.out.append(.send(core.orders.socket, signer.streamFrame(at: now.wall))) }
            checkAccount()
        }
    }

    mutating func settled(_ link: VenueLink) {}

    // MARK: - Market data

    private mutating func subscribeMarket() {
        core.market.phase = .subscribing
        for index in core.books.indices { core.resyncs[index] = BookResync() }
        let hasTrades = settings.hasMarketOrders
        core.market.outstanding = core.books.count
        if core.books.isEmpty { return becameReady(.market) }
        (awaitedBooks, hasAskedBooksAgain) = (Set(core.books.indices), false)
        core.out.append(.timer(ApifinySession.dataTimer, after: dataPatience))
        for book in core.books {
            subscribe("orderbook", book.symbol, isOn: true)
            if hasTrades { subscribe("trade", book.symbol, isOn: true) }
        }
    }

    /// The time to ask for everything, and ten seconds.
    private var dataPatience: Span {
        Span(nanoseconds: 10_000_000_000 + Int64(core.books.count * 2) * settings.subscribeSpacing.nanoseconds)
    }

    /// A book is there; ready with the last.
    mutating func bookCame(_ index: Int) {
        if awaitedBooks.remove(index) != nil { subscribed(.market) }
    }

    /// Books that do not come are asked for once more, then told.
    private mutating func missBooks() {
        guard core.market.phase == .subscribing, !awaitedBooks.isEmpty else { return }
        if !hasAskedBooksAgain {
            hasAskedBooksAgain = true
            for index in awaitedBooks.sorted() { subscribe("orderbook", core.books[index].symbol, isOn: true) }
            return core.out.append(.timer(ApifinySession.dataTimer, after: dataPatience))
        }
        for index in awaitedBooks.sorted() {
            tell(.alarm("no book of \(core.books[index].symbol) at \(settings.venue) comes: does the venue have it?"))
            bookCame(index)
        }
    }

    private mutating func subscribe(_ channel: String, _ symbol: String, isOn: Bool) {
        let purpose = isOn ? RequestPurpose.subscribe(channel: channel, link: .market) : .unsubscribe
        submit(Outgoing(purpose: purpose, call: .subscribe(channel: channel, symbol: symbol, isOn: isOn), route: .socket(.market)))
    }

    mutating func resubscribe(_ index: Int) {
        subscribe("orderbook", core.books[index].symbol, isOn: false)
        subscribe("orderbook", core.books[index].symbol, isOn: true)
    }

    // MARK: - Orders

    /// The account's own state: nothing is acknowledged on the user stream, so that this shows whether the key is good and may trade.
    mutating func checkAccount() {
        let query = [("accountId", settings.accountID), ("venue", settings.venue)]
        submit(Outgoing(purpose: .authenticate, call: .get(path: "/account/queryAccountInfo", query: query, isSigned: true), route: .rest))
    }

    mutating func handshake(_ purpose: RequestPurpose, _ reply: Reply) {
        switch purpose {
        case .authenticate:
            guard core.orders.phase == .authenticating || core.orders.phase == .arming else { return }
            guard reply.verdict == .done else {
                return refusedStep(.orders, reply.verdict, "the account could not be asked: \(reply.why)", isAuthentication: true)
            }
            var hindrance: String?
            do throws(JSONError) {
                hindrance = try ApifinyReference.hindrance(reply.result, venue: settings.venue)
            } catch {
                hindrance = nil
            }
            if let hindrance { return refuse(.orders, hindrance) }
            becameReady(.orders)
            askCommission()
        case .other(0): readCommission(reply)
        case .other(let number): readFills(number, reply)
        case .arm, .subscribe, .unsubscribe, .place, .cancel, .amend, .cancelAll, .page: break
        }
    }

    /// The rates: for fills of FIX whose own fees cannot be had.
    private mutating func askCommission() {
        guard settings.orders == .fix, let symbol = core.instruments.first?.nativeSymbol else { return }
        let query = [("accountId", settings.accountID), ("venue", settings.venue), ("symbol", symbol)]
        submit(Outgoing(purpose: .other(0), call: .get(path: commissionPath, query: query, isSigned: true), route: .rest))
    }

    private mutating func readCommission(_ reply: Reply) {
        if reply.verdict == .retired, commissionPath == "/asset/getCommissionRate" {
            commissionPath = "/order/getCommissionRate"
            return askCommission()
        }
        do throws(JSONError) {
            if reply.verdict == .done, let row = try ApifinyEnvelope.first(reply.result) { commission = try ApifinyCommission(row) }
        } catch {
            tell(.alarm("the rates of commission cannot be read: at byte \(error.offset) expected \(error.expected)"))
        }
    }

    /// A token is made for each request: what is refused is the key, or the clock. Once more, then the connection anew.
    mutating func authenticationExpired(_ text: String) {
        guard core.orders.phase == .ready else { return }
        if core.orders.hasAskedAgain { return drop(.orders, "not authenticated any more: \(text)") }
        core.orders.hasAskedAgain = true
        tell(.link(.orders, .down(why: "not authenticated any more: \(text)")))
        probeClock()
        core.orders.phase = .authenticating
        checkAccount()
    }

    // MARK: - Assets

    mutating func connectAssets() {
        guard let url = settings.assetSocket, hasCredentials else { return }
        core.out.append(.connect(ApifinySession.assets, url: url, headers: streamHeaders))
    }

    /// The assets' socket; the FIX connection's bytes come as an order link's messages.
    mutating func other(_ input: VenueInput) {
        switch input {
        case .opened:
            asset.isOpen = true
            asset.backoff.connected(at: Timestamp(nanoseconds: now.monotonic))
            if let signer = settings.signer, !signer.isJWT { core.out.append(.send(ApifinySession.assets, signer.streamFrame(at: now.wall))) }
            core.out.append(.timer(ApifinySession.silenceTimer, after: settings.heartbeatSilence))
        case .message(_, let bytes): assetMessage(bytes)
        case .closed: loseAssets()
        case .command, .response, .timer: break
        }
    }

    private mutating func loseAssets() {
        asset.isOpen = false
        let pause = asset.backoff.failed(at: Timestamp(nanoseconds: now.monotonic), using: &core.random)
        core.out.append(.timer(ApifinySession.assetTimer, after: pause))
    }

    mutating func fired(_ token: VenueToken) {
        switch token {
        case ApifinySession.assetTimer: connectAssets()
        case ApifinySession.silenceTimer:
            guard asset.isOpen else { return }
            core.out.append(.close(ApifinySession.assets))
            loseAssets()
        case ApifinySession.fixTimer: fixTimer()
        case ApifinySession.fillTimer: fetchFills()
        case ApifinySession.dataTimer: missBooks()
        case _: break
        }
    }
}
