public import Domain
import Glibc
public import Venues

/// The desk's time: the wall's at the start, carried on by a clock that nobody sets.
///
/// A wall clock that is set, slewed or leaps changes nothing here (F41); the distance to a venue's clock is the session's business.
public struct LiveClock: Sendable {
    private let startWall: Int64
    private let startMonotonic: Int64

    public init() {
        startWall = LiveClock.read(CLOCK_REALTIME)
        startMonotonic = LiveClock.read(CLOCK_BOOTTIME)
    }

    public var now: VenueTime {
        let monotonic = LiveClock.read(CLOCK_BOOTTIME)
        return VenueTime(wall: Timestamp(nanoseconds: startWall + (monotonic - startMonotonic)), monotonic: monotonic)
    }

    /// How far the machine's wall clock has moved against ours since the start: a jump is worth an alarm.
    public var wallDrift: Span {
        let now = now
        return Span(nanoseconds: LiveClock.read(CLOCK_REALTIME) - now.wall.nanoseconds)
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else { preconditionFailure("the system has no clock") }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
