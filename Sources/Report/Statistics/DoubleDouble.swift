/// A number as the unevaluated sum of two doubles, about 106 bits: sums over millions of returns lose nothing that shows,
/// and results are the same on every machine, since only exactly rounded operations are used.
///
/// - Source: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
///   Y. Hida, X. S. Li, D. H. Bailey, "Library for double-double and quad-double arithmetic" (2007).
struct DoubleDouble: Hashable, Sendable {
    let high: Double
    let low: Double
    static let zero = DoubleDouble(0)

    init(_ value: Double) {
        high = value
        low = 0
    }

    /// The exact sum of two doubles, the first of which is the larger one.
    private init(larger: Double, smaller: Double) {
        high = larger + smaller
        low = smaller - (high - larger)
    }

    /// `ln 2` and such: given by hand.
    init(high: Double, low: Double) {
        self.high = high
        self.low = low
    }

    var value: Double { high + low }

    static func sum(_ a: Double, _ b: Double) -> DoubleDouble {
        let high = a + b
        let part = high - a
        return DoubleDouble(high: high, low: (a - (high - part)) + (b - part))
    }

    static func product(_ a: Double, _ b: Double) -> DoubleDouble {
        let high = a * b
        return DoubleDouble(high: high, low: (-high).addingProduct(a, b))
    }

    static func + (lhs: DoubleDouble, rhs: DoubleDouble) -> DoubleDouble {
        let highs = sum(lhs.high, rhs.high)
        let lows = sum(lhs.low, rhs.low)
        let first = DoubleDouble(larger: highs.high, smaller: highs.low + lows.high)
        return DoubleDouble(larger: first.high, smaller: first.low + lows.low)
    }

    static prefix func - (value: DoubleDouble) -> DoubleDouble { DoubleDouble(high: -value.high, low: -value.low) }

    static func - (lhs: DoubleDouble, rhs: DoubleDouble) -> DoubleDouble { lhs + -rhs }

    static func * (lhs: DoubleDouble, rhs: DoubleDouble) -> DoubleDouble {
        let highs = product(lhs.high, rhs.high)
        return DoubleDouble(larger: highs.high, smaller: highs.low + (lhs.high * rhs.low + lhs.low * rhs.high))
    }

    static func / (lhs: DoubleDouble, rhs: DoubleDouble) -> DoubleDouble {
        let first = lhs.high / rhs.high
        let rest = lhs - rhs * DoubleDouble(first)
        let second = rest.high / rhs.high
        let last = rest - rhs * DoubleDouble(second)
        return DoubleDouble(larger: first, smaller: second) + DoubleDouble(last.high / rhs.high)
    }

    static func += (lhs: inout DoubleDouble, rhs: DoubleDouble) { lhs = lhs + rhs }
    static func += (lhs: inout DoubleDouble, rhs: Double) { lhs = lhs + DoubleDouble(rhs) }
}
