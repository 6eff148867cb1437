public import Domain

/// A point on the grid of half ticks: fine enough for a price and for the middle of two.
public struct HalfTicks: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let count: Int64
    @inline(__always) public init(_ count: Int64) { self.count = count }
    @inline(__always) public init(_ price: Price) { count = price.ticks * 2 }
    /// The middle of the best bid and ask.
    @inline(__always) public init(bid: Price, ask: Price) { count = bid.ticks + ask.ticks }
    @inline(__always) public static func < (lhs: HalfTicks, rhs: HalfTicks) -> Bool { lhs.count < rhs.count }
    /// The tick price, where it is one; bars made of trades always have them.
    public var price: Price? { count & 1 == 0 ? Price(ticks: count / 2) : nil }

    /// The exact price in quote units.
    public func decimal(tick: ExactDecimal) -> ExactDecimal {
        ExactDecimal(mantissa: Int128(count) * 5, scale: 1) * tick
    }
}

/// One bar: what traded, or where the middle stood, in `[open time, close time)`.
public struct Bar: Hashable, Sendable, BitwiseCopyable {
    public let openTime: Timestamp
    public let closeTime: Timestamp
    public let open: HalfTicks
    public internal(set) var high: HalfTicks
    public internal(set) var low: HalfTicks
    public internal(set) var close: HalfTicks
    /// - Units: the instrument's size units.
    public internal(set) var volume: Int64
    public internal(set) var trades: Int64

    public init(
        openTime: Timestamp, closeTime: Timestamp, open: HalfTicks, high: HalfTicks, low: HalfTicks, close: HalfTicks,
        volume: Int64, trades: Int64
    ) {
        (self.openTime, self.closeTime) = (openTime, closeTime)
        (self.open, self.high, self.low, self.close) = (open, high, low, close)
        (self.volume, self.trades) = (volume, trades)
    }

    /// No bar, for a place that holds none.
    static let empty = Bar(
        openTime: .never, closeTime: .never, open: HalfTicks(0), high: HalfTicks(0), low: HalfTicks(0), close: HalfTicks(0), volume: 0, trades: 0)
}
