internal import Domain
internal import FIX
internal import Transport

/// Addresses, waits and choices of one Apifiny session, checked once.
struct ApifinySettings {
    enum Route { case rest, fix }

    /// Venues with an address of their own; theirs carry no venue segment, the shared ones do.
    static let hosts = ["BINANCE": "bn", "BINANCEUS": "bnu", "COINBASEPRO": "cb", "HUOBI": "hb", "KUCOIN": "kc", "OKEX": "ok"]

    let venue: String
    let orders: Route
    let rest: String
    let mdREST: String?
    let market: String
    let orderSocket: String?
    let assetSocket: String?
    /// `tls://host:port`, or `tcp://` where TLS is off.
    let fixAddress: String?
    let accountID: String
    let naming: OrderNaming
    /// Nil where a credential is missing: market data only, and not everywhere.
    let signer: ApifinySigner?
    let missingCredential: String?
    let requestLifetime: Span
    let seed: UInt64
    let replyTimeout: Span
    let heartbeatSilence: Span
    /// Between two subscriptions: the venue counts one market request a second.
    let subscribeSpacing: Span
    /// How far from the touch a market order may trade where the venue has none by quantity.
    let collar: ExactDecimal
    let reset: FIXResetPolicy
    let fixHeartbeat: Int64
    let keptNumbers: FIXSequenceRecord?
    let requestsPerSecond: Int

    /// Whether market orders by quantity exist; a market buy is by total everywhere.
    var hasMarketOrders: Bool { ApifinySettings.hosts[venue] != nil }
    let keptName: String

    init(_ settings: VenueSettings) throws(VenueSettingsError) {
        guard let venue = settings.options["venue"], !venue.isEmpty else {
            throw VenueSettingsError(key: "venue", message: "is missing; expected the venue that orders go to, such as \"BINANCE\" or \"GBBO\"")
        }
        guard venue.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 || $0 == 95 }) else {
            throw VenueSettingsError(key: "venue", message: "'\(venue)' is no name of a venue; expected capitals and digits, such as BINANCE")
        }
        self.venue = venue
        try ApifinySettings.check(settings.options)
        orders = try settings.choice("orders", of: ["rest", "fix"]) == "fix" ? .fix : .rest
        guard settings.environment != .sandbox else {
            let message = "the venue's sandbox speaks plain HTTP, which leaves this machine readable for everybody on the way: expected production or custom"
            throw VenueSettingsError(key: "environment", message: message)
        }
        let defaults = settings.environment == .production ? ApifinySettings.production(venue) : [:]
        let domain = settings.environment == .production ? "apifiny.com" : nil
        rest = try settings.endpoint("rest", scheme: "https", defaults: defaults, domain: domain)
        market = try settings.endpoint("md_ws", scheme: "wss", defaults: defaults, domain: domain)
        func optional(_ key: String, _ scheme: String, isNeeded: Bool) throws(VenueSettingsError) -> String? {
            guard isNeeded || settings.endpoints[key] != nil || defaults[key] != nil else { return nil }
            return try settings.endpoint(key, scheme: scheme, defaults: defaults, domain: domain)
        }
        mdREST = try optional("md_rest", "https", isNeeded: false)
        orderSocket = try optional("order_ws", "wss", isNeeded: true)
        assetSocket = try optional("asset_ws", "wss", isNeeded: false)
        fixAddress = try ApifinySettings.fix(settings, defaults, domain, isNeeded: orders == .fix)
        (accountID, signer, missingCredential) = try ApifinySettings.credentials(settings)
        naming = OrderNaming(accountID: accountID)
        requestLifetime = settings.requestLifetime ?? Span.seconds(30)
        seed = settings.seed
        // Where a lost request dies sooner, its loss is to be known sooner too.
        let patience = min(5_000_000_000, max(500_000_000, requestLifetime.nanoseconds / 2))
        replyTimeout = try settings.span("reply_timeout", default: Span(nanoseconds: patience))
        heartbeatSilence = try settings.span("heartbeat_silence", default: Span.seconds(75))
        subscribeSpacing = try settings.span("subscribe_spacing", default: Span.milliseconds(1_100))
        collar = try ApifinySettings.collar(settings)
        reset = try ApifinySettings.reset(settings)
        fixHeartbeat = try max(1, settings.span("fix_heartbeat", default: Span.seconds(30)).nanoseconds / 1_000_000_000)
        keptName = settings.keptName
        keptNumbers = settings.kept[settings.keptName].flatMap { FIXSequenceRecord.latest(in: $0) }
        let rate = settings.options["requests_per_second"] ?? "20"
        guard let number = Int(rate), (5...10_000).contains(number) else {
            throw VenueSettingsError(key: "requests_per_second", message: "'\(rate)' is no whole number from 5 to 10000")
        }
        requestsPerSecond = number
    }

    private static func check(_ options: [String: String]) throws(VenueSettingsError) {
        let known: Set<String> = [
            "venue", "orders", "fix_tls", "fix_reset", "fix_heartbeat", "auth", "collar", "reply_timeout", "heartbeat_silence", "subscribe_spacing",
            "requests_per_second",
        ]
        if let unknown = options.keys.sorted().first(where: { !known.contains($0) }) {
            throw VenueSettingsError(key: unknown, message: "is no option of apifiny; there are \(known.sorted().joined(separator: ", "))")
        }
    }

    static func production(_ venue: String) -> [String: String] {
        let (host, path) = hosts[venue].map { ("api\($0).apifiny.com", "") } ?? ("api.apifiny.com", "/\(venue)")
        let fix = hosts[venue].map { "fixapi\($0).apifiny.com" } ?? "fix.api.apifiny.com"
        return [
            "rest": "https://\(host)/ac/v2\(path)", "order_ws": "wss://\(host)/ac/ws/v2\(path)/order", "asset_ws": "wss://\(host)/ac/ws/v2\(path)/asset",
            "md_rest": "https://api.apifiny.com/md", "md_ws": "wss://api.apifiny.com/md/ws/v1", "fix": "\(fix):1443",
        ]
    }

    /// `host:port`, checked like every other address.
    private static func fix(
        _ settings: VenueSettings, _ defaults: [String: String], _ domain: String?, isNeeded: Bool
    ) throws(VenueSettingsError) -> String? {
        guard let text = settings.endpoints["fix"] ?? defaults["fix"] else {
            guard isNeeded else { return nil }
            throw VenueSettingsError(key: "endpoints.fix", message: "is missing; expected \"host:port\"")
        }
        let isSecure = try settings.choice("fix_tls", of: ["true", "false"]) == "true"
        var copy = settings
        copy.endpoints["fix"] = "tls://" + text
        let address = try copy.endpoint("fix", scheme: "tls", defaults: [:], domain: domain)
        guard !text.contains("/"), let port = text.split(separator: ":").last.flatMap({ UInt16($0) }), port > 0 else {
            throw VenueSettingsError(key: "endpoints.fix", message: "'\(text)' is no \"host:port\"")
        }
        let made = isSecure ? address : "tcp://" + text
        do throws(AddressError) {
            _ = try Origin(made)
        } catch {
            let why = isSecure ? error.description : "fix_tls = false reaches this machine only (a tunnel such as stunnel): \(error.description)"
            throw VenueSettingsError(key: "endpoints.fix", message: why)
        }
        return made
    }

    private static func credentials(_ settings: VenueSettings) throws(VenueSettingsError) -> (String, ApifinySigner?, String?) {
        let isJWT = try settings.choice("auth", of: ["jwt", "hmac"]) == "jwt"
        let missing = ["account_id", "key", "secret"].first { settings.credentials[$0] == nil }
        let account = settings.credentials["account_id"]?.headerText ?? ""
        guard let key = settings.credentials["key"]?.headerText, let secret = settings.credentials["secret"] else { return (account, nil, missing) }
        guard account.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "%") }) else {
            throw VenueSettingsError(key: "credentials.account_id", message: "is no account id, such as STA-00000001")
        }
        return (account, ApifinySigner(accountID: account, keyID: key, secret: secret, isJWT: isJWT), missing)
    }

    private static func collar(_ settings: VenueSettings) throws(VenueSettingsError) -> ExactDecimal {
        guard let text = settings.options["collar"] else { return ExactDecimal(mantissa: 5, scale: 3) }
        guard let value = try? ExactDecimal(text), value.mantissa >= 0, value.scaled(to: 18).map({ $0 < ExactDecimal.powerOfTen(18) }) == true else {
            throw VenueSettingsError(key: "collar", message: "'\(text)' is no part of a price, such as 0.005")
        }
        return value
    }

    private static func reset(_ settings: VenueSettings) throws(VenueSettingsError) -> FIXResetPolicy {
        switch try settings.choice("fix_reset", of: ["logon", "logout", "disconnect", "never"]) {
        case "logon": FIXResetPolicy()
        case "logout": FIXResetPolicy(onLogon: false, onLogout: true, onDisconnect: false)
        case "disconnect": FIXResetPolicy(onLogon: false, onLogout: true, onDisconnect: true)
        case _: FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false)
        }
    }
}
