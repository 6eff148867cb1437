import Domain

/// Counts what happened in the last while, strictly: at every instant the window that ends there, never a refilled bucket
/// (a bucket with a burst of n lets 2n − 1 through).
///
/// Holds the times of the last `capacity` events: enough to tell whether one more would be too many.
struct RollingWindow: Sendable {
    private var times: [Int64]
    private var head = 0
    private var count = 0
    let window: Span

    /// - Parameter capacity: The largest number that is ever asked about.
    init(capacity: Int, window: Span) {
        times = Array(repeating: 0, count: max(capacity, 1))
        self.window = window
    }

    /// How many events lie in (now − window, now], up to the capacity.
    mutating func count(at now: Timestamp) -> Int {
        let edge = now.nanoseconds &- window.nanoseconds
        while count > 0, times[head] <= edge {
            head = head + 1 == times.count ? 0 : head + 1
            count -= 1
        }
        return count
    }

    /// Notes an event; beyond the capacity the oldest is forgotten.
    mutating func note(at now: Timestamp) {
        _ = count(at: now)
        if count == times.count {
            head = head + 1 == times.count ? 0 : head + 1
            count -= 1
        }
        times[(head + count) % times.count] = now.nanoseconds
        count += 1
    }
}

/// Sums amounts over the last while: slippage of own fills (C5).
struct RollingSum: Sendable {
    private var entries: [(time: Int64, value: Int64)] = []
    private var head = 0
    private(set) var sum: Int64 = 0
    let window: Span

    init(window: Span) { self.window = window }

    mutating func trim(at now: Timestamp) {
        let edge = now.nanoseconds &- window.nanoseconds
        while head < entries.count, entries[head].time <= edge {
            sum -= entries[head].value
            head += 1
        }
        if head > 256, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    mutating func add(_ value: Int64, at now: Timestamp) {
        trim(at: now)
        entries.append((now.nanoseconds, value))
        sum += value
    }
}

/// The oldest reference price inside the last while: the anchor of C5. One sample for each sixty-fourth of the window is kept.
struct PriceAnchor: Sendable {
    private var samples: [(time: Int64, halfTicks: Int64)] = []
    let window: Span

    init(window: Span) { self.window = window }

    mutating func note(_ halfTicks: Int64, at now: Timestamp) {
        trim(at: now)
        if let last = samples.last, now.nanoseconds - last.time < window.nanoseconds / 64 { return }
        samples.append((now.nanoseconds, halfTicks))
    }

    /// Nil before the first sample.
    mutating func anchor(at now: Timestamp) -> Int64? {
        trim(at: now)
        return samples.first?.halfTicks
    }

    private mutating func trim(at now: Timestamp) {
        let edge = now.nanoseconds &- window.nanoseconds
        // The last sample stays, however old: it is where the market was when it was last seen.
        while samples.count > 1, samples[0].time < edge { samples.removeFirst() }
    }
}
