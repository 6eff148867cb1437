/// Something that folds a run of values, oldest first, and joins with the fold of the run after it.
protocol WindowFold: BitwiseCopyable {
    static var empty: Self { get }
    /// The fold of this run followed by one more value, itself given as a fold of one.
    func adding(_ one: Self) -> Self
    /// The fold of this run followed by a newer one.
    func followed(by newer: Self) -> Self
}

/// The fold of the last `capacity` values.
///
/// A window is two runs: what is left of the last full block, kept as suffix folds, and the values since, kept as one
/// growing fold. Only values that are in the window ever take part in its answer, so nothing that has left can leave
/// an error behind: there is no subtraction.
/// - Complexity: amortised three folds a value; every `capacity` values the block's suffix folds are made at once.
/// - Source: the queue from two stacks; M. van Herk (1992), J. Gil and M. Werman (1993) for fixed windows.
@safe struct SlidingWindow<Fold: WindowFold>: ~Copyable {
    private let capacity: Int
    /// Below `age`: the values since the last full block. From `age` on: suffix folds of that block.
    private let slots: UnsafeMutablePointer<Fold>
    private var age = 0
    private var newer = Fold.empty
    private var isFull = false

    init(_ capacity: Int) {
        precondition(capacity > 0, "a window holds at least one value")
        self.capacity = capacity
        unsafe slots = UnsafeMutablePointer.allocate(capacity: capacity)
        unsafe slots.initialize(repeating: .empty, count: capacity)
    }

    deinit { unsafe slots.deallocate() }

    static func byteCount(_ capacity: Int) -> Int { capacity * MemoryLayout<Fold>.stride }

    /// Takes one value in; the two runs of the window, older first, once it is full.
    @inline(__always) mutating func push(_ one: Fold) -> (older: Fold, newer: Fold)? {
        unsafe slots[age] = one
        newer = newer.adding(one)
        age += 1
        if age == capacity { return (.empty, turnOver()) }
        return isFull ? unsafe (slots[age], newer) : nil
    }

    /// Makes the block that has just filled up the older run.
    @inline(never) private mutating func turnOver() -> Fold {
        for index in stride(from: capacity - 2, through: 0, by: -1) {
            unsafe slots[index] = slots[index].followed(by: slots[index + 1])
        }
        defer { newer = .empty }
        age = 0
        isFull = true
        return newer
    }
}

extension SlidingWindow {
    /// Takes one value in; the fold of the whole window, once it is full.
    @inline(__always) mutating func fold(_ one: Fold) -> Fold? {
        push(one).map { $0.older.followed(by: $0.newer) }
    }
}
