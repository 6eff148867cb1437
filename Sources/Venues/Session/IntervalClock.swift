internal import Domain

/// A venue's clock from coarse sightings: each says only between which bounds the offset lies, and together they say it closely.
///
/// One `Date` header is a second wide; a few of them at different moments of the second leave some milliseconds.
struct IntervalClock {
    /// What clocks may drift apart: 100 ns in a millisecond.
    private static let drift: Int64 = 10_000
    private var low: Int64 = 0
    private var high: Int64 = 0
    private var last: Int64?

    /// Takes in that the venue's time minus ours lies between two bounds.
    ///
    /// - Parameter now: Monotonic.
    /// - Returns: The middle of what is still possible; a sighting that contradicts all before begins anew.
    mutating func add(low from: Int64, high to: Int64, at now: Int64) -> Span {
        if let last {
            let slack = max(0, now - last) / IntervalClock.drift
            (low, high) = (max(low - slack, from), min(high + slack, to))
        }
        if last == nil || low > high { (low, high) = (from, to) }
        last = now
        return Span(nanoseconds: low + (high - low) / 2)
    }
}
