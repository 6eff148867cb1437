/// One of our orders, as far as we know it: a table of transitions, total over whatever a venue may say.
///
///     pending ──accepted──▶ working ──last fill──▶ done(.filled)
///        │ ╲──rejected──────────┼────────────────▶ done(.rejected)
///        │  ╲─no answer──▶ unknown ──any fact────▶ as from pending
///        └───cancelled, expired─┴────────────────▶ done(.cancelled | .expired)
///
/// A cancel that we asked for is a flag beside the phase, because a venue may answer it in any of them.
public struct Order: Hashable, Sendable, BitwiseCopyable {
    public enum Outcome: Hashable, Sendable, BitwiseCopyable { case filled, cancelled, expired, rejected(RejectReason) }

    public enum Phase: Hashable, Sendable, BitwiseCopyable {
        case pending, working
        /// The venue's answer was lost. Charged to every limit until it is proven what happened.
        case unknown
        case done(Outcome)
    }

    /// What a report did to the order. Reports are facts, so every report has an answer and none throws.
    public enum Change: Hashable, Sendable {
        case advanced
        case unchanged
        /// A fill crossed our cancel on the wire: the position moves, the order stays closed.
        case late
        /// The venue and we disagree. The fact is kept; the desk must halt and reconcile.
        case contradicted
    }

    /// The wish it came from, with price and quantity as last amended.
    public private(set) var request: OrderRequest
    public private(set) var phase = Phase.pending
    public private(set) var isCancelRequested = false
    public private(set) var amends = AmendsInFlight()
    public private(set) var filled = Quantity.zero
    /// Σ price × size of its fills, in tick·lots: the average price is this over `filled`.
    public private(set) var filledTickLots: Int128 = 0
    public let created: Timestamp
    public private(set) var acknowledged = Timestamp.never
    public private(set) var closed = Timestamp.never

    public init(_ request: OrderRequest, created: Timestamp) {
        precondition(request.quantity > .zero, "an order has no size")
        self.request = request
        self.created = created
    }

    public var id: OrderID { request.id }
    public var instrument: InstrumentID { request.instrument }
    public var side: Side { request.side }
    public var leaves: Quantity { filled < request.quantity ? request.quantity - filled : .zero }

    /// Mean price of its fills in quote units, exact or rounded to 10^-24; nil before the first.
    public func averagePrice(tick: ExactDecimal) -> Amount? {
        guard filled > .zero, let unit = Amount(tick) else { return nil }
        return unit.scaled(by: filledTickLots, over: Int128(filled.lots))
    }

    public var isOpen: Bool {
        if case .done = phase { false } else { true }
    }

    /// As scripts and files name it.
    public var stateName: String {
        switch phase {
        case .done(.filled): "filled"
        case .done(.cancelled): "cancelled"
        case .done(.expired): "expired"
        case .done(.rejected): "rejected"
        case .unknown: "unknown"
        case .pending: isCancelRequested ? "pending_cancel" : "pending_new"
        case .working: isCancelRequested ? "pending_cancel" : filled == .zero ? "open" : "partially_filled"
        }
    }

    public mutating func apply(_ report: ExecutionReport, at time: Timestamp) -> Change {
        switch (phase, report.fact) {
        case (.pending, .accepted), (.unknown, .accepted):
            acknowledged = time
            phase = .working
            return .advanced
        case (.working, .accepted), (.done, .accepted):
            return .unchanged
        case (.pending, .rejected(let reason)), (.unknown, .rejected(let reason)):
            return close(.rejected(reason), at: time)
        case (.working, .rejected), (.done, .rejected):
            return .contradicted
        case (.done, .cancelled), (.done, .expired):
            return .unchanged
        case (_, .cancelled):
            return close(.cancelled, at: time)
        case (_, .expired):
            return close(.expired, at: time)
        case (.done, .cancelRejected):
            return .unchanged
        case (_, .cancelRejected):
            guard isCancelRequested else { return .contradicted }
            isCancelRequested = false
            return .advanced
        case (_, .amended(let price, let open)):
            return amend(price: price, open: open, at: time)
        case (.done, .amendRejected):
            return .unchanged
        case (_, .amendRejected):
            guard isAmendRequested else { return .contradicted }
            amends.answered()
            return .advanced
        case (_, .filled(let fill)):
            return absorb(fill, at: time)
        }
    }

    /// Keeps every fill, whatever the phase: it may overtake its acceptance or follow a cancel.
    private mutating func absorb(_ fill: Fill, at time: Timestamp) -> Change {
        filled = filled + fill.quantity
        filledTickLots += Int128(fill.price.ticks) * Int128(fill.quantity.lots)
        let isOverfilled = filled > request.quantity
        switch phase {
        case .pending, .working, .unknown:
            if acknowledged == .never { acknowledged = time }
            phase = .working
            if filled >= request.quantity { _ = close(.filled, at: time) }
            return isOverfilled ? .contradicted : .advanced
        case .done(.cancelled), .done(.expired):
            // A venue's fill beats its cancel: where nothing is left the order was filled.
            if filled == request.quantity { phase = .done(.filled) }
            return isOverfilled ? .contradicted : .late
        case .done(.filled), .done(.rejected):
            return .contradicted
        }
    }

    private mutating func amend(price: Price, open: Quantity, at time: Timestamp) -> Change {
        switch phase {
        case .done:
            return .contradicted
        case .pending, .working, .unknown:
            amends.answered()
            request.price = price
            request.quantity = filled + open
            // Amended to what was filled already: nothing more will come.
            if open == .zero, filled > .zero { return close(.filled, at: time) }
            return .advanced
        }
    }

    private mutating func close(_ outcome: Outcome, at time: Timestamp) -> Change {
        phase = .done(outcome)
        closed = time
        return .advanced
    }

    /// Notes that we asked for a cancel; false when there is nothing left to cancel, or it was asked already.
    public mutating func requestCancel() -> Bool {
        guard isOpen, !isCancelRequested else { return false }
        isCancelRequested = true
        return true
    }

    /// Whether an amendment can be asked for.
    public var mayAmend: Bool { isOpen && !isCancelRequested }
    public var isAmendRequested: Bool { !amends.isEmpty }

    /// Notes that an amendment has left.
    public mutating func noteAmend(_ request: AmendRequest) { amends.sent(request) }

    /// The amendment with what it keeps written out: as the venue will know it if it accepts all that is in flight before it.
    public func spelledOut(_ amendment: AmendRequest) -> AmendRequest {
        var whole = amendment
        if whole.keepsPrice { whole.price = amends.price ?? request.price }
        if whole.keepsQuantity { whole.quantity = amends.quantity ?? leaves }
        return whole
    }

    /// Takes back a cancel that never left.
    public mutating func withdrawCancel() { isCancelRequested = false }

    /// Notes that the answer to what we sent is lost.
    public mutating func loseTrack() {
        guard isOpen else { return }
        phase = .unknown
    }

    /// An order of an earlier start goes on with what was filled then, at its limit.
    public mutating func resume(filled quantity: Quantity) {
        precondition(filled == .zero, "an order is resumed before its first fill")
        filled = quantity
        filledTickLots = Int128(request.price.ticks) * Int128(quantity.lots)
    }

    /// Closes an order that Risk refused: it never left.
    public mutating func refuse(at time: Timestamp) { _ = close(.rejected(.venue), at: time) }
}
