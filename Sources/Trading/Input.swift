public import Domain
public import Risk

/// One thing that happens to the engine. A journal of these, with their times, is a complete recording of a run.
@safe public enum Input {
    /// Before anything else, at the time of the first record.
    case start
    /// A record has arrived; the pointer is read during the step only.
    case market(UnsafePointer<MarketRecord>, instrument: Int)
    /// A venue told something about one of our orders.
    case report(ExecutionReport)
    /// The clock has reached ``Desk/nextBarClose`` (before what arrives then) or ``Desk/nextRecordedBarClose`` (after it).
    case barClose
    /// The clock has reached ``Desk/nextTimer``; one timer runs a step.
    case timer
    /// The last input of a run.
    case stop(reason: String)
    /// The answer to an order is lost: unknown until it is proven what happened.
    case lost(OrderID)
    case control(ControlInput)
    /// A venue's answer to a request for a quote.
    case quote(QuoteAnswer)
}

/// What comes out of a step, in order.
public enum Effect: Sendable {
    /// An order, or the acceptance of a quote.
    case submit(Cleared)
    case requestQuote(ClearedQuoteRequest)
    case amend(ClearedAmendment, InstrumentID)
    case cancel(OrderID, InstrumentID)
    /// A fill was booked.
    case filled(BookedFill)
    /// An order became final; a refused wish is one that never left.
    case closed(OrderRecord)
    /// A venue's fact that our tables cannot agree with. The desk must halt and reconcile.
    case contradicted(ExecutionReport)
    /// C20: of one instrument, of everything where nil.
    case stateChanged(TradingState, InstrumentID?, reason: String)
    /// A limit was reached that pulls the kill switch.
    case kill(reason: String)
    case alarm(String)
}

/// A fill together with what it did to the books.
public struct BookedFill: Hashable, Sendable, BitwiseCopyable {
    public var fill: Fill
    public var order: OrderID
    public var instrument: InstrumentID
    public var side: Side
    public var tag: OrderTag
    public var time: Timestamp
    public var exchangeTime: Timestamp
    public var outcome: FillOutcome

    public init(
        fill: Fill, order: OrderID, instrument: InstrumentID, side: Side, tag: OrderTag, time: Timestamp, exchangeTime: Timestamp,
        outcome: FillOutcome
    ) {
        (self.fill, self.order, self.instrument, self.side, self.tag) = (fill, order, instrument, side, tag)
        (self.time, self.exchangeTime, self.outcome) = (time, exchangeTime, outcome)
    }
}

/// What happens to a strategy whose callback failed.
public enum ErrorPolicy: String, Hashable, Sendable, CaseIterable {
    case stop, kill
    /// For backtests: the failed callback's wishes are dropped and the run goes on.
    case carryOn = "continue"
}
