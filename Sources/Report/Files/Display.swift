import Domain

/// Numbers and times as people read them: on the page and the terminal, never in CSV or JSON.
enum Display {
    static let none = "–"
    static let minus = "\u{2212}"

    /// `12,345.67`, rounded half to even in integers; `sign` writes a plus.
    static func money(_ amount: Amount?, places: Int = 2, sign: Bool = false) -> String {
        guard let amount else { return none }
        let rounded = amount.scaled(by: 1, over: 1, places: places)
        let unit = ExactDecimal.powerOfTen(Amount.scale - places)
        let digits = String(rounded.raw.magnitude / UInt128(unit))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
        let whole = group(String(padded.dropLast(places)))
        let text = places > 0 ? "\(whole).\(padded.suffix(places))" : whole
        if rounded.raw < 0 { return minus + text }
        return sign && rounded.raw > 0 ? "+" + text : text
    }

    /// As many places as small amounts need: four below 10, six below 0.1.
    static func fittingMoney(_ amount: Amount?, sign: Bool = false) -> String {
        guard let amount else { return none }
        let whole = amount.magnitude.raw / ExactDecimal.powerOfTen(Amount.scale - 2)
        let places = amount.raw == 0 || whole >= 1000 ? 2 : whole >= 10 ? 4 : 6
        return money(amount, places: places, sign: sign)
    }

    static func money(_ json: JSON, places: Int = 2, sign: Bool = false) -> String {
        money(json.amount, places: places, sign: sign)
    }

    /// Digits after the point of a decimal's text.
    static func places(_ text: String) -> Int {
        guard let point = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return 0 }
        return text.utf8.distance(from: point, to: text.utf8.endIndex) - 1
    }

    /// A decimal's text with commas and a fixed number of places; what is no decimal shows as a dash.
    static func decimal(_ text: String, _ places: Int) -> String {
        guard places <= Amount.scale, let decimal = try? ExactDecimal(text) else { return none }
        return money(Amount(decimal), places: places)
    }

    /// Commas between thousands.
    static func group(_ digits: String) -> String {
        var out: [Character] = []
        for (index, digit) in digits.reversed().enumerated() {
            if index > 0 && index % 3 == 0 { out.append(",") }
            out.append(digit)
        }
        return String(out.reversed())
    }

    static func count(_ json: JSON) -> String { json.integer.map(count) ?? none }

    static func count(_ number: Int64) -> String { (number < 0 ? minus : "") + group(String(number.magnitude)) }

    /// A double with a fixed number of places, rounded half away from zero; huge ones in powers of ten.
    static func fixed(_ value: Double?, _ places: Int, sign: Bool = false) -> String {
        guard let value, value.isFinite else { return none }
        if abs(value) >= 1e12 { return scientific(value) }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e18 else { return scientific(value) }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
        let whole = group(String(padded.dropLast(places)))
        let text = places > 0 ? "\(whole).\(padded.suffix(places))" : whole
        if scaled == 0 { return text }
        return value < 0 ? minus + text : sign ? "+" + text : text
    }

    private static func scientific(_ value: Double) -> String {
        var exponent = 0
        var mantissa = abs(value)
        while mantissa >= 10 { mantissa /= 10; exponent += 1 }
        return "\(value < 0 ? minus : "")\(fixed(mantissa, 2))e\(exponent)"
    }

    static func percent(_ fraction: Double?, _ places: Int = 2, sign: Bool = false) -> String {
        guard let fraction, fraction.isFinite else { return none }
        return fixed(fraction * 100, places, sign: sign) + "%"
    }

    /// `340 ms`, `12.5 s`, `3 min 20 s`, `4 h 05 min`, `12 d 3 h`.
    static func span(_ nanoseconds: Int64?) -> String {
        guard let nanoseconds else { return none }
        let seconds = nanoseconds / 1_000_000_000
        if nanoseconds == 0 { return "0 s" }
        if nanoseconds < 1_000_000 { return fixed(Double(nanoseconds) / 1e3, 0) + " µs" }
        if seconds < 1 { return fixed(Double(nanoseconds) / 1e6, 0) + " ms" }
        if seconds < 60 { return fixed(Double(nanoseconds) / 1e9, 1) + " s" }
        if seconds < 3600 { return two(seconds / 60, "min", seconds % 60, "s", width: 2) }
        if seconds < 86_400 { return two(seconds / 3600, "h", seconds / 60 % 60, "min", width: 2) }
        return two(seconds / 86_400, "d", seconds / 3600 % 24, "h", width: 1)
    }

    private static func two(_ large: Int64, _ unit: String, _ small: Int64, _ part: String, width: Int) -> String {
        let rest = small == 0 ? "" : " \(CivilDate.pad(small, width)) \(part)"
        return "\(group(String(large))) \(unit)\(rest)"
    }

    /// The same without its blanks, in two units at most: `6m36s`.
    static func shortSpan(_ nanoseconds: Int64?) -> String {
        span(nanoseconds).replacing(" min", with: "m").replacing(" ms", with: "ms").replacing(" s", with: "s")
            .replacing(" h", with: "h").replacing(" d", with: "d").replacing(" ", with: "")
    }

    static func time(_ json: JSON) -> Timestamp? { json.integer.map(Timestamp.init(nanoseconds:)) }
}
