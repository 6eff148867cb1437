/// Our own number for an order: the count of orders of this run, from 1, in order of creation. Its text is ``ClientOrderID``.
public struct OrderID: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let raw: UInt64
    @inline(__always) public init(_ raw: UInt64) { self.raw = raw }
    public static func < (lhs: OrderID, rhs: OrderID) -> Bool { lhs.raw < rhs.raw }
}

public enum OrderType: UInt8, Hashable, Sendable, BitwiseCopyable {
    case market = 0, limit = 1, stop = 2, stopLimit = 3

    public var name: String {
        switch self {
        case .market: "market"
        case .limit: "limit"
        case .stop: "stop"
        case .stopLimit: "stop_limit"
        }
    }
    /// Whether the order has a limit price.
    public var hasLimit: Bool { self == .limit || self == .stopLimit }
    public var isStop: Bool { self == .stop || self == .stopLimit }
}

public enum TimeInForce: UInt8, Hashable, Sendable, BitwiseCopyable {
    case goodTillCancel = 0, immediateOrCancel = 1, fillOrKill = 2, goodTillDate = 3

    /// As scripts and files spell it.
    public var name: String {
        switch self {
        case .goodTillCancel: "GTC"
        case .immediateOrCancel: "IOC"
        case .fillOrKill: "FOK"
        case .goodTillDate: "GTD"
        }
    }
}

/// A text of at most 32 bytes that a strategy gives an order, held by its place in the run's list of tags.
public struct OrderTag: Hashable, Sendable, BitwiseCopyable {
    public let index: UInt32
    public static let none = OrderTag(index: 0)
    public init(index: UInt32) { self.index = index }
}

/// A wish: what a strategy asks for. Only Risk turns it into something that may leave.
public struct OrderRequest: Hashable, Sendable, BitwiseCopyable {
    public var id: OrderID
    public var instrument: InstrumentID
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var isPostOnly: Bool
    public var isReduceOnly: Bool
    /// The strategy says that a second order like a live one is meant (control C16).
    public var allowsDuplicate: Bool
    public var quantity: Quantity
    /// The limit; meaningless where `type.hasLimit` is false.
    public var price: Price
    /// The trigger; meaningless where `type.isStop` is false.
    public var stop: Price
    /// With GTD: the venue's time at which the order ends.
    public var expire: Timestamp
    public var tag: OrderTag
    /// The quote that it accepts (control C35); ``QuoteID/none`` for an order to a book.
    public var quote: QuoteID

    public init(
        id: OrderID, instrument: InstrumentID, side: Side, type: OrderType, quantity: Quantity,
        price: Price = Price(ticks: 0), stop: Price = Price(ticks: 0), timeInForce: TimeInForce = .goodTillCancel,
        expire: Timestamp = .never, isPostOnly: Bool = false, isReduceOnly: Bool = false, tag: OrderTag = .none,
        allowsDuplicate: Bool = false, quote: QuoteID = .none
    ) {
        (self.id, self.instrument, self.side, self.type, self.quantity) = (id, instrument, side, type, quantity)
        (self.price, self.stop, self.timeInForce, self.expire) = (price, stop, timeInForce, expire)
        (self.isPostOnly, self.isReduceOnly, self.tag) = (isPostOnly, isReduceOnly, tag)
        (self.allowsDuplicate, self.quote) = (allowsDuplicate, quote)
    }

    /// Whether it accepts a quote: it meets a dealer, never a book.
    public var isAcceptance: Bool { quote != .none }
}

/// A wish to change an open order: the new open quantity and the new limit.
public struct AmendRequest: Hashable, Sendable, BitwiseCopyable {
    public var id: OrderID
    public var price: Price
    /// What shall be open after the amendment, in lots.
    public var quantity: Quantity
    /// Only the quantity changes: ``price`` is where the order stands, or will stand by an amendment in flight.
    public var keepsPrice: Bool
    /// Only the price changes: ``quantity`` is what is open, or will be by an amendment in flight.
    public var keepsQuantity: Bool

    public init(id: OrderID, price: Price, quantity: Quantity, keepsPrice: Bool = false, keepsQuantity: Bool = false) {
        (self.id, self.price, self.quantity) = (id, price, quantity)
        (self.keepsPrice, self.keepsQuantity) = (keepsPrice, keepsQuantity)
    }
}
