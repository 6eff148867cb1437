public enum Liquidity: UInt8, Hashable, Sendable, BitwiseCopyable {
    case maker = 0, taker = 1
    public var name: String { self == .maker ? "maker" : "taker" }
}

/// A venue's number for a fill; with instrument, order and side it is unique for the life of an account.
public struct FillID: Hashable, Sendable, BitwiseCopyable {
    public let raw: UInt64
    @inline(__always) public init(_ raw: UInt64) { self.raw = raw }
}

/// One execution of one of our orders, as the venue tells it.
public struct Fill: Hashable, Sendable, BitwiseCopyable {
    public var id: FillID
    public var price: Price
    public var quantity: Quantity
    public var liquidity: Liquidity
    /// Paid is positive, a rebate negative; in the quote currency unless `feeInBase`.
    public var fee: Amount
    public var feeInBase: Bool

    public init(id: FillID, price: Price, quantity: Quantity, liquidity: Liquidity, fee: Amount, feeInBase: Bool = false) {
        (self.id, self.price, self.quantity) = (id, price, quantity)
        (self.liquidity, self.fee, self.feeInBase) = (liquidity, fee, feeInBase)
    }
}

/// Why a venue refused an order or a cancel. `name` is what scripts and files show.
public enum RejectReason: UInt8, Hashable, Sendable, BitwiseCopyable {
    case postOnly = 0, unknownOrder, insufficientBalance, reduceOnly, unsupported, noReference, minQuantity, minNotional, venue
    /// The quote had ended when its acceptance came; the dealer took its last look.
    case quoteExpired, lastLook

    public var name: String {
        switch self {
        case .postOnly: "post_only"
        case .unknownOrder: "unknown_order"
        case .insufficientBalance: "insufficient_balance"
        case .reduceOnly: "reduce_only"
        case .unsupported: "unsupported"
        case .noReference: "no_reference"
        case .minQuantity: "min_qty"
        case .minNotional: "min_notional"
        case .venue: "venue"
        case .quoteExpired: "quote_expired"
        case .lastLook: "last_look"
        }
    }
}

/// What a venue tells us about one of our orders: a fact.
public struct ExecutionReport: Hashable, Sendable, BitwiseCopyable {
    public enum Fact: Hashable, Sendable, BitwiseCopyable {
        case accepted
        case rejected(RejectReason)
        case filled(Fill)
        case cancelled
        /// Ended by its own terms: IOC or FOK without a match, GTD at its time, a market order's rest.
        case expired
        case cancelRejected(RejectReason)
        /// The order now stands at this price with this much open.
        case amended(price: Price, open: Quantity)
        case amendRejected(RejectReason)
    }

    public var order: OrderID
    public var instrument: InstrumentID
    /// When it happened at the venue.
    public var exchangeTime: Timestamp
    public var fact: Fact

    public init(order: OrderID, instrument: InstrumentID, exchangeTime: Timestamp, fact: Fact) {
        (self.order, self.instrument, self.exchangeTime, self.fact) = (order, instrument, exchangeTime, fact)
    }
}
