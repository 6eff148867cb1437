public import Domain

/// What the ledger adds up to: the fold of its entries, in order.
public struct LedgerState: Sendable {
    /// An order that has not ended, as far as the ledger knows.
    public struct OpenOrder: Hashable, Sendable {
        public var intent: LedgerIntent
        public var venueID: String?
        public var isCancelWanted = false
        public var isUnknown = false
        public var filled = ExactDecimal.zero
    }

    public private(set) var open: [String: OpenOrder] = [:]
    /// Client ids in the order of their intents.
    public private(set) var sequence: [String] = []
    /// Every fill of the account's life, by key.
    public private(set) var fills: [FillKey: LedgerFill] = [:]
    /// The same in the order in which they were applied: positions are their sum.
    public private(set) var fillSequence: [LedgerFill] = []
    /// Where the books of a venue's currency begin: the fills after it add up to what is there now.
    public struct Baseline: Hashable, Sendable {
        public var total: ExactDecimal
        /// How many fills of ``fillSequence`` are in it.
        public var fills: Int
    }

    /// By venue, then currency.
    public private(set) var baselines: [String: [String: Baseline]] = [:]
    /// The limits last in force: their version, and the text of them.
    public private(set) var limitsVersion: UInt32 = 0
    public private(set) var limits: String?
    /// The last start.
    public private(set) var release: LedgerRelease?
    public private(set) var lastTime: Timestamp?
    public private(set) var entries: UInt64 = 0

    public init() {}

    public mutating func apply(_ entry: LedgerEntry, at wall: Timestamp) {
        entries += 1
        lastTime = wall
        switch entry {
        case .intent(let intent):
            open[intent.clientID] = OpenOrder(intent: intent)
            sequence.append(intent.clientID)
        case .venueID(let clientID, let venueID): open[clientID]?.venueID = venueID
        case .cancelWanted(let clientID): open[clientID]?.isCancelWanted = true
        case .unknown(let clientID): open[clientID]?.isUnknown = true
        case .fill(let fill): add(fill)
        case .closed(let clientID, _):
            open[clientID] = nil
            if sequence.count > 64, sequence.count > 4 * (open.count + 1) { sequence.removeAll { open[$0] == nil } }
        case .baseline(let venue, let currency, let total): baselines[venue, default: [:]][currency] = Baseline(total: total, fills: fillSequence.count)
        case .limits(let version, let text): (limitsVersion, limits) = (version, text)
        case .release(let started): release = started
        case .accepted(let venue, _): baselines[venue] = nil
        case .note: break
        }
    }

    private mutating func add(_ fill: LedgerFill) {
        guard fills[fill.key] == nil else { return }
        fills[fill.key] = fill
        fillSequence.append(fill)
        if let clientID = fill.clientID, let order = open[clientID] { open[clientID]?.filled = order.filled.adding(fill.quantity) ?? order.filled }
    }

    /// What a venue's currency should hold; nil where the books do not begin yet.
    public func watch(_ venue: String, _ limits: BreakWatch.Limits, instruments: [Instrument], pairs: BreakWatch.Pairs = [:]) -> BreakWatch {
        var watch = BreakWatch(limits, instruments: instruments.filter { $0.venue == venue }, pairs: pairs)
        let begun = baselines[venue] ?? [:]
        for (index, fill) in fillSequence.enumerated() {
            for currency in begun.keys.sorted() where begun[currency]?.fills == index { watch.begin(currency, at: begun[currency]?.total ?? .zero) }
            if fill.key.venue == venue { watch.booked(fill, at: .min / 2) }
        }
        for currency in begun.keys.sorted() where begun[currency]?.fills == fillSequence.count { watch.begin(currency, at: begun[currency]?.total ?? .zero) }
        return watch
    }

    /// Orders that have not ended, oldest first.
    public var openOrders: [OpenOrder] { sequence.compactMap { open[$0] } }
}
