public import Domain
public import Exchange
import Market
import NIOCore

/// One `[[venue]]` of a scenario: the account, the costs and the manners of a simulated venue.
public struct VenueTable: Sendable {
    /// What only one kind has.
    public enum Manners: Sendable {
        case cryptocom(CryptoComSim.Settings)
        case apifiny(ApifinySim.Settings)
        case valr(ValrSim.Settings)
        case smartvalor(SmartValorSim.Settings)
        case dvchain(DVChainSim.Settings)
    }

    public var kind: SimVenueKind
    /// A text, or `env:NAME`.
    public var key = "token"
    public var secret = "secretKey"
    public var balances: [(currency: String, amount: Amount)] = []
    /// Orders must be covered by balances.
    public var isSpot = true
    public var fees = FeeOverride()
    /// How much faster than real time the market goes.
    public var speed = 1.0
    public var manners: Manners

    public init(kind: SimVenueKind) {
        self.kind = kind
        switch kind {
        case .cryptocom: manners = .cryptocom(CryptoComSim.Settings())
        case .apifiny: manners = .apifiny(ApifinySim.Settings())
        case .valr: manners = .valr(ValrSim.Settings())
        case .smartvalor: manners = .smartvalor(SmartValorSim.Settings())
        case .dvchain:
            manners = .dvchain(DVChainSim.Settings())
            // Credit, not money.
            isSpot = false
        }
    }

    public var prefix: String {
        switch manners {
        case .cryptocom(let settings): settings.prefix
        case .apifiny(let settings): settings.prefix
        case .valr(let settings): settings.prefix
        case .smartvalor(let settings): settings.prefix
        case .dvchain(let settings): settings.prefix
        }
    }

    init(_ reader: inout SettingsReader, table: String) throws(ScenarioError) {
        let word = try reader.text("\(table).kind", SimVenueKind.cryptocom.rawValue)
        guard let kind = SimVenueKind(rawValue: word) else {
            throw ScenarioError("\(table).kind", "is \"\(word)\"; expected \(SimVenueKind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(kind: kind)
        key = try reader.text("\(table).key", key)
        secret = try reader.text("\(table).secret", secret)
        isSpot = try reader.truth("\(table).spot", isSpot)
        speed = try reader.number("\(table).speed", speed, 0.01...1000)
        for currency in reader.names(under: "\(table).balances") {
            let name = "\(table).balances.\(currency)"
            let value = try reader.decimal(name)
            guard let amount = Amount(value), amount >= .zero else {
                throw ScenarioError(name, "is \(value); an amount from 0, no finer than 1e-24, was expected")
            }
            balances.append((currency, amount))
        }
        try readFees(&reader, table)
        switch kind {
        case .cryptocom: manners = .cryptocom(try CryptoComSim.Settings(&reader, table))
        case .apifiny: manners = .apifiny(try ApifinySim.Settings(&reader, table))
        case .valr: manners = .valr(try ValrSim.Settings(&reader, table))
        case .smartvalor: manners = .smartvalor(try SmartValorSim.Settings(&reader, table))
        case .dvchain: manners = .dvchain(try DVChainSim.Settings(&reader, table))
        }
    }

    private mutating func readFees(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) {
        if reader.has("\(table).maker_fee") { fees.maker = try reader.decimal("\(table).maker_fee") }
        if reader.has("\(table).taker_fee") { fees.taker = try reader.decimal("\(table).taker_fee") }
        let currency = try reader.text("\(table).fee_currency", "quote")
        switch currency {
        case "quote": fees.currency = .quote
        case "base": fees.currency = .base
        case "received": fees.currency = .received
        default: throw ScenarioError("\(table).fee_currency", "is \"\(currency)\"; \"quote\", \"base\" or \"received\" was expected")
        }
        if reader.has("\(table).fee_places") {
            fees.rounding = FeeRounding(places: Int(try reader.integer("\(table).fee_places", 8, 0...24)), .up)
        }
    }
}

extension SettingsReader {
    /// A wait of a venue's manners.
    mutating func wait(_ key: String, _ standard: String, from least: String) throws(ScenarioError) -> TimeAmount {
        .nanoseconds(try span(key, standard, from: least, to: "1h").nanoseconds)
    }

    /// A path before all of a venue's own, empty or such as "/v2".
    mutating func prefix(_ key: String, _ standard: String) throws(ScenarioError) -> String {
        let text = try text(key, standard)
        guard text.isEmpty || text.hasPrefix("/") && !text.hasSuffix("/") else {
            throw ScenarioError(key, "is \"\(text)\"; a path such as \"/v2\" was expected")
        }
        return text
    }
}

extension CryptoComSim.Settings {
    init(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) {
        self.init()
        isStrict = try reader.truth("\(table).strict", isStrict)
        numbersAsStrings = try reader.truth("\(table).numbers_as_strings", numbersAsStrings)
        floatNoise = try reader.truth("\(table).float_noise", floatNoise)
        heartbeat = try reader.wait("\(table).heartbeat", "30s", from: "10ms")
        heartbeatPatience = try reader.wait("\(table).heartbeat_patience", "5s", from: "10ms")
        acceptDelay = try reader.wait("\(table).accept_delay", "1ms", from: "0s")
        cancelOnDisconnectDelay = try reader.wait("\(table).cancel_on_disconnect_delay", "50ms", from: "0s")
        bookInterval = try reader.wait("\(table).book_interval", "20ms", from: "0s")
        perMethodLimit = Int(try reader.integer("\(table).orders_per_100ms", Int64(perMethodLimit), 1...1_000_000))
        clockSkew = try reader.span("\(table).clock_skew", "0s", from: "-1d", to: "1d")
        prefix = try reader.prefix("\(table).prefix", prefix)
    }
}

extension ValrSim.Settings {
    init(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) {
        self.init()
        pingPatience = try reader.wait("\(table).ping_patience", "30s", from: "10ms")
        cutAfter = try reader.wait("\(table).cut_after", "15m", from: "10ms")
        authenticationPatience = try reader.wait("\(table).authentication_patience", "10s", from: "10ms")
        acceptDelay = try reader.wait("\(table).accept_delay", "1ms", from: "0s")
        cancelOnDisconnectDelay = try reader.wait("\(table).cancel_on_disconnect_delay", "50ms", from: "0s")
        bookInterval = try reader.wait("\(table).book_interval", "20ms", from: "0s")
        ordersPerSecond = Int(try reader.integer("\(table).orders_per_second", Int64(ordersPerSecond), 1...1_000_000))
        openOrdersAsObject = try reader.truth("\(table).open_orders_as_object", openOrdersAsObject)
        feesInTrades = try reader.truth("\(table).fees_in_trades", feesInTrades)
        confirmsAuthentication = try reader.truth("\(table).confirms_authentication", confirmsAuthentication)
        armsOnRequest = try reader.truth("\(table).arms", armsOnRequest)
        isReadOnly = try reader.truth("\(table).read_only", isReadOnly)
        clockSkew = try reader.span("\(table).clock_skew", "0s", from: "-1d", to: "1d")
        prefix = try reader.prefix("\(table).prefix", prefix)
    }
}

extension ApifinySim.Settings {
    init(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) {
        self.init()
        account = try reader.text("\(table).account_id", account)
        heartbeat = try reader.wait("\(table).heartbeat", "30s", from: "10ms")
        heartbeatPatience = try reader.wait("\(table).heartbeat_patience", "60s", from: "10ms")
        acceptDelay = try reader.wait("\(table).accept_delay", "1ms", from: "0s")
        bookInterval = try reader.wait("\(table).book_interval", "20ms", from: "0s")
        requestsPerSecond = Int(try reader.integer("\(table).requests_per_second", Int64(requestsPerSecond), 1...1_000_000))
        numbersAsStrings = try reader.truth("\(table).numbers_as_strings", numbersAsStrings)
        floatNoise = try reader.truth("\(table).float_noise", floatNoise)
        isStrictFIX = try reader.truth("\(table).strict_fix", isStrictFIX)
        orderTolerance = try reader.span("\(table).order_tolerance", "60s", from: "1s", to: "1d").nanoseconds / 1_000_000
        clockSkew = try reader.span("\(table).clock_skew", "0s", from: "-1d", to: "1d")
    }
}

extension SmartValorSim.Settings {
    init(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) {
        self.init()
        user = try reader.text("\(table).user_id", user)
        isStrict = try reader.truth("\(table).strict", isStrict)
        numbersAsStrings = try reader.truth("\(table).numbers_as_strings", numbersAsStrings)
        signsMarketData = try reader.truth("\(table).signed_market_data", signsMarketData)
        hidesOrders = try reader.truth("\(table).hides_order_ids", hidesOrders)
        let word = try reader.text("\(table).nonces", nonces.rawValue)
        guard let known = Nonces(rawValue: word) else { throw ScenarioError("\(table).nonces", "is \"\(word)\"; any, unique or increasing was expected") }
        nonces = known
        acceptDelay = .nanoseconds(try reader.span("\(table).accept_delay", "20ms", from: "0s", to: "1h").nanoseconds)
        listingLag = try reader.span("\(table).listing_lag", "0s", from: "0s", to: "1h")
        history = Int(try reader.integer("\(table).history", Int64(history), 1...1_000_000))
    }
}

extension DVChainSim.Settings {
    init(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) {
        self.init()
        tokenLife = try reader.span("\(table).token_life", "1d", from: "1s", to: "30d")
        quoteLife = try reader.span("\(table).quote_life", "5s", from: "10ms", to: "1h")
        lookupLag = try reader.span("\(table).lookup_lag", "0s", from: "0s", to: "1h")
        dropsTags = try reader.truth("\(table).drops_tags", dropsTags)
        nestsPrices = try reader.truth("\(table).nested_prices", nestsPrices)
        limitAsNumber = try reader.truth("\(table).limit_as_number", limitAsNumber)
        isLowerCase = try reader.truth("\(table).lower_case", isLowerCase)
        pagesFromZero = try reader.truth("\(table).pages_from_zero", pagesFromZero)
        bookInterval = .nanoseconds(try reader.span("\(table).book_interval", "100ms", from: "0s", to: "1h").nanoseconds)
    }
}
