public import Domain

/// How the place of a resting order in its queue is estimated.
public enum QueueModel: Hashable, Sendable {
    /// Only trades at the price, and a level smaller than what was ahead, move an order up.
    case riskAverse
    /// Part of every decrease was ahead: `f(x) = x^n`.
    case power(Double)
    /// Part of every decrease was ahead: `f(x) = ln(1 + x)`.
    case log
    /// The exact queue, from recorded orders: level-3 tapes only.
    case fifo
}

/// Whether recorded quantities bound a fill.
public enum FillModel: Hashable, Sendable { case partial, full }

/// What a taker pays beyond the recorded price.
public enum Slippage: Hashable, Sendable {
    case ticks(Int64)
    /// Hundredths of a percent of the price, rounded up to the next tick.
    case basisPoints(ExactDecimal)
}

/// What a fee is taken in.
public enum FeeCurrency: Hashable, Sendable {
    /// Rate × notional.
    case quote
    /// Rate × quantity.
    case base
    /// What the fill brings in: base for a buy, quote for a sell.
    case received
}

/// How a venue rounds a fee: to so many places of its currency.
public struct FeeRounding: Hashable, Sendable {
    public enum Direction: Hashable, Sendable {
        /// The venue's favour: a fee away from zero, a rebate towards it.
        case up
        /// Cut off, towards zero.
        case down
        /// To the nearest, a tie to the even digit.
        case halfEven
    }
    public var places: Int
    public var direction: Direction
    /// - Parameter places: 0 to 24.
    public init(places: Int, _ direction: Direction) {
        precondition(places >= 0 && places <= Amount.scale, "an amount has 24 places")
        (self.places, self.direction) = (places, direction)
    }
}

/// The rates of one instrument where they are not the tape's own (fractions of notional, negative is a rebate), and a venue's way
/// to charge them.
public struct FeeOverride: Hashable, Sendable {
    public var maker: ExactDecimal?
    public var taker: ExactDecimal?
    public var currency: FeeCurrency
    /// Nil: exact.
    public var rounding: FeeRounding?
    public init(
        maker: ExactDecimal? = nil, taker: ExactDecimal? = nil, currency: FeeCurrency = .quote, rounding: FeeRounding? = nil
    ) {
        (self.maker, self.taker, self.currency, self.rounding) = (maker, taker, currency, rounding)
    }
}

/// What one currency of a spot account starts with.
public struct SpotBalance: Hashable, Sendable {
    public var currency: String
    public var total: Amount
    public init(currency: String, total: Amount) { (self.currency, self.total) = (currency, total) }
}

/// What a venue takes, where it does not take everything.
public struct VenueRules: Hashable, Sendable {
    public var types: [OrderType] = [.market, .limit, .stop, .stopLimit]
    public var timesInForce: [TimeInForce] = [.goodTillCancel, .immediateOrCancel, .fillOrKill, .goodTillDate]
    public var hasPostOnly = true
    /// Without: a changed order is a cancelled and a new one, which always goes to the back of its queue.
    public var hasAmend = true
    /// An instrument; nil for any number.
    public var maxOpenOrders: Int?
    public init() {}

    func takes(_ order: RestingOrder) -> Bool {
        // A market order never waits: that it says so is no other time in force.
        let isPlain = order.type == .market && order.timeInForce == .immediateOrCancel
        return types.contains(order.type) && (isPlain || timesInForce.contains(order.timeInForce)) && (hasPostOnly || !order.isPostOnly)
    }
}

/// The rules of a run that a tape does not tell.
public struct ExchangeRules: Hashable, Sendable {
    public var queue = QueueModel.riskAverse
    public var fills = FillModel.partial
    /// By instrument; what is missing or nil keeps the tape's own rates.
    public var fees: [FeeOverride] = []
    /// By instrument; what is missing takes everything.
    public var venues: [VenueRules] = []
    public var slippage = Slippage.ticks(0)
    /// The largest part of a bar's volume that our fills may be, nil for no bound.
    public var maxBarShare: ExactDecimal?
    /// With spot rules: the starting balances. They never go negative. Nil: no balances are kept, shorts are allowed.
    public var spot: [SpotBalance]?
    /// Who answers requests for quotes; nil: nobody does.
    public var dealer: DealerModel?

    public init() {}

    /// Nil where these rules suit the tape's instruments, else the sentence for the user.
    public func unsuitability(for instruments: [Instrument]) -> String? {
        if case .power(let exponent) = queue, !(exponent > 0 && exponent.isFinite) {
            return "--queue power:\(exponent): the exponent must be a number above 0"
        }
        if let share = maxBarShare, share.mantissa <= 0 {
            return "--max-bar-share \(share): expected a part of a bar's volume above 0"
        }
        if queue == .fifo, let other = instruments.first(where: { $0.dataKind != .level3 }) {
            return "--queue fifo needs level-3 data (single orders), and the tape of \(other.name) has none: "
                + "use risk-averse, power:N or log"
        }
        return nil
    }
}
