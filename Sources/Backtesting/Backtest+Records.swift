import Domain
import Exchange
import Tape
import Trading

// The inner loop: the records of both lanes, for as long as nothing else can come between them.
//
// It decides nothing that `turn()` would not: whatever is due at the same instant as a record is left to that. The two lanes are
// taken record by record in their order only where both have somebody who listens. While no order of ours is at the venue, or the
// strategy hears of no record, one lane cannot disturb the other: then each takes a stretch at a time, which spares the processor
// the guess whose turn it is.
extension Backtest where S: ~Copyable {
    /// How many records one lane may be ahead of the other: few enough to be still in the cache when the other comes to them.
    private var stretch: Int { 256 }

    /// The time before which only records happen.
    private var quietUntil: Int64 {
        min(
            min(requests.nextDue, barReports.nextDue, reports.nextDue, exchange.nextExpiry.nanoseconds),
            min(engine.desk.nextDue, nextSample, nextMark), min(bars.nextClose, end))
    }

    mutating func runRecords() throws {
        let until = quietUntil
        if !engine.hearsRecords && !hasBars { return try runUnheard(until: until) }
        if !exchange.hasOrders && !hasBars { return try runAlone(until: until) }
        let deskDue = engine.desk.nextDue
        while true {
            let venue = venueLane.time
            let desk = deskLane.time
            if venue <= desk {
                if unsafe venue >= until || venueLane.record.pointee.kindByte == MarketRecord.Kind.bar.rawValue { return }
                try applyRecord()
                if !exchange.reports.isEmpty { return collectReports(at: venue) }
            } else {
                if desk >= until { return }
                if try takeRecord(at: desk) {
                    if hasNews { return try settle(at: Timestamp(nanoseconds: desk)) }
                    if engine.desk.nextDue != deskDue { return }
                }
                if isWindingDown { return }
            }
        }
    }

    @inline(__always)
    private mutating func applyRecord() throws {
        unsafe exchange.apply(venueLane.record, instrument: venueLane.instrument)
        try venueLane.advance()
    }

    /// The strategy hears of no record: the venue goes first, until something happens to an order there.
    private mutating func runUnheard(until: Int64) throws {
        while true {
            var reached = until
            var venue = venueLane.cursor
            for _ in 0..<stretch {
                reached = min(venue.time, until)
                if venue.time >= until { break }
                unsafe exchange.applyHere(venue.record, instrument: venue.instrument)
                if !venue.step() { try venueLane.advance(from: &venue) }
                if !exchange.reports.isEmpty { break }
            }
            venueLane.move(to: venue)
            // What arrived before the report left: its latency may be that of the last record.
            while deskLane.time < reached {
                if Sink.isJournal { _ = try takeRecord(at: deskLane.time) } else { try takeUnheard(until: reached) }
                if isWindingDown { return }
            }
            if !exchange.reports.isEmpty { return collectReports(at: reached) }
            if reached == until { return }
        }
    }

    /// The desk's records before a time, or up to the next tick of the sink: what `takeRecord` does where none calls anybody.
    @inline(__always)
    private mutating func takeUnheard(until: Int64) throws {
        var desk = deskLane.cursor
        let most = 0x4000 - (eventCount & 0x3FFF)
        var count = 0
        repeat {
            unsafe engine.absorbUnheard(desk.record, instrument: desk.instrument, at: Timestamp(nanoseconds: desk.time), into: &effects)
            count &+= 1
            lastRecordTime = desk.time
            unsafe feedLag = desk.time &- desk.record.pointee.exchangeTime
            if !desk.step() { try deskLane.advance(from: &desk) }
        } while desk.time < until && count < most
        deskLane.move(to: desk)
        eventCount &+= count
        if eventCount & 0x3FFF == 0, try sink.tick(events: eventCount, at: Timestamp(nanoseconds: lastRecordTime)) {
            isInterrupted = true
            isWindingDown = true
        }
    }

    /// No order of ours is at the venue: the desk goes first, and the venue's book follows it before anything is sent.
    private mutating func runAlone(until: Int64) throws {
        let deskDue = engine.desk.nextDue
        while true {
            var reached = Int64.min
            for _ in 0..<stretch {
                let desk = deskLane.time
                if desk >= until { return try follow(reached) }
                reached = desk
                if try takeRecord(at: desk) {
                    if hasNews {
                        try follow(desk)
                        return try settle(at: Timestamp(nanoseconds: desk))
                    }
                    if engine.desk.nextDue != deskDue { break }
                }
                if isWindingDown { break }
            }
            try follow(reached)
            if engine.desk.nextDue != deskDue || isWindingDown { return }
        }
    }

    /// The venue's records up to a time, none of which concerns an order.
    private mutating func follow(_ time: Int64) throws {
        var venue = venueLane.cursor
        while venue.time <= time {
            unsafe exchange.applyHere(venue.record, instrument: venue.instrument)
            if !venue.step() { try venueLane.advance(from: &venue) }
        }
        venueLane.move(to: venue)
    }
}
