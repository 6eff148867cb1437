internal import Domain

/// A strict rolling limit: never more than `limit` in any window of that length, with a share only for what is urgent.
///
/// A bucket would let up to twice its size through in one window (C7).
struct RateWindow {
    let limit: Int
    let window: Int64
    /// How many of the limit are kept for cancels.
    let reserve: Int
    /// When the last `limit` messages went, the oldest at `head`.
    private var stamps: [Int64]
    private var head = 0

    init(limit: Int, per window: Span, reserve: Int = 0) {
        precondition(limit > reserve && reserve >= 0 && window > .zero, "a limit of \(limit) with \(reserve) kept")
        (self.limit, self.window, self.reserve) = (limit, window.nanoseconds, reserve)
        stamps = Array(repeating: Int64.min / 2, count: limit)
    }

    /// From when on a message may go.
    func free(isUrgent: Bool) -> Int64 {
        // The message that must have left the window: the oldest, or for others the one that leaves the reserve free.
        let place = (head + (isUrgent ? 0 : reserve)) % limit
        return stamps[place] + window
    }

    func admits(at now: Int64, isUrgent: Bool) -> Bool { free(isUrgent: isUrgent) <= now }

    mutating func count(at now: Int64) {
        stamps[head] = now
        head = (head + 1) % limit
    }
}
