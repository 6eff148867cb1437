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
    /// Σ of the fills that we hold.
    public internal(set) var filled = Quantity.zero
    /// The most that the venue ever said was filled.
    public internal(set) var told = Quantity.zero
    /// When its facts were last asked for, monotonic ns.
    var lastAsked = Int64.min
    /// What became of a cancel is not known: where the venue shows the order alive, it is cancelled again (I15).
    var isCancelDoubted = false
    /// Since when a cancel is out without a word, as far as it was looked at; monotonic ns.
    var cancelSeen = Int64.min
    /// Amendments on their way, oldest first.
    var amends: [KeptAmendment] = []
    /// An amendment was sent at some time: what the venue says of price and quantity is how the order stands.
    var wasAmended = false
    /// How many of them the venue refused, without saying which.
    var amendRefusals = 0
    /// When the venue's message was written from which price and quantity were last taken.
    var shapedAt = Timestamp(nanoseconds: .min)
    /// Where the venue cannot amend: what shall stand in its place once its cancel is proven.
    var replacement: KeptAmendment?
    /// What its predecessors filled, where it stands in another order's place.
    public internal(set) var carried = Quantity.zero
    /// Amendments that its first sign of life answers.
    var owedAmends = 0
    /// An earlier start sent it.
    var isAdopted = false
    /// Whether the venue has told how much of it was filled when it ended.
    var isTotalKnown = false

    init(clientID: String, strategy: Int, symbol: String, request: OrderRequest, sent: Timestamp) {
        (self.clientID, self.id, self.strategy, self.symbol) = (clientID, request.id, strategy, symbol)
        (self.request, self.sent) = (request, sent)
    }

    public var reference: VenueOrderReference { VenueOrderReference(clientID: clientID, venueID: venueID, symbol: symbol) }
    public var isMissingFills: Bool { filled < told }
    public var isDone: Bool { if case .done = stage { true } else { false } }
    public var isUnknown: Bool { stage == .unknown }
}

/// How an order shall stand.
public struct KeptAmendment: Hashable, Sendable {
    public var price: Price
    /// Filled and open together, all orders in whose place it stands included.
    public var total: Quantity
    /// Amendments of the strategy that this one answers.
    var count = 1
    /// When it was asked for, monotonic ns.
    var asked = Int64.min

    public init(price: Price, total: Quantity) { (self.price, self.total) = (price, total) }
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
    /// It is proven to have ended, and another shall stand in its place: with so much open, where that is above zero.
    case replace(clientID: String, price: Price, open: Quantity)
    /// Somebody else's order on our account (F19).
    case external(VenueOrder)
    /// Ours by its name, and unknown to the ledger: the tail was lost.
    case orphan(VenueOrder)
    /// The venue and we disagree: this instrument must not trade until somebody has looked.
    case halt(symbol: String, why: String)
    case alarm(String)
}
