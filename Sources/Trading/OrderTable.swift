public import Domain
public import Risk

/// An order with what the table knows beside its life: why it ended, and the venue's name for it.
public struct OrderRecord: Sendable {
    public var order: Order
    /// The lower-case code of a refusal or a venue's rejection, else empty.
    public var reason = ""
    /// Risk has cleared it and it was handed over; before that it is a wish.
    public var isSent = false
    /// What the gate charged it with; nil until it is cleared.
    public var charge: Charge?
    /// Since when its answer is lost; `.never` where it is not.
    public var lostSince = Timestamp.never
    /// Amendments that left and are not answered.
    var amendsOut = 0
    /// Filled and open together as the amendments on their way would have it, the most of them.
    var amendTotal = Quantity.zero
    /// What the order is charged with once the last of them is answered.
    var amendCharge: Charge?
    /// The name under which an earlier start sent it; nil for an order of this run.
    public var adoptedAs: String?

    /// As scripts see it: a refused wish is a rejected order.
    public var stateName: String { order.stateName }

    /// Once no amendment is on its way any more, the order counts as it stands.
    mutating func settleAmends(_ fact: ExecutionReport.Fact) {
        switch fact {
        case .amended, .amendRejected: amendsOut = max(amendsOut - 1, 0)
        case .accepted, .rejected, .filled, .cancelled, .expired, .cancelRejected: return
        }
        guard amendsOut == 0 else { return }
        amendTotal = .zero
        if let next = amendCharge { (charge, amendCharge) = (next, nil) }
    }

    /// What may be open at the venue: as the order stands, or as an amendment on its way would have it.
    var worstLeaves: Quantity {
        guard amendsOut > 0, amendTotal > order.request.quantity, amendTotal > order.filled else { return order.leaves }
        return amendTotal - order.filled
    }
}

/// Our orders by id; live ones also per instrument in order of creation. Never iterated by hash.
///
/// Final orders are kept for a while, because a fill may follow a cancel; then they are evicted, oldest first, so that the
/// table does not grow with the run. Ids count from 1, so an id finds its order by a subtraction, not by a hash.
struct OrderTable {
    static let retainedFinalOrders = 4_096

    private var records: [OrderRecord] = []
    private var freeSlots: [Int] = []
    /// Slot of each order by `id − firstID`, −1 where it is gone.
    private var slots: [Int32] = []
    private var firstID: UInt64 = 1
    /// How many places at the front of ``slots`` are empty.
    private var emptyFront = 0
    private var liveByInstrument: [[OrderID]]
    private var finals: [OrderID] = []
    private var evictedFinals = 0
    private var lastID: UInt64 = 0

    init(instrumentCount: Int) {
        liveByInstrument = Array(repeating: [], count: instrumentCount)
    }

    mutating func nextID() -> OrderID {
        lastID += 1
        return OrderID(lastID)
    }

    mutating func open(_ request: OrderRequest, at time: Timestamp) {
        let record = OrderRecord(order: Order(request, created: time))
        let slot: Int
        if let free = freeSlots.popLast() {
            records[free] = record
            slot = free
        } else {
            slot = records.count
            records.append(record)
        }
        precondition(request.id.raw == firstID + UInt64(slots.count), "order ids go up one by one")
        slots.append(Int32(slot))
        liveByInstrument[request.instrument.position].append(request.id)
    }

    /// Takes over an order of an earlier start, in the state of which nothing is known.
    mutating func adopt(_ draft: OrderRequest, as name: String, filled: Quantity, at time: Timestamp) {
        var request = draft
        request.id = nextID()
        open(request, at: time)
        _ = update(request.id) { record in
            record.isSent = true
            record.adoptedAs = name
            record.lostSince = time
            record.order.loseTrack()
            record.order.resume(filled: filled)
        }
    }

    @inline(__always) private func slot(of id: OrderID) -> Int? {
        let place = id.raw &- firstID
        guard place < UInt64(slots.count) else { return nil }
        let slot = slots[Int(place)]
        return slot < 0 ? nil : Int(slot)
    }

    subscript(id: OrderID) -> OrderRecord? {
        guard let slot = slot(of: id) else { return nil }
        return records[slot]
    }

    @inline(__always)
    func read<Answer>(_ id: OrderID, _ body: (OrderRecord) -> Answer) -> Answer? {
        guard let slot = slot(of: id) else { return nil }
        return body(records[slot])
    }

    /// The order alone, without what would have to be counted as a reference.
    func order(_ id: OrderID) -> Order? {
        guard let slot = slot(of: id) else { return nil }
        return records[slot].order
    }

    /// The order where it was handed over, nil for a wish.
    func sent(_ id: OrderID) -> Order? {
        guard let slot = slot(of: id), records[slot].isSent else { return nil }
        return records[slot].order
    }

    func isOpen(_ id: OrderID) -> Bool {
        guard let slot = slot(of: id) else { return false }
        return records[slot].order.isOpen
    }

    /// Changes one order in place. The order must be there.
    mutating func update<Answer>(_ id: OrderID, _ change: (inout OrderRecord) -> Answer) -> Answer? {
        guard let slot = slot(of: id) else { return nil }
        return change(&records[slot])
    }

    /// An amendment leaves: until it is answered the order counts as it stands or as it would, whichever is more.
    mutating func noteAmend(_ cleared: ClearedAmendment) {
        guard let slot = slot(of: cleared.amendment.id) else { return }
        let total = records[slot].order.filled + cleared.amendment.quantity
        records[slot].amendsOut += 1
        records[slot].amendTotal = max(records[slot].amendTotal, total)
        if let charge = records[slot].charge, charge.price > cleared.charge.price {
            records[slot].amendCharge = cleared.charge
        } else {
            (records[slot].charge, records[slot].amendCharge) = (cleared.charge, nil)
        }
    }

    /// Takes a final order off the live list. Answers the orders that are evicted by it.
    mutating func retire(_ id: OrderID) -> OrderID? {
        guard let slot = slot(of: id) else { return nil }
        takeOffLive(id, records[slot].order.instrument)
        finals.append(id)
        guard finals.count - evictedFinals > OrderTable.retainedFinalOrders else { return nil }
        let evicted = finals[evictedFinals]
        evictedFinals += 1
        if evictedFinals > OrderTable.retainedFinalOrders {
            finals.removeFirst(evictedFinals)
            evictedFinals = 0
        }
        drop(evicted)
        return evicted
    }

    /// Removes a wish that was never judged, because its callback failed.
    mutating func drop(_ id: OrderID) {
        guard let slot = slot(of: id) else { return }
        if records[slot].order.isOpen { takeOffLive(id, records[slot].order.instrument) }
        slots[Int(id.raw - firstID)] = -1
        freeSlots.append(slot)
        while emptyFront < slots.count, slots[emptyFront] < 0 { emptyFront += 1 }
        if emptyFront > OrderTable.retainedFinalOrders, emptyFront * 2 > slots.count {
            slots.removeFirst(emptyFront)
            firstID += UInt64(emptyFront)
            emptyFront = 0
        }
    }

    /// - Complexity: O(log live orders), and a move of the younger ones.
    private mutating func takeOffLive(_ id: OrderID, _ instrument: InstrumentID) {
        var (low, high) = (0, liveByInstrument[instrument.position].count)
        while low < high {
            let middle = (low + high) / 2
            if liveByInstrument[instrument.position][middle] < id { low = middle + 1 } else { high = middle }
        }
        guard low < liveByInstrument[instrument.position].count, liveByInstrument[instrument.position][low] == id else { return }
        liveByInstrument[instrument.position].remove(at: low)
    }

    /// The tag of every order that is kept, in no order that means anything; some of orders gone by.
    func eachTag(_ body: (OrderTag) -> Void) {
        for record in records { body(record.order.request.tag) }
    }

    /// Live orders of one instrument, oldest first, wishes that are not yet judged included.
    func live(_ instrument: InstrumentID) -> [OrderID] { liveByInstrument[instrument.position] }

    func liveCount(_ instrument: Int) -> Int { liveByInstrument[instrument].count }

    /// One of the instrument's live orders by its age, read where it stands: nothing to count as a reference.
    @inline(__always) func live(_ instrument: Int, at place: Int) -> (order: Order, charge: Charge?, leaves: Int64) {
        guard let slot = slot(of: liveByInstrument[instrument][place]) else { preconditionFailure("a live order is not in the table") }
        return (records[slot].order, records[slot].charge, records[slot].worstLeaves.lots)
    }

    /// Every live order, by instrument, oldest first.
    var allLive: [OrderID] { liveByInstrument.flatMap { $0 } }
}
