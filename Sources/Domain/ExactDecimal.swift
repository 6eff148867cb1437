/// A finite decimal number, `mantissa × 10^-scale`, exact: what wires, files and people write prices and sizes in.
///
/// - Units: whatever the text was in.
/// - Overflow: parsing and `init?` answer an error or nil; arithmetic traps.
public struct ExactDecimal: Hashable, Sendable, BitwiseCopyable {
    /// Why a text is not a decimal that can be held exactly.
    public enum ParseError: Error, Hashable, Sendable { case empty, notANumber, tooLong }

    public static let maximumScale = 36
    public let mantissa: Int128
    /// Digits after the point, 0 to ``maximumScale``.
    public let scale: Int
    public static let zero = ExactDecimal(mantissa: 0, scale: 0)
    public static let one = ExactDecimal(mantissa: 1, scale: 0)

    public init(mantissa: Int128, scale: Int) {
        precondition((0...ExactDecimal.maximumScale).contains(scale), "scale \(scale) of a decimal is out of range")
        self.mantissa = mantissa
        self.scale = scale
    }

    public init(_ text: String) throws(ParseError) {
        var text = text
        let parsed = text.withUTF8 { bytes in Result { () throws(ParseError) in unsafe try ExactDecimal(utf8: bytes) } }
        self = try parsed.get()
    }

    /// Reads `-12.50`, `0.1`, `1e-8`, `+3`: a sign, digits with at most one point, an exponent. No spaces, no NaN.
    public init(utf8 bytes: UnsafeBufferPointer<UInt8>) throws(ParseError) {
        guard let first = unsafe bytes.first else { throw .empty }
        var index = first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? 1 : 0
        var magnitude: Int128 = 0
        var scale = 0
        var digits = 0
        var seenPoint = false
        while index < bytes.count {
            let byte = unsafe bytes[index]
            if byte == UInt8(ascii: ".") {
                if seenPoint { throw .notANumber }
                seenPoint = true
            } else if byte >= 48 && byte <= 57 {
                let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(Int128(byte - 48))
                if overflow || carry { throw .tooLong }
                magnitude = sum
                digits += 1
                if seenPoint { scale += 1 }
            } else {
                break
            }
            index += 1
        }
        if digits == 0 { throw .notANumber }
        let exponent = index < bytes.count ? unsafe try ExactDecimal.exponent(of: bytes, from: index) : 0
        let signed = first == UInt8(ascii: "-") ? -magnitude : magnitude
        guard let shifted = ExactDecimal.make(signed, scale: scale - exponent) else { throw .tooLong }
        self = shifted
    }

    private static func exponent(of bytes: UnsafeBufferPointer<UInt8>, from start: Int) throws(ParseError) -> Int {
        guard unsafe bytes[start] | 0x20 == UInt8(ascii: "e") else { throw .notANumber }
        var index = start + 1
        var negative = false
        if index < bytes.count, unsafe bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            negative = unsafe bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        guard index < bytes.count else { throw .notANumber }
        var value = 0
        while index < bytes.count {
            let byte = unsafe bytes[index]
            guard byte >= 48 && byte <= 57 else { throw .notANumber }
            value = value * 10 + Int(byte - 48)
            if value > 1000 { throw .tooLong }
            index += 1
        }
        return negative ? -value : value
    }

    /// `mantissa × 10^-scale` for any scale, or nil where it cannot be held exactly.
    static func make(_ mantissa: Int128, scale: Int) -> ExactDecimal? {
        if mantissa == 0 { return .zero }
        var mantissa = mantissa
        var scale = scale
        while scale > maximumScale || (scale > 0 && mantissa % 10 == 0 && scale > maximumScale - 1) {
            guard mantissa % 10 == 0 else { return nil }
            mantissa /= 10
            scale -= 1
        }
        while scale < 0 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            mantissa = product
            scale += 1
        }
        return ExactDecimal(mantissa: mantissa, scale: scale)
    }

    /// The same number without trailing zeros after the point.
    public var normalized: ExactDecimal {
        var mantissa = mantissa
        var scale = scale
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10
            scale -= 1
        }
        return ExactDecimal(mantissa: mantissa, scale: scale)
    }

    /// How many `unit`s this is, where that is a whole number that fits, else nil.
    public func multiple(of unit: ExactDecimal) -> Int64? {
        precondition(unit.mantissa > 0, "a unit must be above zero")
        let common = max(scale, unit.scale)
        guard let own = scaled(to: common), let each = unit.scaled(to: common), own % each == 0 else { return nil }
        return Int64(exactly: own / each)
    }

    /// The mantissa at another scale, where that is exact and fits.
    public func scaled(to target: Int) -> Int128? {
        if target >= scale {
            let (value, overflow) = mantissa.multipliedReportingOverflow(by: ExactDecimal.powerOfTen(target - scale))
            return overflow ? nil : value
        }
        let divisor = ExactDecimal.powerOfTen(scale - target)
        return mantissa % divisor == 0 ? mantissa / divisor : nil
    }

    /// 10^n for n of 0 to 38.
    public static func powerOfTen(_ exponent: Int) -> Int128 {
        precondition(exponent >= 0 && exponent <= 38, "10^\(exponent) does not fit")
        return powersOfTen[exponent]
    }

    private static let powersOfTen: [Int128] = {
        var powers: [Int128] = [1]
        for place in 0..<38 { powers.append(powers[place] * 10) }
        return powers
    }()

    public static func * (lhs: ExactDecimal, rhs: ExactDecimal) -> ExactDecimal {
        guard let product = make(lhs.mantissa * rhs.mantissa, scale: lhs.scale + rhs.scale) else {
            preconditionFailure("\(lhs) × \(rhs) cannot be held exactly")
        }
        return product
    }

    /// The sum, nil where it cannot be held exactly.
    public func adding(_ other: ExactDecimal) -> ExactDecimal? {
        let common = max(scale, other.scale)
        guard let own = scaled(to: common), let addend = other.scaled(to: common) else { return nil }
        let (sum, overflow) = own.addingReportingOverflow(addend)
        return overflow ? nil : ExactDecimal(mantissa: sum, scale: common)
    }

    public static prefix func - (value: ExactDecimal) -> ExactDecimal {
        ExactDecimal(mantissa: -value.mantissa, scale: value.scale)
    }

    /// Equal numbers are equal however many zeros they were written with.
    public static func == (lhs: ExactDecimal, rhs: ExactDecimal) -> Bool {
        let left = lhs.normalized
        let right = rhs.normalized
        return left.mantissa == right.mantissa && left.scale == right.scale
    }

    public func hash(into hasher: inout Hasher) {
        let plain = normalized
        hasher.combine(plain.mantissa)
        hasher.combine(plain.scale)
    }
}

extension ExactDecimal: CustomStringConvertible {
    /// Plain digits without exponent or trailing zeros: `0.00000001`, `61602.02`, `-3`.
    public var description: String {
        let plain = normalized
        if plain.scale == 0 { return String(plain.mantissa) }
        var digits = String(plain.mantissa.magnitude)
        if digits.utf8.count <= plain.scale {
            digits = String(repeating: "0", count: plain.scale + 1 - digits.utf8.count) + digits
        }
        let point = digits.index(digits.endIndex, offsetBy: -plain.scale)
        return (plain.mantissa < 0 ? "-" : "") + digits[..<point] + "." + digits[point...]
    }
}
