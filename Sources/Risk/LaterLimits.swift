public import Domain

/// Limits of what happens over time and over the account, beside those of one order (`docs/risk.md`).
public struct LaterLimits: Hashable, Sendable {
    /// C5: how far the reference may drift from its anchor, and own fills may slip, within a time; as fractions.
    public struct CollarOverTime: Hashable, Sendable {
        public var drift: ExactDecimal?
        public var slippage: ExactDecimal?
        public var per: Span?
        public init() {}
    }

    /// C6.
    public struct MarketData: Hashable, Sendable {
        public var maxAge: Span?
        public var grace: Span?
        public init() {}
    }

    /// C7.
    public struct Messages: Hashable, Sendable {
        public var rate: Int?
        public var per: Span?
        public var reservedForCancels: Int?
        public init() {}
    }

    /// C8.
    public struct RepeatedFills: Hashable, Sendable {
        public var count: Int?
        public var per: Span?
        public init() {}
    }

    public var collarOverTime: CollarOverTime?
    public var marketData: MarketData?
    public var messages: Messages?
    public var repeatedFills: RepeatedFills?
    /// C12, in the reporting currency.
    public var maxGross: Amount?
    public var maxNet: Amount?
    /// C14: an amount in the reporting currency, and a fraction of the peak.
    public var dailyLoss: Amount?
    public var maxDrawdown: ExactDecimal?
    /// C15, a fraction of the price.
    public var fillTolerance: ExactDecimal?

    public init() {}
}

/// The same for the whole account.
public struct LaterAccountLimits: Hashable, Sendable {
    /// C18: the instruments each strategy may trade; nil: the configured ones.
    public var permit: [String: [String]]?
    /// C26: how many unknown orders are borne, and for how long.
    public var unknownMax: Int?
    public var unknownAge: Span?
    /// C27: how far a balance may differ from what our fills add up to, in its own currency, and for how long; the desk's, not the gate's.
    public var breakTolerance: ExactDecimal?
    public var breakAge: Span?
    /// C35: what is taken off the end of every quote; nil: the desk's own.
    public var quoteMargin: Span?

    public init() {}
}
