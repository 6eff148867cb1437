import Domain

/// Puts the depth messages of one product in order: what came before the snapshot waits for it, stale messages are dropped, gaps are marked.
///
/// After a gap messages are handed on (marked) and kept as well, so that a later snapshot can be caught up with.
struct DepthSync {
    /// A depth message that waits for a snapshot.
    struct Waiting {
        let firstUpdate: Int64
        let lastUpdate: Int64
        let previousUpdate: Int64?
        let exchange: Int64
        let levels: [DepthLevel]
    }

    enum Verdict: Equatable { case apply, applyAfterGap, stale, wait }

    private enum State: Equatable {
        /// No snapshot yet, and one is to come.
        case waiting
        /// A snapshot without a message after it.
        case snapshot(Int64)
        case following(Int64)
        /// Messages are missing since; `following` this one.
        case broken(Int64)
        /// No message yet, and no snapshot to come.
        case open
    }

    private var state: State
    private(set) var waiting: [Waiting] = []
    /// Exchange time of the last snapshot: changes after it cannot have happened before it.
    var snapshotExchange = Int64.min
    private static let longestWait = 200_000

    init(expectsSnapshot: Bool) { state = expectsSnapshot ? .waiting : .open }

    /// What to do with a change message; `previous` is `pu`, where the stream has it.
    mutating func change(first: Int64, last: Int64, previous: Int64?) -> Verdict {
        switch state {
        case .waiting: return .wait
        case .open:
            state = .following(last)
            return .apply
        case .snapshot(let snapshot):
            // Spot drops what ends at the snapshot; with `pu` only what ends before it.
            if last < snapshot || (last == snapshot && previous == nil) { return .stale }
            let fits = first <= snapshot + 1
            state = fits ? .following(last) : .broken(last)
            return fits ? .apply : .applyAfterGap
        case .following(let before), .broken(let before):
            if last <= before { return .stale }
            let fits = previous.map { $0 == before } ?? (first == before + 1)
            if fits {
                state = isBroken ? .broken(last) : .following(last)
                return .apply
            }
            state = .broken(last)
            return .applyAfterGap
        }
    }

    private var isBroken: Bool { if case .broken = state { true } else { false } }

    /// Whether messages are kept for a snapshot to come.
    var keepsMessages: Bool { state == .waiting || isBroken }

    mutating func keep(_ message: Waiting) {
        if waiting.count == DepthSync.longestWait { waiting.removeFirst(DepthSync.longestWait / 2) }
        waiting.append(message)
    }

    /// Whether a snapshot is to be taken: the first, one newer than the book, or any after a gap.
    mutating func snapshot(lastUpdate: Int64) -> Bool {
        if case .following(let last) = state, lastUpdate < last { return false }
        if case .snapshot(let last) = state, lastUpdate < last { return false }
        state = .snapshot(lastUpdate)
        return true
    }

    /// The messages kept, to be tried against the snapshot.
    mutating func takeWaiting() -> [Waiting] {
        let result = waiting
        waiting.removeAll()
        return result
    }
}
