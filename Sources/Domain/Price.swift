public enum Side: UInt8, Hashable, Sendable, BitwiseCopyable {
    case buy = 0
    case sell = 1

    public var opposite: Side { self == .buy ? .sell : .buy }
    /// +1 for a buy, −1 for a sell.
    public var sign: Int64 { self == .buy ? 1 : -1 }
    public var name: String { self == .buy ? "buy" : "sell" }
}

/// A price level, counted in ticks of one instrument. A point, not an amount: prices subtract to ``Ticks``.
///
/// - Units: ticks; ``Instrument`` is the only converter.
/// - Overflow: traps. A wrong price must stop the process, not reach a venue.
public struct Price: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let ticks: Int64
    @inline(__always) public init(ticks: Int64) { self.ticks = ticks }

    @inline(__always) public static func < (lhs: Price, rhs: Price) -> Bool { lhs.ticks < rhs.ticks }
    public static func - (lhs: Price, rhs: Price) -> Ticks { Ticks(lhs.ticks - rhs.ticks) }
    public static func + (lhs: Price, rhs: Ticks) -> Price { Price(ticks: lhs.ticks + rhs.count) }

    /// Whether a buy (sell) at this price would trade against an offer (bid) at `opposite`.
    @inline(__always) public func crosses(_ opposite: Price, taking side: Side) -> Bool {
        side == .buy ? ticks >= opposite.ticks : ticks <= opposite.ticks
    }
}

/// A signed distance between two prices, in ticks.
public struct Ticks: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let count: Int64
    public init(_ count: Int64) { self.count = count }
    public static func < (lhs: Ticks, rhs: Ticks) -> Bool { lhs.count < rhs.count }
}

/// An order or fill size, in lots of one instrument. Never negative: direction lives in ``Side``.
public struct Quantity: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let lots: Int64
    public static let zero = Quantity(lots: 0)

    @inline(__always) public init(lots: Int64) {
        precondition(lots >= 0, "a quantity is negative")
        self.lots = lots
    }

    @inline(__always) public static func < (lhs: Quantity, rhs: Quantity) -> Bool { lhs.lots < rhs.lots }
    public static func + (lhs: Quantity, rhs: Quantity) -> Quantity { Quantity(lots: lhs.lots + rhs.lots) }
    public static func - (lhs: Quantity, rhs: Quantity) -> Quantity { Quantity(lots: lhs.lots - rhs.lots) }
}
