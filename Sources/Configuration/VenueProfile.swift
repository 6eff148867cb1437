public import Domain

/// What a simulation of a venue assumes where nobody says otherwise: `sim/profiles/*.toml`, one a kind.
public struct VenueProfile: Hashable, Sendable {
    public struct Fees: Hashable, Sendable {
        public var maker = ExactDecimal.zero
        public var taker = ExactDecimal.zero
        public var currency = Settings.Venue.FeeCurrency.quote
        /// Digits after the point of a fee, nil where it is exact.
        public var places: Int?
        public var rounding = Settings.Venue.FeeRounding.up
    }

    public struct Rules: Hashable, Sendable {
        public var orderTypes: [String] = []
        public var timesInForce: [String] = []
        public var hasPostOnly = true
        public var hasAmend = true
        public var isSpot = false
        /// An instrument.
        public var maxOpenOrders: Int?
    }

    public var venue: String
    public var fees = Fees()
    public var entry = Span.zero
    public var response = Span.zero
    /// As `--queue` and `--fills` spell them.
    public var queue = "risk-averse"
    public var fills = "partial"
    public var rules = Rules()

    /// The profile of a kind; nil for simulated venues, whose scenario says everything.
    public static func of(_ kind: Settings.Venue.Kind) -> VenueProfile? {
        guard let text = text(of: kind) else { return nil }
        do throws(ConfigurationError) {
            return try VenueProfile(toml: text, file: "\(kind.rawValue).toml")
        } catch {
            preconditionFailure("a built-in profile that cannot be read: \(error.message)")
        }
    }

    static func text(of kind: Settings.Venue.Kind) -> String? {
        switch kind {
        case .apifiny: VenueProfileTexts.apifiny
        case .cryptocom: VenueProfileTexts.cryptocom
        case .dvchain: VenueProfileTexts.dvchain
        case .smartvalor: VenueProfileTexts.smartvalor
        case .valr: VenueProfileTexts.valr
        case .sim: nil
        }
    }

    /// Reads a profile of the user's own.
    public static func load(_ file: String) throws(ConfigurationError) -> VenueProfile {
        try VenueProfile(toml: try Settings.contents(of: file), file: file)
    }

    init(toml text: String, file: String) throws(ConfigurationError) {
        guard case .table(let entries) = try Node(toml: text, file: file) else {
            throw ConfigurationError(message: "\(file): expected a venue profile")
        }
        let root = Section(entries, path: "", file: file, lines: KeyLines(text))
        guard let venue = try root.string("venue") else { throw root.error("venue is missing; expected the venue's kind") }
        self.venue = venue
        if let table = try root.section("fees") { try readFees(table) }
        if let table = try root.section("latency") {
            // What market data takes is in a tape's own times.
            _ = try table.span("feed")
            entry = try table.span("entry") ?? entry
            response = try table.span("response") ?? response
            try table.finish()
        }
        if let table = try root.section("queue") {
            queue = try table.checked("model", "risk-averse, fifo, log or power:N", Settings.Simulation.isQueue) ?? queue
            fills = try table.checked("fills", "partial or full") { ["partial", "full"].contains($0) } ?? fills
            try table.finish()
        }
        if let table = try root.section("rules") { try readRules(table) }
        if let table = try root.section("messages") {
            // The limits of a connector, which knows them itself.
            for key in ["place", "cancel", "total"] { _ = table.take(key) }
            try table.finish()
        }
        try root.finish()
    }

    private mutating func readFees(_ table: Section) throws(ConfigurationError) {
        fees.maker = try table.decimal("maker", least: nil) ?? fees.maker
        fees.taker = try table.decimal("taker", least: nil) ?? fees.taker
        fees.currency = try table.choice("currency", Settings.Venue.FeeCurrency.self) ?? fees.currency
        fees.rounding = try table.choice("rounding", Settings.Venue.FeeRounding.self) ?? fees.rounding
        fees.places = try table.places("places")
        try table.finish()
    }

    private static let orderTypes = ["market", "limit", "stop", "stop_limit"]
    private static let timesInForce = ["GTC", "IOC", "FOK", "GTD"]

    private mutating func readRules(_ table: Section) throws(ConfigurationError) {
        rules.orderTypes = try table.words("order_types", among: VenueProfile.orderTypes) ?? VenueProfile.orderTypes
        rules.timesInForce = try table.words("time_in_force", among: VenueProfile.timesInForce) ?? VenueProfile.timesInForce
        rules.hasPostOnly = try table.boolean("post_only") ?? rules.hasPostOnly
        rules.hasAmend = try table.boolean("amend") ?? rules.hasAmend
        rules.isSpot = try table.boolean("spot") ?? rules.isSpot
        if let count = try table.integer("max_open_orders") {
            guard (1...1_000_000).contains(count) else {
                throw table.error("max_open_orders", found: "\(count)", expected: "a number of orders from 1 on")
            }
            rules.maxOpenOrders = Int(count)
        }
        try table.finish()
    }
}

extension Section {
    /// Digits after the point of a fee.
    func places(_ key: String) throws(ConfigurationError) -> Int? {
        guard let places = try integer(key) else { return nil }
        guard (0...Int64(Amount.scale)).contains(places) else {
            throw error(key, found: "\(places)", expected: "0 to \(Amount.scale) digits after the point")
        }
        return Int(places)
    }

    fileprivate func words(_ key: String, among known: [String]) throws(ConfigurationError) -> [String]? {
        guard let words = try strings(key) else { return nil }
        if let other = words.first(where: { !known.contains($0) }) {
            throw error(key, found: "\"\(other.prefix(40))\"", expected: "some of \(known.joined(separator: ", "))")
        }
        return words
    }
}
