/// `base ^ exponent` from exactly rounded operations only. The C library's `pow` differs in its last bit between machines with
/// and without fused multiply-add, and a summary must not.
package enum Power {
    private static let ln2 = DoubleDouble(high: 0x1.62E42FEFA39EFp-1, low: 0x1.ABC9E3B39803Fp-56)

    /// Nil where the result is no finite number, or the base is below zero.
    package static func raise(_ base: Double, to exponent: Double) -> Double? {
        raise(DoubleDouble(base), to: DoubleDouble(exponent))
    }

    /// Nil where the result is no finite number, or the base is below zero.
    static func raise(_ base: DoubleDouble, to exponent: DoubleDouble) -> Double? {
        guard base.high.isFinite, exponent.high.isFinite, base.high >= 0 else { return nil }
        if base.high == 0 { return exponent.high > 0 ? 0 : nil }
        let power = exponential(logarithm(base) * exponent)
        return power.isFinite ? power : nil
    }

    /// `ln x = k ln 2 + 2 atanh((m − 1) / (m + 1))` for `x = m 2^k` with `m` in [√½, √2).
    static func logarithm(_ x: DoubleDouble) -> DoubleDouble {
        var scale = x.high.exponent
        if x.high.significand > 1.4142135623730951 { scale += 1 }
        let shrink = Double(sign: .plus, exponent: -scale, significand: 1)
        let m = DoubleDouble(high: x.high * shrink, low: x.low * shrink)
        let t = (m - DoubleDouble(1)) / (m + DoubleDouble(1))
        let square = t * t
        var term = t
        var sum = t
        var divisor = 3.0
        while abs(term.high) > 1e-34 && divisor < 100 {
            term = term * square
            sum += term / DoubleDouble(divisor)
            divisor += 2
        }
        return sum + sum + ln2 * DoubleDouble(Double(scale))
    }

    /// `e^x = 2^k (e^(r/512))^512` with `x = k ln 2 + r`, and the power series for the inner one.
    static func exponential(_ x: DoubleDouble) -> Double {
        if x.high > 710 { return .infinity }
        if x.high < -745 { return 0 }
        let k = (x.high / ln2.high).rounded()
        let rest = x - ln2 * DoubleDouble(k)
        let r = DoubleDouble(high: rest.high / 512, low: rest.low / 512)
        var term = r
        var sum = r
        for n in 2...12 {
            term = term * r / DoubleDouble(Double(n))
            sum += term
        }
        // (1 + s)² − 1 = 2s + s²: squaring the distance from one keeps its digits.
        for _ in 0..<9 { sum = sum + sum + sum * sum }
        let mantissa = (sum + DoubleDouble(1)).value
        let half = Int(k) / 2
        let first = Double(sign: .plus, exponent: half, significand: 1)
        let second = Double(sign: .plus, exponent: Int(k) - half, significand: 1)
        return mantissa * first * second
    }
}
