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
        guard bars.nextClose == .max, deferred.isEmpty, !isUnderWay else { return }
        let length = settings.desk.instruments[0].barInterval.nanoseconds
        while true {
            let open = venueLane.time
            let close = deskLane.time
            guard open < .max, close == open + length, isQuiet(until: close), try passVenue(open: open, close: close) else { return }
            if try takeRecord(at: close, isBarOfOne: true) {
                if hasNews { try settle(at: Timestamp(nanoseconds: close)) }
                if isUnderWay || engine.desk.nextDue <= close { return }
            }
            if isWindingDown || nextMark <= close { return }
            if nextSample == close {
                // The last sample of a run comes after `on_stop`.
                if deskLane.time == close || deskLane.time >= end { return }
                try sample(at: Timestamp(nanoseconds: close))
                nextSample = close + settings.sample.nanoseconds
            }
        }
    }

    /// Whether nothing but the bar that is next at the venue happens before a time, and nothing but its close up to it.
    @inline(__always)
    private func isQuiet(until close: Int64) -> Bool {
        min(min(engine.desk.nextDue, nextMark), min(exchange.nextExpiry.nanoseconds, end)) > close && nextSample >= close && isBarNext
    }

    /// Whether something is on its way between the desk and the venue.
    @inline(__always)
    private var isUnderWay: Bool { requests.nextDue & reports.nextDue & barReports.nextDue != .max }

    @inline(__always)
    private var isBarNext: Bool { unsafe venueLane.record.pointee.kindByte == MarketRecord.Kind.bar.rawValue }

    /// The bar at the venue, from its open to its close. False where something comes in between: it has opened then, and `turn()` goes on.
    @inline(__always)
    private mutating func passVenue(open: Int64, close: Int64) throws -> Bool {
        let isIdle = !exchange.hasOrders
        var record = unsafe venueLane.record.pointee  // the next step may let go of it
        if !isIdle { unsafe exchange.openBar(&record, instrument: 0, at: Timestamp(nanoseconds: open)) }
        try venueLane.advance()
        if !exchange.reports.isEmpty || venueLane.time < close || !isBarNext && venueLane.time == close {
            if isIdle { unsafe exchange.openBar(&record, instrument: 0, at: Timestamp(nanoseconds: open)) }
            bars.begin(record, instrument: 0)
            collectReports(at: open)
            return false
        }
        if isIdle {
            exchange.passBar(close: record.d, instrument: 0)
            return true
        }
        unsafe exchange.closeBar(&record, instrument: 0, at: Timestamp(nanoseconds: close))
        if exchange.reports.isEmpty { return true }
        collectReports(at: close)
        return false
    }
}
