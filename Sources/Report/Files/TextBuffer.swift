import Domain

/// UTF-8 text under construction, in memory of its own. Numbers are written two digits at a time, without a string in between:
/// a year of one-minute bars is half a million rows of equity.
@safe struct TextBuffer: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 256) {
        self.capacity = max(capacity, 64)
        unsafe base = .allocate(capacity: self.capacity)
    }

    deinit { unsafe base.deallocate() }

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }
    var text: String { unsafe String(decoding: bytes, as: UTF8.self) }

    mutating func removeAll() { count = 0 }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if capacity - count < more { grow(by: more) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        let wanted = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        unsafe larger.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe (base, capacity) = (larger, wanted)
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        reserve(1)
        unsafe base[count] = byte
        count += 1
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserve(bytes.count)
            guard let first = bytes.baseAddress else { return }
            unsafe (base + count).update(from: first, count: bytes.count)
            count += bytes.count
        }
    }

    /// A field of a CSV row: quoted where it holds a comma, a quote or a line break (RFC 4180).
    mutating func append(field text: String) {
        var text = text
        let isPlain = text.withUTF8 { unsafe appendPlain($0) }
        if isPlain { return }
        append(byte: 0x22)
        for byte in text.utf8 {
            if byte == 0x22 { append(byte: 0x22) }
            append(byte: byte)
        }
        append(byte: 0x22)
    }

    /// Appends bytes that need no quotes; false, and nothing appended, where some do.
    private mutating func appendPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        reserve(bytes.count)
        let place = unsafe base + count
        for index in 0..<bytes.count {
            let byte = unsafe bytes[index]
            if byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D { return false }
            unsafe place[index] = byte
        }
        count += bytes.count
        return true
    }

    mutating func comma() { append(byte: 0x2C) }
    mutating func newline() { append(byte: 0x0A) }
}

// MARK: - Numbers

extension TextBuffer {
    /// `00` to `99`.
    private static var pairs: StaticString {
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
    }
    private static var trillion: UInt64 { 1_000_000_000_000 }

    mutating func append(_ number: Int64) {
        if number < 0 { append(byte: UInt8(ascii: "-")) }
        append(whole: number.magnitude)
    }

    mutating func append(_ decimal: ExactDecimal) { append(mantissa: decimal.mantissa, scale: decimal.scale) }

    /// Money has 24 places: what stands before the point and twelve places twice behind it each fit 64 bits.
    mutating func append(_ amount: Amount) {
        if amount.raw < 0 { append(byte: UInt8(ascii: "-")) }
        let magnitude = amount.raw.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude &>> 64)
        let (upper, rest) = high.quotientAndRemainder(dividingBy: TextBuffer.trillion)
        let (middle, fine) = TextBuffer.trillion.dividingFullWidth((rest, UInt64(truncatingIfNeeded: magnitude)))
        let (whole, coarse) = upper == 0
            ? middle.quotientAndRemainder(dividingBy: TextBuffer.trillion) : TextBuffer.trillion.dividingFullWidth((upper, middle))
        append(whole: whole)
        if coarse | fine == 0 { return }
        append(byte: UInt8(ascii: "."))
        append(coarse, width: 12)
        if fine != 0 { append(fine, width: 12) }
        dropZeros()
    }

    /// `mantissa × 10^-scale` in plain digits, without trailing zeros: the text of ``ExactDecimal``.
    mutating func append(mantissa: Int128, scale: Int) {
        guard scale <= 18, mantissa.magnitude <= UInt128(UInt64.max) else {
            return append(ExactDecimal(mantissa: mantissa, scale: scale).description)
        }
        if mantissa < 0 { append(byte: UInt8(ascii: "-")) }
        var unit: UInt64 = 1
        for _ in 0..<scale { unit *= 10 }
        let (whole, part) = UInt64(truncatingIfNeeded: mantissa.magnitude).quotientAndRemainder(dividingBy: unit)
        append(whole: whole)
        if part == 0 { return }
        append(byte: UInt8(ascii: "."))
        append(part, width: scale)
        dropZeros()
    }

    private mutating func append(whole number: UInt64) {
        var width = 1
        var rest = number
        while rest >= 10_000 { (rest, width) = (rest / 10_000, width + 4) }
        width += rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0
        append(number, width: width)
    }

    /// Exactly `width` digits, zeros in front.
    @inline(__always)
    private mutating func append(_ number: UInt64, width: Int) {
        reserve(width)
        let place = unsafe base + count
        let pairs = unsafe TextBuffer.pairs.utf8Start
        var rest = number
        var index = width
        while index >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            rest = quotient
            index -= 2
            unsafe place[index] = pairs[Int(2 * pair)]
            unsafe place[index + 1] = pairs[Int(2 * pair + 1)]
        }
        if index == 1 { unsafe place[0] = UInt8(truncatingIfNeeded: rest) + 48 }
        count += width
    }

    /// Takes the zeros off a fraction that is not zero.
    private mutating func dropZeros() {
        while unsafe base[count - 1] == UInt8(ascii: "0") { count -= 1 }
    }
}
