internal import Domain

/// The orders of a level-3 tape by their number: open addressing with linear probing, so that a record costs no allocation.
@safe struct RecordedOrders: ~Copyable {
    struct Entry: BitwiseCopyable {
        var id: Int64
        var price: Int64
        var units: Int64
        var arrival: UInt64
        var side: Side
        var isUsed: Bool
    }

    private var slots: UnsafeMutablePointer<Entry>
    private var mask: Int
    private(set) var count = 0

    init() {
        mask = 63
        unsafe slots = RecordedOrders.emptySlots(64)
    }

    deinit { unsafe slots.deallocate() }

    private static func emptySlots(_ count: Int) -> UnsafeMutablePointer<Entry> {
        let slots = UnsafeMutablePointer<Entry>.allocate(capacity: count)
        let empty = Entry(id: 0, price: 0, units: 0, arrival: 0, side: .buy, isUsed: false)
        unsafe slots.initialize(repeating: empty, count: count)
        return unsafe slots
    }

    @inline(__always) private func home(_ id: Int64) -> Int {
        let mixed = UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }

    /// The entry's slot, or the free one where it would go.
    private func slot(_ id: Int64) -> Int {
        var slot = home(id)
        while unsafe slots[slot].isUsed && slots[slot].id != id { slot = (slot + 1) & mask }
        return slot
    }

    func find(_ id: Int64) -> Entry? {
        let slot = slot(id)
        return unsafe slots[slot].isUsed ? slots[slot] : nil
    }

    mutating func put(_ entry: Entry) {
        if count * 2 > mask { grow() }
        let slot = slot(entry.id)
        if unsafe !slots[slot].isUsed { count += 1 }
        unsafe slots[slot] = entry
    }

    mutating func remove(_ id: Int64) {
        var hole = slot(id)
        if unsafe !slots[hole].isUsed { return }
        unsafe slots[hole].isUsed = false
        count -= 1
        var probe = (hole + 1) & mask
        while unsafe slots[probe].isUsed {
            let distance = (probe - home(unsafe slots[probe].id)) & mask
            if distance >= (probe - hole) & mask {
                unsafe slots[hole] = slots[probe]
                unsafe slots[probe].isUsed = false
                hole = probe
            }
            probe = (probe + 1) & mask
        }
    }

    /// Forgets the orders of one side, or of both.
    mutating func removeAll(_ side: Side?) {
        var kept: [Entry] = []
        for slot in 0...mask where unsafe slots[slot].isUsed {
            if let side, unsafe slots[slot].side != side { unsafe kept.append(slots[slot]) }
            unsafe slots[slot].isUsed = false
        }
        count = 0
        for entry in kept { put(entry) }
    }

    private mutating func grow() {
        let old = unsafe slots
        let oldMask = mask
        mask = mask * 2 + 1
        unsafe slots = RecordedOrders.emptySlots(mask + 1)
        count = 0
        for slot in 0...oldMask where unsafe old[slot].isUsed { unsafe put(old[slot]) }
        unsafe old.deallocate()
    }
}
