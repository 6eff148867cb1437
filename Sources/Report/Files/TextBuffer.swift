import Domain

/// UTF-8 text under construction. Numbers are written digit by digit, without a string in between: a year of one-minute bars
/// is a million rows of equity.
struct TextBuffer {
    private(set) var bytes: [UInt8] = []
    /// Digits of the number at hand, last one first.
    private var digits: [UInt8] = []

    init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
        digits.reserveCapacity(40)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(byte: UInt8) { bytes.append(byte) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(_ number: Int64) { append(mantissa: Int128(number), scale: 0) }

    mutating func append(_ amount: Amount) { append(mantissa: amount.raw, scale: Amount.scale) }

    mutating func append(_ decimal: ExactDecimal) { append(mantissa: decimal.mantissa, scale: decimal.scale) }

    /// `mantissa × 10^-scale` in plain digits, without trailing zeros: the text of ``ExactDecimal``.
    mutating func append(mantissa: Int128, scale: Int) {
        var magnitude = mantissa.magnitude
        var scale = scale
        // Money has 24 places, most of them zeros: twelve and six of them go in one division.
        while scale >= 12, case let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000_000), remainder == 0 {
            (magnitude, scale) = (quotient, scale - 12)
        }
        if magnitude <= UInt128(UInt64.max), scale >= 6, UInt64(magnitude) % 1_000_000 == 0 {
            (magnitude, scale) = (UInt128(UInt64(magnitude) / 1_000_000), scale - 6)
        }
        collectDigits(of: magnitude, atLeast: scale + 1)
        if mantissa < 0 { bytes.append(UInt8(ascii: "-")) }
        var end = 0
        while end < scale && digits[end] == UInt8(ascii: "0") { end += 1 }
        var index = digits.count
        while index > end {
            index -= 1
            bytes.append(digits[index])
            if index == scale && index > end { bytes.append(UInt8(ascii: ".")) }
        }
    }

    private mutating func collectDigits(of magnitude: UInt128, atLeast count: Int) {
        digits.removeAll(keepingCapacity: true)
        var rest = magnitude
        let chunk: UInt128 = 1_000_000_000_000_000_000
        while rest > UInt128(UInt64.max) {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: chunk)
            collect(UInt64(remainder), width: 18)
            rest = quotient
        }
        collect(UInt64(rest), width: 0)
        while digits.count < count { digits.append(UInt8(ascii: "0")) }
    }

    private mutating func collect(_ number: UInt64, width: Int) {
        var rest = number
        var written = 0
        while rest > 0 || written < width {
            digits.append(UInt8(truncatingIfNeeded: rest % 10) + 48)
            rest /= 10
            written += 1
        }
    }

    /// A field of a CSV row: quoted where it holds a comma, a quote or a line break (RFC 4180).
    mutating func append(field text: String) {
        let special = text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
        guard special else { return append(text) }
        bytes.append(0x22)
        for byte in text.utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    mutating func comma() { bytes.append(0x2C) }
    mutating func newline() { bytes.append(0x0A) }
}
