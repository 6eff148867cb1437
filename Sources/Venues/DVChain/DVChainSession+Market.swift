internal import Domain
internal import JSON

/// Ladders, pushed or polled, and the links.
extension DVChainSession {
    static let pingTimer = VenueToken(101)
    static let priceTimer = VenueToken(102)
    static let watchTimer = VenueToken(103)

    func isPolled(_ link: VenueLink) -> Bool { link == .orders || settings.websocket == nil }

    mutating func began(_ scope: VenueScope) {
        guard settings.missingCredential == nil else {
            let why = "credentials.\(settings.missingCredential ?? "user") is missing: this venue shows nothing without"
            core.market.phase = .refused
            if scope != .cancelling { tell(.link(.market, .refused(why: why))) }
            if scope != .marketData { tell(.link(.orders, .refused(why: why))) }
            return
        }
        connectLinks(scope)
    }

    mutating func address(of link: VenueLink) -> (url: String, headers: [(name: String, value: String)]) {
        (settings.websocket ?? "", settings.handshake(at: now.wall))
    }

    mutating func opened(_ link: VenueLink) {
        switch link {
        case .orders:
            core.orders.phase = .authenticating
            if token == nil { return logIn() }
            becameReady(.orders)
            startWatching()
        case .market:
            core.market.phase = .subscribing
            if settings.websocket == nil { return pollPrices() }
            subscribe(core.market.socket)
        }
    }

    mutating func settled(_ link: VenueLink) {}

    /// The polled order link is down: it is tried again after a while.
    mutating func loseOrders(_ why: String) {
        if core.orders.hasSocket { drop(.orders, why) }
    }

    // MARK: - The socket

    private mutating func subscribe(_ socket: SocketID) {
        for index in core.own { send(socket, "subscribe", "levels", core.books[index].symbol) }
        if core.scope == .trading {
            send(socket, "subscribe", "order-updates", "order/#")
            for topic in ["ORDER_CREATED", "ORDER_FILLED", "ORDER_CANCELLED", "LIMIT_CHANGED"] { send(socket, "subscribe", "notifications", topic) }
        }
        ping(socket)
        listen(.market, for: settings.silence)
    }

    private mutating func send(_ socket: SocketID, _ type: String, _ event: String, _ topic: String) {
        var frame = JSONWriter()
        frame.beginObject()
        frame.field("type", type)
        frame.field("event", event)
        frame.field("topic", topic)
        frame.endObject()
        core.out.append(.send(socket, frame.bytes))
    }

    private mutating func ping(_ socket: SocketID) {
        send(socket, "ping-pong", String(nextOther), "ping-pong")
        nextOther += 1
        core.out.append(.timer(DVChainSession.pingTimer, after: settings.ping))
    }

    func silence(_ link: VenueLink) -> String { "not a frame for \(settings.silence.text)" }

    mutating func fired(_ timer: VenueToken) {
        switch timer {
        case DVChainSession.pingTimer: if core.market.hasSocket, settings.websocket != nil { ping(core.market.socket) }
        case DVChainSession.refreshTimer: if login.isOurs { logIn() }
        case DVChainSession.priceTimer: if core.market.hasSocket { pollPrices() }
        case DVChainSession.watchTimer:
            isPolling = false
            lookAtOrders()
        case _: break
        }
    }

    mutating func message(_ bytes: Bytes, on socket: SocketID) {
        listen(.market, for: settings.silence)
        let frame: DVChainFrame
        do throws(JSONError) {
            frame = try DVChainFrame(bytes)
        } catch {
            return tell(.alarm("the socket sent what cannot be read: at byte \(error.offset) expected \(error.expected): \(bytes.excerpt)"))
        }
        // Anything but an error shows that the subscriptions reached it.
        if core.market.phase == .subscribing, frame.type != "error" { becameReady(.market) }
        switch frame.type {
        case "subscribe": push(frame)
        case "info" where frame.event == "reconnect": beginSuccession()
        case "error":
            let code = DVChainSmall.text("code", of: frame.data) ?? ""
            tell(.alarm("the socket refused \(frame.topic) \(frame.event): \(code) \(DVChainSmall.text("message", of: frame.data) ?? "")"))
        case _: break
        }
    }

    private mutating func push(_ frame: DVChainFrame) {
        guard let data = frame.data else { return }
        switch frame.event {
        case "levels":
            guard let index = core.places[frame.topic] else { return }
            do throws(JSONError) {
                take(try DVChainLadder(data), index)
            } catch {
                doubt(index, "a ladder that cannot be read: at byte \(error.offset) expected \(error.expected): \(data.excerpt)")
            }
        case "order-updates": eachRow(data, of: "order updates") { session, row throws(JSONError) in session.heard(try DVChainRow(row)) }
        case "notifications":
            if frame.topic == "LIMIT_CHANGED" { return start(QueryJob(owner: .own(0), kind: .balances)) }
            if frame.topic.hasPrefix("ORDER_") {
                eachRow(data, of: "notifications") { session, row throws(JSONError) in session.heard(try DVChainRow(row)) }
            }
        case _: break
        }
    }

    mutating func take(_ ladder: DVChainLadder, _ index: Int) {
        ladders[index] = (ladder, now.monotonic)
        if ladder.tiers.isEmpty { return doubt(index, "the desk quotes nothing: the market is closed") }
        guard let book = ladder.book(core.books[index].grids) else {
            ladders[index] = nil
            return doubt(index, "a tier is crossed or fits no grid")
        }
        apply(book, index, isUpdate: false)
    }

    mutating func resubscribe(_ index: Int) {
        core.resyncs[index].isAwaited = false
        if settings.websocket == nil { return }
        send(core.market.socket, "unsubscribe", "levels", core.books[index].symbol)
        send(core.market.socket, "subscribe", "levels", core.books[index].symbol)
    }

    // MARK: - Succession

    /// The server asks for a new connection: it is opened beside the old one, which goes once the new one is.
    private mutating func beginSuccession() {
        guard successor == nil, settings.websocket != nil else { return }
        let next = SocketID(core.market.socket.raw == 0 ? 2 : 0)
        successor = next
        let (url, headers) = address(of: .market)
        core.out.append(.connect(next, url: url, headers: headers))
    }

    mutating func other(_ input: VenueInput) {
        switch input {
        case .opened(let socket) where socket == successor:
            successor = nil
            core.out.append(.close(core.market.socket))
            core.market.socket = socket
            if core.market.phase == .ready || core.market.phase == .subscribing { subscribe(socket) } else { core.out.append(.close(socket)) }
        case .closed(let socket, let closing) where socket == successor:
            successor = nil
            drop(.market, "the server asked for a new connection, and closed it with \(closing.code)")
        case .opened, .closed, .message, .command, .response, .timer: break
        }
    }

    // MARK: - Polling

    private mutating func pollPrices() {
        for index in core.own {
            guard let pair = DVChainWords.pair(core.instruments[index].nativeSymbol) else { continue }
            submit(Call(path: "/api/v4/prices/\(URLText.encoded(pair.asset))/\(URLText.encoded(pair.counter))"), .price(index))
        }
        core.out.append(.timer(DVChainSession.priceTimer, after: settings.poll))
    }

    mutating func answered(_ other: Other, _ reply: Reply) {
        switch other {
        case .quote(let request): quoted(request, reply)
        case .price(let index):
            guard core.books.indices.contains(index) else { return }
            guard reply.verdict == .done, let body = reply.result else { return doubt(index, "no price: \(reply.why)") }
            do throws(JSONError) {
                guard let found = try DVChainPrices(body).ladders.first(where: { $0.symbol == core.books[index].symbol }) else {
                    return doubt(index, "the answer holds no price of \(core.books[index].symbol)")
                }
                take(found.ladder, index)
                if core.market.phase == .subscribing { becameReady(.market) }
            } catch {
                doubt(index, "a price that cannot be read: at byte \(error.offset) expected \(error.expected)")
            }
        }
    }
}
