public import Domain

extension Settings {
    /// `[[venue]]`
    public struct Venue: Hashable, Sendable {
        public enum Kind: String, CaseIterable, Sendable { case smartvalor, valr, dvchain, apifiny, cryptocom, sim }
        public enum Environment: String, CaseIterable, Sendable { case production, sandbox, custom }

        /// Rules of an instrument, where the venue does not tell them. `[[venue.instrument]]`
        public struct InstrumentRules: Hashable, Sendable {
            public var symbol: String
            public var tick: ExactDecimal?
            public var lot: ExactDecimal?
            public var minQuantity: ExactDecimal?
            public var minNotional: Amount?
        }

        public var name: String
        public var kind: Kind
        public var environment = Environment.production
        /// By the names of the kind.
        public var endpoints: [String: String] = [:]
        public var certificateAuthority: String?
        public var instruments: [String] = []
        public var instrumentRules: [InstrumentRules] = []
        public var requestLifetime = Span(nanoseconds: 30_000_000_000)
        public var credentials: [String: SecretReference] = [:]
        public var makerFee: ExactDecimal?
        public var takerFee: ExactDecimal?
        /// What a simulation takes fees in.
        public enum FeeCurrency: String, CaseIterable, Sendable { case quote, base, received }
        public enum FeeRounding: String, CaseIterable, Sendable { case up, down, even }
        public var feeCurrency: FeeCurrency?
        /// Digits after the point of a fee, nil where it is exact.
        public var feePlaces: Int?
        public var feeRounding: FeeRounding?
        /// What simulations assume of the venue: that of its kind, or a file of the user's own.
        public var profile: VenueProfile?
        /// The kind's other keys, as texts (`auth`, `book`, `poll`, `workflow`, `venue`, `orders`, `fix_tls`).
        public var options: [String: String] = [:]
    }
}

extension Settings.Venue.Kind {
    var endpointKeys: [String] {
        switch self {
        case .cryptocom: ["rest", "market", "user"]
        case .valr: ["rest", "trade", "account"]
        case .smartvalor: ["rest"]
        case .dvchain: ["rest", "websocket"]
        case .apifiny: ["rest", "md_rest", "md_ws", "order_ws", "asset_ws", "fix"]
        case .sim: ["scenario"]
        }
    }

    var credentialKeys: [String] {
        switch self {
        case .cryptocom, .valr: ["key", "secret"]
        case .smartvalor: ["key", "secret", "user_id"]
        case .dvchain: ["user", "password", "token"]
        case .apifiny: ["account_id", "key", "secret"]
        case .sim: []
        }
    }
}

extension Settings.Venue.Kind {
    /// Whether its market data is not for everybody (C33): then `paper` and `record` read credentials, too.
    public var needsCredentialsForMarketData: Bool {
        switch self {
        case .apifiny, .dvchain: true
        case .cryptocom, .valr, .smartvalor, .sim: false
        }
    }
}

extension Settings.Venue {
    /// The first credential without which orders cannot be sent; nil where all are there.
    public var missingCredential: String? {
        switch kind {
        case .dvchain: credentials["token"] != nil ? nil : ["user", "password"].first { credentials[$0] == nil }
        case .cryptocom, .valr, .smartvalor, .apifiny, .sim: kind.credentialKeys.first { credentials[$0] == nil }
        }
    }

    private enum Auth: String, CaseIterable { case header, message }
    private enum Book: String, CaseIterable { case aggregated, full }
    private enum Route: String, CaseIterable { case socket, rest }
    private enum Workflow: String, CaseIterable { case rfq, order }
    private enum Orders: String, CaseIterable { case rest, fix }
    private enum FIXReset: String, CaseIterable { case logon, logout, disconnect, never }
    private enum Token: String, CaseIterable { case jwt, hmac }
    /// Identifiers may be written out; everything else is a secret.
    private static let identifiers = ["account_id", "user_id", "user"]

    init(_ table: Section, folder: Folder) throws(ConfigurationError) {
        guard let name = try table.string("name") else { throw table.error("name is missing; it is what other keys call the venue") }
        guard let kind = try table.choice("kind", Kind.self) else {
            throw table.error("kind is missing; expected one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        (self.name, self.kind) = (name, kind)
        environment = try table.choice("environment", Environment.self) ?? environment
        try readEndpoints(table, folder: folder)
        if let file = try table.string("ca_file") {
            // The contract's own example has one with loopback endpoints in production: a connector uses it in custom ones only.
            guard environment == .custom || reachesOnlyLoopback else {
                throw table.error(
                    "ca_file", found: "environment \"\(environment.rawValue)\"",
                    expected: "environment = \"custom\", or loopback endpoints, with a ca_file")
            }
            certificateAuthority = folder.resolve(file)
        }
        instruments = try table.strings("instruments") ?? []
        requestLifetime = try table.span("request_ttl") ?? requestLifetime
        try readCredentials(table, folder: folder)
        if let fees = try table.section("fees") {
            makerFee = try fees.decimal("maker", least: nil)
            takerFee = try fees.decimal("taker", least: nil)
            feeCurrency = try fees.choice("currency", FeeCurrency.self)
            feeRounding = try fees.choice("rounding", FeeRounding.self)
            feePlaces = try fees.places("places")
            try fees.finish()
        }
        if let path = try table.string("profile") {
            profile = try VenueProfile.load(folder.resolve(path))
        } else {
            profile = .of(kind)
        }
        try readOptions(table)
        for rules in try table.sections("instrument") { instrumentRules.append(try InstrumentRules(rules)) }
        try table.finish()
    }

    /// Whether there are endpoints, and every one is on this host.
    public var reachesOnlyLoopback: Bool {
        !endpoints.isEmpty && kind.endpointKeys.allSatisfy { key in endpoints[key].map(Settings.Venue.isLoopback) ?? true }
    }

    private static func isLoopback(_ endpoint: String) -> Bool {
        let slashes = endpoint.split(separator: "/", omittingEmptySubsequences: true)
        let host = endpoint.contains("//") ? slashes.dropFirst().first : slashes.first
        return ["127.0.0.1", "localhost", "[::1]"].contains { name in host.map { $0 == name || $0.hasPrefix("\(name):") } ?? false }
    }

    private mutating func readEndpoints(_ table: Section, folder: Folder) throws(ConfigurationError) {
        guard let section = try table.section("endpoints") else {
            if environment == .custom { throw table.error("environment = \"custom\" needs endpoints of its own: \(kind.endpointKeys.joined(separator: ", "))") }
            return
        }
        for key in kind.endpointKeys {
            guard let text = try section.string(key) else { continue }
            endpoints[key] = key == "scenario" ? folder.resolve(text) : text
        }
        try section.finish()
    }

    private mutating func readCredentials(_ table: Section, folder: Folder) throws(ConfigurationError) {
        guard let section = try table.section("credentials") else { return }
        for key in kind.credentialKeys {
            credentials[key] = try section.secret(key, folder: folder, mayBeLiteral: Settings.Venue.identifiers.contains(key))
        }
        try section.finish()
    }

    private mutating func readOptions(_ table: Section) throws(ConfigurationError) {
        switch kind {
        case .valr:
            options["auth"] = try table.choice("auth", Auth.self)?.rawValue
            options["book"] = try table.choice("book", Book.self)?.rawValue
            options["orders"] = try table.choice("orders", Route.self)?.rawValue
        case .smartvalor: options["poll"] = try table.span("poll")?.text
        case .dvchain: options["workflow"] = try table.choice("workflow", Workflow.self)?.rawValue
        case .apifiny:
            options["venue"] = try table.string("venue")
            options["orders"] = try table.choice("orders", Orders.self)?.rawValue
            options["fix_tls"] = try table.boolean("fix_tls").map { $0 ? "true" : "false" }
            options["fix_reset"] = try table.choice("fix_reset", FIXReset.self)?.rawValue
            options["auth"] = try table.choice("auth", Token.self)?.rawValue
            options["collar"] = try table.decimal("collar")?.description
        case .cryptocom, .sim: break
        }
    }
}

extension Settings.Venue.InstrumentRules {
    init(_ table: Section) throws(ConfigurationError) {
        guard let symbol = try table.string("symbol") else { throw table.error("symbol is missing; expected BASE_QUOTE") }
        self.symbol = symbol
        tick = try table.positive("tick")
        lot = try table.positive("lot")
        minQuantity = try table.decimal("min_qty")
        minNotional = try table.amount("min_notional")
        try table.finish()
    }
}

extension Section {
    /// `env:NAME` or `file:PATH`. What else stands there may be the secret itself, and is never shown.
    func secret(_ key: String, folder: Folder, mayBeLiteral: Bool = false) throws(ConfigurationError) -> SecretReference? {
        guard let node = take(key) else { return nil }
        guard case .string(let text) = node else {
            throw error(key, found: node.kind, expected: "\"env:NAME\" or \"file:PATH\"")
        }
        let isName = text.utf8.count > 4 && text.utf8.dropFirst(4).allSatisfy { byte in
            byte == UInt8(ascii: "_") || byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26
        }
        if text.hasPrefix("env:"), !isName {
            throw error(key, found: "env: with what is no variable's name (not shown)", expected: "\"env:NAME\" of letters, digits and _")
        }
        if text.hasPrefix("env:") { return .environment(String(text.dropFirst(4))) }
        if text.hasPrefix("file:"), text.utf8.count > 5 { return .file(folder.resolve(String(text.dropFirst(5)))) }
        if mayBeLiteral, !text.isEmpty { return .identifier(text) }
        throw error(key, found: "a literal (not shown)", expected: "\"env:NAME\" or \"file:PATH\"; secrets do not belong in this file")
    }

    func positive(_ key: String) throws(ConfigurationError) -> ExactDecimal? {
        guard let value = try decimal(key) else { return nil }
        guard value.mantissa > 0 else { throw error(key, found: "\(value)", expected: "a decimal above zero") }
        return value
    }
}
