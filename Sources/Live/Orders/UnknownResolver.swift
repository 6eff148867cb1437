public import Domain
public import Venues

/// Finds out what became of an order whose answer was lost: asks everywhere, and believes "never placed" only on proof.
///
/// A round asks for open orders, the order history and the fills since just before it was sent (and for the order itself where the venue can be asked).
/// Absence is proof only after ``cleanRounds`` whole rounds found nothing, the last of them begun after the longest time for which a lost
/// request may still be executed. A failed question spoils its round.
///
/// - Source: `docs/safety.md`, crash safety 3.
public struct UnknownResolver: Hashable, Sendable {
    public static let cleanRounds = 3
    /// How far our clock and the venue's may be apart unnoticed.
    static let margin = Span(nanoseconds: 1_000_000_000)
    /// How far back a history is read beside the order's own time.
    static let lookBack = Span(nanoseconds: 60_000_000_000)

    public enum Step: Hashable, Sendable {
        case ask([VenueQuery])
        case wait(Span)
        case notPlaced
    }

    public let clientID: String
    let sent: VenueTime
    let bound: Span
    let pause: Span
    let capabilities: VenueCapabilities
    private var cleanRounds = 0
    private var roundBegan = Int64.min
    private var openQuestions = 0
    private var isSpoiled = false

    /// - Parameters:
    ///   - sent: When the order was handed over.
    ///   - bound: The venue's acceptance bound, `request_ttl` where it is given.
    public init(clientID: String, sent: VenueTime, bound: Span, pause: Span, capabilities: VenueCapabilities) {
        (self.clientID, self.sent, self.bound, self.pause, self.capabilities) = (clientID, sent, bound, pause, capabilities)
    }

    /// Whether a round is under way.
    public var isAsking: Bool { openQuestions > 0 }

    /// The next round, or how long to wait for it.
    public mutating func begin(_ order: KeptOrder, at now: VenueTime) -> Step {
        precondition(!isAsking, "one round at a time")
        let from = sent.wall + Span(nanoseconds: -UnknownResolver.lookBack.nanoseconds)
        let to = now.wall + UnknownResolver.margin
        var queries: [VenueQuery] = []
        if order.venueID != nil || capabilities.clientIDs == .lookup { queries.append(.order(order.reference)) }
        queries.append(.openOrders(symbol: order.symbol))
        queries.append(.orderHistory(symbol: order.symbol, from: from, to: to))
        queries.append(.fills(symbol: order.symbol, from: from, to: to))
        roundBegan = now.monotonic
        openQuestions = queries.count
        isSpoiled = false
        return .ask(queries)
    }

    /// - Parameter isWhole: Whether the question was answered; what the answer held goes to the ``OrderKeeper``, and if it held the order the resolver is thrown away.
    public mutating func answered(isWhole: Bool, at now: VenueTime) -> Step? {
        precondition(isAsking, "an answer without a question")
        openQuestions -= 1
        if !isWhole { isSpoiled = true }
        guard openQuestions == 0 else { return nil }
        if isSpoiled {
            cleanRounds = 0
        } else {
            cleanRounds += 1
        }
        let settled = sent.monotonic + bound.nanoseconds + UnknownResolver.margin.nanoseconds
        if cleanRounds >= UnknownResolver.cleanRounds, roundBegan >= settled { return .notPlaced }
        return .wait(pause)
    }
}
