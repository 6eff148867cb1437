internal import Domain

/// How far our wall clock is from a venue's, as far as the `Date` of an answer can tell: errors that would cost a nonce, not the milliseconds
/// that an estimator of the desk knows better.
struct CoarseClock {
    /// `Date` has whole seconds; what is within this needs no correction.
    static let tolerance: Int64 = 2_000_000_000
    private var samples: [Int64] = []

    /// The venue's time minus ours, zero where both agree as well as can be told.
    private(set) var offset = Span.zero

    /// - Parameters: Of the raw wall clock.
    mutating func add(venue: Timestamp, sent: Timestamp, received: Timestamp) {
        let roundTrip = received.nanoseconds - sent.nanoseconds
        guard roundTrip >= 0, roundTrip <= CoarseClock.tolerance else { return }
        samples.append(venue.nanoseconds - sent.nanoseconds - roundTrip / 2)
        if samples.count > 5 { samples.removeFirst() }
        let median = samples.sorted()[samples.count / 2]
        offset = Span(nanoseconds: median.magnitude > UInt64(CoarseClock.tolerance) ? median : 0)
    }
}
