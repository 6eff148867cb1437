import Foundation
import JSON

/// Turns the wall clock of a time zone into UTC: `America/New_York` through the system's zone rules, or a fixed `-05:00`.
struct ZoneClock {
    let name: String
    private let zone: TimeZone?
    /// Seconds east of UTC while the wall clock is inside `valid`.
    private var offset: Int64
    private var valid: Range<Int64>

    /// Nil where there is no such zone.
    init?(_ text: String) {
        name = text
        if text == "UTC" || text == "Z" {
            (zone, offset, valid) = (nil, 0, Int64.min..<Int64.max)
        } else if text.hasPrefix("+") || text.hasPrefix("-") {
            let seconds = Bytes.with("2000-01-01T00:00" + text) { CivilTime($0)?.offsetSeconds }
            guard let seconds else { return nil }
            (zone, offset, valid) = (nil, seconds, Int64.min..<Int64.max)
        } else {
            guard text.contains("/"), let known = TimeZone(identifier: text) else { return nil }
            (zone, offset, valid) = (known, 0, 0..<0)
        }
    }

    /// UTC nanoseconds of a wall clock's nanoseconds. Where the clock shows an hour twice, the first; where it skips one, the offset before.
    mutating func utc(wall: Int64) -> Int64? {
        if !valid.contains(wall) { find(wall) }
        let (value, overflow) = wall.subtractingReportingOverflow(offset * 1_000_000_000)
        return overflow ? nil : value
    }

    private mutating func find(_ wall: Int64) {
        guard let zone else { return }
        let day: Int64 = 86_400
        let seconds = TimeText.floorDivide(wall, 1_000_000_000).0
        // The offset a day earlier reads the clock right unless a change lies between; then the change decides.
        var current = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds - day))))
        var change = nextChange(after: seconds - day - current)
        while let next = change, seconds >= next + current {
            current = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(next + 1))))
            change = nextChange(after: next + 1)
        }
        offset = current
        let end = change.map { ($0 + current).multipliedReportingOverflow(by: 1_000_000_000) }
        valid = wall..<(end.map { $0.overflow ? Int64.max : $0.partialValue } ?? Int64.max)
        if valid.isEmpty { valid = wall..<(wall + 1) }
    }

    private func nextChange(after seconds: Int64) -> Int64? {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        return zone?.nextDaylightSavingTimeTransition(after: date).map { Int64($0.timeIntervalSince1970) }
    }
}
