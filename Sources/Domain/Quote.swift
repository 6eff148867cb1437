/// Our own number for a request for a quote: the count of such requests of this run, from 1.
public struct QuoteRequestID: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let raw: UInt32
    @inline(__always) public init(_ raw: UInt32) { self.raw = raw }
    public static func < (lhs: QuoteRequestID, rhs: QuoteRequestID) -> Bool { lhs.raw < rhs.raw }
}

/// What names one quote of a run: the request that it answers, and which of its answers it is.
public struct QuoteID: Hashable, Sendable, BitwiseCopyable {
    /// How many answers one request may have.
    public static let answersPerRequest: UInt32 = 16
    /// Requests of one run; beyond them none is made.
    public static let largestRequest = UInt32.max / answersPerRequest - 1
    /// An order that accepts no quote.
    public static let none = QuoteID(raw: 0)

    public let raw: UInt32
    public init(raw: UInt32) { self.raw = raw }

    /// - Parameter answer: From 0, below ``answersPerRequest``.
    public init(_ request: QuoteRequestID, answer: UInt8 = 0) {
        precondition(request.raw <= QuoteID.largestRequest && UInt32(answer) < QuoteID.answersPerRequest, "a quote has outgrown its number")
        raw = request.raw * QuoteID.answersPerRequest + UInt32(answer)
    }

    public var request: QuoteRequestID { QuoteRequestID(raw / QuoteID.answersPerRequest) }
    /// Which of the answers to its request it is, from 0.
    public var answer: UInt8 { UInt8(raw % QuoteID.answersPerRequest) }
}

/// A wish: what a strategy wants a price for. It binds nobody.
public struct QuoteRequest: Hashable, Sendable, BitwiseCopyable {
    public var id: QuoteRequestID
    public var instrument: InstrumentID
    /// Ours: what we would do.
    public var side: Side
    public var quantity: Quantity

    public init(id: QuoteRequestID, instrument: InstrumentID, side: Side, quantity: Quantity) {
        (self.id, self.instrument, self.side, self.quantity) = (id, instrument, side, quantity)
    }
}

/// A firm price for one size, good until it expires and for one acceptance.
public struct Quote: Hashable, Sendable, BitwiseCopyable {
    public var id: QuoteID
    public var instrument: InstrumentID
    /// Ours: a quote for a buy is what we would pay.
    public var side: Side
    public var quantity: Quantity
    public var price: Price
    /// By the desk's clock.
    public var expires: Timestamp

    public init(id: QuoteID, instrument: InstrumentID, side: Side, quantity: Quantity, price: Price, expires: Timestamp) {
        (self.id, self.instrument, self.side) = (id, instrument, side)
        (self.quantity, self.price, self.expires) = (quantity, price, expires)
    }

    /// Whether it answers what was asked: instrument, side and size.
    public func answers(_ request: QuoteRequest) -> Bool {
        id.request == request.id && instrument == request.instrument && side == request.side && quantity == request.quantity
    }

    /// The order that accepts it: all of it, at its price, at once.
    public func acceptance(_ order: OrderID, tag: OrderTag = .none) -> OrderRequest {
        OrderRequest(
            id: order, instrument: instrument, side: side, type: .limit, quantity: quantity, price: price, timeInForce: .fillOrKill,
            tag: tag, allowsDuplicate: true, quote: id)
    }
}

/// Why a request got no quote. `name` is what scripts and files show.
public enum QuoteRefusal: UInt8, Hashable, Sendable, BitwiseCopyable {
    /// The dealer does not want to.
    case declined = 0
    /// The venue does not quote on request.
    case unsupported
    /// More than the dealer quotes.
    case tooLarge
    /// Nothing to price it by.
    case noPrice
    case throttled
    /// The venue is not connected, or the switch is pulled.
    case notReady
    /// No answer within the time for one.
    case timeout
    /// What came is not what was asked for.
    case mismatch
    /// An error of the venue.
    case venue

    public var name: String {
        switch self {
        case .declined: "declined"
        case .unsupported: "unsupported"
        case .tooLarge: "too_large"
        case .noPrice: "no_price"
        case .throttled: "throttled"
        case .notReady: "not_ready"
        case .timeout: "timeout"
        case .mismatch: "mismatch"
        case .venue: "venue"
        }
    }
}

/// What a venue says to a request for a quote: a fact.
public enum QuoteAnswer: Hashable, Sendable, BitwiseCopyable {
    case quoted(Quote)
    case refused(QuoteRequestID, InstrumentID, QuoteRefusal)

    public var instrument: InstrumentID {
        switch self {
        case .quoted(let quote): quote.instrument
        case .refused(_, let instrument, _): instrument
        }
    }
}
