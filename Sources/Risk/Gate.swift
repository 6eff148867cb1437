public import Domain

/// The one order gate: says yes or no to one request, by the numbers it is handed and the limits a person set.
///
/// The controls run in the order of their numbers, each fails closed, and none can be bypassed.
public struct Gate: Sendable {
    /// More lots or ticks than this, 2^53, are refused as malformed, so that sums of a thousand orders cannot overflow.
    public static let largestCount: Int64 = 1 << 53
    /// The largest value of one order that is judged at all, for the same reason.
    static let largestValue = Int128.max >> 10

    /// Which limits are in force: the ledger's number from the start, one more at each ``replace(_:)``.
    public private(set) var limitVersion: UInt32
    private let instruments: [Instrument]
    private let strategy: String
    private(set) var limits: [InstrumentLimits]
    private var longestWindow = Span.zero
    private var recent = RecentIntents()
    /// C35.
    var quotes = QuoteLedger()
    /// What is judged beside the numbers of one request.
    public private(set) var live: LiveDefaults?
    package var conditions: LiveConditions

    /// - Parameters:
    ///   - live: What a live or paper desk takes for granted; nil in a backtest.
    ///   - version: Of these limits, as the ledger numbers them (C28).
    public init(instruments: [Instrument], limits: RiskLimits, strategy: String = "", live: LiveDefaults? = nil, version: UInt32 = 1) {
        self.instruments = instruments
        limitVersion = version
        self.strategy = strategy
        self.limits = instruments.map { InstrumentLimits($0, limits: limits, strategy: strategy) }
        longestWindow = self.limits.map(\.duplicateWindow).max() ?? .zero
        self.live = live
        quotes.margin = limits.later.quoteMargin ?? live?.quoteMargin ?? .zero
        conditions = LiveConditions(instruments, limits: limits, strategy: strategy, live: live)
    }

    /// A cancel goes out: it counts among the messages, and is never refused (C7).
    public mutating func noteCancel(_ instrument: InstrumentID, at now: Timestamp) {
        if conditions.isInForce { conditions.noteMessage(instrument, at: now) }
    }

    /// A whole book has come: what was invalid is valid again (C6).
    public mutating func bookSeen(_ instrument: InstrumentID) {
        if conditions.isInForce { conditions.setBookInvalid(instrument, since: nil) }
    }

    /// Puts other limits in force.
    public mutating func replace(_ limits: RiskLimits) {
        self.limits = instruments.map { InstrumentLimits($0, limits: limits, strategy: strategy) }
        longestWindow = self.limits.map(\.duplicateWindow).max() ?? .zero
        conditions.replace(instruments, limits: limits, strategy: strategy, live: live)
        quotes.margin = limits.later.quoteMargin ?? live?.quoteMargin ?? .zero
        limitVersion += 1
    }

    /// Judges a new order.
    ///
    /// - Throws: The first control that refuses.
    public mutating func clear(
        _ request: OrderRequest, at now: Timestamp, exposure: Exposure
    ) throws(Breach) -> Cleared {
        guard request.instrument.position < limits.count else {
            throw .unknownInstrument(index: request.instrument.position)
        }
        let limit = limits[request.instrument.position]
        let charge = try judge(request, at: now, exposure: exposure, limit: limit, isNew: true)
        if conditions.isInForce { conditions.noteMessage(request.instrument, at: now) }
        if limit.duplicateWindow > .zero {
            if !request.allowsDuplicate, let age = recent.age(of: request, at: now, window: limit.duplicateWindow) {
                throw .duplicateWithin(age: age, window: limit.duplicateWindow)
            }
            recent.note(request, at: now, longest: longestWindow)
        }
        if request.isAcceptance { quotes.use(request.quote) }
        return Cleared(request, charge: charge, limitVersion: limitVersion)
    }

    /// Judges a change of an open order.
    ///
    /// - Parameters:
    ///   - request: The order as it was cleared.
    ///   - leaves: What of it is open now; the exposure counts it, at `charge.price`.
    ///   - charge: What it is charged with: that of its clearance or of its last amendment.
    public mutating func clear(
        _ amendment: AmendRequest, of request: OrderRequest, leaves: Quantity, charge: Charge, at now: Timestamp,
        exposure: Exposure
    ) throws(Breach) -> ClearedAmendment {
        guard request.instrument.position < limits.count else {
            throw .unknownInstrument(index: request.instrument.position)
        }
        let limit = limits[request.instrument.position]
        var changed = request
        (changed.price, changed.quantity) = (amendment.price, amendment.quantity)
        let others = exposure.without(request.side, leaves: leaves, at: charge.price, limit: limit)
        var amended = try judge(changed, at: now, exposure: others, limit: limit, isNew: false)
        if amendment.keepsPrice, amendment.price != request.price {
            // An amendment in flight would bring that price: where the venue refuses it, the order stays where it stands.
            changed.price = request.price
            let standing = try judge(changed, at: now, exposure: others, limit: limit, isNew: false)
            if standing.value > amended.value { amended = standing }
        }
        if conditions.isInForce { conditions.noteMessage(request.instrument, at: now) }
        return ClearedAmendment(amendment, charge: amended, limitVersion: limitVersion)
    }

    /// What an order of an earlier start is charged with: it was cleared then, and counts now.
    public func charge(adopting request: OrderRequest) -> Charge {
        let limit = limits[request.instrument.position]
        let price = request.type.hasLimit ? request.price : request.type.isStop ? request.stop : Price(ticks: 0)
        let value = limit.value(ticks: price.ticks, lots: request.quantity.lots) ?? 0
        return Charge(price: price, value: Amount(raw: value), reserve: limit.reserve(request.side, value: value, lots: request.quantity.lots) ?? .zero)
    }

    /// What to set aside for an open quantity, as ``Charge/reserve`` counts it.
    public func reserve(_ side: Side, of instrument: InstrumentID, at price: Price, quantity: Quantity) -> Amount {
        let limit = limits[instrument.position]
        return limit.reserve(side, value: limit.value(ticks: price.ticks, lots: quantity.lots) ?? 0, lots: quantity.lots) ?? .zero
    }

    private mutating func judge(
        _ request: OrderRequest, at now: Timestamp, exposure: Exposure, limit: InstrumentLimits, isNew: Bool
    ) throws(Breach) -> Charge {
        try limit.checkForm(of: request, at: now)
        if request.isAcceptance { try quotes.check(request, at: now) }
        let reference = limit.reference(at: now, exposure: exposure)
        let worst = limit.worstTicks(of: request, reference: reference, exposure: exposure)
        let charge = try limit.charge(request, worstTicks: worst, reserves: exposure.checksBalances)
        try limit.checkMinimum(of: request, exposure: exposure)
        try limit.checkOrderSize(of: request, charge: charge)
        try limit.checkCollar(of: request, reference: reference, exposure: exposure)
        if conditions.isInForce { try conditions.checkMarket(of: request, at: now, exposure: exposure) }
        try limit.checkOpen(charge, exposure: exposure, isNew: isNew)
        try limit.checkPosition(of: request, exposure: exposure)
        if conditions.isInForce { try conditions.checkAggregate(charge, of: request, exposure: exposure) }
        try limit.checkBalance(of: request, charge: charge, exposure: exposure)
        if exposure.hasLiveTwin && !request.allowsDuplicate { throw .duplicate }
        try checkSelfMatch(of: request, exposure: exposure)
        try checkReduceOnly(of: request, exposure: exposure)
        if conditions.isInForce { try conditions.checkOpen(request, at: now, exposure: exposure) }
        return charge
    }
}
