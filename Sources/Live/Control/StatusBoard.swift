internal import Synchronization

/// Where the desk leaves its latest snapshot, and everybody else finds it. Neither ever waits for the other longer than for one assignment.
public final class StatusBoard: Sendable {
    private struct State {
        var latest: StatusSnapshot?
        var listeners: [(id: Int, hear: @Sendable (StatusSnapshot) -> Void)] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// Leaves a snapshot, and tells those who listen: on the desk's thread, so they only take note of it.
    public func publish(_ snapshot: StatusSnapshot) {
        let listeners = state.withLock { state in
            state.latest = snapshot
            return state.listeners
        }
        for listener in listeners { listener.hear(snapshot) }
    }

    /// Nil before the first.
    public var latest: StatusSnapshot? { state.withLock { $0.latest } }

    /// Every snapshot from now on, as it is published. What hears it must hand it on and return: a dashboard's stream draws from here.
    ///
    /// - Returns: What to leave with.
    public func listen(_ hear: @escaping @Sendable (StatusSnapshot) -> Void) -> Int {
        state.withLock { state in
            state.nextID += 1
            state.listeners.append((state.nextID, hear))
            return state.nextID
        }
    }

    public func leave(_ id: Int) { state.withLock { $0.listeners.removeAll { $0.id == id } } }
}
