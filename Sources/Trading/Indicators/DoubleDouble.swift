/// An unevaluated sum of two doubles, good for about 106 bits: what indicators keep between updates, so that a
/// running state never drifts and a large offset under a small signal costs no digits.
///
/// Error-free transformations need round-to-nearest and no reassociation, which Swift guarantees. No fused
/// multiply-add: the same digits on every machine.
/// - Source: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
///   D. E. Knuth, TAOCP vol. 2, 4.2.2.
struct DoubleDouble: BitwiseCopyable, Sendable {
    var high: Double
    var low: Double
    static let zero = DoubleDouble(0)

    @inline(__always) init(_ value: Double) { (high, low) = (value, 0) }
    @inline(__always) private init(high: Double, low: Double) { (self.high, self.low) = (high, low) }

    /// The exact sum of two doubles (Knuth).
    @inline(__always) static func sum(_ a: Double, _ b: Double) -> DoubleDouble {
        let total = a + b
        let shadow = total - a
        return DoubleDouble(high: total, low: (a - (total - shadow)) + (b - shadow))
    }

    /// The exact sum where `a` is the larger in magnitude, or zero.
    @inline(__always) private static func ordered(_ a: Double, _ b: Double) -> DoubleDouble {
        let total = a + b
        return DoubleDouble(high: total, low: b - (total - a))
    }

    /// The exact product of two doubles (Veltkamp and Dekker); both below 1e290 in magnitude.
    @inline(__always) static func product(_ a: Double, _ b: Double) -> DoubleDouble {
        let (aTop, aRest) = split(a)
        let (bTop, bRest) = split(b)
        let high = a * b
        return DoubleDouble(high: high, low: ((aTop * bTop - high) + aTop * bRest + aRest * bTop) + aRest * bRest)
    }

    @inline(__always) private static func split(_ a: Double) -> (top: Double, rest: Double) {
        let scaled = 134_217_729 * a  // 2^27 + 1
        let top = scaled - (scaled - a)
        return (top, a - top)
    }

    @inline(__always) static func + (a: DoubleDouble, b: Double) -> DoubleDouble {
        let total = sum(a.high, b)
        return ordered(total.high, total.low + a.low)
    }

    @inline(__always) static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let total = sum(a.high, b.high)
        let rest = sum(a.low, b.low)
        let partial = ordered(total.high, total.low + rest.high)
        return ordered(partial.high, partial.low + rest.low)
    }

    /// As `+` but without putting the parts in order again: a chain of them costs one addition of latency a term, and any
    /// bounded number is as exact.
    /// - Source: T. Ogita, S. M. Rump and S. Oishi, "Accurate sum and dot product" (2005), algorithm Sum2.
    @inline(__always) static func &+ (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let total = sum(a.high, b.high)
        return DoubleDouble(high: total.high, low: total.low + (a.low + b.low))
    }

    @inline(__always) static prefix func - (a: DoubleDouble) -> DoubleDouble {
        DoubleDouble(high: -a.high, low: -a.low)
    }
    @inline(__always) static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + (-b) }

    @inline(__always) static func * (a: DoubleDouble, b: Double) -> DoubleDouble {
        let exact = product(a.high, b)
        return ordered(exact.high, exact.low + a.low * b)
    }

    @inline(__always) static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let exact = product(a.high, b.high)
        return ordered(exact.high, exact.low + (a.high * b.low + a.low * b.high))
    }

    @inline(__always) static func / (a: DoubleDouble, b: Double) -> DoubleDouble {
        let first = a.high / b
        let rest = a - product(first, b)
        return ordered(first, rest.rounded / b)
    }

    /// The nearest double.
    @inline(__always) var rounded: Double { high + low }

    /// The nearest double of `self + other`, cheaper than the full sum.
    @inline(__always) func rounded(plus other: DoubleDouble) -> Double {
        let total = DoubleDouble.sum(high, other.high)
        return total.high + (total.low + (low + other.low))
    }

    /// - Complexity: O(log `exponent`).
    func power(_ exponent: Int) -> DoubleDouble {
        var (result, square, rest) = (DoubleDouble(1), self, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result * square }
            square = square * square
            rest >>= 1
        }
        return result
    }
}
