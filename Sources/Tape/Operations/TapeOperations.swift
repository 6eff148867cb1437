public import Domain

/// What one does with whole tapes; every operation makes a new file, which appears when it is complete.
public enum TapeOperations {
    /// Writes the same tape in another encoding, variable records included.
    public static func convert(_ reader: TapeReader, to path: String, encoding: TapeEncoding) throws(TapeError) {
        let writer = try TapeWriter(path: path, instruments: reader.instruments, metadata: reader.metadata, encoding: encoding)
        var variable = try reader.variableRecords()[...]
        let cursor = try FileCursor(reader)
        while let record = cursor.current {
            while let next = variable.first, next.position <= writer.recordCount {
                try writer.appendVariable(type: next.type, time: next.time, next.payload)
                variable.removeFirst()
            }
            try writer.append(record)
            try cursor.advance()
        }
        for next in variable { try writer.appendVariable(type: next.type, time: next.time, next.payload) }
        try writer.finish()
    }

    /// Writes several tapes as one, in the order of local time; at equal times in the order of the tapes.
    ///
    /// Variable records are left out. The metadata of all tapes is kept, each pair once.
    /// - Throws: `outOfOrder` where venue-only records of one instrument overlap between tapes.
    public static func merge(_ tape: MergedTape, to path: String, encoding: TapeEncoding) throws(TapeError) {
        var metadata: [(key: String, value: String)] = []
        for pair in tape.readers.flatMap(\.metadata) where !metadata.contains(where: { $0 == pair }) { metadata.append(pair) }
        let writer = try TapeWriter(path: path, instruments: tape.instruments, metadata: metadata, encoding: encoding)
        var cursors: [FileCursor] = []
        for reader in tape.readers { cursors.append(try FileCursor(reader)) }
        while let number = earliest(cursors), var record = cursors[number].current {
            record.instrument = tape.maps[number][Int(record.instrument)]
            try writer.append(record)
            try cursors[number].advance()
        }
        try writer.finish()
    }

    private static func earliest(_ cursors: [FileCursor]) -> Int? {
        var best: Int?
        for number in cursors.indices where cursors[number].current != nil {
            if let best, cursors[best].key <= cursors[number].key { continue }
            best = number
        }
        return best
    }

    /// Writes the records with local times in `from ..< to`, behind a snapshot of every book as it stood at `from`.
    ///
    /// The snapshot bears the local time of the first record kept and the earliest exchange time of those kept, so that it comes
    /// first on both clocks. Variable records are left out.
    public static func slice(
        _ reader: TapeReader, from: Timestamp? = nil, to: Timestamp? = nil, output path: String, encoding: TapeEncoding
    ) throws(TapeError) {
        let bounds = "\(from?.nanoseconds.description ?? "start") to \(to?.nanoseconds.description ?? "end")"
        let writer = try TapeWriter(
            path: path, instruments: reader.instruments,
            metadata: reader.metadata + [("slice", bounds)], encoding: encoding)
        var books = reader.instruments.indices.map { SnapshotBook(instrument: InstrumentID(index: $0)) }
        var span = SliceSpan(from: from?.nanoseconds ?? .min, to: to?.nanoseconds ?? .max)
        let survey = try FileCursor(reader)
        while let record = survey.current {
            if span.isBefore(record) {
                if record.flags & MarketRecord.Flag.venueOnly == 0 { books[Int(record.instrument)].apply(record) }
            } else {
                span.note(record)
            }
            try survey.advance()
        }
        if let local = span.firstLocal {
            for book in books { for record in book.records(local: local, exchange: span.minExchange) { try writer.append(record) } }
        }
        let cursor = try FileCursor(reader)
        while let record = cursor.current {
            if span.holds(record) { try writer.append(record) }
            try cursor.advance()
        }
        try writer.finish()
    }
}

/// Which records a slice keeps, and the times its snapshot bears.
private struct SliceSpan {
    let from: Int64
    let to: Int64
    private(set) var firstLocal: Int64?
    private(set) var minExchange: Int64 = .max

    init(from: Int64, to: Int64) { (self.from, self.to) = (from, to) }

    func isBefore(_ record: MarketRecord) -> Bool { record.localTime < from }
    func holds(_ record: MarketRecord) -> Bool { record.localTime >= from && record.localTime < to }

    mutating func note(_ record: MarketRecord) {
        guard holds(record) else { return }
        if firstLocal == nil, record.flags & MarketRecord.Flag.venueOnly == 0 { firstLocal = record.localTime }
        minExchange = min(minExchange, record.exchangeTime)
    }
}
