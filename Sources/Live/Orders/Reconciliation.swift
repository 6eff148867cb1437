public import Domain
public import Venues

/// Brings what we believe and what the venue shows together: at the start, after every reconnect, and in a light form every so often.
///
/// Open orders, history and fills since the oldest thing in doubt, balances, and then the fills again: only where nothing came in between
/// is the cut consistent (else the round is repeated). What the answers hold goes to the ``OrderKeeper``; what is left over is found here.
///
/// - Source: `docs/safety.md`, crash safety 4 (R4–R12).
public struct Reconciliation: Sendable {
    public enum Step: Sendable {
        case ask([(VenueQueryID, VenueQuery)])
        case wait(Span)
        case done(Outcome)
    }

    public struct Outcome: Sendable {
        /// Open at the venue.
        public var open: [VenueOrder] = []
        public var balances: [VenueBalance] = []
        /// When the consistent cut was taken.
        public var time: VenueTime
    }

    private enum Stage { case orders, fence }
    private let from: Timestamp
    private var stage = Stage.orders
    private var questions: [VenueQueryID: VenueQuery] = [:]
    private var nextID: UInt64
    private var isSpoiled = false
    private var failures = 0
    private var tradeIDs: Set<String> = []
    private var fenceIDs: Set<String> = []
    private var outcome: Outcome
    /// Why the last round failed.
    public private(set) var lastFailure = ""
    static let margin = Span(nanoseconds: 60_000_000_000)

    /// - Parameters:
    ///   - from: The last moment of which the ledger knows, or the oldest live order's, whichever is earlier.
    ///   - firstID: Where its query ids begin.
    public init(from: Timestamp, firstID: UInt64, at now: VenueTime) {
        self.from = from + Span(nanoseconds: -Reconciliation.margin.nanoseconds)
        nextID = firstID
        outcome = Outcome(time: now)
    }

    public func isMine(_ id: VenueQueryID) -> Bool { questions[id] != nil }

    public mutating func begin(at now: VenueTime) -> Step {
        stage = .orders
        isSpoiled = false
        (tradeIDs, fenceIDs) = ([], [])
        outcome = Outcome(time: now)
        let to = now.wall + Span(nanoseconds: 1_000_000_000)
        return ask([
            .openOrders(symbol: nil), .orderHistory(symbol: nil, from: from, to: to), .fills(symbol: nil, from: from, to: to), .balances,
        ])
    }

    private mutating func ask(_ queries: [VenueQuery]) -> Step {
        var asked: [(VenueQueryID, VenueQuery)] = []
        for query in queries {
            let id = VenueQueryID(nextID)
            nextID += 1
            questions[id] = query
            asked.append((id, query))
        }
        return .ask(asked)
    }

    /// - Returns: What to do next, once the last answer of a stage is here.
    public mutating func answered(_ id: VenueQueryID, _ answer: VenueAnswer, at now: VenueTime) -> Step? {
        guard let query = questions.removeValue(forKey: id) else { return nil }
        take(answer, to: query)
        guard questions.isEmpty else { return nil }
        if isSpoiled { return retry() }
        switch stage {
        case .orders:
            stage = .fence
            return ask([.fills(symbol: nil, from: from, to: now.wall + Span(nanoseconds: 1_000_000_000))])
        case .fence:
            guard fenceIDs == tradeIDs else { return begin(at: now) }
            outcome.time = now
            return .done(outcome)
        }
    }

    private mutating func take(_ answer: VenueAnswer, to query: VenueQuery) {
        switch (answer, query) {
        case (.orders(let orders), .openOrders): outcome.open = orders.filter { !$0.isFinal }
        case (.orders, _): break
        case (.fills(let fills), _):
            let ids = fills.map { "\($0.tradeID)/\($0.reference.venueID ?? "")" }
            if stage == .orders { tradeIDs.formUnion(ids) } else { fenceIDs.formUnion(ids) }
        case (.balances(let balances), _): outcome.balances = balances
        case (.failed(let failure), _):
            // A venue that cannot be asked something is taken as it is; one that did not answer is asked again.
            if failure.kind != .unsupported {
                isSpoiled = true
                lastFailure = failure.message
            }
        default: break
        }
    }

    private mutating func retry() -> Step {
        failures += 1
        return .wait(Span(nanoseconds: min(500_000_000 << Int64(min(failures - 1, 5)), 10_000_000_000)))
    }
}
