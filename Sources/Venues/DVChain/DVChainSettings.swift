internal import Domain
internal import TLS
internal import Transport

/// Addresses, waits and choices of one DV Chain session, checked once.
struct DVChainSettings {
    enum Workflow: String { case rfq, order }

    static let production = ["rest": "https://trade.dvchain.co", "websocket": "wss://trade.dvchain.co/websocket"]
    static let sandbox = ["rest": "https://sandbox.trade.dvchain.co", "websocket": "wss://sandbox.trade.dvchain.co/websocket"]
    /// The grid where nothing else is known: the venue takes up to eight decimals.
    static let finest = ExactDecimal(mantissa: 1, scale: 8)

    let rest: String
    /// Nil where only a token is given: then prices are polled, because the socket is signed with key and secret.
    let websocket: String?
    let key: String?
    let secret: Secret?
    /// A token that was given; never refreshed, never deactivated.
    let givenToken: Secret?
    let missingCredential: String?
    let workflow: Workflow
    /// Only tokens that cannot modify anything are asked for (C33).
    let isReadOnly: Bool
    /// Pairs beside those against USD, as `ETH/BTC`.
    let pairs: [String]
    let requestLifetime: Span
    let seed: UInt64
    let replyTimeout: Span
    /// Between two looks at the orders that live, and at prices where they are not pushed.
    let poll: Span
    let ping: Span
    let silence: Span
    let tokenLife: Span
    let callsPerSecond: Int

    init(_ settings: VenueSettings) throws(VenueSettingsError) {
        let (defaults, domain): ([String: String], String?) =
            switch settings.environment {
            case .production: (DVChainSettings.production, "dvchain.co")
            case .sandbox: (DVChainSettings.sandbox, "sandbox.trade.dvchain.co")
            case .custom: ([:], nil)
            }
        rest = try settings.endpoint("rest", scheme: "https", defaults: defaults, domain: domain)
        key = settings.credentials["user"]?.headerText
        secret = settings.credentials["password"]
        givenToken = settings.credentials["token"]
        let hasKey = key != nil && secret != nil
        if hasKey {
            websocket = try settings.endpoint("websocket", scheme: "wss", defaults: defaults, domain: domain)
        } else {
            websocket = nil
        }
        missingCredential = hasKey || givenToken != nil ? nil : key == nil ? "user" : "password"
        workflow = Workflow(rawValue: try settings.choice("workflow", of: ["rfq", "order"])) ?? .rfq
        isReadOnly = settings.options["access"] == "read"
        pairs = (settings.options["pairs"] ?? "").split(separator: ",").map(String.init)
        requestLifetime = settings.requestLifetime ?? Span(nanoseconds: 30_000_000_000)
        seed = settings.seed
        let patience = min(10_000_000_000, max(500_000_000, requestLifetime.nanoseconds / 2))
        replyTimeout = try settings.span("reply_timeout", default: Span(nanoseconds: patience))
        poll = try settings.span("poll", default: Span(nanoseconds: 2_000_000_000))
        ping = try settings.span("ping", default: Span(nanoseconds: 5_000_000_000))
        silence = try settings.span("silence", default: Span(nanoseconds: 15_000_000_000))
        tokenLife = try settings.span("token_life", default: Span(nanoseconds: 86_400_000_000_000))
        callsPerSecond = max(2, Int(settings.options["calls_per_second"] ?? "") ?? 5)
    }

    /// The headers of the socket's handshake: key, time and window are signed as one text.
    func handshake(at now: Timestamp, window: String = "20000") -> [(name: String, value: String)] {
        guard let key, let secret else { return [] }
        let time = String(now.nanoseconds / 1_000_000)
        let signature = Encoding.base64(secret.hmac(.sha256).code(key + time + window))
        return [("dv-api-key", key), ("dv-timestamp", time), ("dv-timewindow", window), ("dv-signature", signature)]
    }

    var basic: String {
        guard let key, let secret else { return "" }
        return "Basic " + Encoding.base64(Array(key.utf8) + [UInt8(ascii: ":")] + (unsafe secret.withBytes { unsafe Array($0) }))
    }
}

/// Our client ids as the venue's client tags, which are UUIDs in all its samples: fourteen bytes and back.
enum DVChainTag {
    static func tag(_ clientID: String) -> String {
        let bytes = Array(clientID.utf8)
        guard bytes.count == 14 else { return clientID }
        let hex = Encoding.hex(Array(bytes[0..<6]) + [0x40, bytes[6], 0x80] + Array(bytes[7..<14]))
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map { from, to in
            String(hex[hex.index(hex.startIndex, offsetBy: from)..<hex.index(hex.startIndex, offsetBy: to)])
        }
        return parts.joined(separator: "-")
    }

    /// Nil for a tag that is not ours.
    static func clientID(_ tag: String) -> String? {
        guard tag.utf8.count == 36, let bytes = Encoding.bytes(hex: tag.filter { $0 != "-" }), bytes.count == 16, bytes[6] == 0x40, bytes[8] == 0x80
        else { return nil }
        let text = bytes[0..<6] + [bytes[7]] + bytes[9..<16]
        guard text.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}
