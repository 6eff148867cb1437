internal import Glibc

/// One side of a ``Book`` in keys: ticks for bids, `~ticks` for asks, so that on both sides the best level has the largest key.
///
/// Levels inside `[origin, origin + slots)` live in a ring addressed by `key & mask`, with one occupancy bit each; all worse ones in an
/// array sorted by key. Invariant: the best level of a side that has any is inside the ring, so no hot path looks at the array.
@safe @usableFromInline struct BookSide: ~Copyable {
    @inlinable static var slots: Int { 1 << 15 }
    @inlinable static var mask: Int { slots - 1 }
    static let words = slots / 64
    /// Where in the ring the touch is put: most levels are worse than it.
    static let home = Int64(slots / 4 * 3)
    @inlinable static var none: Int64 { .min }

    @usableFromInline struct Level: BitwiseCopyable {
        var key: Int64
        var size: Int64
    }

    @usableFromInline let sizes: UnsafeMutablePointer<Int64>
    @usableFromInline let bits: UnsafeMutablePointer<UInt64>
    /// Key of the ring's first slot, a multiple of 64.
    @usableFromInline var origin: Int64 = 0
    @usableFromInline var best = BookSide.none
    /// The worse levels, ascending by key.
    @usableFromInline var far: UnsafeMutablePointer<Level>
    @usableFromInline var farCount = 0
    @usableFromInline var farCapacity = 64

    init() {
        // calloc: pages of the ring that no level ever touches cost no memory.
        guard let zeros = unsafe calloc(BookSide.slots + BookSide.words, MemoryLayout<Int64>.stride) else {
            preconditionFailure("no memory for a book")
        }
        unsafe sizes = zeros.bindMemory(to: Int64.self, capacity: BookSide.slots)
        unsafe bits = (zeros + BookSide.slots * MemoryLayout<Int64>.stride)
            .bindMemory(to: UInt64.self, capacity: BookSide.words)
        unsafe far = .allocate(capacity: farCapacity)
    }

    deinit {
        unsafe free(sizes)
        unsafe far.deallocate()
    }

    /// - Complexity: one look at every word of the ring's bits.
    var count: Int {
        var near = 0
        for word in 0..<BookSide.words { unsafe near += bits[word].nonzeroBitCount }
        return near + farCount
    }

    @inlinable @inline(__always) func holds(_ key: Int64) -> Bool {
        UInt64(bitPattern: key &- origin) < UInt64(BookSide.slots)
    }

    /// The size at `key`, zero where there is no level.
    @inlinable @inline(__always) func size(_ key: Int64) -> Int64 {
        holds(key) ? unsafe sizes[Int(key) & BookSide.mask] : farSize(key)
    }

    @usableFromInline @inline(never) func farSize(_ key: Int64) -> Int64 {
        let index = farIndex(notBelow: key)
        return unsafe index < farCount && far[index].key == key ? far[index].size : 0
    }

    /// Sets a level inside the ring; answers its old size.
    @inlinable @inline(__always) mutating func setNear(_ key: Int64, _ size: Int64) -> Int64 {
        let slot = Int(key) & BookSide.mask
        let old = unsafe sizes[slot]
        unsafe sizes[slot] = size
        let toggles: UInt64 = (old == 0) != (size == 0) ? 1 : 0
        unsafe bits[slot >> 6] ^= toggles << UInt64(slot & 63)
        // One branch, seldom taken: most changes at the touch leave its price where it is. The best that is gone counts as passed.
        let gone: Int64 = size == 0 ? 1 : 0
        if key > best &- gone {
            if size != 0 { best = key } else if key == best { lowerBest(from: key) }
        }
        return old
    }

    /// After the level at the touch has gone.
    @usableFromInline @inline(never) mutating func lowerBest(from key: Int64) {
        if let next = nearBelow(key) {
            best = next
        } else {
            best = BookSide.none
            refillFromFar()
        }
    }

    /// Sets a level outside the ring; answers its old size.
    @usableFromInline @inline(never) mutating func setFar(_ key: Int64, _ size: Int64) -> Int64 {
        if key > best || best == BookSide.none {
            if size == 0 { return 0 }
            moveRing(around: key)
            return setNear(key, size)
        }
        if best - origin < BookSide.slots / 2 && size != 0 {
            // The touch has sunk through the ring: bring the levels behind it back in.
            moveRing(around: best)
            if holds(key) { return setNear(key, size) }
        }
        let index = farIndex(notBelow: key)
        if index < farCount, unsafe far[index].key == key {
            let old = unsafe far[index].size
            if size == 0 { removeFar(at: index) } else { unsafe far[index].size = size }
            return old
        }
        if size != 0 { insertFar(Level(key: key, size: size), at: index) }
        return 0
    }

    /// The next level strictly worse than `key`.
    func below(_ key: Int64) -> Int64? {
        if key > best { return best == BookSide.none ? nil : best }
        if holds(key), let near = nearBelow(key) { return near }
        let index = farIndex(notBelow: key)
        return unsafe index > 0 ? far[index - 1].key : nil
    }

    mutating func removeAll() {
        for word in 0..<BookSide.words where unsafe bits[word] != 0 {
            unsafe (sizes + word * 64).update(repeating: 0, count: 64)
            unsafe bits[word] = 0
        }
        (farCount, best) = (0, BookSide.none)
    }
}

// MARK: - The ring

extension BookSide {
    /// The next occupied key below `key`, inside the ring; `key` is inside it.
    func nearBelow(_ key: Int64) -> Int64? {
        let slot = Int(key) & BookSide.mask
        var word = slot >> 6
        var base = key & ~63
        var found = unsafe bits[word] & ((1 << UInt64(slot & 63)) &- 1)
        while found == 0 {
            if base == origin { return nil }
            base -= 64
            word = (word - 1) & (BookSide.words - 1)
            found = unsafe bits[word]
        }
        return base + Int64(63 - found.leadingZeroBitCount)
    }

    /// After the last level of the ring has gone: the best of the far levels, if any, becomes the touch.
    @inline(never) private mutating func refillFromFar() {
        if farCount == 0 { return }
        let key = unsafe far[farCount - 1].key
        best = key
        moveRing(around: key)
    }

    /// Moves the ring so that `key`, which no level is better than, stands at its home.
    private mutating func moveRing(around key: Int64) {
        let (wanted, overflow) = key.subtractingReportingOverflow(BookSide.home)
        let target = overflow ? Int64.min : min(wanted, Int64.max - Int64(BookSide.slots) + 1) & ~63
        if target > origin { spill(below: target) }
        origin = target
        while farCount > 0, unsafe far[farCount - 1].key >= origin {
            farCount -= 1
            let level = unsafe far[farCount]
            let slot = Int(level.key) & BookSide.mask
            unsafe sizes[slot] = level.size
            unsafe bits[slot >> 6] |= 1 << UInt64(slot & 63)
        }
    }

    /// Moves the ring's levels below `key` to the far ones, all of which are worse.
    private mutating func spill(below key: Int64) {
        var base = origin
        for _ in 0..<BookSide.words {
            if base >= key { return }
            let word = (Int(base) & BookSide.mask) >> 6
            while unsafe bits[word] != 0 {
                let bit = unsafe bits[word].trailingZeroBitCount
                let size = unsafe sizes[word * 64 + bit]
                insertFar(Level(key: base + Int64(bit), size: size), at: farCount)
                unsafe sizes[word * 64 + bit] = 0
                unsafe bits[word] &= bits[word] &- 1
            }
            base &+= 64
        }
    }
}

// MARK: - The far levels

extension BookSide {
    /// The first far level whose key is not below `key`.
    private func farIndex(notBelow key: Int64) -> Int {
        var low = 0
        var high = farCount
        while low < high {
            let middle = (low + high) >> 1
            if unsafe far[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func insertFar(_ level: Level, at index: Int) {
        if farCount == farCapacity { growFar() }
        unsafe (far + index + 1).update(from: far + index, count: farCount - index)
        unsafe far[index] = level
        farCount += 1
    }

    private mutating func removeFar(at index: Int) {
        farCount -= 1
        unsafe (far + index).update(from: far + index + 1, count: farCount - index)
    }

    private mutating func growFar() {
        let larger = UnsafeMutablePointer<Level>.allocate(capacity: farCapacity * 2)
        unsafe larger.update(from: far, count: farCount)
        unsafe far.deallocate()
        unsafe far = larger
        farCapacity *= 2
    }
}
