internal import Domain
internal import Venues

/// Looks and touches nothing: what `perigee kill --drill` would cancel, and whether `perigee arm` may clear the latch.
struct OpenOrderProbe {
    private let spacing: Span
    private let ownPrefix: String?
    private var emptySince: Int64?
    private var next: UInt64 = 1 << 49
    private var question: VenueQueryID?
    private(set) var finding = CancelProof.Finding.unreachable("no answer")
    private(set) var isDone = false
    /// Until then, monotonic ns, a request that left without an answer may still be executed.
    var inFlightUntil = Int64.min

    init(spacing: Span, ownPrefix: String?) { (self.spacing, self.ownPrefix) = (spacing, ownPrefix) }

    mutating func start() -> [CancelProof.Action] { ask() }

    mutating func wake() -> [CancelProof.Action] { isDone ? [] : ask() }

    private mutating func ask() -> [CancelProof.Action] {
        let id = VenueQueryID(next)
        next += 1
        question = id
        return [.command(.query(id, .openOrders(symbol: nil))), .wake(after: CancelProof.patience)]
    }

    mutating func handle(_ event: VenueEvent, at now: Int64) -> [CancelProof.Action] {
        guard case .answer(let id, let answer) = event, id == question else { return [] }
        question = nil
        guard case .orders(let orders) = answer else {
            if case .failed(let failure) = answer { finding = .unreachable(failure.message) }
            emptySince = nil
            return [.wake(after: Span(nanoseconds: 500_000_000))]
        }
        let live = orders.filter { !$0.isFinal }.map(\.reference).filter { order in ownPrefix.map { order.clientID?.hasPrefix($0) ?? false } ?? true }
        guard live.isEmpty else {
            finding = .left(live)
            isDone = true
            return [.done]
        }
        guard let since = emptySince, now - since >= spacing.nanoseconds, now >= inFlightUntil else {
            if emptySince == nil { emptySince = now }
            finding = .left([])
            let left = (emptySince ?? now) + spacing.nanoseconds - now
            return [.wake(after: Span(nanoseconds: left > 0 ? max(1_000_000, left) : 500_000_000))]
        }
        finding = .clean
        isDone = true
        return [.done]
    }
}
