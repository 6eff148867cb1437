internal import Domain
internal import JSON
internal import Transport

/// The Crypto.com Exchange, API v2 (and v2.1, which writes numbers as texts): books and trades over one socket, orders over another, questions over REST.
///
/// Orders are placed on the user socket only: cancel-on-disconnect of scope `CONNECTION` covers just the orders that were created on the
/// connection that armed it, so an order sent by REST would outlive us. Cancels take the same socket, which is warm, and REST where it is down.
/// The kill switch's session (`.cancelling`) is that socket, authenticated and without subscriptions, beside REST for its listings.
public struct CryptoComSession: SessionMachine {
    /// A method of the venue and its parameters.
    struct Call: CustomStringConvertible {
        let method: String
        var params: [CryptoComField] = []
        init(_ method: String, _ params: [CryptoComField] = []) { (self.method, self.params) = (method, params) }
        var description: String { method }
    }

    let settings: CryptoComSettings
    var core: SessionCore<Call>
    var limits = CryptoComLimits()
    var lastNonce: Int64 = 0

    /// - Throws: A setting that no session can be made with; missing credentials are told when a scope needs them.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        self.settings = try CryptoComSettings(settings)
        core = SessionCore(settings)
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

    public mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction]) { run(input, at: now, into: &actions) }

    var hasCredentials: Bool { settings.signer != nil }
    var missingCredential: String? { settings.missingCredential }
    var patience: Span { settings.replyTimeout }
    /// The venue answers at most 24 hours at once.
    var longestWindow: Int64 { 86_399_999 }

    func channel(ofBook index: Int) -> String { "book.\(core.books[index].symbol).\(settings.depth)" }
    func channel(ofTrades index: Int) -> String { "trade.\(core.books[index].symbol)" }
}
