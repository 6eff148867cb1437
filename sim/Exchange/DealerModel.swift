public import Domain

/// How a simulated dealer answers requests for quotes.
///
/// - Source: `docs/rfq.md`.
public struct DealerModel: Hashable, Sendable {
    /// The whole of a request is priced by the first tier that reaches its value; beyond the last it is declined.
    public struct Tier: Hashable, Sendable {
        /// Value at the middle, in the quote currency.
        public var upTo: Amount
        /// Between the dealer's two prices, as a fraction of the middle.
        public var spread: ExactDecimal
        public init(upTo: Amount, spread: ExactDecimal) { (self.upTo, self.spread) = (upTo, spread) }
    }

    /// In order of ``Tier/upTo``.
    public var tiers: [Tier]
    /// From the moment it leaves the dealer.
    public var life = Span(nanoseconds: 5_000_000_000)
    /// Between a request's arrival and its quote, and up to how much more, drawn anew each time.
    public var latency = Span(nanoseconds: 50_000_000)
    public var jitter = Span(nanoseconds: 50_000_000)
    /// How long the dealer looks at the market before it honours an acceptance, and how far the middle may have moved against it
    /// since the quote, as a fraction.
    public var lastLook = Span(nanoseconds: 100_000_000)
    public var tolerance = DealerModel.basisPoints(5)
    /// The share of requests that it declines for no reason.
    public var declines = ExactDecimal.zero
    public var seed: UInt64 = 0
    /// Venues at which it stands; nil: at all of them.
    public var venues: Set<String>?

    public init() {
        tiers = [(10_000, 10), (100_000, 20), (1_000_000, 40)].map { value, points in
            Tier(upTo: Amount(raw: value * ExactDecimal.powerOfTen(Amount.scale)), spread: DealerModel.basisPoints(points))
        }
    }

    static func basisPoints(_ count: Int128) -> ExactDecimal { ExactDecimal(mantissa: count, scale: 4) }
}

/// A dealer beside a market: what it has been asked, what it has quoted, and acceptances on which it takes its last look.
struct Dealer {
    /// Draws a number for each request in order, so that the same requests get the same answers.
    struct Dice {
        private var state: UInt64
        init(seed: UInt64) { state = seed }

        /// SplitMix64.
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        /// From 0 up to, without, `bound`.
        mutating func below(_ bound: Int64) -> Int64 { bound <= 0 ? 0 : Int64(next() % UInt64(bound)) }
    }

    struct Quoted {
        let quote: Quote
        /// The middle it was made from, half ticks.
        let halfTicks: Int64
    }

    enum Job {
        case answer(QuoteRequest, declines: Bool)
        case look(OrderRequest, Quoted)
    }

    let model: DealerModel
    var dice: Dice
    private var jobs: [(due: Int64, job: Job)] = []
    private var quotes: [Quoted] = []
    /// Quotes whose end is so far back that no acceptance can be under way are forgotten beyond this many.
    static let remembered = 1_024

    init(_ model: DealerModel) {
        self.model = model
        dice = Dice(seed: model.seed)
    }

    var nextDue: Int64 { jobs.reduce(.max) { min($0, $1.due) } }

    /// The earliest job, by time, then in order of coming.
    mutating func take(dueBy time: Int64) -> Job? {
        guard let index = jobs.indices.min(by: { jobs[$0].due < jobs[$1].due }), jobs[index].due <= time else { return nil }
        return jobs.remove(at: index).job
    }

    func isLooking(at order: OrderID) -> Bool {
        jobs.contains { if case .look(let request, _) = $0.job { request.id == order } else { false } }
    }

    mutating func add(_ job: Job, due: Int64) { jobs.append((due, job)) }

    mutating func remember(_ quoted: Quoted) {
        if quotes.count == Dealer.remembered { quotes.removeFirst() }
        quotes.append(quoted)
    }

    /// The quote that an acceptance names, once: it is gone then.
    mutating func use(_ id: QuoteID) -> Quoted? {
        guard let index = quotes.lastIndex(where: { $0.quote.id == id }) else { return nil }
        return quotes.remove(at: index)
    }

    /// The dealer's price: half the tier's spread from the middle, on the tick that is worse for us. Nil beyond the last tier, or
    /// where no tick is left.
    func price(_ side: Side, halfTicks: Int64, value: Amount) -> Int64? {
        guard let tier = model.tiers.first(where: { value <= $0.upTo }) else { return nil }
        let unit = ExactDecimal.powerOfTen(tier.spread.scale)
        // Quarters of a tick × unit: the middle in half ticks, half a spread of it.
        let middle = Int128(halfTicks) * 2 * unit
        let half = Int128(halfTicks) * tier.spread.mantissa
        let divisor = 4 * unit
        let exact = side == .buy ? middle + half : middle - half
        let down = exact >= 0 ? exact / divisor : (exact - divisor + 1) / divisor
        let ticks = side == .buy && down * divisor != exact ? down + 1 : down
        return ticks > 0 ? Int64(exactly: ticks) : nil
    }

    /// Whether the middle has moved against the dealer by more than it bears: up where it sells to us, down where it buys.
    func refuses(_ quoted: Quoted, halfTicks now: Int64) -> Bool {
        let moved = Int128(quoted.quote.side.sign) * Int128(now - quoted.halfTicks)
        return moved * ExactDecimal.powerOfTen(model.tolerance.scale) > Int128(quoted.halfTicks) * model.tolerance.mantissa
    }
}
