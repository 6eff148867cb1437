import Domain
import JSON

/// An exact decimal in 64 bits without trailing zeros, `mantissa × 10^-scale`: what a price or size of a capture fits into.
struct ShortDecimal: Hashable, BitwiseCopyable, Sendable {
    var mantissa: Int64
    /// Digits after the point; 0 for a whole number.
    var scale: Int32

    static let zero = ShortDecimal(mantissa: 0, scale: 0)

    @inline(__always) init(mantissa: Int64, scale: Int32) {
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Reads `61837.63000000`, `-3`, `1e-8`. Nil for anything else, and for more than 18 significant digits.
    init?(_ bytes: Bytes) {
        var index = 0
        let negative = bytes.count > 0 && bytes[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        let first = index
        var value: Int64 = 0
        while index < bytes.count {
            let digit = bytes[index] &- 48
            if digit > 9 { break }
            if value > 922_337_203_685_477_579 { return nil }
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        var digits = index - first
        var scale: Int32 = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            var zeros = 0
            while index < bytes.count {
                let digit = bytes[index] &- 48
                if digit > 9 { break }
                digits += 1
                index += 1
                if digit == 0 {
                    zeros += 1
                    continue
                }
                scale += Int32(zeros + 1)
                guard scale <= 24 else { return nil }
                while zeros >= 0 {
                    if value > 922_337_203_685_477_579 { return nil }
                    value = value &* 10
                    zeros -= 1
                }
                value &+= Int64(digit)
                zeros = 0
            }
        }
        guard digits > 0 else { return nil }
        if index < bytes.count {
            guard let slow = ShortDecimal.withExponent(bytes) else { return nil }
            self = slow
            return
        }
        mantissa = negative ? -value : value
        self.scale = scale
    }

    private static func withExponent(_ bytes: Bytes) -> ShortDecimal? {
        let buffer = unsafe UnsafeBufferPointer(start: bytes.start, count: bytes.count)
        guard let exact = unsafe try? ExactDecimal(utf8: buffer) else { return nil }
        return ShortDecimal(exact)
    }

    /// Nil where the decimal has more than 18 significant digits.
    init?(_ exact: ExactDecimal) {
        let plain = exact.normalized
        guard let mantissa = Int64(exactly: plain.mantissa), plain.scale <= 24 else { return nil }
        self.mantissa = mantissa
        scale = Int32(plain.scale)
    }

    /// The number divided by 10^places, for files that write prices × 10,000.
    func shifted(down places: Int32) -> ShortDecimal {
        if mantissa == 0 { return .zero }
        var result = ShortDecimal(mantissa: mantissa, scale: scale + places)
        while result.scale > 0 && result.mantissa % 10 == 0 {
            result.mantissa /= 10
            result.scale -= 1
        }
        return result
    }

    var exact: ExactDecimal { ExactDecimal(mantissa: Int128(mantissa), scale: Int(scale)) }
}

/// Counts decimals in steps of one unit: ticks of prices, units of sizes.
struct StepCounter: Sendable {
    /// `mantissa × 10^-scale` of the unit.
    let mantissa: Int64
    let scale: Int32
    private let powers: [Int64]

    /// Nil where the unit is not above zero or does not fit 64 bits.
    init?(_ unit: ExactDecimal) {
        guard let short = ShortDecimal(unit), short.mantissa > 0 else { return nil }
        mantissa = short.mantissa
        scale = short.scale
        powers = (0...18).map { Int64(ExactDecimal.powerOfTen($0)) }
    }

    /// How many units, or nil where it is no whole number of them or does not fit.
    @inline(__always) func count(_ value: ShortDecimal) -> Int64? {
        if value.mantissa == 0 { return 0 }
        let places = Int(scale - value.scale)
        guard places >= 0, places <= 18 else { return nil }
        let (scaled, overflow) = value.mantissa.multipliedReportingOverflow(by: powers[places])
        if overflow { return nil }
        if mantissa == 1 { return scaled }
        let (quotient, remainder) = scaled.quotientAndRemainder(dividingBy: mantissa)
        return remainder == 0 ? quotient : nil
    }
}
