public import Domain

/// What a live gate takes for granted where the configuration does not say (`docs/configuration.md`, `[risk]`).
public struct LiveDefaults: Sendable {
    public struct MessageRate: Hashable, Sendable {
        public var rate: Int
        public var per: Span
        public var reservedForCancels: Int
        public init(rate: Int, per: Span, reservedForCancels: Int) {
            (self.rate, self.per, self.reservedForCancels) = (rate, per, reservedForCancels)
        }
    }

    /// C7: the published limits, by venue.
    public var messages: [String: MessageRate]
    /// C6.
    public var marketDataMaxAge = Span(nanoseconds: 10_000_000_000)
    /// C15, parts of 10^9.
    public var fillTolerance: Int64 = 5_000_000
    /// C26.
    public var unknownMax = 5
    public var unknownAge = Span(nanoseconds: 60_000_000_000)
    /// C35.
    public var quoteMargin = Span(nanoseconds: 250_000_000)
    public init(messages: [String: MessageRate] = [:]) { self.messages = messages }
}

/// What the gate knows beside the numbers of one request: how far trading is open, what happened lately, whether the start is complete.
///
/// - Source: `docs/risk.md`, C5 to C8, C12, C14, C15, C18, C20, C25, C26.
package struct LiveConditions: Sendable {
    struct PerInstrument: Sendable {
        var venue: String
        var state = TradingState.active
        var isPermitted = true
        var drift: Int64?
        var anchor: PriceAnchor?
        var slippageLimit: Int64?
        var slippage: RollingSum?
        /// Nil where C6 is not in force.
        var maxAge: Span?
        var grace = Span.zero
        var invalidSince: Timestamp?
        var fillTolerance: Int64?
    }

    struct PerVenue: Sendable {
        var isLocked: Bool
        var state = TradingState.active
        var messages: RollingWindow?
        var rate = 0
        var reserved = 0
    }

    /// Whether any of this can refuse at all; a backtest without such limits pays one comparison.
    package private(set) var isInForce = false
    private var instruments: [PerInstrument]
    private var venues: [String: PerVenue] = [:]
    private var everything = TradingState.active
    private var strategy = TradingState.active
    private var fills: RollingWindow?
    private var fillLimit = 0
    private(set) var maxGross: Amount?
    private(set) var maxNet: Amount?
    private var unknownMax = Int.max
    private var unknownAge = Span(nanoseconds: .max)
    private var losses: LossLimits

    /// - Parameter live: Nil in a backtest, where only what the configuration sets is in force.
    init(_ all: [Instrument], limits: RiskLimits, strategy name: String, live: LiveDefaults?) {
        let account = limits.account.later
        let own = limits.strategies[name]?.later ?? LaterLimits()
        instruments = all.map { PerInstrument(venue: $0.venue) }
        losses = LossLimits([account, own])
        for (index, instrument) in all.enumerated() {
            let scopes = [account, own, limits.scope(of: instrument)?.later ?? LaterLimits()]
            instruments[index] = LiveConditions.instrument(instrument, scopes, live)
            if let permit = limits.later.permit {
                let names = permit[name] ?? []
                instruments[index].isPermitted = names.contains(instrument.name) || names.contains("\(instrument.venue):\(instrument.nativeSymbol)")
            }
            if venues[instrument.venue] == nil { venues[instrument.venue] = LiveConditions.venue(instrument.venue, [account, own], live) }
        }
        let repeated = [account, own].compactMap(\.repeatedFills).filter { $0.count != nil && $0.per != nil }
        if let count = repeated.compactMap(\.count).min(), let per = repeated.compactMap(\.per).max() {
            (fills, fillLimit) = (RollingWindow(capacity: count + 1, window: per), count)
        }
        (maxGross, maxNet) = ([account, own].compactMap(\.maxGross).min(), [account, own].compactMap(\.maxNet).min())
        unknownMax = limits.later.unknownMax ?? live?.unknownMax ?? .max
        unknownAge = limits.later.unknownAge ?? live?.unknownAge ?? Span(nanoseconds: .max)
        isInForce = live != nil || fills != nil || maxGross != nil || maxNet != nil || losses.isInForce || limits.later.permit != nil
            || instruments.contains { $0.drift != nil || $0.slippageLimit != nil || $0.maxAge != nil || $0.fillTolerance != nil }
            || venues.values.contains { $0.messages != nil }
    }

    /// Other limits: what happened so far and how far trading is open stay.
    mutating func replace(_ all: [Instrument], limits: RiskLimits, strategy name: String, live: LiveDefaults?) {
        var next = LiveConditions(all, limits: limits, strategy: name, live: live)
        for index in instruments.indices {
            (next.instruments[index].state, next.instruments[index].invalidSince) = (instruments[index].state, instruments[index].invalidSince)
        }
        for name in venues.keys.sorted() {
            next.venues[name]?.isLocked = venues[name]?.isLocked ?? true
            next.venues[name]?.state = venues[name]?.state ?? .active
        }
        (next.everything, next.strategy) = (everything, strategy)
        next.isInForce = next.isInForce || isInForce
        self = next
    }

    private static func instrument(_ instrument: Instrument, _ scopes: [LaterLimits], _ live: LiveDefaults?) -> PerInstrument {
        var entry = PerInstrument(venue: instrument.venue)
        for collar in scopes.compactMap(\.collarOverTime) {
            guard let per = collar.per else { continue }
            if let drift = collar.drift {
                entry.drift = min(entry.drift ?? .max, parts(drift))
                // The tightest of each: less, over the longest time.
                entry.anchor = PriceAnchor(window: max(entry.anchor?.window ?? .zero, per))
            }
            if let slippage = collar.slippage {
                entry.slippageLimit = min(entry.slippageLimit ?? .max, parts(slippage))
                entry.slippage = RollingSum(window: max(entry.slippage?.window ?? .zero, per))
            }
        }
        let ages = scopes.compactMap { $0.marketData?.maxAge }
        // Bars have no book whose age could matter.
        if instrument.dataKind != .bars { entry.maxAge = ages.min() ?? live?.marketDataMaxAge }
        entry.grace = scopes.compactMap { $0.marketData?.grace }.min() ?? .zero
        entry.fillTolerance = scopes.compactMap(\.fillTolerance).map(parts).min() ?? live?.fillTolerance
        return entry
    }

    private static func venue(_ name: String, _ scopes: [LaterLimits], _ live: LiveDefaults?) -> PerVenue {
        var venue = PerVenue(isLocked: live != nil)
        let given = scopes.compactMap(\.messages).filter { $0.rate != nil && $0.per != nil }
        if let rate = given.compactMap(\.rate).min(), let per = given.compactMap(\.per).max() {
            (venue.rate, venue.reserved) = (rate, given.compactMap(\.reservedForCancels).max() ?? (rate + 3) / 4)
            venue.messages = RollingWindow(capacity: rate, window: per)
        } else if let published = live?.messages[name] {
            (venue.rate, venue.reserved) = (published.rate, published.reservedForCancels)
            venue.messages = RollingWindow(capacity: published.rate, window: published.per)
        }
        return venue
    }

    private static func parts(_ fraction: ExactDecimal) -> Int64 { fraction.whole(of: ExactDecimal(mantissa: 1, scale: 9)) }

    // MARK: - Judging, in the order of the controls

    /// C5 to C8.
    mutating func checkMarket(of request: OrderRequest, at now: Timestamp, exposure: Exposure) throws(Breach) {
        let place = request.instrument.position
        try checkDrift(place, at: now, exposure: exposure)
        if let maxAge = instruments[place].maxAge { try checkBook(place, maxAge, at: now, exposure: exposure) }
        let venue = instruments[place].venue
        if venues[venue]?.messages != nil, let count = venues[venue]?.messages?.count(at: now), let limits = venues[venue] {
            let limit = max(limits.rate - limits.reserved, 0)
            if count >= limit { throw .throttled(count: count + 1, limit: limit) }
        }
        if let fills = fills?.count(at: now), fills > fillLimit { throw .repeatedFills(count: fills, limit: fillLimit) }
    }

    private mutating func checkDrift(_ place: Int, at now: Timestamp, exposure: Exposure) throws(Breach) {
        if let drift = instruments[place].drift {
            guard let reference = exposure.midHalfTicks else { throw .noReference(control: 5) }
            // The anchor first: a jump across a silence is a move too.
            let known = instruments[place].anchor?.anchor(at: now)
            instruments[place].anchor?.note(reference, at: now)
            if let anchor = known {
                let moved = Int128((reference - anchor).magnitude) * 1_000_000_000
                if moved > Int128(anchor) * Int128(drift) {
                    throw .collarOverTime(parts: Int64(clamping: moved / max(Int128(anchor), 1)), limit: drift)
                }
            }
        }
        if let limit = instruments[place].slippageLimit {
            instruments[place].slippage?.trim(at: now)
            if let slipped = instruments[place].slippage?.sum, slipped > limit { throw .collarOverTime(parts: slipped, limit: limit) }
        }
    }

    private func checkBook(_ place: Int, _ maxAge: Span, at now: Timestamp, exposure: Exposure) throws(Breach) {
        if let since = instruments[place].invalidSince, now - since >= instruments[place].grace { throw .bookInvalid(.gap) }
        guard exposure.bestBidTicks != Exposure.noBid || exposure.bestAskTicks != Exposure.noAsk else { throw .bookInvalid(.empty) }
        if exposure.bestBidTicks != Exposure.noBid, exposure.bestAskTicks != Exposure.noAsk, exposure.bestBidTicks >= exposure.bestAskTicks {
            throw .bookInvalid(.crossed)
        }
        let (age, isAges) = now.nanoseconds.subtractingReportingOverflow(exposure.bookTime.nanoseconds)
        if isAges || age > maxAge.nanoseconds { throw .bookInvalid(.stale(age: Span(nanoseconds: isAges ? .max : age), limit: maxAge)) }
    }

    /// C12, in the reporting currency.
    func checkAggregate(_ charge: Charge, of request: OrderRequest, exposure: Exposure) throws(Breach) {
        guard maxGross != nil || maxNet != nil else { return }
        guard exposure.hasConversion, charge.price.ticks > 0 else { throw .noReference(control: 12) }
        let value = exposure.reported(charge.value)
        if let maxGross {
            let gross = exposure.grossValue + value
            if gross > maxGross { throw .maxGross(asked: gross, limit: maxGross) }
        }
        if let maxNet {
            let net = request.side == .buy ? exposure.netValue + exposure.openBuyValue + value : .zero - (exposure.netValue - exposure.openSellValue - value)
            if net > maxNet { throw .maxNet(asked: net, limit: maxNet) }
        }
    }

    /// C18, C20, C25, C26.
    func checkOpen(_ request: OrderRequest, at now: Timestamp, exposure: Exposure) throws(Breach) {
        let place = request.instrument.position
        if !instruments[place].isPermitted { throw .notPermitted }
        switch state(of: request.instrument) {
        case .active: break
        case .reducing: try checkReducing(request, exposure: exposure)
        case .cancelOnly: throw .state(.cancelOnly)
        case .halted: throw .state(.halted)
        }
        if venues[instruments[place].venue]?.isLocked == true { throw .notReconciled }
        if exposure.unknownOrders > unknownMax { throw .tooManyUnknown(count: exposure.unknownOrders, limit: unknownMax) }
        if exposure.unknownOrders > 0, now - exposure.oldestUnknown > unknownAge { throw .unknownTooOld(age: now - exposure.oldestUnknown, limit: unknownAge) }
    }

    /// While reducing: with everything live on its side filled first, the position only shrinks.
    private func checkReducing(_ request: OrderRequest, exposure: Exposure) throws(Breach) {
        let position = Int128(exposure.positionLots)
        let after = switch request.side {
        case .buy: position + Int128(exposure.buyLeavesLots) + Int128(request.quantity.lots)
        case .sell: position - Int128(exposure.sellLeavesLots) - Int128(request.quantity.lots)
        }
        let shrinks = request.side == .buy ? position < 0 && after <= 0 : position > 0 && after >= 0
        if !shrinks { throw .state(.reducing) }
    }

    // MARK: - What happens

    /// A new order, an amendment or a cancel is handed over (C7).
    package mutating func noteMessage(_ instrument: InstrumentID, at now: Timestamp) {
        venues[instruments[instrument.position].venue]?.messages?.note(at: now)
    }

    /// One fill of ours: what it says about C5, C8 and C15.
    package mutating func noteFill(_ fill: Fill, of request: OrderRequest, midHalfTicks: Int64?, at now: Timestamp) -> [StateVerdict] {
        let place = request.instrument.position
        var verdicts: [StateVerdict] = []
        if fills != nil {
            fills?.note(at: now)
            if let count = fills?.count(at: now), count > fillLimit, strategy < .halted {
                strategy = .halted
                verdicts.append(StateVerdict(state: .halted, instrument: nil, control: 8, reason: "repeated_fills: \(count) fills, limit \(fillLimit)", kills: true))
            }
        }
        if let mid = midHalfTicks, mid > 0 {
            let worse = Int128(request.side.sign) * (Int128(fill.price.ticks) * 2 - Int128(mid))
            let parts = Int64(clamping: worse * 1_000_000_000 / Int128(mid))
            instruments[place].slippage?.add(parts, at: now)
            if let tolerance = instruments[place].fillTolerance, parts > tolerance, !request.type.hasLimit {
                verdicts.append(unreasonable(fill, place, "\(parts) parts of 10^9 from the mid, tolerance \(tolerance)"))
            }
        }
        if instruments[place].fillTolerance != nil, request.type == .limit, Int128(request.side.sign) * Int128(fill.price.ticks - request.price.ticks) > 0 {
            verdicts.append(unreasonable(fill, place, "worse than its limit of \(request.price.ticks) ticks"))
        }
        return verdicts
    }

    private mutating func unreasonable(_ fill: Fill, _ place: Int, _ why: String) -> StateVerdict {
        instruments[place].state = max(instruments[place].state, .cancelOnly)
        return StateVerdict(
            state: .cancelOnly, instrument: InstrumentID(index: place), control: 15,
            reason: "fill_unreasonable: fill \(fill.id.raw) at \(fill.price.ticks) ticks is \(why)", kills: false)
    }

    /// The equity at adverse prices (C14).
    package mutating func noteEquity(_ equity: Amount, at now: Timestamp) -> StateVerdict? {
        guard let verdict = losses.judge(equity, at: now), verdict.state > everything else { return nil }
        everything = verdict.state
        return verdict
    }

    package mutating func noteReference(_ halfTicks: Int64, of instrument: InstrumentID, at now: Timestamp) {
        instruments[instrument.position].anchor?.note(halfTicks, at: now)
    }

    // MARK: - States

    package func state(of instrument: InstrumentID) -> TradingState {
        let own = instruments[instrument.position]
        return max(everything, strategy, own.state, venues[own.venue]?.state ?? .active)
    }

    /// Automatic moves only go down.
    package mutating func lower(to state: TradingState, _ instrument: InstrumentID?) -> Bool {
        isInForce = true
        if let instrument {
            guard state > instruments[instrument.position].state else { return false }
            instruments[instrument.position].state = state
        } else {
            guard state > everything else { return false }
            everything = state
        }
        return true
    }

    /// The operator's word: everything is open again.
    package mutating func arm() {
        (everything, strategy) = (.active, .active)
        for index in instruments.indices { instruments[index].state = .active }
        for name in venues.keys.sorted() { venues[name]?.state = .active }
    }

    package mutating func setLock(_ isLocked: Bool, venue: String) {
        isInForce = true
        venues[venue]?.isLocked = isLocked
    }

    package mutating func setBookInvalid(_ instrument: InstrumentID, since: Timestamp?) {
        if since == nil || instruments[instrument.position].invalidSince == nil { instruments[instrument.position].invalidSince = since }
    }
}

/// A state that a control moves something to.
public struct StateVerdict: Hashable, Sendable {
    public var state: TradingState
    /// Nil: everything.
    public var instrument: InstrumentID?
    public var control: Int
    public var reason: String
    /// Whether the kill switch is to be pulled.
    public var kills: Bool
}
