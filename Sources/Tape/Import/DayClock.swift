import Domain
import JSON

/// Turns a time of day into UTC, for files that know their date from their name or from `--date`.
struct DayClock {
    private var clock: ZoneClock
    private let midnight: Int64
    private static let latest: Int64 = 2 * 86_400_000_000_000

    init(_ part: InputPart, options: ImportOptions, zone: String) throws(ImportError) {
        clock = try options.clock(default: zone)
        if let date = options.date {
            guard let wall = DayClock.day(date) else {
                throw ImportError(.usage, "--date “\(date)”: expected a day such as 2012-06-21")
            }
            midnight = wall
            return
        }
        guard let wall = DayClock.find(in: part.fileName) ?? DayClock.find(in: part.outerName) else {
            throw ImportError(.usage, "\(part.path): its name holds no date; say --date 2012-06-21")
        }
        midnight = wall
    }

    private static func day(_ text: String) -> Int64? {
        guard text.utf8.count <= 10 else { return nil }
        return Bytes.with(text) { bytes in CivilTime(bytes)?.wall }
    }

    /// The first `20131009` or `2012-06-21` of a name that is a real day.
    static func find(in name: String) -> Int64? {
        let bytes = Array(name.utf8)
        for width in [10, 8] where bytes.count >= width {
            for from in 0...(bytes.count - width) {
                let before = from > 0 ? bytes[from - 1] : 0
                let after = from + width < bytes.count ? bytes[from + width] : 0
                if before &- 48 <= 9 || after &- 48 <= 9 { continue }
                let text = String(decoding: bytes[from..<from + width], as: UTF8.self)
                if let wall = day(text), wall > 0 { return wall }
            }
        }
        return nil
    }

    /// UTC nanoseconds of a number of nanoseconds after midnight; nil where that is no time of day.
    mutating func utc(ofDay nanoseconds: Int64) -> Int64? {
        guard (0..<DayClock.latest).contains(nanoseconds) else { return nil }
        return clock.utc(wall: midnight + nanoseconds)
    }

    mutating func utc(wall: Int64) -> Int64? { clock.utc(wall: wall) }
}
