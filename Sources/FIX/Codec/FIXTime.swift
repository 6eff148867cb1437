public import Domain

/// `UTCTimestamp` of FIX 4.2: `YYYYMMDD-HH:MM:SS` with milliseconds or without.
public enum FIXTime {
    private static let day: Int64 = 86_400_000_000_000

    public static func text(_ time: Timestamp) -> String {
        let days = floorDivide(time.nanoseconds, day)
        let rest = (time.nanoseconds - days * day) / 1_000_000
        let (year, month, date) = civil(days)
        let parts = [pad(year, 4), pad(month, 2), pad(date, 2), "-", pad(rest / 3_600_000, 2), ":", pad(rest / 60_000 % 60, 2), ":"]
        return parts.joined() + pad(rest / 1_000 % 60, 2) + "." + pad(rest % 1_000, 3)
    }

    /// - Returns: Nil for anything else; a leap second is the second after it.
    public static func parse(_ bytes: some Collection<UInt8>) -> Timestamp? {
        let text = Array(bytes)
        guard text.count == 17 || (text.count > 18 && text.count <= 27 && text[17] == UInt8(ascii: ".")) else { return nil }
        guard text[8] == UInt8(ascii: "-"), text[11] == UInt8(ascii: ":"), text[14] == UInt8(ascii: ":") else { return nil }
        guard let year = number(text[0..<4]), let month = number(text[4..<6]), let date = number(text[6..<8]),
            let hour = number(text[9..<11]), let minute = number(text[12..<14]), let second = number(text[15..<17])
        else { return nil }
        guard (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(date), hour < 24, minute < 60, second <= 60 else { return nil }
        var fraction: Int64 = 0
        if text.count > 18 {
            guard let digits = number(text[18...]) else { return nil }
            fraction = digits
            for _ in (text.count - 18)..<9 { fraction *= 10 }
        }
        let seconds = serial(year, month, date) * 86_400 + hour * 3_600 + minute * 60 + second
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + fraction)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return value
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 { (value >= 0 ? value : value - by + 1) / by }

    /// Days since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms"), as are ``civil(_:)``'s.
    private static func serial(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
