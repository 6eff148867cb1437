public import Domain

/// Several tapes read as one: one list of instruments, one order of records for the desk and one for the venue.
public final class MergedTape {
    public let readers: [TapeReader]
    /// Each instrument once, in the order of first appearance; ``TapeLane/instrument`` is a place in this list.
    public let instruments: [Instrument]
    /// For each tape, from its own numbers to those of ``instruments``.
    public let maps: [[UInt16]]

    public convenience init(paths: [String]) throws(TapeError) {
        var readers: [TapeReader] = []
        for path in paths { readers.append(try TapeReader(path: path)) }
        try self.init(readers: readers)
    }

    /// - Throws: `conflictingInstruments` where two tapes do not mean the same by one `venue:SYMBOL`.
    public init(readers: [TapeReader]) throws(TapeError) {
        if readers.isEmpty { throw .noTapes }
        var merge = InstrumentMerge()
        var maps: [[UInt16]] = []
        for reader in readers { maps.append(try merge.add(reader.instruments, path: reader.path)) }
        (self.readers, self.maps, instruments) = (readers, maps, merge.instruments)
    }

    public var recordCount: Int { readers.reduce(0) { $0 + $1.recordCount } }
    public var firstLocalTime: Timestamp? { readers.compactMap(\.firstLocalTime).min() }
    public var lastLocalTime: Timestamp? { readers.compactMap(\.lastLocalTime).max() }
    public var minimumLag: Span? { readers.compactMap(\.minimumLag).min() }

    /// What the desk sees, by local time.
    ///
    /// - Parameter from: begins with the first record of this time or later, found through the index. Whoever needs the book as it
    ///   stands there begins at the start instead.
    public func deskLane(from: Timestamp? = nil) throws(TapeError) -> TapeLane {
        try TapeLane(LaneCore(clock: .desk, sources: sources(.desk, from: from)))
    }

    /// What the venue sees, by exchange time.
    public func venueLane() throws(TapeError) -> TapeLane {
        try TapeLane(LaneCore(clock: .venue, sources: sources(.venue, from: nil)))
    }

    private func sources(_ clock: LaneClock, from: Timestamp?) -> [LaneSource] {
        readers.indices.map { LaneSource(reader: readers[$0], clock: clock, map: maps[$0], from: from) }
    }

    /// Checks every tape from end to end.
    public func verify() throws(TapeError) {
        for reader in readers { try reader.verify() }
    }

    /// The first record, by local time, that arrived before it happened; nil where clocks agree. Bars and venue-only records aside.
    public func firstEarlyRecord() throws(TapeError) -> EarlyRecord? {
        guard let lag = minimumLag, lag < .zero else { return nil }
        var first: EarlyRecord?
        for reader in readers {
            guard let (number, record) = try reader.firstEarlyRecord() else { continue }
            if let first, first.record.localTime <= record.localTime { continue }
            first = EarlyRecord(
                path: reader.path, number: number, record: record,
                instrument: reader.instruments[Int(record.instrument)].name, shift: MergedTape.shift(for: lag))
        }
        return first
    }

    /// The smallest whole number of milliseconds that lifts the lag to zero or more.
    private static func shift(for lag: Span) -> Span {
        let millisecond: Int64 = 1_000_000
        let needed = lag.nanoseconds == .min ? Int64.max : -lag.nanoseconds
        let whole = needed / millisecond
        return Span(nanoseconds: needed % millisecond == 0 ? needed : (whole + 1).multipliedReportingOverflow(by: millisecond).partialValue)
    }
}

/// A record that reached the desk before its venue's clock says that it happened.
public struct EarlyRecord: Hashable, Sendable {
    public let path: String
    /// Its place among the market records of its tape, from 0.
    public let number: Int
    public let record: MarketRecord
    public let instrument: String
    /// What `--shift-local` must add to the local times of the tapes so that none is early.
    public let shift: Span
}

extension TapeReader {
    /// The first record whose local time is before its exchange time, bars and venue-only ones aside.
    func firstEarlyRecord() throws(TapeError) -> (number: Int, record: MarketRecord)? {
        for number in 0..<blockCount {
            let header = header(number)
            guard header.isMarket, header.minLag < 0 else { continue }
            let records = unsafe try store.acquire(number)
            defer { store.release(number) }
            for row in 0..<Int(header.count) {
                let record = unsafe records[row]
                let isChecked = record.flags & MarketRecord.Flag.venueOnly == 0 && record.kind != .bar
                if isChecked && record.localTime < record.exchangeTime { return (Int(header.firstRecord) + row, record) }
            }
        }
        return nil
    }
}
