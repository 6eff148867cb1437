public import Domain

/// What the desk, the kill switch or an operator asks of a session.
public enum VenueCommand: Sendable {
    /// Connect, authenticate, arm cancel-on-disconnect, subscribe; answered by `.link` events. Once, after the instruments are known.
    case begin(VenueScope, instruments: [Instrument])
    case place(VenueOrderRequest)
    case cancel(VenueOrderReference)
    case amend(VenueOrderReference, price: Price, quantity: Quantity, total: Quantity)
    /// Every order of the instrument, of the whole account where nil; emulated by listing where the venue has none.
    case cancelAll(InstrumentID?)
    case query(VenueQueryID, VenueQuery)
    /// Take the book anew: the desk found it broken or silent.
    case resynchronise(InstrumentID)
    /// Say good-bye and close everything; nothing comes after `.link(_, .closed)`.
    case end
}

/// What a session is for.
public enum VenueScope: Hashable, Sendable {
    /// Public data only: paper, record. No order can be built (C33).
    case marketData
    /// Market data and orders: live.
    case trading
    /// Orders without market data: the kill switch and the dead-man process.
    case cancelling
}

/// An order as it goes to a venue: cleared, numbered and in the venue's grid.
public struct VenueOrderRequest: Hashable, Sendable {
    public var clientID: String
    public var request: OrderRequest
    /// Of an acceptance: the number of the request whose quote it takes.
    public var quote: UInt64?
    /// The venue's own id, where ``VenueCapabilities/naming`` made it: journaled before the order leaves.
    public var venueID: String?
    public init(clientID: String, request: OrderRequest, quote: UInt64? = nil, venueID: String? = nil) {
        (self.clientID, self.request, self.quote, self.venueID) = (clientID, request, quote, venueID)
    }
}

/// Everything by which a venue may know an order.
public struct VenueOrderReference: Hashable, Sendable {
    /// Nil for an order that is not ours.
    public var clientID: String?
    /// Nil until the venue told it.
    public var venueID: String?
    /// The venue's own spelling of the instrument; also for instruments that we do not trade.
    public var symbol: String
    public init(clientID: String?, venueID: String?, symbol: String) { (self.clientID, self.venueID, self.symbol) = (clientID, venueID, symbol) }
}

/// The asker's own number for a query.
public struct VenueQueryID: Hashable, Sendable, BitwiseCopyable {
    public let raw: UInt64
    public init(_ raw: UInt64) { self.raw = raw }
}

/// A question with one answer; a session pages, retries within reason and answers once, whole or failed.
public enum VenueQuery: Hashable, Sendable {
    /// What can be traded, by the venue's own spelling.
    case instruments
    /// Open orders of one symbol, of the account where nil.
    case openOrders(symbol: String?)
    /// One order, with its fills where the venue tells them together.
    case order(VenueOrderReference)
    /// Orders that ended, and those that live where the venue lists both.
    case orderHistory(symbol: String?, from: Timestamp, to: Timestamp)
    case fills(symbol: String?, from: Timestamp, to: Timestamp)
    case balances
    /// The venue's clock.
    case serverTime
}
