import Domain
import Exchange
import Tape
import Trading

// The inner loop of a tape of bars: whole bars, for as long as nothing comes between a bar's open and what its close brings.
//
// As the one over records it decides nothing that `turn()` would not: it takes a bar only where the desk hears of it the moment it
// closes, and leaves the rest of an instant to `turn()` as soon as there is anything but the bar and a sample in it.
extension Backtest where S: ~Copyable {
    mutating func runBars() throws {
        guard bars.nextClose == .max, deferred.isEmpty else { return }
        let length = settings.desk.instruments[0].barInterval.nanoseconds
        while true {
            let open = venueLane.time
            let close = deskLane.time
            guard open < .max, close == open + length, isQuiet(until: close) else { return }
            if try !passVenue(open: open, close: close) { return }
            if try takeRecord(at: close), hasNews { try settle(at: Timestamp(nanoseconds: close)) }
            if isWindingDown || isQuietNoMore || engine.desk.nextDue <= close || nextMark <= close { return }
            if nextSample == close {
                if deskLane.time == close { return }
                try sample(at: Timestamp(nanoseconds: close))
                nextSample = close + settings.sample.nanoseconds
            }
        }
    }

    /// Whether nothing but the bar that is next at the venue happens before a time, and nothing but its close up to it.
    private func isQuiet(until close: Int64) -> Bool {
        close < end && engine.desk.nextDue > close && nextSample >= close && nextMark > close && !isQuietNoMore
            && exchange.nextExpiry.nanoseconds > close && isBarNext
    }

    private var isBarNext: Bool { unsafe venueLane.record.pointee.kindByte == MarketRecord.Kind.bar.rawValue }

    /// Whether something is under way between the desk and the venue.
    private var isQuietNoMore: Bool { requests.nextDue != .max || reports.nextDue != .max || barReports.nextDue != .max }

    /// The bar at the venue, from its open to its close. False where something comes in between: it has opened then, and `turn()` goes on.
    private mutating func passVenue(open: Int64, close: Int64) throws -> Bool {
        var record = unsafe venueLane.record.pointee
        unsafe exchange.openBar(&record, instrument: 0, at: Timestamp(nanoseconds: open))
        try venueLane.advance()
        if !exchange.reports.isEmpty || venueLane.time < close || !isBarNext && venueLane.time == close {
            bars.begin(record, instrument: 0)
            collectReports(at: open)
            return false
        }
        unsafe exchange.closeBar(&record, instrument: 0, at: Timestamp(nanoseconds: close))
        if exchange.reports.isEmpty { return true }
        collectReports(at: close)
        return false
    }
}
