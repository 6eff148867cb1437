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
    public private(set) var baselines: [String: [String: ExactDecimal]] = [:]
    public private(set) var limitsVersion: UInt32 = 0
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
        case .baseline(let venue, let currency, let total): baselines[venue, default: [:]][currency] = total
        case .limits(let version, _): limitsVersion = version
        case .note: break
        }
    }

    private mutating func add(_ fill: LedgerFill) {
        guard fills[fill.key] == nil else { return }
        fills[fill.key] = fill
        fillSequence.append(fill)
        if let clientID = fill.clientID, let order = open[clientID] { open[clientID]?.filled = order.filled.adding(fill.quantity) ?? order.filled }
    }

    /// Orders that have not ended, oldest first.
    public var openOrders: [OpenOrder] { sequence.compactMap { open[$0] } }
}
