public import Domain
public import Venues

/// Empties an account and proves it: the one procedure of the stop, the kill switch, `perigee kill` and the dead-man process.
///
/// Cancel-all first, then every order known by name, then what the venue lists, again and again, until it has listed nothing twice,
/// `proofSpacing` apart. It asks nobody else, waits for nobody, and ends only clean or when it is told to give up.
///
/// - Source: `docs/safety.md`, C21.
public struct CancelProof: Sendable {
    public enum Finding: Hashable, Sendable {
        case clean
        /// Open when it was given up, as far as the venue told.
        case left([VenueOrderReference])
        case unreachable(String)
    }

    public enum Action: Sendable {
        case command(VenueCommand)
        /// Call ``wake(at:)`` then, unless asked again.
        case wake(after: Span)
        case done
    }

    /// Only orders whose client id begins with this are ours to cancel; nil: everything on the account.
    let ownPrefix: String?
    let capabilities: VenueCapabilities
    /// Orders to cancel by name whatever a listing says: it may be behind.
    private var known: [VenueOrderReference]
    private var open: [VenueOrderReference] = []
    private var emptySince: Int64?
    private var question: VenueQueryID?
    private var nextQuestion: UInt64
    private var failures = 0
    private var lastFailure = ""
    private var hasListed = false
    /// Until then, monotonic ns, a request that left without an answer may still be executed: an empty listing proves nothing before.
    private var inFlightUntil = Int64.min
    public private(set) var isClean = false
    /// When the first cancel was handed over and when it was proven clean, monotonic ns.
    public private(set) var began = Int64.min
    public private(set) var ended = Int64.min

    static let firstPause: Int64 = 250_000_000
    static let longestPause: Int64 = 5_000_000_000
    /// A listing that is not answered by then is asked again.
    static let patience = Span(nanoseconds: 6_000_000_000)

    /// - Parameters:
    ///   - known: Orders to cancel by name, whatever a listing says.
    ///   - firstQuestion: Where its query ids begin, so that they cannot meet anybody else's.
    public init(
        capabilities: VenueCapabilities, known: [VenueOrderReference], ownPrefix: String? = nil, firstQuestion: UInt64 = 1 << 48
    ) {
        (self.capabilities, self.known, self.ownPrefix) = (capabilities, known, ownPrefix)
        nextQuestion = firstQuestion
    }

    /// What there is to say when it is given up.
    public var finding: Finding {
        if isClean { return .clean }
        if !hasListed { return .unreachable(lastFailure.isEmpty ? "no answer" : lastFailure) }
        return .left(open)
    }

    public mutating func start(at now: VenueTime) -> [Action] {
        began = now.monotonic
        var actions: [Action] = []
        if ownPrefix == nil { actions.append(.command(.cancelAll(nil))) }
        for order in known { actions.append(.command(.cancel(order))) }
        list(&actions)
        return actions
    }

    /// An order of ours that appeared after the start: its bytes had left before the latch closed.
    public mutating func note(_ order: VenueOrderReference) -> [Action] {
        guard !known.contains(order) else { return [] }
        known.append(order)
        emptySince = nil
        isClean = false
        return [.command(.cancel(order))]
    }

    /// How long requests whose answers are out may still be executed; `Int64.min` once all are accounted for.
    public mutating func expectInFlight(until monotonic: Int64) { inFlightUntil = monotonic }

    public mutating func handle(_ event: VenueEvent, at now: VenueTime) -> [Action] {
        switch event {
        case .answer(let id, let answer) where id == question:
            question = nil
            return read(answer, at: now)
        case .received(let clientID, let venueID):
            guard let venueID, let index = known.firstIndex(where: { $0.clientID == clientID && $0.venueID == nil }) else { return [] }
            known[index].venueID = venueID
            return [.command(.cancel(known[index]))]
        case .cancelAllFailed(_, let why):
            lastFailure = why
            return []
        default: return []
        }
    }

    public mutating func wake(at now: VenueTime) -> [Action] {
        guard !isClean else { return [] }
        var actions: [Action] = []
        if question != nil { lastFailure = "no answer to a listing" }
        question = nil
        list(&actions)
        return actions
    }

    private mutating func list(_ actions: inout [Action]) {
        let id = VenueQueryID(nextQuestion)
        nextQuestion += 1
        question = id
        actions.append(.command(.query(id, .openOrders(symbol: nil))))
        actions.append(.wake(after: CancelProof.patience))
    }

    private mutating func read(_ answer: VenueAnswer, at now: VenueTime) -> [Action] {
        switch answer {
        case .orders(let orders):
            failures = 0
            hasListed = true
            let live = orders.filter { !$0.isFinal }
            // A venue that knows no name of ours shows our orders by its own ids.
            let ids = Set(known.compactMap(\.venueID))
            open = live.map(\.reference).filter { order in
                ownPrefix.map { order.clientID?.hasPrefix($0) ?? order.venueID.map(ids.contains) ?? false } ?? true
            }
            return open.isEmpty ? nothing(at: now) : again(at: now)
        case .failed(let failure):
            lastFailure = failure.message
            failures += 1
            emptySince = nil
            return [.wake(after: pause)]
        default:
            lastFailure = "an answer to another question"
            return [.wake(after: pause)]
        }
    }

    private mutating func nothing(at now: VenueTime) -> [Action] {
        if let since = emptySince, now.monotonic - since >= capabilities.proofSpacing.nanoseconds, now.monotonic >= inFlightUntil {
            isClean = true
            ended = now.monotonic
            return [.done]
        }
        if emptySince == nil { emptySince = now.monotonic }
        let left = (emptySince ?? now.monotonic) + capabilities.proofSpacing.nanoseconds - now.monotonic
        // While something may still appear, keep looking: it is to be cancelled the moment it does.
        return [.wake(after: Span(nanoseconds: left > 0 ? left : 500_000_000))]
    }

    private mutating func again(at now: VenueTime) -> [Action] {
        emptySince = nil
        failures += 1
        var actions = open.map { Action.command(.cancel($0)) }
        // An account can fill up behind one cancel-all: orders that were under way when it passed.
        if ownPrefix == nil, failures % 4 == 0 { actions.insert(.command(.cancelAll(nil)), at: 0) }
        actions.append(.wake(after: pause))
        return actions
    }

    private var pause: Span {
        let doubled = CancelProof.firstPause << Int64(min(max(failures - 1, 0), 5))
        return Span(nanoseconds: min(doubled, CancelProof.longestPause))
    }
}
