internal import Domain
internal import Transport

/// Addresses, waits and choices of one Crypto.com session, checked once.
struct CryptoComSettings {
    static let production = [
        "rest": "https://api.crypto.com/v2", "market": "wss://stream.crypto.com/v2/market", "user": "wss://stream.crypto.com/v2/user",
    ]
    static let sandbox = [
        "rest": "https://uat-api.3ona.co/v2", "market": "wss://uat-stream.3ona.co/v2/market", "user": "wss://uat-stream.3ona.co/v2/user",
    ]

    let rest: String
    let market: String
    let user: String
    /// Nil where there are no credentials: market data only.
    let signer: CryptoComSigner?
    let missingCredential: String?
    let requestLifetime: Span
    let seed: UInt64
    /// Levels of a side of the book that are asked for.
    let depth: String
    /// `CONNECTION`, `ACCOUNT`, or nothing where cancel-on-disconnect is not wanted.
    let cancelScope: String?
    /// A request without an answer for so long is lost.
    let replyTimeout: Span
    /// Between opening a socket and the first request.
    let settling: Span
    /// Without a heartbeat for so long the socket is dead.
    let heartbeatSilence: Span

    init(_ settings: VenueSettings) throws(VenueSettingsError) {
        let (defaults, domain): ([String: String], String?) =
            switch settings.environment {
            case .production: (CryptoComSettings.production, "crypto.com")
            case .sandbox: (CryptoComSettings.sandbox, "3ona.co")
            case .custom: ([:], nil)
            }
        rest = try settings.endpoint("rest", scheme: "https", defaults: defaults, domain: domain)
        market = try settings.endpoint("market", scheme: "wss", defaults: defaults, domain: domain)
        user = try settings.endpoint("user", scheme: "wss", defaults: defaults, domain: domain)
        let known: Set<String> = ["depth", "cancel_on_disconnect", "reply_timeout", "settle", "heartbeat_silence"]
        if let unknown = settings.options.keys.sorted().first(where: { !known.contains($0) }) {
            throw VenueSettingsError(key: unknown, message: "is no option of cryptocom; there are \(known.sorted().joined(separator: ", "))")
        }
        missingCredential = ["key", "secret"].first { settings.credentials[$0] == nil }
        if let key = settings.credentials["key"], let secret = settings.credentials["secret"] {
            let text = unsafe key.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
            signer = CryptoComSigner(apiKey: text, secret: secret)
        } else {
            signer = nil
        }
        requestLifetime = settings.requestLifetime ?? Span(nanoseconds: 30_000_000_000)
        seed = settings.seed
        depth = try settings.choice("depth", of: ["150", "10"])
        let scope = try settings.choice("cancel_on_disconnect", of: ["connection", "account", "off"])
        cancelScope = scope == "off" ? nil : scope.uppercased()
        // Where a lost request dies sooner, its loss is to be known sooner too.
        let patience = min(5_000_000_000, max(500_000_000, requestLifetime.nanoseconds / 2))
        replyTimeout = try settings.span("reply_timeout", default: Span(nanoseconds: patience))
        settling = try settings.span("settle", default: Span(nanoseconds: 1_000_000_000))
        heartbeatSilence = try settings.span("heartbeat_silence", default: Span(nanoseconds: 45_000_000_000))
    }
}

/// The venue's limits at seventy per cent, one window each.
///
/// - Source: Exchange API v2, "Rate limits".
struct CryptoComLimits {
    enum Kind { case user, market, cancel, cancelAll, detail, history, trades, otherPrivate, publicData }

    private var user = RateWindow(limit: 105, per: second, reserve: 26)
    private var market = RateWindow(limit: 70, per: second)
    private var cancel = RateWindow(limit: 10, per: tenth)
    private var cancelAll = RateWindow(limit: 10, per: tenth)
    private var detail = RateWindow(limit: 21, per: tenth)
    private var history = RateWindow(limit: 1, per: slow)
    private var trades = RateWindow(limit: 1, per: slow)
    private var otherPrivate = RateWindow(limit: 2, per: tenth)
    private var publicData = RateWindow(limit: 70, per: second)

    private static let second = Span(nanoseconds: 1_000_000_000)
    private static let tenth = Span(nanoseconds: 100_000_000)
    /// One a second at seventy per cent.
    private static let slow = Span(nanoseconds: 1_428_571_429)

    private func window(_ kind: Kind) -> RateWindow {
        switch kind {
        case .user: user
        case .market: market
        case .cancel: cancel
        case .cancelAll: cancelAll
        case .detail: detail
        case .history: history
        case .trades: trades
        case .otherPrivate: otherPrivate
        case .publicData: publicData
        }
    }

    func free(_ kind: Kind, isUrgent: Bool) -> Int64 { window(kind).free(isUrgent: isUrgent) }

    mutating func count(_ kind: Kind, at now: Int64) {
        switch kind {
        case .user: user.count(at: now)
        case .market: market.count(at: now)
        case .cancel: cancel.count(at: now)
        case .cancelAll: cancelAll.count(at: now)
        case .detail: detail.count(at: now)
        case .history: history.count(at: now)
        case .trades: trades.count(at: now)
        case .otherPrivate: otherPrivate.count(at: now)
        case .publicData: publicData.count(at: now)
        }
    }

    static func kind(ofRest method: String) -> Kind {
        switch method {
        case CryptoComMethod.cancel: .cancel
        case CryptoComMethod.cancelAll: .cancelAll
        case CryptoComMethod.detail: .detail
        case CryptoComMethod.history: .history
        case CryptoComMethod.trades: .trades
        case CryptoComMethod.instruments, CryptoComMethod.ticker: .publicData
        case _: .otherPrivate
        }
    }
}
