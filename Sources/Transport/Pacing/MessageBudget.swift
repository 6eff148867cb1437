public import Domain

/// How many messages a venue still takes from us (C7): a strict rolling window, and beside it a token bucket where bursts must be
/// smaller than the window allows. A bucket alone lets almost twice its limit through in one window.
///
/// New orders and amends leave `reserve` slots free at every moment, so that a cancel is never starved by them.
///
/// A value without a clock. Time must not run backwards; where it does it stands still.
/// - Complexity: O(1) and no allocation a message.
public struct MessageBudget: Sendable {
    public enum Kind: Hashable, Sendable { case new, amend, cancel }

    public enum Verdict: Hashable, Sendable {
        case granted
        /// Refused; not before `at` would the same message be granted if nothing else were sent.
        case refused(until: Timestamp)
    }

    public let limit: Int
    public let window: Span
    public let reserve: Int
    public let burst: Int
    /// When the last `limit` messages went, a ring.
    private var sent: [Int64]
    private var next = 0
    /// In units of 1 / window tokens, so that refilling is exact.
    private var tokens: Int64
    private var refilledAt: Int64?
    private var latest = Int64.min

    /// - Parameters:
    ///   - limit: Messages in any `window`.
    ///   - reserve: Of these, for cancels alone.
    ///   - burst: The bucket's size; `limit` for no bucket beside the window.
    public init(limit: Int, window: Span, reserve: Int = 0, burst: Int? = nil) {
        precondition(limit > 0 && window.nanoseconds > 0 && reserve >= 0 && reserve < limit, "no budget: \(limit), reserve \(reserve)")
        precondition((burst ?? limit) > reserve && (burst ?? limit) <= limit, "a burst lies between reserve and limit")
        self.limit = limit
        self.window = window
        self.reserve = reserve
        self.burst = burst ?? limit
        sent = Array(repeating: .min, count: limit)
        tokens = Int64(self.burst) * window.nanoseconds
    }

    /// Takes a message from the budget, or says when it could be.
    public mutating func take(_ kind: Kind, at now: Timestamp) -> Verdict {
        latest = max(latest, now.nanoseconds)
        refill(to: latest)
        let kept: Int
        switch kind {
        case .new, .amend: kept = reserve
        case .cancel: kept = 0
        }
        if let time = blocked(keeping: kept) { return .refused(until: Timestamp(nanoseconds: time)) }
        sent[next] = latest
        next = next + 1 == limit ? 0 : next + 1
        tokens -= window.nanoseconds
        return .granted
    }

    /// When the earliest of both bounds allows a message; nil where it is now.
    private func blocked(keeping kept: Int) -> Int64? {
        // The message that must leave the window so that `kept` slots stay free after ours.
        let oldest = sent[(next + kept) % limit]
        var time = Int64.min
        if oldest != .min { time = oldest + window.nanoseconds }
        let missing = Int64(kept + 1) * window.nanoseconds - tokens
        if burst < limit, missing > 0 { time = max(time, latest + (missing + Int64(limit) - 1) / Int64(limit)) }
        return time > latest ? time : nil
    }

    private mutating func refill(to now: Int64) {
        defer { refilledAt = now }
        guard let since = refilledAt else { return }
        let full = Int64(burst) * window.nanoseconds
        let elapsed = min(now - since, full / Int64(limit) + 1)
        tokens = min(full, tokens + elapsed * Int64(limit))
    }
}
