public import Domain

/// Makes bars of one interval out of trades, middles, or shorter bars: `[start, end)` on UTC multiples of the interval,
/// by the desk's clock; none for an interval in which nothing came, and none for the last, unfinished one.
///
/// The caller keeps a timer at ``nextClose``. On tapes of trades or quotes `close(at:)` is called before what comes at or
/// after that instant is added; on tapes of bars after the recorded bar that ends there. A bar needs no later event to close.
public struct BarBuilder: Hashable, Sendable, BitwiseCopyable {
    private let interval: Int64
    /// Length of the recorded bars; zero for trades and middles.
    private let source: Int64
    private var bar: Bar?
    /// No bar opens before this, even if the clock steps back.
    private var closedUntil = Int64.min

    public init(_ interval: BarInterval) {
        self.interval = interval.span.nanoseconds
        source = interval.source?.nanoseconds ?? 0
    }

    /// When the open bar is due; `.never` where none is open.
    @inline(__always) public var nextClose: Timestamp { bar?.closeTime ?? .never }

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
        let closeTime = openTime.nanoseconds + source
        let start = interval == source ? openTime.nanoseconds : boundary(before: closeTime - 1)
        let next = Bar(
            openTime: Timestamp(nanoseconds: start), closeTime: Timestamp(nanoseconds: start + interval),
            open: HalfTicks(open), high: HalfTicks(high), low: HalfTicks(low), close: HalfTicks(close),
            volume: units, trades: trades)
        guard var current = bar else { return bar = next }
        precondition(closeTime <= current.closeTime.nanoseconds, "a bar is added before the last one was closed")
        current.high = max(current.high, next.high)
        current.low = min(current.low, next.low)
        current.close = next.close
        current.volume += units
        current.trades += trades
        bar = current
    }

    /// The bar that has ended at `now` or before; it is then no longer open.
    @inline(__always) public mutating func close(at now: Timestamp) -> Bar? {
        guard let done = bar, done.closeTime <= now else { return nil }
        bar = nil
        closedUntil = done.closeTime.nanoseconds
        return done
    }

    @inline(__always)
    private mutating func add(at time: Timestamp, _ price: HalfTicks, units: Int64, trades: Int64) {
        guard var current = bar else { return open(at: time, price, units: units, trades: trades) }
        precondition(time < current.closeTime, "a bar is added to before the last one was closed")
        current.high = max(current.high, price)
        current.low = min(current.low, price)
        current.close = price
        current.volume += units
        current.trades += trades
        bar = current
    }

    private mutating func open(at time: Timestamp, _ price: HalfTicks, units: Int64, trades: Int64) {
        let start = boundary(before: max(time.nanoseconds, closedUntil))
        bar = Bar(
            openTime: Timestamp(nanoseconds: start), closeTime: Timestamp(nanoseconds: start + interval),
            open: price, high: price, low: price, close: price, volume: units, trades: trades)
    }

    /// The last multiple of the interval at or before a time, also before 1970.
    private func boundary(before time: Int64) -> Int64 {
        let rest = time % interval
        return time - (rest < 0 ? rest + interval : rest)
    }
}
