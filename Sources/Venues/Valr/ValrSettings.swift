internal import Domain
internal import TLS
internal import Transport

/// Addresses, waits and choices of one VALR session, checked once.
struct ValrSettings {
    enum Book { case aggregated, full }

    static let production = [
        "rest": "https://api.valr.com", "trade": "wss://api.valr.com/ws/trade", "account": "wss://api.valr.com/ws/account",
    ]
    /// What the cases and tests set beside the configuration's keys.
    static let options: Set<String> = [
        "auth", "book", "orders", "subaccount", "cancel_on_disconnect", "reply_timeout", "heartbeat_silence", "ping", "rotate",
    ]

    let rest: String
    /// What stands before the page's paths, for the text that is signed.
    let restPath: String
    let trade: String
    let account: String
    /// Nil where there are no credentials: market data only.
    let signer: ValrSigner?
    let missingCredential: String?
    let requestLifetime: Span
    /// Authentication inside the socket instead of in the headers of its opening.
    let authenticatesInBand: Bool
    let book: Book
    /// Placements by REST (v2, which answers once the engine has the order) instead of by the socket.
    let placesByREST: Bool
    let arms: Bool
    let replyTimeout: Span
    let heartbeatSilence: Span
    /// Between two PINGs; the venue closes after 30 s without.
    let ping: Span
    /// An unauthenticated trade socket is cut at 15 minutes: it is replaced before.
    let rotation: Span

    init(_ settings: VenueSettings) throws(VenueSettingsError) {
        let (defaults, domain): ([String: String], String?)
        switch settings.environment {
        case .production: (defaults, domain) = (ValrSettings.production, "valr.com")
        case .sandbox: throw VenueSettingsError(key: "environment", message: "VALR has no sandbox; use \"production\", or \"custom\" with endpoints")
        case .custom: (defaults, domain) = ([:], nil)
        }
        rest = try settings.endpoint("rest", scheme: "https", defaults: defaults, domain: domain)
        restPath = ValrSettings.path(rest)
        trade = ValrSettings.whole(try settings.endpoint("trade", scheme: "wss", defaults: defaults, domain: domain), "/ws/trade")
        account = ValrSettings.whole(try settings.endpoint("account", scheme: "wss", defaults: defaults, domain: domain), "/ws/account")
        if let unknown = settings.options.keys.sorted().first(where: { !ValrSettings.options.contains($0) }) {
            throw VenueSettingsError(key: unknown, message: "is no option of valr; there are \(ValrSettings.options.sorted().joined(separator: ", "))")
        }
        missingCredential = ["key", "secret"].first { settings.credentials[$0] == nil }
        if let key = settings.credentials["key"], let secret = settings.credentials["secret"] {
            let text = unsafe key.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
            signer = ValrSigner(key: text, secret: secret, subaccount: settings.options["subaccount"] ?? "")
        } else {
            signer = nil
        }
        requestLifetime = settings.requestLifetime ?? Span(nanoseconds: 30_000_000_000)
        authenticatesInBand = try settings.choice("auth", of: ["header", "message"]) == "message"
        book = try settings.choice("book", of: ["aggregated", "full"]) == "full" ? .full : .aggregated
        placesByREST = try settings.choice("orders", of: ["socket", "rest"]) == "rest"
        arms = try settings.choice("cancel_on_disconnect", of: ["on", "off"]) == "on"
        // Where a lost request dies sooner, its loss is to be known sooner too.
        let patience = min(5_000_000_000, max(500_000_000, requestLifetime.nanoseconds / 2))
        replyTimeout = try settings.span("reply_timeout", default: Span(nanoseconds: patience))
        heartbeatSilence = try settings.span("heartbeat_silence", default: Span(nanoseconds: 45_000_000_000))
        ping = try settings.span("ping", default: Span(nanoseconds: min(12_000_000_000, heartbeatSilence.nanoseconds / 4)))
        rotation = try settings.span("rotate", default: Span(nanoseconds: 14 * 60_000_000_000))
    }

    /// From the first slash after the host.
    static func path(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://"), let slash = url[scheme.upperBound...].firstIndex(of: "/") else { return "" }
        return String(url[slash...])
    }

    /// An address without a path gets the venue's own.
    private static func whole(_ url: String, _ path: String) -> String { ValrSettings.path(url).isEmpty ? url + path : url }
}

/// Holds the key pair of an account, its HMAC prepared.
///
/// - Source: VALR, "Authentication": timestamp, verb, path with query, body, subaccount, one behind the other.
final class ValrSigner {
    let key: String
    let subaccount: String
    private let hmac: HMACKey

    init(key: String, secret: Secret, subaccount: String = "") {
        (self.key, self.subaccount) = (key, subaccount)
        hmac = secret.hmac(.sha512)
    }

    /// - Parameter timestamp: Milliseconds since the epoch.
    func signature(_ timestamp: Int64, _ verb: String, _ path: String, body: [UInt8] = []) -> String {
        var message = Array("\(timestamp)\(verb)\(path)".utf8)
        message += body
        message += Array(subaccount.utf8)
        return Encoding.hex(hmac.code(message))
    }

    /// The headers of a request, or of a socket's opening.
    func headers(_ timestamp: Int64, _ verb: String, _ path: String, body: [UInt8] = []) -> [(name: String, value: String)] {
        var headers = [
            (name: "X-VALR-API-KEY", value: key), (name: "X-VALR-SIGNATURE", value: signature(timestamp, verb, path, body: body)),
            (name: "X-VALR-TIMESTAMP", value: String(timestamp)),
        ]
        if !subaccount.isEmpty { headers.append((name: "X-VALR-SUB-ACCOUNT-ID", value: subaccount)) }
        return headers
    }
}

/// The venue's limits at seventy per cent, one window each.
///
/// - Source: VALR, "Rate limiting".
struct ValrLimits {
    enum Kind: Int { case place, cancel, modify, rest, publicData, fastPublic }

    private var windows = [
        RateWindow(limit: 280, per: second), RateWindow(limit: 315, per: second), RateWindow(limit: 280, per: second),
        RateWindow(limit: 840, per: Span(nanoseconds: 60_000_000_000), reserve: 240), RateWindow(limit: 21, per: Span(nanoseconds: 60_000_000_000)),
        RateWindow(limit: 14, per: second),
    ]
    private static let second = Span(nanoseconds: 1_000_000_000)

    func free(_ kinds: [Kind], isUrgent: Bool) -> Int64 { kinds.reduce(Int64.min) { max($0, windows[$1.rawValue].free(isUrgent: isUrgent)) } }

    mutating func count(_ kinds: [Kind], at now: Int64) { for kind in kinds { windows[kind.rawValue].count(at: now) } }
}
