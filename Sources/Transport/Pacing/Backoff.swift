public import Domain

/// How long to wait before the next attempt: full jitter, `random(0, min(cap, base · 2^n))`, begun anew only after a
/// minute of stable connection, so that a peer that accepts and drops us at once is not hammered.
///
/// A value without a clock: chance and time come from the caller.
public struct Backoff: Hashable, Sendable {
    public let base: Span
    public let cap: Span
    /// How long a connection must have lasted to count as stable.
    public let stableAfter: Span
    /// Failures since the last stable connection.
    public private(set) var attempts = 0
    private var connectedAt: Timestamp?

    public init(base: Span = .milliseconds(500), cap: Span = .seconds(30), stableAfter: Span = .seconds(60)) {
        precondition(base.nanoseconds > 0 && cap >= base, "a backoff's base is above zero and below its cap")
        self.base = base
        self.cap = cap
        self.stableAfter = stableAfter
    }

    /// The connection is up.
    public mutating func connected(at now: Timestamp) { connectedAt = now }

    /// The connection failed or ended: how long to wait before the next.
    public mutating func failed(at now: Timestamp, using random: inout some RandomNumberGenerator) -> Span {
        if let since = connectedAt, now.nanoseconds &- since.nanoseconds >= stableAfter.nanoseconds { attempts = 0 }
        connectedAt = nil
        let ceiling = bound
        attempts += 1
        return Span(nanoseconds: Int64.random(in: 0...ceiling.nanoseconds, using: &random))
    }

    /// The longest the next wait may be.
    public var bound: Span {
        let (doubled, overflow) = base.nanoseconds.multipliedReportingOverflow(by: 1 << Int64(min(attempts, 40)))
        return overflow ? cap : min(cap, Span(nanoseconds: doubled))
    }
}

/// A seeded generator (SplitMix64): in a simulation the jitter comes from the seed.
public struct SeededGenerator: RandomNumberGenerator, Hashable, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
