/// An exponential average, seeded with the plain mean of its first `count` values: EMA (weight 2/(n+1)) and
/// Wilder's average (weight 1/n).
///
/// The state forgets its own rounding as it forgets old values, and holds 106 bits besides.
struct ExponentialAverage {
    private let count: Int
    private let weight: DoubleDouble
    private var seen = 0
    /// The sum of the values so far until warm, then the average.
    private var state = DoubleDouble.zero

    /// Weight 2/(n+1), the usual EMA.
    init(span count: Int) { self.init(count, weight: DoubleDouble(2) / Double(count + 1)) }
    /// Weight 1/n. - Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978).
    init(wilder count: Int) { self.init(count, weight: DoubleDouble(1) / Double(count)) }

    private init(_ count: Int, weight: DoubleDouble) {
        precondition(count > 0, "an average needs at least one value")
        (self.count, self.weight) = (count, weight)
    }

    var isWarm: Bool { seen == count }
    /// Meaningful once warm.
    @inline(__always) var value: DoubleDouble { state }

    @inline(__always) mutating func push(_ value: Double) { push(DoubleDouble(value)) }

    @inline(__always) mutating func push(_ value: DoubleDouble) {
        if seen == count {
            state = state + (value &+ -state) * weight
            return
        }
        state = state + value
        seen += 1
        if seen == count { state = state / Double(count) }
    }

    /// As `steps` pushes of zero; warm only.
    mutating func decay(steps: Int) {
        state = state * (DoubleDouble(1) - weight).power(steps)
    }
}

/// Steps in which nothing moved, which scale several averages alike and so leave their ratios as they are. Counted, and
/// applied at the next move: else a long quiet stretch would underflow both sides of a ratio.
struct QuietSteps {
    private var count = 0

    @inline(__always) mutating func add() { count += 1 }
    /// The number of steps to apply, which is then zero.
    @inline(__always) mutating func take() -> Int {
        defer { count = 0 }
        return count
    }
}
