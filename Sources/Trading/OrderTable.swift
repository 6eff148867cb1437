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

    /// As scripts see it: a refused wish is a rejected order.
    public var stateName: String { order.stateName }
}

/// Our orders by id; live ones also per instrument in order of creation. Never iterated by hash.
///
/// Final orders are kept for a while, because a fill may follow a cancel; then they are evicted, oldest first, so that the
/// table does not grow with the run.
struct OrderTable {
    static let retainedFinalOrders = 4_096

    private var records: [OrderRecord] = []
    private var freeSlots: [Int] = []
    private var slotByID: [UInt64: Int] = [:]
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
        slotByID[request.id.raw] = slot
        liveByInstrument[request.instrument.position].append(request.id)
    }

    subscript(id: OrderID) -> OrderRecord? {
        guard let slot = slotByID[id.raw] else { return nil }
        return records[slot]
    }

    /// Changes one order in place. The order must be there.
    mutating func update<Answer>(_ id: OrderID, _ change: (inout OrderRecord) -> Answer) -> Answer? {
        guard let slot = slotByID[id.raw] else { return nil }
        return change(&records[slot])
    }

    /// Takes a final order off the live list. Answers the orders that are evicted by it.
    mutating func retire(_ id: OrderID) -> OrderID? {
        guard let record = self[id] else { return nil }
        liveByInstrument[record.order.instrument.position].removeAll { $0 == id }
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
        guard let slot = slotByID.removeValue(forKey: id.raw) else { return }
        let instrument = records[slot].order.instrument
        if records[slot].order.isOpen { liveByInstrument[instrument.position].removeAll { $0 == id } }
        freeSlots.append(slot)
    }

    /// The tag of every order that is kept, in no order that means anything; some of orders gone by.
    func eachTag(_ body: (OrderTag) -> Void) {
        for record in records { body(record.order.request.tag) }
    }

    /// Live orders of one instrument, oldest first, wishes that are not yet judged included.
    func live(_ instrument: InstrumentID) -> [OrderID] { liveByInstrument[instrument.position] }

    /// Every live order, by instrument, oldest first.
    var allLive: [OrderID] { liveByInstrument.flatMap { $0 } }
}
