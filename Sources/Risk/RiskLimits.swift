public import Domain

/// The limits a person sets, as `[risk]` of the configuration has them. Nothing set: no limit but those without an off switch.
public struct RiskLimits: Hashable, Sendable {
    /// C4: how far from the reference price a price may be.
    public struct PriceCollar: Hashable, Sendable {
        /// As fractions of the reference: through the market, and away from it. Nil: no bound on that side.
        public var aggressive: ExactDecimal?
        public var passive: ExactDecimal?
        public var referenceMaxAge: Span?

        public init(aggressive: ExactDecimal? = nil, passive: ExactDecimal? = nil, referenceMaxAge: Span? = nil) {
            (self.aggressive, self.passive, self.referenceMaxAge) = (aggressive, passive, referenceMaxAge)
        }
    }

    /// C17: what happens to a request that would trade with one of our own orders.
    public enum SelfMatch: String, CaseIterable, Hashable, Sendable { case deny, cancelResting = "cancel_resting" }

    /// The limits of one scope: the account, one instrument, or one strategy.
    public struct Scope: Hashable, Sendable {
        /// C2, by base currency, in that currency.
        public var maxOrderQuantity: [String: ExactDecimal] = [:]
        public var maxOrderValue: Amount?
        public var priceCollar: PriceCollar?
        public var maxOpenOrders: Int?
        public var maxOpenValue: Amount?
        /// C11, by base currency, in that currency; the same for long and short.
        public var maxPosition: [String: ExactDecimal] = [:]
        /// C13: the fraction of a balance that is never used.
        public var balanceHaircut: ExactDecimal?
        public var duplicateWindow: Span?
        public var later = LaterLimits()

        public init() {}
    }

    public var account = Scope()
    /// By `venue:SYMBOL`.
    public var instruments: [String: Scope] = [:]
    /// By the strategy's name.
    public var strategies: [String: Scope] = [:]
    /// C32: what new code is held to, beside everything else; nil where releases are not staged.
    public var canary: Scope?
    public var selfMatch = SelfMatch.deny
    public var later = LaterAccountLimits()

    public init() {}
    /// These limits with those of new code for the strategies named.
    public func withCanary(_ names: [String]) -> RiskLimits {
        guard let canary else { return self }
        var limits = self
        for name in names { limits.strategies[name] = (strategies[name] ?? Scope()).tightened(by: canary) }
        return limits
    }

    /// No limit is set.
    public static let none = RiskLimits()

    /// The limits of this instrument's own scope, under its canonical or its native name.
    func scope(of instrument: Instrument) -> Scope? {
        instruments[instrument.name] ?? instruments["\(instrument.venue):\(instrument.nativeSymbol)"]
    }

    /// The names in ``instruments`` that no instrument of the run bears: worth a warning, as their limits bind nothing.
    public func unmatched(by run: [Instrument]) -> [String] {
        let known = Set(run.flatMap { [$0.name, "\($0.venue):\($0.nativeSymbol)"] })
        return instruments.keys.sorted().filter { !known.contains($0) }
    }
}
