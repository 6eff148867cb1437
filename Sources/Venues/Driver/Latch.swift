internal import Synchronization

/// Once closed, nothing that adds risk leaves any more: looked at again in the turn in which the bytes go (C21, 1b).
///
/// It never opens again: a new start has a new latch.
public final class Latch: Sendable {
    private let isClosed = Atomic<Bool>(false)

    public init() {}

    public var admitsNew: Bool { !isClosed.load(ordering: .acquiring) }

    /// From any thread; waits for nothing.
    public func close() { isClosed.store(true, ordering: .releasing) }
}
