internal import Domain
internal import TLS
internal import Transport

/// Addresses, waits and choices of one SMART VALOR session, checked once.
struct SmartValorSettings {
    static let production = ["rest": "https://api.smartvalor.com"]
    static let sandbox = ["rest": "https://api.uat-valor.cc"]
    /// The grid where the configuration has none: the venue tells no steps.
    static let finest = ExactDecimal(mantissa: 1, scale: 8)

    let rest: String
    /// Nil where there are no credentials: market data only.
    let signer: SmartValorSigner?
    let missingCredential: String?
    let requestLifetime: Span
    let seed: UInt64
    let replyTimeout: Span
    /// Between two market questions, and between two account questions.
    let poll: Span
    /// Whether market data is signed from the start; else once the venue wants it.
    let signsMarketData: Bool

    init(_ settings: VenueSettings) throws(VenueSettingsError) {
        let (defaults, domain): ([String: String], String?) =
            switch settings.environment {
            case .production: (SmartValorSettings.production, "smartvalor.com")
            case .sandbox: (SmartValorSettings.sandbox, nil)
            case .custom: ([:], nil)
            }
        rest = try settings.endpoint("rest", scheme: "https", defaults: defaults, domain: domain)
        if settings.environment == .sandbox, ["https://api.uat-valor.cc", "https://api.uat-valor.com"].contains(rest) == false {
            throw VenueSettingsError(key: "endpoints.rest", message: "'\(rest)' is no host of the sandbox environment (api.uat-valor.cc); other hosts are environment = \"custom\"")
        }
        missingCredential = ["key", "secret", "user_id"].first { settings.credentials[$0] == nil }
        if let key = settings.credentials["key"]?.headerText, let secret = settings.credentials["secret"], let user = settings.credentials["user_id"]?.headerText {
            guard !user.isEmpty, user.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
                throw VenueSettingsError(key: "credentials.user_id", message: "is not the decimal number that the venue gives an account")
            }
            signer = SmartValorSigner(key: key, secret: secret, user: user)
        } else {
            signer = nil
        }
        requestLifetime = settings.requestLifetime ?? Span(nanoseconds: 30_000_000_000)
        seed = settings.seed
        let patience = min(10_000_000_000, max(500_000_000, requestLifetime.nanoseconds / 2))
        replyTimeout = try settings.span("reply_timeout", default: Span(nanoseconds: patience))
        poll = try settings.span("poll", default: Span(nanoseconds: 1_000_000_000))
        signsMarketData = try settings.choice("market_auth", of: ["auto", "signed"]) == "signed"
    }
}

/// The headers of a signed call. Neither path nor body is signed: nonce, user and key are.
///
/// - Source: the venue's page, 2.
struct SmartValorSigner {
    let key: String
    let secret: Secret
    let user: String

    func headers(nonce: Int64, withUserID: Bool) -> [(name: String, value: String)] {
        let signature = Encoding.hex(secret.hmac(.sha256).code("\(nonce)\(user)\(key)"))
        let headers = [
            (name: "api-key", value: key), (name: "nonce", value: String(nonce)), (name: "signature", value: signature),
            (name: "identification", value: user),
        ]
        return withUserID ? headers + [(name: "user-id", value: user)] : headers
    }
}
