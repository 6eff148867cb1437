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

    mutating func noteAmend(_ cleared: ClearedAmendment) {
        amendsOut += 1
        amendTotal = max(amendTotal, order.filled + cleared.amendment.quantity)
        if let charge, charge.price > cleared.charge.price {
            amendCharge = cleared.charge
        } else {
            (charge, amendCharge) = (cleared.charge, nil)
        }
    }

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
@safe struct OrderTable: ~Copyable {
    static let retainedFinalOrders = 4_096

    /// One place an order, reused: an order is read and changed where it stands.
    private var records: UnsafeMutablePointer<OrderRecord>
    private var capacity = 64
    private var used = 0
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
        unsafe records = .allocate(capacity: capacity)
    }

    deinit {
        unsafe records.deinitialize(count: used)
        unsafe records.deallocate()
    }

    mutating func nextID() -> OrderID {
        lastID += 1
        return OrderID(lastID)
    }

    mutating func open(_ request: OrderRequest, at time: Timestamp) {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            unsafe records[slot] = OrderRecord(order: Order(request, created: time))
        } else {
            if used == capacity { grow() }
            slot = used
            used += 1
            unsafe (records + slot).initialize(to: OrderRecord(order: Order(request, created: time)))
        }
        precondition(request.id.raw == firstID + UInt64(slots.count), "order ids go up one by one")
        slots.append(Int32(slot))
        liveByInstrument[request.instrument.position].append(request.id)
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<OrderRecord>.allocate(capacity: capacity * 2)
        unsafe larger.moveInitialize(from: records, count: used)
        unsafe records.deallocate()
        unsafe records = larger
        capacity *= 2
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

    /// Where an order stands until the next one is opened; nil where the table does not know it.
    @inline(__always) func place(of id: OrderID) -> UnsafeMutablePointer<OrderRecord>? {
        guard let slot = slot(of: id) else { return nil }
        return unsafe records + slot
    }

    subscript(id: OrderID) -> OrderRecord? {
        guard let place = unsafe place(of: id) else { return nil }
        return unsafe place.pointee
    }

    @inline(__always) func isOpen(_ id: OrderID) -> Bool {
        guard let place = unsafe place(of: id) else { return false }
        return unsafe place.pointee.order.isOpen
    }

    /// Changes one order in place. The order must be there.
    @inline(__always)
    mutating func update<Answer>(_ id: OrderID, _ change: (inout OrderRecord) -> Answer) -> Answer? {
        guard let place = unsafe place(of: id) else { return nil }
        return unsafe change(&place.pointee)
    }

    /// An amendment leaves: until it is answered the order counts as it stands or as it would, whichever is more.
    mutating func noteAmend(_ cleared: ClearedAmendment) {
        guard let place = unsafe place(of: cleared.amendment.id) else { return }
        unsafe place.pointee.noteAmend(cleared)
    }

    /// Takes a final order off the live list. Answers the orders that are evicted by it.
    mutating func retire(_ id: OrderID) -> OrderID? {
        guard let place = unsafe place(of: id) else { return nil }
        unsafe takeOffLive(id, place.pointee.order.instrument)
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
        if unsafe records[slot].order.isOpen { unsafe takeOffLive(id, records[slot].order.instrument) }
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
        for slot in 0..<used { unsafe body(records[slot].order.request.tag) }
    }

    /// Live orders of one instrument, oldest first, wishes that are not yet judged included.
    func live(_ instrument: InstrumentID) -> [OrderID] { liveByInstrument[instrument.position] }

    @inline(__always) func liveCount(_ instrument: Int) -> Int { liveByInstrument[instrument].count }

    /// One of the instrument's live orders by its age, where it stands.
    @inline(__always) func live(_ instrument: Int, at place: Int) -> UnsafePointer<OrderRecord> {
        guard let slot = slot(of: liveByInstrument[instrument][place]) else { preconditionFailure("a live order is not in the table") }
        return unsafe UnsafePointer(records + slot)
    }

    /// Every live order, by instrument, oldest first.
    var allLive: [OrderID] { liveByInstrument.flatMap { $0 } }
}
