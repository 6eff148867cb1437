internal import Domain
internal import JSON

/// Times as most venues write them: `2024-03-08T17:31:26.406Z`, with any number of places and an offset instead of the `Z`.
///
/// - Source: RFC 3339, section 5.6.
enum ISOTime {
    static func parse(_ text: Bytes) -> Timestamp? {
        guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: " ") || text[10] == UInt8(ascii: "t"),
            let year = number(text, 0, 4), let month = number(text, 5, 7), let day = number(text, 8, 10), let hour = number(text, 11, 13),
            let minute = number(text, 14, 16), let second = number(text, 17, 19), (1970...2200).contains(year), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var place = 19
        var fraction: Int64 = 0
        if text[place] == UInt8(ascii: ".") {
            place += 1
            var unit: Int64 = 100_000_000
            let from = place
            while place < text.count, text[place] &- 48 <= 9 {
                fraction += Int64(text[place] &- 48) * unit
                unit /= 10
                place += 1
            }
            if place == from { return nil }
        }
        guard let offset = offset(text, place) else { return nil }
        let seconds = HTTPDate.days(year: year, month: month, day: day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return Timestamp(nanoseconds: seconds * 1_000_000_000 + fraction)
    }

    /// Seconds east of Greenwich.
    private static func offset(_ text: Bytes, _ place: Int) -> Int64? {
        if place + 1 == text.count, text[place] == UInt8(ascii: "Z") || text[place] == UInt8(ascii: "z") { return 0 }
        guard place + 6 == text.count, text[place] == UInt8(ascii: "+") || text[place] == UInt8(ascii: "-"), text[place + 3] == UInt8(ascii: ":"),
            let hours = number(text, place + 1, place + 3), let minutes = number(text, place + 4, place + 6), hours < 24, minutes < 60
        else { return nil }
        return (text[place] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }

    private static func number(_ text: Bytes, _ from: Int, _ to: Int) -> Int64? {
        var value: Int64 = 0
        for index in from..<to {
            let digit = text[index] &- 48
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }
}

extension JSONReader {
    /// A time as RFC 3339 text or as milliseconds since the epoch.
    mutating func optionalTime() throws(JSONError) -> Timestamp? {
        guard let token = try optionalScalar() else { return nil }
        if let time = ISOTime.parse(token) { return time }
        // Until the year 2200: what is read here is added to and subtracted from.
        guard let value = token.integer, (0...7_258_118_400_000).contains(value) else {
            throw JSONError(offset: max(0, offset - token.count), expected: "a time")
        }
        return Timestamp(nanoseconds: value * 1_000_000)
    }
}
