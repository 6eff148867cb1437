public import Domain

/// A closed bar.
///
/// - Units: prices in half ticks (bars may be built from mids), volume in the instrument's size units.
public struct Bar: Hashable, Sendable, BitwiseCopyable {
    public var openTime: Timestamp
    public var interval: Span
    public var open: Int64
    public var high: Int64
    public var low: Int64
    public var close: Int64
    public var volume: Int64
    public var trades: UInt32

    public init(
        openTime: Timestamp, interval: Span, open: Int64, high: Int64, low: Int64, close: Int64, volume: Int64, trades: UInt32
    ) {
        (self.openTime, self.interval) = (openTime, interval)
        (self.open, self.high, self.low, self.close) = (open, high, low, close)
        (self.volume, self.trades) = (volume, trades)
    }
}
