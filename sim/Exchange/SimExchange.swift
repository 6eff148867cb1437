public import Domain

/// The simulated exchange: recorded markets, our orders beside them, and the rules of `docs/fills.md`.
///
/// Pure and deterministic. The caller owns time: it hands records and requests over in the order of events at the venue, and drains
/// ``reports``. A market without orders of ours costs its book update and nothing else; no market event allocates.
@safe public struct SimExchange: ~Copyable {
    /// What happened to our orders, in order; the caller drains it with `removeAll(keepingCapacity: true)`.
    public var reports: [ExecutionReport] = []
    /// The earliest time at which a GTD order ends or the dealer does something, `.never` where there is none.
    public internal(set) var nextExpiry = Timestamp.never
    /// What the dealer said, in order; drained like ``reports``.
    public var quoteAnswers: [QuoteAnswer] = []
    var dealer: Dealer
    var dealerDue = Int64.max
    let rules: ExchangeRules
    private let markets: UnsafeMutablePointer<Market>
    let marketCount: Int
    var purse: Purse
    var isSpot: Bool { rules.spot != nil }
    private var lastFill: UInt64 = 0
    /// Instrument of each order by `id − firstOrder`.
    private var homes: [UInt16] = []
    private var firstOrder: UInt64 = 0

    /// - Parameter rules: suitable for the instruments: see ``ExchangeRules/unsuitability(for:)``.
    public init(instruments: [Instrument], rules: ExchangeRules) {
        precondition(rules.unsuitability(for: instruments) == nil, "rules that do not suit the tape")
        self.rules = rules
        purse = Purse(rules.spot ?? [])
        dealer = Dealer(rules.dealer ?? DealerModel())
        marketCount = instruments.count
        unsafe markets = .allocate(capacity: instruments.count)
        for (index, instrument) in instruments.enumerated() {
            let override = index < rules.fees.count ? rules.fees[index] : FeeOverride()
            let market = Market(
                instrument, at: index, fees: FeeSchedule(instrument, override),
                base: purse.place(of: instrument.base), quote: purse.place(of: instrument.quote))
            unsafe (markets + index).initialize(to: market)
        }
        reports.reserveCapacity(64)
    }

    deinit {
        unsafe markets.deinitialize(count: marketCount)
        unsafe markets.deallocate()
    }

    /// Whether an order of ours is at the venue: else records change its books, and report nothing.
    public var hasOrders: Bool {
        for index in 0..<marketCount where market(index).pointee.isWatching { return true }
        return false
    }

    /// The venue's own record of our position, in lots, negative when short.
    public func position(_ instrument: Int) -> Int64 { market(instrument).pointee.position }

    /// What a spot account holds of a currency; nil where it never heard of it, or without spot rules.
    public func balance(_ currency: String) -> Amount? { isSpot ? purse.total(currency) : nil }

    @inline(__always) func market(_ instrument: Int) -> Handle<Market> {
        precondition(instrument >= 0 && instrument < marketCount, "an instrument that the exchange does not know")
        return unsafe Handle(markets + instrument)
    }

    // MARK: - Records

    /// Takes the venue's next record of an instrument; bars go through ``openBar`` and ``closeBar``.
    public mutating func apply(_ record: UnsafePointer<MarketRecord>, instrument: Int) { unsafe applyHere(record, instrument: instrument) }

    /// ``apply(_:instrument:)``, for the inner loops.
    @inline(__always)
    public mutating func applyHere(_ record: UnsafePointer<MarketRecord>, instrument: Int) {
        let record = unsafe Handle(reading: record)
        let market = market(instrument)
        // Nearly every record is a level: it has the short way.
        if record.pointee.kindByte == MarketRecord.Kind.level.rawValue {
            guard market.pointee.hasLevels, record.pointee.hasSide else { return }
            setLevel(market, record.pointee.toldSide, ticks: record.pointee.a, units: record.pointee.b, at: record.pointee.exchangeTime)
        } else {
            applyRare(market, record)
        }
    }

    @inline(never) private mutating func applyRare(_ market: Handle<Market>, _ record: Handle<MarketRecord>) {
        switch record.pointee.kind {
        case .trade:
            trade(market, record)
        case .quote:
            if market.pointee.kind == .quotes { quote(market, record) }
        case .clear:
            clear(market, side: record.pointee.side)
        case .orderAdd, .orderModify, .orderCancel, .orderFill:
            recordedOrder(market, record)
        case .level, .bar, .status:
            break
        }
    }

    // MARK: - Requests

    /// An order of ours reaches the venue.
    public mutating func submit(_ request: OrderRequest, at time: Timestamp) {
        let market = market(request.instrument.position)
        remember(request.id, request.instrument)
        if request.isAcceptance { return accept(market, request, at: time) }
        var order = RestingOrder(request)
        order.arrival = market.pointee.nextArrival()
        if let reason = refusal(market, order) {
            return report(order.id, request.instrument, time, .rejected(reason))
        }
        if order.expire <= time {
            accept(market, &order, time)
            end(market, &order, time, .expired)
        } else if market.pointee.kind == .bars {
            enqueueForBar(market, order, time)
        } else {
            accept(market, &order, time)
            if order.type.isStop && !isTriggered(market, order) {
                enlist(market, order, inQueue: false)
            } else {
                order.trigger()
                arrive(market, &order, time)
            }
        }
        finish(market, time)
    }

    /// A cancel of ours reaches the venue.
    public mutating func cancel(_ id: OrderID, at time: Timestamp) {
        guard let place = find(id) else {
            return report(id, home(of: id), time, .cancelRejected(isWithDealer(id) ? .unsupported : .unknownOrder))
        }
        end(place.market, place.order, time, .cancelled)
        finish(place.market, time)
    }

    /// Ends the GTD orders whose time has come, in order of arrival; then the dealer does what is due.
    public mutating func expire(at time: Timestamp) {
        for index in 0..<marketCount {
            let market = market(index)
            while let order = first(market, where: { $0.expire <= time }) {
                end(market, order, time, .expired)
            }
            finish(market, time)
        }
        refreshExpiry()
        if dealerDue <= time.nanoseconds { deal(at: time) }
    }

    // MARK: - Reports

    mutating func report(_ order: OrderID, _ instrument: InstrumentID, _ time: Timestamp, _ fact: ExecutionReport.Fact) {
        reports.append(ExecutionReport(order: order, instrument: instrument, exchangeTime: time, fact: fact))
    }

    mutating func nextFill() -> FillID {
        lastFill += 1
        return FillID(lastFill)
    }

    // MARK: - Whose order is where

    private mutating func remember(_ id: OrderID, _ instrument: InstrumentID) {
        if homes.isEmpty { firstOrder = id.raw }
        precondition(id.raw >= firstOrder, "order ids go up")
        let place = Int(id.raw - firstOrder)
        while homes.count <= place { homes.append(.max) }
        homes[place] = instrument.index
    }

    private func known(_ id: OrderID) -> InstrumentID? {
        guard id.raw >= firstOrder, id.raw - firstOrder < UInt64(homes.count) else { return nil }
        let index = homes[Int(id.raw - firstOrder)]
        return index == .max ? nil : InstrumentID(index: Int(index))
    }

    /// The instrument to answer for; the first one for an order that never was.
    func home(of id: OrderID) -> InstrumentID { known(id) ?? InstrumentID(index: 0) }

    struct Place {
        let market: Handle<Market>
        let list: Handle<OrderList>
        let index: Int
        let order: Handle<RestingOrder>
    }

    func find(_ id: OrderID) -> Place? {
        guard let instrument = known(id) else { return nil }
        let market = market(instrument.position)
        for number in 0..<3 {
            let list = market.pointee.list(number)
            if let index = list.pointee.index(of: id) {
                return Place(market: market, list: list, index: index, order: list.pointee[index])
            }
        }
        return nil
    }
}
