public import Domain

/// An order that rests (or rested) in a ``MatchingBook``: its serial number there, and where to find it without a look-up.
public struct RestingOrder: Hashable, Sendable, BitwiseCopyable {
    /// Counts the orders that ever rested in this book, from 1.
    public let serial: UInt64
    let slot: Int32

    init(serial: UInt64, slot: Int32) { (self.serial, self.slot) = (serial, slot) }
}

/// One change of one resting order, in the order in which the book made it.
public struct BookEvent: Hashable, Sendable, BitwiseCopyable {
    public enum Kind: UInt8, Sendable, BitwiseCopyable { case added, reduced, cancelled, filled }

    public let kind: Kind
    /// The side on which the order rests; a fill's aggressor is on the other.
    public let side: Side
    public let price: Price
    /// What was added, what is open after a reduction, what a cancel took away, or what was filled.
    public let quantity: Quantity
    /// What all orders at this price and side hold afterwards.
    public let levelQuantity: Quantity
    public let order: RestingOrder
    /// Whose order it is.
    public let owner: UInt16
    /// Of a fill: whose order took it; else the owner.
    public let taker: UInt16
}

/// A price level as a depth feed shows it.
public struct BookLevel: Hashable, Sendable, BitwiseCopyable {
    public let price: Price
    public let quantity: Quantity

    public init(price: Price, quantity: Quantity) { (self.price, self.quantity) = (price, quantity) }
}

/// A resting order as an order-by-order feed shows it.
public struct BookOrder: Hashable, Sendable, BitwiseCopyable {
    public let order: RestingOrder
    public let price: Price
    public let quantity: Quantity
    public let owner: UInt16
}
