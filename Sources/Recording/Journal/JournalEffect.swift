public import Domain
public import Risk
public import Trading

/// An ``Effect`` as a journal holds it: only `Risk` can make a clearance, so what was cleared is told in numbers.
public enum JournalEffect: Hashable, Sendable {
    /// What the gate charged an order with.
    public struct Charged: Hashable, Sendable {
        public var price: Price
        public var value: Amount
        public var reserve: Amount

        init(price: Price, value: Amount, reserve: Amount) { (self.price, self.value, self.reserve) = (price, value, reserve) }
        init(_ charge: Charge) { (price, value, reserve) = (charge.price, charge.value, charge.reserve) }
    }

    /// An order as it ended.
    public struct Closed: Hashable, Sendable {
        public var request: OrderRequest
        public var outcome: Order.Outcome?
        public var isCancelRequested: Bool
        public var isAmendRequested: Bool
        public var filled: Quantity
        public var filledTickLots: Int128
        public var created: Timestamp
        public var acknowledged: Timestamp
        public var closed: Timestamp
        public var reason: String
        public var isSent: Bool
        public var charge: Charged?
        public var lostSince: Timestamp
        public var adoptedAs: String?
    }

    case submit(OrderRequest, Charged, limits: UInt32)
    case requestQuote(QuoteRequest, limits: UInt32)
    case amend(AmendRequest, InstrumentID, Charged, limits: UInt32)
    case cancel(OrderID, InstrumentID)
    case filled(BookedFill)
    case closed(Closed)
    case contradicted(ExecutionReport)
    case stateChanged(TradingState, InstrumentID?, reason: String)
    case kill(reason: String)
    case alarm(String)

    public init(_ effect: Effect) {
        self = switch effect {
        case .submit(let cleared): .submit(cleared.request, Charged(cleared.charge), limits: cleared.limitVersion)
        case .requestQuote(let cleared): .requestQuote(cleared.request, limits: cleared.limitVersion)
        case .amend(let cleared, let instrument):
            // Written out as it left; which half of it the strategy named is its own affair.
            .amend(
                AmendRequest(id: cleared.amendment.id, price: cleared.amendment.price, quantity: cleared.amendment.quantity), instrument,
                Charged(cleared.charge), limits: cleared.limitVersion)
        case .cancel(let order, let instrument): .cancel(order, instrument)
        case .filled(let fill): .filled(fill)
        case .closed(let record): .closed(Closed(record))
        case .contradicted(let report): .contradicted(report)
        case .stateChanged(let state, let instrument, let reason): .stateChanged(state, instrument, reason: reason)
        case .kill(let reason): .kill(reason: reason)
        case .alarm(let text): .alarm(text)
        }
    }

    /// For summaries.
    public var kind: String {
        switch self {
        case .submit: "submit"
        case .requestQuote: "request_quote"
        case .amend: "amend"
        case .cancel: "cancel"
        case .filled: "filled"
        case .closed: "closed"
        case .contradicted: "contradicted"
        case .stateChanged: "state_changed"
        case .kill: "kill"
        case .alarm: "alarm"
        }
    }
}

extension JournalEffect.Closed {
    init(_ record: OrderRecord) {
        let order = record.order
        let outcome: Order.Outcome? = switch order.phase {
        case .done(let outcome): outcome
        case .pending, .working, .unknown: nil
        }
        self.init(
            request: order.request, outcome: outcome, isCancelRequested: order.isCancelRequested, isAmendRequested: order.isAmendRequested,
            filled: order.filled, filledTickLots: order.filledTickLots, created: order.created, acknowledged: order.acknowledged,
            closed: order.closed, reason: record.reason, isSent: record.isSent, charge: record.charge.map { JournalEffect.Charged($0) },
            lostSince: record.lostSince, adoptedAs: record.adoptedAs)
    }
}
