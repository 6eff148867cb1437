public import Domain

/// A request for a quote as it goes to a venue.
public struct VenueQuoteRequest: Hashable, Sendable {
    /// The account's own number for it; ``VenueOrderRequest/quote`` of an acceptance names it.
    public var number: UInt64
    public var instrument: InstrumentID
    public var side: Side
    public var quantity: Quantity
    public init(number: UInt64, instrument: InstrumentID, side: Side, quantity: Quantity) {
        (self.number, self.instrument, self.side, self.quantity) = (number, instrument, side, quantity)
    }
}

/// A venue's answer to a request for a quote.
public struct VenueQuoteAnswer: Hashable, Sendable {
    public enum Outcome: Hashable, Sendable {
        /// Until `expires` by the corrected wall clock, counted from when the request left: earlier than the venue's own end, never later.
        case quoted(price: ExactDecimal, quantity: ExactDecimal, side: Side, expires: Timestamp)
        case refused(QuoteRefusal, message: String)
    }

    /// The number of the request.
    public var number: UInt64
    public var outcome: Outcome
    public init(number: UInt64, outcome: Outcome) { (self.number, self.outcome) = (number, outcome) }
}

extension VenueSession {
    /// A venue that does not quote on request.
    public mutating func requestQuote(_ request: VenueQuoteRequest, at now: VenueTime, into actions: inout [VenueAction]) {
        let outcome = VenueQuoteAnswer.Outcome.refused(.unsupported, message: "this venue does not quote on request")
        actions.append(.tell(.quote(VenueQuoteAnswer(number: request.number, outcome: outcome))))
    }
}
