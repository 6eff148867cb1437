internal import Domain
internal import Transport

/// The Crypto.com Exchange, API v2 (and v2.1, which writes numbers as texts): books and trades over one socket, orders over another, questions over REST.
///
/// Orders are placed on the user socket only: cancel-on-disconnect of scope `CONNECTION` covers just the orders that were created on the
/// connection that armed it, so an order sent by REST would outlive us. Cancels take the same socket, which is warm, and REST where it is down.
/// The kill switch's session (`.cancelling`) is that socket, authenticated and without subscriptions, beside REST for its listings.
public struct CryptoComSession: VenueSession {
    let settings: CryptoComSettings
    var scope: VenueScope?
    var isEnded = false
    var random: SeededGenerator
    var limits = CryptoComLimits()

    var instruments: [Instrument] = []
    var books: [CryptoComBook] = []
    var places: [String: Int] = [:]
    var resyncs: [CryptoComResync] = []
    var market = CryptoComLink(socket: SocketID(0), link: .market)
    var user = CryptoComLink(socket: SocketID(1), link: .orders)

    var lastNonce: Int64 = 0
    var nextID: UInt64 = 1
    /// What waits for its answer, by its id.
    var pending: [UInt64: CryptoComPending] = [:]
    /// Ids of what waits on a socket, oldest first; all wait equally long.
    var deadlines = CryptoComDeadlines()
    /// What the limits keep back.
    var waiting: [CryptoComOutgoing] = []
    var nextJob: UInt64 = 1
    var jobs: [UInt64: CryptoComJob] = [:]
    var waves: [UInt64: CryptoComWave] = [:]
    var ids = CryptoComOrderIDs()
    /// Why no new order may go: trouble with the account, until a restart.
    var block: String?
    var pausedUntil: Int64 = .min
    var isProbingClock = false
    var venueClock = IntervalClock()

    var now = VenueTime(wall: Timestamp(nanoseconds: 0), monotonic: 0)
    var out: [VenueAction] = []

    /// - Throws: A setting that no session can be made with; missing credentials are told when a scope needs them.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        self.settings = try CryptoComSettings(settings)
        random = SeededGenerator(seed: settings.seed)
    }

    public var capabilities: VenueCapabilities {
        VenueCapabilities(
            orderTypes: [.limit, .market, .stopLimit], timesInForce: [.goodTillCancel, .immediateOrCancel, .fillOrKill], hasPostOnly: true,
            clientIDs: .echoed, refusesRepeatedClientIDs: false, hasAmend: false, cancelAll: .instrument,
            hasCancelOnDisconnect: true, marketData: .push, privateUpdates: .push, hasServerTime: false, hasSandbox: true,
            acceptanceBound: settings.requestLifetime, proofSpacing: Span(nanoseconds: 1_000_000_000),
            messageRate: 15, messageWindow: Span(nanoseconds: 100_000_000))
    }

    public var warmAddresses: [String] { [settings.rest] }

    public mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) {
        guard !isEnded else { return }
        self.now = now
        swap(&out, &actions)
        defer { swap(&out, &actions) }
        switch input {
        case .command(let command): handle(command)
        case .opened(let socket): opened(socket)
        case .message(let socket, let bytes): message(bytes, on: socket)
        case .closed(let socket, let closing): closed(socket, closing)
        case .response(let token, let response): self.response(token, response)
        case .timer(let token): timer(token)
        }
    }

    private mutating func handle(_ command: VenueCommand) {
        switch command {
        case .begin(let scope, let instruments): begin(scope, instruments)
        case .place(let order): place(order)
        case .cancel(let reference): cancel(reference)
        case .amend(let reference, price: _, quantity: _, total: _):
            tell(.amendRefused(reference, code: "unsupported", message: "the venue cannot change an order"))
        case .cancelAll(let instrument): cancelAll(instrument)
        case .query(let id, let query): ask(id, query)
        case .resynchronise(let instrument): resynchronise(instrument)
        case .end: end()
        }
    }

    private mutating func timer(_ token: VenueToken) {
        switch token {
        case CryptoComTimer.sweep: sweep()
        case CryptoComTimer.pump: pump()
        case market.settle: settled(market.socket)
        case user.settle: settled(user.socket)
        case market.heartbeat: drop(market.socket, "no heartbeat for \(settings.heartbeatSilence.text)")
        case user.heartbeat: drop(user.socket, "no heartbeat for \(settings.heartbeatSilence.text)")
        case market.reconnect: connect(market.socket)
        case user.reconnect: connect(user.socket)
        default: break
        }
    }

    private mutating func begin(_ scope: VenueScope, _ instruments: [Instrument]) {
        precondition(self.scope == nil, "a session begins once")
        self.scope = scope
        self.instruments = instruments
        books = instruments.enumerated().map { CryptoComBook($1, id: InstrumentID(index: $0), depth: settings.depth) }
        resyncs = Array(repeating: CryptoComResync(), count: books.count)
        for (index, instrument) in instruments.enumerated() { places[instrument.nativeSymbol] = index }
        if scope != .cancelling { connect(market.socket) }
        guard scope != .marketData else { return }
        if let missing = settings.missingCredential {
            user.phase = .refused
            tell(.link(.orders, .refused(why: "credentials.\(missing) is missing: orders cannot be authenticated")))
        } else {
            connect(user.socket)
        }
    }

    private mutating func end() {
        for link in [market, user] where link.phase != .idle {
            for timer in [link.settle, link.heartbeat, link.reconnect] { out.append(.cancelTimer(timer)) }
            if link.hasSocket { out.append(.close(link.socket)) }
        }
        out += [.cancelTimer(CryptoComTimer.sweep), .cancelTimer(CryptoComTimer.pump)]
        settleEverything("the session ends")
        isEnded = true
        tell(.link(.market, .closed))
        tell(.link(.orders, .closed))
    }

    mutating func tell(_ event: VenueEvent) { out.append(.tell(event)) }

    /// The grids of an instrument that we trade, for undoing the venue's noise.
    func grids(_ symbol: String) -> CryptoComGrids? { places[symbol].map { books[$0].grids } }
}

enum CryptoComTimer {
    static let sweep = VenueToken(1)
    static let pump = VenueToken(2)
}

/// One socket's way from nothing to ready.
struct CryptoComLink {
    enum Phase: Equatable {
        case idle, connecting, settling, authenticating, arming, subscribing, ready, waiting, refused
    }

    let socket: SocketID
    let link: VenueLink
    var phase = Phase.idle
    /// Subscriptions without an acknowledgement.
    var outstanding = 0
    var backoff = Backoff()
    /// Refused authentications since the link was last ready.
    var failures = 0
    var hasAskedAgain = false
    var normalCloses = 0

    init(socket: SocketID, link: VenueLink) { (self.socket, self.link) = (socket, link) }

    var settle: VenueToken { VenueToken(10 + UInt64(socket.raw) * 10) }
    var heartbeat: VenueToken { VenueToken(11 + UInt64(socket.raw) * 10) }
    var reconnect: VenueToken { VenueToken(12 + UInt64(socket.raw) * 10) }

    /// Whether there is a connection, or one is being made.
    var hasSocket: Bool {
        switch phase {
        case .connecting, .settling, .authenticating, .arming, .subscribing, .ready: true
        case .idle, .waiting, .refused: false
        }
    }
    /// Whether authenticated requests may go.
    var isAuthenticated: Bool {
        switch phase {
        case .arming, .subscribing, .ready: true
        case .idle, .connecting, .settling, .authenticating, .waiting, .refused: false
        }
    }
}
