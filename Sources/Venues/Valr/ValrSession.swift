internal import Domain
internal import JSON
internal import Transport

/// VALR: books and trades over the trade socket, orders and their fate over the account socket, questions, changes and the rest over REST.
///
/// An order id, `requested: true` and HTTP 202 are receipts: what becomes of the order is told by events, and where they stay away it is asked for.
/// The kill switch's session (`.cancelling`) is the account socket, authenticated and unarmed, beside REST.
public struct ValrSession: SessionMachine {
    typealias Call = ValrCall

    let settings: ValrSettings
    var core: SessionCore<ValrCall>
    var limits = ValrLimits()
    /// Books order by order, where that is what is subscribed to.
    var full: [ValrFullBook] = []
    /// Checksums that were right, and those that were wrong on a fresh book, until the check is believed or given up.
    var checksums = (right: 0, wrong: 0, isOff: false)
    /// The last summary of each pair.
    var summaries: [String: ValrSummary] = [:]
    /// PINGs without a PONG and the last word, by link.
    var pings = [0, 0]
    var heard = [Int64.min, Int64.min]
    /// The next trade socket, while the old one still serves.
    var spare: SocketID?
    var isSpareOpen = false
    var isArmed = false
    var isProven = false
    /// The venue does not take orders on its socket, whatever its pages say.
    var placesByREST: Bool
    var watches = ValrWatches()
    /// Orders that the venue showed as open, by its id.
    var live: [String: VenueOrderReference] = [:]
    /// Facts about orders whose names are not known yet: kept for ten seconds.
    var early: [String: (order: VenueOrder, until: Int64)] = [:]
    /// Fills without a fee: it is fetched before they are told.
    var unpriced: [VenueFill] = []
    var unpricedTries = 0
    var looks: [UInt64: ValrWatches.Entry] = [:]
    var nextLook = ValrQuestion.firstLook
    var clockAsked: VenueTime?
    var isReadOnly = false

    /// - Throws: A setting that no session can be made with; missing credentials are told when a scope needs them.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        self.settings = try ValrSettings(settings)
        placesByREST = self.settings.placesByREST
        core = SessionCore(settings)
    }

    public var capabilities: VenueCapabilities {
        VenueCapabilities(
            orderTypes: [.limit, .market], timesInForce: [.goodTillCancel, .immediateOrCancel, .fillOrKill], hasPostOnly: true,
            clientIDs: .lookup, refusesRepeatedClientIDs: false, hasAmend: true, cancelAll: .account, hasCancelOnDisconnect: true,
            marketData: .push, privateUpdates: .push, hasServerTime: true, hasSandbox: false, acceptanceBound: settings.requestLifetime,
            proofSpacing: Span(nanoseconds: 1_000_000_000), messageRate: 400, messageWindow: Span(nanoseconds: 1_000_000_000))
    }

    public var warmAddresses: [String] { [settings.rest] }

    public mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) { run(input, at: now, into: &actions) }

    var hasCredentials: Bool { settings.signer != nil }
    var missingCredential: String? { settings.missingCredential }
    var patience: Span { settings.replyTimeout }
    /// Milliseconds, as they are signed.
    var timestamp: Int64 { now.wall.nanoseconds / 1_000_000 }
}

/// The session's own timers.
enum ValrTimer {
    static let rotate = VenueToken(102)
    static let watch = VenueToken(103)
    static let status = VenueToken(104)
    static let connect = VenueToken(105)
    static let spare = VenueToken(106)
    static let unpriced = VenueToken(107)
    static func ping(_ link: VenueLink) -> VenueToken { VenueToken(100 + UInt64(link.rawValue)) }
}

/// The session's own questions.
enum ValrQuestion {
    static let clock: UInt64 = 1
    static let key: UInt64 = 2
    static let status: UInt64 = 3
    static let fees: UInt64 = 4
    /// From here on: what became of an order.
    static let firstLook: UInt64 = 100
}
