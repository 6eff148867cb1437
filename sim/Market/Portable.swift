/// Logarithm and exponential out of `+ − × ÷` alone, which IEEE 754 specifies to the last bit: a C library's `log` and `exp`
/// differ in the last digit between machines, and one such digit would give another market.
enum Portable {
    static let ln2 = 0.6931471805599453

    /// Natural logarithm of a positive normal number, good to about 1e-15 relative.
    ///
    /// - Source: `ln m = 2·artanh((m − 1)/(m + 1))`, summed as its series with `m` reduced to [√½, √2).
    static func log(_ x: Double) -> Double {
        precondition(x >= .leastNormalMagnitude && x < .infinity, "the logarithm of \(x) was asked for")
        let bits = x.bitPattern
        var exponent = Int(truncatingIfNeeded: bits &>> 52) - 1023
        var mantissa = Double(bitPattern: (bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000)
        if mantissa > 1.4142135623730951 {
            mantissa *= 0.5
            exponent += 1
        }
        let s = (mantissa - 1) / (mantissa + 1)
        let q = s * s
        var sum = 1.0 / 19
        sum = sum * q + 1.0 / 17
        sum = sum * q + 1.0 / 15
        sum = sum * q + 1.0 / 13
        sum = sum * q + 1.0 / 11
        sum = sum * q + 1.0 / 9
        sum = sum * q + 1.0 / 7
        sum = sum * q + 1.0 / 5
        sum = sum * q + 1.0 / 3
        sum = sum * q + 1.0
        return 2 * s * sum + Double(exponent) * ln2
    }

    /// e to the `x`, for |x| ≤ 700, good to about 1e-15 relative.
    ///
    /// - Source: Taylor's series with `x` reduced by a multiple of ln 2 to |r| ≤ ½ ln 2.
    static func exp(_ x: Double) -> Double {
        precondition(x > -700 && x < 700, "the exponential of \(x) was asked for")
        let scaled = x / ln2
        let k = Int(scaled + (scaled < 0 ? -0.5 : 0.5))
        let r = x - Double(k) * ln2
        var sum = 1.0
        sum = sum * r / 13 + 1
        sum = sum * r / 12 + 1
        sum = sum * r / 11 + 1
        sum = sum * r / 10 + 1
        sum = sum * r / 9 + 1
        sum = sum * r / 8 + 1
        sum = sum * r / 7 + 1
        sum = sum * r / 6 + 1
        sum = sum * r / 5 + 1
        sum = sum * r / 4 + 1
        sum = sum * r / 3 + 1
        sum = sum * r / 2 + 1
        sum = sum * r + 1
        return sum * Double(bitPattern: UInt64(truncatingIfNeeded: k + 1023) &<< 52)
    }

    /// Largest whole number not above `x`, for numbers an Int64 holds.
    static func floor(_ x: Double) -> Int64 {
        let whole = Int64(x)
        return Double(whole) > x ? whole - 1 : whole
    }

    static func ceiling(_ x: Double) -> Int64 { -floor(-x) }

    static func nearest(_ x: Double) -> Int64 { floor(x + 0.5) }

    /// `lots` with no more than `digits` significant digits, rounded down, never to zero: people and programs order round sizes,
    /// and round sizes compress.
    static func rounded(_ lots: Int64, digits limit: Int64) -> Int64 {
        var unit: Int64 = 1
        while lots / unit >= limit { unit *= 10 }
        return lots / unit * unit
    }
}
