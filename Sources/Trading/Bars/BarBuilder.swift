public import Domain

/// Makes bars of one interval out of trades, middles, or shorter bars: `[start, end)` on UTC multiples of the interval,
/// by the desk's clock; none for an interval in which nothing came, and none for the last, unfinished one.
///
/// The caller keeps a timer at ``nextClose``. On tapes of trades or quotes `close(at:)` is called before what comes at or
/// after that instant is added; on tapes of bars after the recorded bar that ends there. A bar needs no later event to close.
public struct BarBuilder: Sendable, BitwiseCopyable {
    private let interval: Int64
    /// Length of the recorded bars; zero for trades and middles.
    private let source: Int64
    /// Means something while ``closeTime`` is a time.
    private var bar = Bar.empty
    /// When the open bar is due, ns; `Int64.max` where none is open.
    private var closeTime = Int64.max
    /// No bar opens before this, even if the clock steps back.
    private var closedUntil = Int64.min

    public init(_ interval: BarInterval) {
        self.interval = interval.span.nanoseconds
        source = interval.source?.nanoseconds ?? 0
    }

    /// When the open bar is due; `.never` where none is open.
    @inline(__always) public var nextClose: Timestamp { Timestamp(nanoseconds: closeTime) }

    /// Adds a public trade.
    /// - Parameter units: the size, in the instrument's size units.
    @inline(__always) public mutating func trade(at time: Timestamp, price: Price, units: Int64) {
        add(at: time, HalfTicks(price), units: units, trades: 1)
    }

    /// Adds the middle of a best bid and ask, where bars are not made from trades.
    @inline(__always) public mutating func quote(at time: Timestamp, bid: Price, ask: Price) {
        add(at: time, HalfTicks(bid: bid, ask: ask), units: 0, trades: 0)
    }

    /// Adds a recorded bar, at its close. It belongs where its last instant lies.
    public mutating func recordedBar(
        openTime: Timestamp, open: Price, high: Price, low: Price, close: Price, units: Int64, trades: Int64
    ) {
        precondition(source > 0, "a recorded bar came on a tape that has none")
        let end = openTime.nanoseconds + source
        let high = HalfTicks(high)
        let low = HalfTicks(low)
        if closeTime == .max {
            let start = interval == source ? openTime.nanoseconds : boundary(before: end - 1)
            closeTime = start + interval
            bar = Bar(
                openTime: Timestamp(nanoseconds: start), closeTime: Timestamp(nanoseconds: closeTime),
                open: HalfTicks(open), high: high, low: low, close: HalfTicks(close), volume: units, trades: trades)
            return
        }
        precondition(end <= closeTime, "a bar is added before the last one was closed")
        bar.high = max(bar.high, high)
        bar.low = min(bar.low, low)
        bar.close = HalfTicks(close)
        bar.volume += units
        bar.trades += trades
    }

    /// The bar that has ended at `now` or before; it is then no longer open.
    @inline(__always) public mutating func close(at now: Timestamp) -> Bar? {
        if closeTime > now.nanoseconds || closeTime == .max { return nil }
        closedUntil = closeTime
        closeTime = .max
        return bar
    }

    @inline(__always)
    private mutating func add(at time: Timestamp, _ price: HalfTicks, units: Int64, trades: Int64) {
        if closeTime == .max { return open(at: time, price, units: units, trades: trades) }
        precondition(time.nanoseconds < closeTime, "a bar is added to before the last one was closed")
        bar.high = max(bar.high, price)
        bar.low = min(bar.low, price)
        bar.close = price
        bar.volume += units
        bar.trades += trades
    }

    private mutating func open(at time: Timestamp, _ price: HalfTicks, units: Int64, trades: Int64) {
        let start = boundary(before: max(time.nanoseconds, closedUntil))
        closeTime = start + interval
        bar = Bar(
            openTime: Timestamp(nanoseconds: start), closeTime: Timestamp(nanoseconds: closeTime),
            open: price, high: price, low: price, close: price, volume: units, trades: trades)
    }

    /// The last multiple of the interval at or before a time, also before 1970.
    private func boundary(before time: Int64) -> Int64 {
        let rest = time % interval
        return time - (rest < 0 ? rest + interval : rest)
    }
}
