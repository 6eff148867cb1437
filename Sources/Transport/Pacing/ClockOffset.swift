public import Domain

/// How far a venue's clock is ahead of ours: the median of the last five samples with a short round trip (F42), and a watch for
/// jumps of either clock (F41).
///
/// A value without a clock: `monotonic` is a clock that never jumps, `wall` is the machine's own.
public struct ClockOffset: Sendable {
    public enum State: Hashable, Sendable {
        /// Too few samples since the start or the last jump: new orders wait.
        case measuring
        case steady
        /// The venue's clock is further off than half the window it accepts.
        case tooFar
    }

    public enum Sample: Hashable, Sendable {
        case taken
        /// The round trip was longer than the bound: it says too little.
        case tooSlow
        /// A clock jumped: what was known is forgotten and measured anew.
        case jumped(by: Span)
    }

    public static let window = 5
    /// Samples that must agree before the offset counts.
    public static let needed = 3
    public let roundTripBound: Span
    public let jumpBound: Span
    public let offsetBound: Span
    private var samples: [Int64] = []
    private var anchor: (monotonic: Int64, wall: Int64)?

    public init(
        roundTripBound: Span = .seconds(1), jumpBound: Span = .milliseconds(500), offsetBound: Span = .milliseconds(2500)
    ) {
        self.roundTripBound = roundTripBound
        self.jumpBound = jumpBound
        self.offsetBound = offsetBound
    }

    /// The venue's time minus ours; zero while nothing is known.
    public var offset: Span {
        guard !samples.isEmpty else { return Span(nanoseconds: 0) }
        return Span(nanoseconds: samples.sorted()[samples.count / 2])
    }

    public var state: State {
        if samples.count < ClockOffset.needed { return .measuring }
        return abs(offset.nanoseconds) > offsetBound.nanoseconds ? .tooFar : .steady
    }

    /// One request for the server's time: our wall clock before and after, and what it answered.
    public mutating func add(sent: Timestamp, received: Timestamp, server: Timestamp) -> Sample {
        let roundTrip = received.nanoseconds - sent.nanoseconds
        guard roundTrip >= 0, roundTrip <= roundTripBound.nanoseconds else { return .tooSlow }
        let sample = server.nanoseconds - (sent.nanoseconds + roundTrip / 2)
        let difference = sample - offset.nanoseconds
        if !samples.isEmpty, abs(difference) > jumpBound.nanoseconds {
            samples = [sample]
            return .jumped(by: Span(nanoseconds: difference))
        }
        samples.append(sample)
        if samples.count > ClockOffset.window { samples.removeFirst() }
        return .taken
    }

    /// Compares both of our clocks, to be called every second or so: nil, or how far the wall clock jumped.
    public mutating func watch(monotonic: Timestamp, wall: Timestamp) -> Span? {
        defer { anchor = (monotonic.nanoseconds, wall.nanoseconds) }
        guard let anchor else { return nil }
        let jump = (wall.nanoseconds - anchor.wall) - (monotonic.nanoseconds - anchor.monotonic)
        guard abs(jump) > jumpBound.nanoseconds else { return nil }
        samples = []
        return Span(nanoseconds: jump)
    }

    /// Our wall clock as the venue's.
    public func venueTime(_ wall: Timestamp) -> Timestamp {
        Timestamp(nanoseconds: wall.nanoseconds + offset.nanoseconds)
    }
}
