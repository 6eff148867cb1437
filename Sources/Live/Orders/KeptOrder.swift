public import Domain
public import Venues

/// One of our orders as the runtime keeps it beside the engine's table: names, what was sent, what the venue has told.
public struct KeptOrder: Hashable, Sendable {
    public enum Stage: Hashable, Sendable {
        /// Handed over, nothing heard.
        case sent
        /// The venue shows it.
        case live
        /// The answer is lost; charged to every limit until proven.
        case unknown
        /// The venue says that it ended, and fills are still missing: the engine is told once they are here.
        case ending(LedgerOutcome, RejectReason)
        case done(LedgerOutcome)
    }

    public let clientID: String
    public let id: OrderID
    /// The strategy's place on the desk.
    public let strategy: Int
    /// The venue's own spelling of the instrument.
    public let symbol: String
    /// Price and quantity as last amended.
    public internal(set) var request: OrderRequest
    public let sent: Timestamp
    public internal(set) var venueID: String?
    public internal(set) var stage = Stage.sent
    public internal(set) var isCancelWanted = false
    /// A cancel was wanted before the venue's id was known, on a venue that cancels by nothing else (F9).
    public internal(set) var isCancelWaiting = false
    /// The venue refused a cancel: what it shows next tells whether the order lives.
    var isCancelRefused = false
    /// The answer to an amendment is lost.
    var isAmendUnknown = false
    /// Σ of the fills that we hold.
    public internal(set) var filled = Quantity.zero
    /// The most that the venue ever said was filled.
    public internal(set) var told = Quantity.zero
    /// When its facts were last asked for, monotonic ns.
    var lastAsked = Int64.min

    init(clientID: String, strategy: Int, symbol: String, request: OrderRequest, sent: Timestamp) {
        (self.clientID, self.id, self.strategy, self.symbol) = (clientID, request.id, strategy, symbol)
        (self.request, self.sent) = (request, sent)
    }

    public var reference: VenueOrderReference { VenueOrderReference(clientID: clientID, venueID: venueID, symbol: symbol) }
    public var isMissingFills: Bool { filled < told }
    public var isDone: Bool { if case .done = stage { true } else { false } }
    public var isUnknown: Bool { stage == .unknown }
}

/// What the keeper wants done, in order.
public enum KeeperAction: Hashable, Sendable {
    /// Into the ledger before anything that follows.
    case record(LedgerEntry)
    /// For the engine of the strategy at this place.
    case report(strategy: Int, ExecutionReport)
    case lost(strategy: Int, OrderID)
    /// Facts do not fit together yet: the venue is to be asked.
    case ask(VenueQuery)
    case cancel(VenueOrderReference)
    /// Find out what became of it.
    case resolve(clientID: String)
    /// Somebody else's order on our account (F19).
    case external(VenueOrder)
    /// Ours by its name, and unknown to the ledger: the tail was lost.
    case orphan(VenueOrder)
    /// The venue and we disagree: this instrument must not trade until somebody has looked.
    case halt(symbol: String, why: String)
    case alarm(String)
}
