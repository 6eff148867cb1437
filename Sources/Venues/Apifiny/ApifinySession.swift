internal import Domain
internal import FIX
internal import JSON
internal import Transport

/// Apifiny Connect: one account, orders routed to one of its venues (or `GBBO`), over REST with pushes, or over FIX 4.2; market data over a socket.
///
/// Every order bears an id of ours in the venue's form, which is its only name there and holds our own id inside it. Over FIX, fills tell no fees:
/// they are fetched from the account's list, and told from the reports only where that does not answer.
public struct ApifinySession: SessionMachine {
    typealias Call = ApifinyCall

    /// The assets' socket carries no link: balances are asked for, too.
    static let assets = SocketID(2)
    static let assetTimer = VenueToken(100)
    static let fixTimer = VenueToken(101)
    static let alertTimer = VenueToken(102)
    static let silenceTimer = VenueToken(103)
    static let fillTimer = VenueToken(104)
    static let dataTimer = VenueToken(105)

    let settings: ApifinySettings
    var core: SessionCore<ApifinyCall>
    var requests: RateWindow
    var marketRequests: RateWindow
    var fix: FIXSession
    var fixGeneration: UInt64
    /// Our requests by the number that a Reject names.
    var fixRequests: [Int64: UInt64] = [:]
    /// Cancels without an answer, by the venue's id of the order.
    var fixCancels: [String: UInt64] = [:]
    var hasStandardCancels = false
    /// The venue's OrderID to our ClOrdID, where they differ.
    var fixNames: [String: String] = [:]
    var fixOrders: [String: ApifinyFIXOrder] = [:]
    var fixOrderSequence: [String] = []
    /// `/asset/` first; some versions have it under `/order/`.
    var commissionPath = "/asset/getCommissionRate"
    var commission: ApifinyCommission?
    /// Cancels that came too soon, since when, monotonic.
    var tooSoon: [String: Int64] = [:]
    var asset = ApifinyAssetLink()
    /// Books that were asked for and have not come; nothing acknowledges a subscription.
    var awaitedBooks: Set<Int> = []
    var hasAskedBooksAgain = false
    /// Orders whose executions are being fetched, and the questions under way.
    var wantedFills: Set<String> = []
    /// Names of executions as pushes and reports gave them.
    var namedFills: ApifinyExecution.Told = [:]
    var fillQuestions: [UInt64: String] = [:]
    var nextFillNumber: UInt64 = 1

    /// - Throws: A setting that no session can be made with; missing credentials are told when a scope needs them.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        let made = try ApifinySettings(settings)
        self.settings = made
        core = SessionCore(settings)
        let limit = max(4, made.requestsPerSecond * 7 / 10)
        requests = RateWindow(limit: limit, per: Span.seconds(1), reserve: limit / 4)
        marketRequests = RateWindow(limit: 1, per: made.subscribeSpacing)
        var fixed = FIXSettings(sender: made.accountID.isEmpty ? "-" : made.accountID, target: "APIFINY", heartbeatSeconds: made.fixHeartbeat, reset: made.reset)
        fixed.logonTimeout = made.replyTimeout
        fix = FIXSession(fixed, numbers: made.keptNumbers?.numbers)
        fixGeneration = made.keptNumbers?.generation ?? 0
    }

    public var capabilities: VenueCapabilities {
        VenueCapabilities(
            orderTypes: [.limit, .market], timesInForce: [.goodTillCancel, .immediateOrCancel], hasPostOnly: true, clientIDs: .lookup,
            refusesRepeatedClientIDs: true, hasAmend: false, cancelAll: .account, hasCancelOnDisconnect: false, marketData: .push,
            privateUpdates: .push, hasServerTime: true, hasSandbox: false, acceptanceBound: settings.requestLifetime,
            proofSpacing: Span.seconds(2), messageRate: settings.requestsPerSecond, messageWindow: Span.seconds(1), naming: settings.naming)
    }

    public var warmAddresses: [String] { [settings.rest] }

    public mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) {
        if case .response(let token, let response) = input, prepare(token, response, at: now, into: &actions) { return }
        if settings.orders == .fix { followFIX(input, at: now, into: &actions) }
        run(input, at: now, into: &actions)
    }

    /// The session engine's share of an input that the machine handles: the connection's end, and good-bye.
    private mutating func followFIX(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) {
        guard !core.isEnded else { return }
        core.now = now
        swap(&core.out, &actions)
        defer { swap(&core.out, &actions) }
        switch input {
        case .closed(core.orders.socket, let closing): if fix.phase != .disconnected { fixClosed(closing.reason) }
        case .command(.end): fixLogout()
        case .command, .opened, .closed, .message, .response, .timer: break
        }
    }

    var hasCredentials: Bool { settings.signer != nil && settings.missingCredential == nil }
    var missingCredential: String? { settings.missingCredential }
    var patience: Span { settings.replyTimeout }
    func silence(_ link: VenueLink) -> String { "no ping for \(settings.heartbeatSilence.text)" }
    var cancelRoute: RequestRoute { usesFIX && fix.isReady && core.orders.phase == .ready ? .socket(.orders) : .rest }
}

/// The socket of the assets, and how often it failed.
struct ApifinyAssetLink {
    var isOpen = false
    var backoff = Backoff()
}
