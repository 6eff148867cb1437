/// A level-2 order book: the size at each price of both sides, as a venue publishes it.
///
/// Near the touch a change costs two flat array writes; far levels live in a sorted array. Any price is right (also zero and below),
/// sides may cross, and a side may be empty. `docs/performance.md` has the measurements.
///
/// - Units: ticks and size units of one instrument.
@safe public struct Book: ~Copyable {
    /// What ``bestBidTicks`` is while there are no bids: worse than any price.
    @inlinable public static var noBid: Int64 { .min }
    /// What ``bestAskTicks`` is while there are no asks: worse than any price.
    @inlinable public static var noAsk: Int64 { .max }

    /// Two sides beside each other, so that choosing one is an address, not a branch.
    @usableFromInline let sides: UnsafeMutablePointer<BookSide>
    /// Changes with every change of the book.
    @inlinable public var version: UInt64 { changes }
    /// Changes when the best price of a side, or the size there, changes.
    @inlinable public var touchVersion: UInt64 { touchChanges }
    @usableFromInline var changes: UInt64 = 0
    @usableFromInline var touchChanges: UInt64 = 0

    public init() {
        unsafe sides = .allocate(capacity: 2)
        unsafe sides.initialize(to: BookSide())
        unsafe (sides + 1).initialize(to: BookSide())
    }

    deinit {
        unsafe sides.deinitialize(count: 2)
        unsafe sides.deallocate()
    }

    /// All ones for asks: `ticks ^ flip` is the key, and the largest key is the best.
    @inlinable @inline(__always) static func flip(_ side: Side) -> Int64 { 0 &- Int64(side.rawValue) }
    @inlinable @inline(__always) func half(_ side: Side) -> UnsafeMutablePointer<BookSide> {
        unsafe sides + Int(side.rawValue)
    }

    /// Sets the size of a level, zero deletes it; answers the old size.
    @discardableResult
    @inlinable @inline(__always) public mutating func set(_ side: Side, ticks: Int64, size: Int64) -> Int64 {
        precondition(size >= 0, "a level's size is negative")
        let half = unsafe half(side)
        let key = ticks ^ Book.flip(side)
        let best = unsafe half.pointee.best
        let old = unsafe half.pointee.holds(key)
            ? half.pointee.setNear(key, size) : half.pointee.setFar(key, size)
        let changed = old != size
        changes &+= changed ? 1 : 0
        touchChanges &+= changed && key >= best ? 1 : 0
        return old
    }

    /// ``set(_:ticks:size:)`` for a book of which nobody asks whether it has changed.
    @discardableResult
    @inlinable @inline(__always) public mutating func setUncounted(_ side: Side, ticks: Int64, size: Int64) -> Int64 {
        precondition(size >= 0, "a level's size is negative")
        let half = unsafe half(side)
        let key = ticks ^ Book.flip(side)
        return unsafe half.pointee.holds(key) ? half.pointee.setNear(key, size) : half.pointee.setFar(key, size)
    }

    /// Deletes every level of both sides.
    public mutating func clear() {
        clear(.buy)
        clear(.sell)
    }

    /// Deletes every level of one side.
    public mutating func clear(_ side: Side) {
        if isEmpty(side) { return }
        unsafe half(side).pointee.removeAll()
        changes &+= 1
        touchChanges &+= 1
    }

    /// The highest bid, ``noBid`` where there is none.
    @inlinable @inline(__always) public var bestBidTicks: Int64 { unsafe sides[0].best }
    /// The lowest ask, ``noAsk`` where there is none.
    @inlinable @inline(__always) public var bestAskTicks: Int64 { unsafe ~sides[1].best }
    /// The size at the best bid, zero where there is none.
    @inlinable @inline(__always) public var bestBidSize: Int64 { bestSize(.buy) }
    /// The size at the best ask, zero where there is none.
    @inlinable @inline(__always) public var bestAskSize: Int64 { bestSize(.sell) }

    /// The best price of a side, ``noBid`` or ``noAsk`` where there is none.
    @inlinable @inline(__always) public func bestTicks(_ side: Side) -> Int64 {
        unsafe half(side).pointee.best ^ Book.flip(side)
    }

    /// The size at the best price of a side, zero where there is none.
    @inlinable @inline(__always) public func bestSize(_ side: Side) -> Int64 {
        // The ring of an empty side holds zeros only, so the key of "none" needs no test.
        unsafe half(side).pointee.sizes[Int(half(side).pointee.best) & BookSide.mask]
    }

    @inlinable @inline(__always) public func isEmpty(_ side: Side) -> Bool { unsafe half(side).pointee.best == BookSide.none }

    /// The size at a price, zero where there is no level.
    @inlinable @inline(__always) public func size(_ side: Side, ticks: Int64) -> Int64 {
        unsafe half(side).pointee.size(ticks ^ Book.flip(side))
    }

    /// The next level that is worse than `ticks`: below a bid, above an ask.
    public func next(_ side: Side, after ticks: Int64) -> Int64? {
        let flip = Book.flip(side)
        return unsafe half(side).pointee.below(ticks ^ flip).map { $0 ^ flip }
    }

    /// How many prices of a side have a size.
    public func levelCount(_ side: Side) -> Int { unsafe half(side).pointee.count }
}
