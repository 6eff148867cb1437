internal import Synchronization

/// Where the desk leaves its latest snapshot, and everybody else finds it. Neither ever waits for the other longer than for one assignment.
public final class StatusBoard: Sendable {
    private let held = Mutex<StatusSnapshot?>(nil)

    public init() {}

    public func publish(_ snapshot: StatusSnapshot) { held.withLock { $0 = snapshot } }

    /// Nil before the first.
    public var latest: StatusSnapshot? { held.withLock { $0 } }
}
