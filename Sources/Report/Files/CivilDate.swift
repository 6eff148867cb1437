import Domain

/// A date of the Gregorian calendar, UTC.
///
/// - Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
struct CivilDate: Hashable, Sendable {
    let year: Int
    let month: Int
    let dayOfMonth: Int

    /// Of a number of days since 1970-01-01.
    init(day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        dayOfMonth = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    /// `2024-08-08`.
    var text: String { "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(dayOfMonth, 2))" }

    static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    var monthName: String { CivilDate.monthNames[month - 1] }

    static func pad(_ number: some BinaryInteger, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension Timestamp {
    private var secondOfDay: Int64 {
        let length = Span.day.nanoseconds
        return (nanoseconds - day * length) / 1_000_000_000
    }

    var date: CivilDate { CivilDate(day: day) }

    /// `14:05:09`.
    var clockText: String {
        let second = secondOfDay
        return "\(CivilDate.pad(second / 3600, 2)):\(CivilDate.pad(second / 60 % 60, 2)):\(CivilDate.pad(second % 60, 2))"
    }

    /// `2024-08-08 14:05:09`.
    var minuteText: String { "\(date.text) \(clockText.prefix(5))" }
    var secondText: String { "\(date.text) \(clockText)" }

    /// `2024-08-08 14:05:09.123`.
    var milliText: String {
        let nanos = nanoseconds - (day * Span.day.nanoseconds + secondOfDay * 1_000_000_000)
        return "\(secondText).\(CivilDate.pad(nanos / 1_000_000, 3))"
    }
}
