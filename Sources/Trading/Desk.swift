public import Domain

/// What a strategy sees, and may ask for, during a callback; between callbacks, the state of the engine.
///
/// Everything here is what the desk has been *told* so far: books by feed, positions and orders by reports.
@safe public struct Desk: ~Copyable {
    /// How many wishes one callback may make (`docs/safety.md`, L29).
    public static let wishesPerCallback = 100
    /// How many different tags the orders known at one time may have: they are kept outside the script's memory.
    public static let tagLimit = 1 << 20

    public let instruments: [Instrument]
    public internal(set) var now: Timestamp
    /// One book per instrument, at an address that stays.
    public let books: UnsafeMutablePointer<Book>
    /// One state per instrument, at an address that stays.
    public let markets: UnsafeMutablePointer<MarketState>
    public internal(set) var portfolio: Portfolio
    public let markMode: MarkMode
    /// By place in `portfolio.currencies`: how an amount becomes one of the reporting currency.
    let conversions: [Conversion?]
    /// By place in `portfolio.currencies`: whether it is the reporting currency, as it nearly always is.
    let isReporting: [Bool]
    /// By instrument: the value of one lot at one tick, beside each other instead of inside large records.
    let tickLots: [Int128]
    /// By instrument: up to here ticks × lots times ``tickLots`` fits.
    let largestTickLots: [UInt64]
    let dataKinds: [DataKind]
    public let reportingCurrency: String
    let checksBalances: Bool
    /// Whether an instrument's bars are made of trades; else of middles.
    let barsFromTrades: [Bool]
    /// Recorded orders by id, on tapes that hold single orders.
    let orderBooks: UnsafeMutablePointer<OrderBook>

    /// What others on the account have open or hold, by instrument; counts in this engine's limits.
    var foreign: [ForeignExposure]
    var hasForeign = false
    /// Whether a limit of the account in the reporting currency (C12) is set.
    let valuesAccount: Bool
    /// What the venues say they hold for us, by currency; empty before they said it. The gate believes the lesser of theirs and ours.
    var venueBalances: [(venue: String, currency: String, total: Amount)] = []
    /// Of venues that lend instead of holding: what was left to sell, and what we counted ourselves at that moment.
    var credits: [String: (left: Amount, counted: Amount)] = [:]
    var orders: OrderTable
    var timers = TimerQueue()
    var bars: BarSubscriptions
    var wishes: [Wish] = []
    var wishLimit = Desk.wishesPerCallback
    var quoteRequests = QuoteRequestList()
    private var tags = TagTable()
    /// Highest equity seen at a sample or fill, the starting equity at first.
    public internal(set) var peakEquity: Amount
    /// As of the last sample or fill.
    public internal(set) var lastValuation = Valuation()
    /// Why the strategy asked to end, where it did.
    public internal(set) var stopReason: String?
    /// Set once the strategy has been stopped: nothing may be asked any more.
    public internal(set) var isClosed = false
    /// What the strategy plotted and logged, until the driver takes it.
    public var notes: [Note] = []

    public init(setup: DeskSetup) {
        instruments = setup.instruments
        now = Timestamp(nanoseconds: .min)
        let count = max(setup.instruments.count, 1)
        unsafe books = .allocate(capacity: count)
        unsafe markets = .allocate(capacity: count)
        unsafe orderBooks = .allocate(capacity: count)
        for index in 0..<count {
            unsafe (books + index).initialize(to: Book())
            let perLot = index < setup.instruments.count ? setup.instruments[index].unitsPerLot : 1
            unsafe (markets + index).initialize(to: MarketState(unitsPerLot: perLot))
            unsafe (orderBooks + index).initialize(to: OrderBook())
        }
        portfolio = Portfolio(instruments: setup.instruments, balances: setup.balances)
        markMode = setup.markMode
        reportingCurrency = setup.reportingCurrency
        checksBalances = setup.checksBalances
        barsFromTrades = setup.barsFromTrades
        conversions = Conversion.table(of: portfolio.currencies, into: setup.reportingCurrency, instruments: setup.instruments)
        isReporting = conversions.map { $0 == .same }
        tickLots = setup.instruments.map(\.tickLot.raw)
        largestTickLots = setup.instruments.map { UInt64(clamping: Int128.max / max($0.tickLot.raw, 1)) }
        dataKinds = setup.instruments.map(\.dataKind)
        orders = OrderTable(instrumentCount: setup.instruments.count)
        valuesAccount = setup.valuesAccount
        foreign = Array(repeating: ForeignExposure(), count: setup.instruments.count)
        bars = BarSubscriptions(instruments: setup.instruments)
        peakEquity = .zero
        for fill in setup.history { _ = portfolio.apply(fill.fill, side: fill.side, instrument: fill.instrument) }
        for balance in setup.history.isEmpty ? [] : setup.balances { portfolio.setBalance(balance.currency, balance.amount) }
        for left in setup.leftOrders { orders.adopt(left.request, as: left.name, filled: left.filled, at: left.created) }
        peakEquity = equity()
    }

    deinit {
        let count = max(instruments.count, 1)
        unsafe books.deinitialize(count: count)
        unsafe books.deallocate()
        unsafe markets.deinitialize(count: count)
        unsafe markets.deallocate()
        unsafe orderBooks.deinitialize(count: count)
        unsafe orderBooks.deallocate()
    }

    /// The tag's place in the list; the same text has the same place while an order has it. Nil where it would be one tag too many.
    public mutating func tag(_ text: String) -> OrderTag? {
        if let tag = tags.tag(text) { return tag }
        guard tags.count <= Desk.tagLimit else { return nil }
        return tags.add(text, orders: orders)
    }

    public func text(of tag: OrderTag) -> String { tags.text(of: tag) }
    /// Of different texts that an order known to the desk may have.
    package var tagCount: Int { tags.count }

    /// Asks the run to end in good order after this callback.
    public mutating func stop(_ reason: String) {
        if stopReason == nil { stopReason = reason }
    }
}

/// What a desk is made from.
public struct DeskSetup: Sendable {
    public var instruments: [Instrument]
    public var balances: [(currency: String, amount: Amount)]
    public var reportingCurrency: String
    public var markMode: MarkMode
    /// Whether the gate reserves balances (C13); spot rules and live.
    public var checksBalances: Bool
    /// By instrument: whether its tape holds trades, so that bars are made of them.
    public var barsFromTrades: [Bool]
    /// Whether the gate has a limit in the reporting currency (C12).
    public var valuesAccount = false
    /// Fills of earlier runs, in order: the positions go on from them, at their cost. The balances are those of now.
    public var history: [(fill: Fill, side: Side, instrument: InstrumentID)] = []
    /// Orders of an earlier run that may still live: unknown until the venue has been asked.
    public var leftOrders: [LeftOrder] = []

    /// An order that an earlier start left.
    public struct LeftOrder: Hashable, Sendable {
        public var request: OrderRequest
        public var name: String
        public var filled: Quantity
        public var created: Timestamp
        public init(request: OrderRequest, name: String, filled: Quantity, created: Timestamp) {
            (self.request, self.name, self.filled, self.created) = (request, name, filled, created)
        }
    }

    public init(
        instruments: [Instrument], balances: [(currency: String, amount: Amount)], reportingCurrency: String,
        markMode: MarkMode = .mid, checksBalances: Bool = false, barsFromTrades: [Bool]? = nil
    ) {
        (self.instruments, self.balances, self.reportingCurrency) = (instruments, balances, reportingCurrency)
        (self.markMode, self.checksBalances) = (markMode, checksBalances)
        self.barsFromTrades = barsFromTrades ?? Array(repeating: true, count: instruments.count)
    }
}

/// A line a strategy left for people.
public enum Note: Hashable, Sendable {
    public enum Level: String, Hashable, Sendable { case debug, info, warn, error }
    case log(at: Timestamp, level: Level, text: String)
    case plot(at: Timestamp, series: String, value: Double)  // house-ok: a line for the eye, never money
}
