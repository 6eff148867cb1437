public import Domain
import JSON

/// Reads the ways people and files write a moment.
public enum TimeText {
    /// RFC 3339 (`2024-08-08T10:00:00.5Z`, also with a space), a date (midnight UTC), or whole nanoseconds since the epoch.
    public static func parse(_ text: String) -> Timestamp? {
        Bytes.with(text) { bytes in
            if let nanoseconds = bytes.integer { return Timestamp(nanoseconds: nanoseconds) }
            guard let moment = CivilTime(bytes) else { return nil }
            return moment.utc.map(Timestamp.init(nanoseconds:))
        }
    }

    /// `2021-04-17T16:43:30.244075Z` to nanoseconds.
    static func rfc3339(_ bytes: Bytes) -> Int64? {
        guard let moment = CivilTime(bytes), moment.offsetSeconds != nil else { return nil }
        return moment.utc
    }

    /// `1618678132.8258188` seconds to nanoseconds, exactly; nil with more than nine places.
    static func seconds(_ bytes: Bytes) -> Int64? {
        guard let value = ShortDecimal(bytes), value.scale <= 9 else { return nil }
        return scaled(value.mantissa, by: 9 - Int(value.scale))
    }

    static func scaled(_ mantissa: Int64, by places: Int) -> Int64? {
        var result = mantissa
        for _ in 0..<places {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            result = product
        }
        return result
    }

    /// `2024-08-08T10:00:00.123456789Z`, always UTC, for messages.
    public static func text(_ time: Timestamp) -> String {
        let (days, rest) = floorDivide(time.nanoseconds, Span.day.nanoseconds)
        let (year, month, day) = CivilTime.date(daysSinceEpoch: days)
        let seconds = rest / 1_000_000_000
        var fraction = pad(rest % 1_000_000_000, 9)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let clock = "\(pad(seconds / 3600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))"
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(clock)\(fraction.isEmpty ? "" : "." + fraction)Z"
    }

    static func floorDivide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
        var (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        if remainder < 0 { (quotient, remainder) = (quotient - 1, remainder + by) }
        return (quotient, remainder)
    }

    static func pad(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

/// A date and a time of day as written, with the offset from UTC where one stands behind it.
struct CivilTime: Hashable {
    /// Nanoseconds since 1970-01-01 00:00 on the clock it was read from.
    let wall: Int64
    /// Seconds east of UTC; nil where the text does not say.
    let offsetSeconds: Int64?

    /// In UTC; a text without an offset is UTC already.
    var utc: Int64? {
        let (value, overflow) = wall.subtractingReportingOverflow((offsetSeconds ?? 0) * 1_000_000_000)
        return overflow ? nil : value
    }

    /// Reads `2024-08-08`, `20240808`, either with a time of day after `T` or a space, down to nine places, and `Z` or `±hh:mm`.
    init?(_ bytes: Bytes) {
        var cursor = DigitCursor(bytes)
        guard let year = cursor.number(4) else { return nil }
        let dashed = cursor.accept("-")
        guard let month = cursor.number(2), !dashed || cursor.accept("-"), let day = cursor.number(2),
            let days = CivilTime.days(year, month, day)
        else { return nil }
        var nanoseconds: Int64 = 0
        var offset: Int64?
        if !cursor.atEnd {
            guard cursor.accept("T") || cursor.accept("t") || cursor.accept(" "), let clock = cursor.clock() else { return nil }
            nanoseconds = clock
            guard let zone = cursor.offset() else { return nil }
            offset = zone.seconds
            guard cursor.atEnd else { return nil }
        }
        guard abs(days) < 106_000 else { return nil }
        wall = days * Span.day.nanoseconds + nanoseconds
        offsetSeconds = offset
    }

    /// Days since 1970-01-01 of a Gregorian date; nil where there is no such day.
    static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        guard (1...12).contains(month), day >= 1 else { return nil }
        let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    static func date(daysSinceEpoch: Int64) -> (Int64, Int64, Int64) {
        let (era, ofEra) = TimeText.floorDivide(daysSinceEpoch + 719_468, 146_097)
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let part = (5 * ofYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (year + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * part + 2) / 5 + 1)
    }
}

/// Walks over digits and marks of a time.
private struct DigitCursor {
    let bytes: Bytes
    var index = 0
    init(_ bytes: Bytes) { self.bytes = bytes }

    var atEnd: Bool { index == bytes.count }

    mutating func accept(_ mark: UnicodeScalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: mark) else { return false }
        index += 1
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        guard index + width <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<width {
            let digit = bytes[index] &- 48
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
            index += 1
        }
        return value
    }

    /// `hh:mm[:ss[.fraction]]` in nanoseconds of the day.
    mutating func clock() -> Int64? {
        guard let hours = number(2), hours < 24, accept(":"), let minutes = number(2), minutes < 60 else { return nil }
        var result = (hours * 3600 + minutes * 60) * 1_000_000_000
        guard accept(":") else { return result }
        guard let seconds = number(2), seconds < 60 else { return nil }
        result += seconds * 1_000_000_000
        guard accept(".") else { return result }
        var unit: Int64 = 100_000_000
        let from = index
        while index < bytes.count, bytes[index] &- 48 <= 9 {
            guard unit > 0 else { return nil }
            result += Int64(bytes[index] - 48) * unit
            unit /= 10
            index += 1
        }
        return index > from ? result : nil
    }

    /// Nothing, `Z`, or `±hh:mm`; nil where something else stands there.
    mutating func offset() -> (seconds: Int64?, Void)? {
        if atEnd { return (nil, ()) }
        if accept("Z") || accept("z") { return (0, ()) }
        let sign: Int64
        if accept("+") { sign = 1 } else if accept("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 24 else { return nil }
        _ = accept(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return (sign * (hours * 3600 + minutes * 60), ())
    }
}
