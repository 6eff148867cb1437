public import Domain
public import Risk

/// A configuration file, decoded: `docs/configuration.md` says every key.
///
/// A value that the file does not give has its default, or is nil where the verb decides. Paths are resolved against the file.
public struct Settings: Sendable {
    public var run = Run()
    public var venues: [Venue] = []
    public var strategies: [Strategy] = []
    public var simulation = Simulation()
    public var limits = RiskLimits()
    /// `[release] full`: SHA-256 of the code that is out of its trial (C32).
    public var releasedCode: [String] = []
    public var onDisconnect = OnDisconnect.cancel
    public var watchdog = Watchdog()
    public var dashboard = Dashboard()
    /// Nil: no metrics over HTTP.
    public var metrics: Metrics?

    public init() {}

    /// What becomes of open orders when a connection is lost. There is one answer.
    public enum OnDisconnect: String, CaseIterable, Sendable { case cancel }

    /// `[run]`
    public struct Run: Hashable, Sendable {
        public enum OnRestart: String, CaseIterable, Sendable { case cancel, adopt }
        public enum Durability: String, CaseIterable, Sendable { case process, power }
        public var stateDirectory = "state"
        public var reportingCurrency: String?
        public var onRestart = OnRestart.cancel
        public var durability = Durability.process
        public var onError: OnError?
        public init() {}
    }

    /// What becomes of a strategy that fails.
    public enum OnError: String, CaseIterable, Sendable { case stop, kill, `continue` }

    /// `[[strategy]]`
    public struct Strategy: Hashable, Sendable {
        public var name: String
        public var file: String
        /// Sorted by name.
        public var parameters: [Parameter] = []
        public var onError: OnError?
        /// Of one callback, in paper and live; ``Watchdog/strategyDeadline`` where it is nil, and so below.
        public var deadline: Span?
        public var memory: Int?
        public var budget: UInt64?
    }

    /// One entry of `params`, as `--set` would give it.
    public struct Parameter: Hashable, Sendable {
        public enum Value: Hashable, Sendable { case integer(Int64), number(Double), boolean(Bool), string(String) }
        public var name: String
        public var value: Value

        public init(name: String, value: Value) { (self.name, self.value) = (name, value) }
    }

    /// `[simulation]`: the flags of `perigee backtest` of the same names, in the flags' own spelling.
    public struct Simulation: Hashable, Sendable {
        public var latency: String?
        public var queue: String?
        public var fills: String?
        public var slippage: String?
        public var maxBarShare: String?
        public var spot: Bool?
        public var mark: String?
        public var sample: Span?
        public var calendar: String?
        public var makerFee: ExactDecimal?
        public var takerFee: ExactDecimal?
        /// Starting cash by currency.
        public var balance: [String: ExactDecimal] = [:]
        public var seed: Int64?
        public var strictBudget: Bool?
        /// As the flag has it: `1ns`, `0.5ns/instr`.
        public var computeCost: String?
        /// Who answers requests for quotes; nil: the default dealer.
        public var dealer: Dealer?
        public init() {}

        /// `rfq`, as far as it is given.
        public struct Dealer: Hashable, Sendable {
            public struct Tier: Hashable, Sendable {
                public var upTo: Amount
                public var spread: ExactDecimal
            }
            public var venues: [String]?
            public var tiers: [Tier]?
            public var life: Span?
            public var latency: Span?
            public var jitter: Span?
            public var lastLook: Span?
            public var tolerance: ExactDecimal?
            public var declines: ExactDecimal?
            public init() {}
        }
    }

    /// `[watchdog]`
    public struct Watchdog: Hashable, Sendable {
        public var feedSilence = Span(nanoseconds: 10_000_000_000)
        public var strategyDeadline = Span(nanoseconds: 50_000_000)
        /// Bytes that a strategy's Lua state may hold, and its indicators as many.
        public var strategyMemory = 64 << 20
        /// Instructions of one callback, where they are counted: as many as the deadline has nanoseconds.
        public var strategyBudget: UInt64 = 50_000_000
        public var deadMan = Span(nanoseconds: 5_000_000_000)
        public init() {}
    }

    /// `[metrics]`
    public struct Metrics: Hashable, Sendable {
        /// `127.0.0.1:PORT`, `[::1]:PORT` or `localhost:PORT`.
        public var listen = "127.0.0.1:9464"
        public init() {}
    }

    /// `[dashboard]`
    public struct Dashboard: Hashable, Sendable {
        public var listen = "127.0.0.1:7780"
        public var exposes = false
        public var certificate: String?
        public var key: String?
        public var token: SecretReference?
        public init() {}
    }
}

/// Where a secret is to be found. The configuration never holds the secret itself.
public enum SecretReference: Hashable, Sendable {
    /// An environment variable.
    case environment(String)
    /// A file that only its owner may read.
    case file(String)
    /// An identifier that is no secret (`account_id`, `user_id`, `user`), written out.
    case identifier(String)
}

extension Settings {
    /// The keys of `[risk]` that `live` does not start without and the file does not give; `paper` warns of them.
    public var missingLiveLimits: [String] {
        let account = limits.account
        let required: [(key: String, isGiven: Bool)] = [
            ("risk.max_order_value", account.maxOrderValue != nil),
            ("risk.price_collar", account.priceCollar?.aggressive != nil),
            ("risk.max_open_orders", account.maxOpenOrders != nil),
            ("risk.max_position", !account.maxPosition.isEmpty),
            ("risk.daily_loss", account.later.dailyLoss != nil),
        ]
        return required.filter { !$0.isGiven }.map(\.key)
    }
}
