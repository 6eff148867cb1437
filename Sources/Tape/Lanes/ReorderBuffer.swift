import Domain

/// Sorts records by exchange time, stably, while they stream by: holds back those that an unread block may still precede.
///
/// - Complexity: memory is one block and what the disorder holds back.
@safe struct ReorderBuffer: ~Copyable {
    private struct Key {
        let time: Int64
        let row: Int32
    }

    /// The stretch handed out last, and behind it the records held back, in order.
    private var current = Storage()
    private var spare = Storage()
    private var ready = 0
    private var keys: [Key] = []

    /// No record is held back.
    var isEmpty: Bool { current.count == ready }

    /// Takes the next block; hands out, in order, all records with times up to `limit`, the earliest of any unread block.
    mutating func add(
        _ block: UnsafeBufferPointer<MarketRecord>, without skippedFlag: UInt8, isSorted: Bool, upTo limit: Int64
    ) -> UnsafeBufferPointer<MarketRecord> {
        keys.removeAll(keepingCapacity: true)
        for row in block.indices where unsafe block[row].flags & skippedFlag == 0 {
            keys.append(Key(time: unsafe block[row].exchangeTime, row: Int32(row)))
        }
        if !isSorted { sortKeys() }
        let heldBack = current.count - ready
        spare.reserve(heldBack + keys.count)
        unsafe merge(block, heldBack: heldBack)
        swap(&current, &spare)
        ready = current.countUpTo(limit)
        return unsafe UnsafeBufferPointer(start: current.records, count: ready)
    }

    /// By time, then row. Captures step back by a few records, where insertion is cheapest; a real shuffle is given up on.
    private mutating func sortKeys() {
        var moves = 16 * keys.count
        unsafe keys.withUnsafeMutableBufferPointer { keys in
            for place in keys.indices.dropFirst() {
                let key = unsafe keys[place]
                var hole = place
                while hole > 0, moves > 0, unsafe keys[hole - 1].time > key.time {
                    unsafe keys[hole] = unsafe keys[hole - 1]
                    hole -= 1
                    moves -= 1
                }
                unsafe keys[hole] = key
            }
        }
        if moves == 0 { keys.sort { $0.time != $1.time ? $0.time < $1.time : $0.row < $1.row } }
    }

    /// Merges what was held back with the sorted block into `spare`; at equal times what was held back came first.
    private mutating func merge(_ block: UnsafeBufferPointer<MarketRecord>, heldBack: Int) {
        var old = unsafe current.records + ready
        let oldEnd = unsafe old + heldBack
        var output = unsafe spare.records
        for key in keys {
            let row = Int(key.row)
            while unsafe old < oldEnd, unsafe old.pointee.exchangeTime <= key.time {
                unsafe output.initialize(to: old.pointee)
                unsafe output += 1
                unsafe old += 1
            }
            unsafe output.initialize(to: block[row])
            unsafe output += 1
        }
        let rest = unsafe oldEnd - old
        unsafe output.initialize(from: old, count: rest)
        spare.count = heldBack + keys.count
    }

    @safe private struct Storage: ~Copyable {
        var records: UnsafeMutablePointer<MarketRecord> = .allocate(capacity: 1)
        var capacity = 1
        var count = 0

        deinit { unsafe records.deallocate() }

        mutating func reserve(_ needed: Int) {
            if needed <= capacity { return }
            unsafe records.deallocate()
            capacity = max(needed, 2 * capacity)
            unsafe records = .allocate(capacity: capacity)
        }

        /// How many records, in order, have times up to `limit`.
        func countUpTo(_ limit: Int64) -> Int {
            var (low, high) = (0, count)
            while low < high {
                let middle = (low + high) / 2
                if unsafe records[middle].exchangeTime <= limit { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
}
