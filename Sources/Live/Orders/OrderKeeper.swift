public import Domain
public import Venues

/// Turns what a venue says into what the engine is told, once each, whatever is repeated, late or out of order.
///
/// A pure value, one per venue. It never invents a fill: where a total says more than the fills we hold, it asks.
public struct OrderKeeper: Sendable {
    public let venue: String
    /// What the client ids of this account's desk begin with.
    public let instance: String
    let instruments: [Instrument]
    let strategies: [String]
    let positions: [String: InstrumentID]
    var orders: [String: KeptOrder] = [:]
    var clientByVenueID: [String: String] = [:]
    /// Fill keys of the account's life, with what was applied: a repeat with other numbers is an alarm (F12).
    var fills: [FillKey: LedgerFill]
    /// Fills that came before we knew whose order it was.
    var strayFills: [String: [VenueFill]] = [:]
    /// Whether the venue has no place for our names: then lost orders are found by their looks.
    let bindsByLooks: Bool
    /// Orders at the venue that are not ours: they were there before, or look like nothing that we sent.
    var strangers: Set<String> = []
    /// In order of sending; ended ones are dropped from the front after a while.
    private(set) var sequence: [String] = []
    /// How long facts that do not fit are borne before the venue is asked again.
    static let patience: Int64 = 1_000_000_000

    /// - Parameter instruments: The desk's list; only those of `venue` are used.
    public init(venue: String, instance: String, instruments: [Instrument], strategies: [String], knownFills: [FillKey: LedgerFill] = [:], bindsByLooks: Bool = false) {
        self.bindsByLooks = bindsByLooks
        (self.venue, self.instance, self.instruments, self.strategies) = (venue, instance, instruments, strategies)
        fills = knownFills
        var positions: [String: InstrumentID] = [:]
        for (index, instrument) in instruments.enumerated() where instrument.venue == venue {
            positions[instrument.nativeSymbol] = InstrumentID(index: index)
        }
        self.positions = positions
    }

    /// Notes an order whose intent is in the ledger and whose bytes are about to leave.
    ///
    /// - Parameter venueID: Where the venue's name of it is made by us.
    public mutating func sending(clientID: String, strategy: Int, request: OrderRequest, at wall: Timestamp, venueID: String? = nil) {
        precondition(orders[clientID] == nil, "a client id is used once")
        let symbol = instruments[request.instrument.position].nativeSymbol
        orders[clientID] = KeptOrder(clientID: clientID, strategy: strategy, symbol: symbol, request: request, sent: wall)
        if let venueID {
            orders[clientID]?.venueID = venueID
            clientByVenueID[venueID] = clientID
        }
        sequence.append(clientID)
        if sequence.count > 8_192 { forgetOld() }
    }

    /// Takes over an order of an earlier start.
    public mutating func adopt(_ order: KeptOrder) {
        orders[order.clientID] = order
        orders[order.clientID]?.isAdopted = true
        sequence.append(order.clientID)
        if let venueID = order.venueID { clientByVenueID[venueID] = order.clientID }
    }

    /// How to name the order in a cancel; nil where it has ended, or where the venue's own id must be waited for (F9).
    public mutating func cancelling(_ clientID: String, needsVenueID: Bool) -> VenueOrderReference? {
        guard var order = orders[clientID], !order.isDone else { return nil }
        order.isCancelWanted = true
        order.cancelSeen = .min
        order.isCancelWaiting = needsVenueID && order.venueID == nil
        orders[clientID] = order
        return order.isCancelWaiting ? nil : order.reference
    }

    public func order(_ clientID: String) -> KeptOrder? { orders[clientID] }
    public func isOurs(_ clientID: String?) -> Bool { clientID.map { $0.hasPrefix(instance) && $0.utf8.count == 14 } ?? false }

    /// Orders that have not ended, oldest first.
    public var live: [KeptOrder] { sequence.compactMap { orders[$0] }.filter { !$0.isDone } }
    public var unknown: [KeptOrder] { live.filter(\.isUnknown) }

    private mutating func forgetOld() {
        let keep = 4_096
        var kept: [String] = []
        for (index, clientID) in sequence.enumerated() {
            guard let order = orders[clientID] else { continue }
            if index < sequence.count - keep, order.isDone {
                orders[clientID] = nil
                if let venueID = order.venueID { clientByVenueID[venueID] = nil }
            } else {
                kept.append(clientID)
            }
        }
        sequence = kept
    }
}
