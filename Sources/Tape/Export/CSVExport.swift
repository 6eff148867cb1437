public import Domain

/// Writes one instrument of a tape as text; `docs/data.md` describes the columns of each kind of data.
public struct CSVExport {
    /// What was written and what a CSV has no row for.
    public struct Result: Sendable {
        public fileprivate(set) var rows = 0
        public fileprivate(set) var leftOut: [(what: String, count: Int)] = []
    }

    private let instrument: Instrument
    private let id: UInt16
    private let isExact: Bool
    private let out: TextWriter
    private let ticks: StepCounter
    private let units: StepCounter
    private var book = TapeBook()
    private var result = Result()

    /// - Parameter isExact: adds the column `flags`, with which an import yields the same records.
    public static func run(
        _ reader: TapeReader, instrument: InstrumentID, to path: String, isExact: Bool = false
    ) throws -> Result {
        var export = try CSVExport(reader, instrument, path, isExact)
        try export.writeHeader()
        try reader.forEachRecord { record in
            if record.instrument == instrument.index { try export.write(record) }
        }
        try export.out.finish()
        return export.result
    }

    private init(_ reader: TapeReader, _ id: InstrumentID, _ path: String, _ isExact: Bool) throws {
        instrument = reader.instruments[id.position]
        (self.id, self.isExact) = (id.index, isExact)
        guard let ticks = StepCounter(instrument.tick), let units = StepCounter(instrument.sizeUnit) else {
            throw TapeError.badHeader(path: reader.path, reason: "the tick or lot of \(instrument.name) has more than 18 digits")
        }
        (self.ticks, self.units) = (ticks, units)
        out = try TextWriter(path)
    }

    private func writeHeader() throws(TapeError) {
        switch instrument.dataKind {
        case .bars: out.write("time,open,high,low,close,volume,trades")
        case .quotes: out.write("type,exch_ts_ns,local_ts_ns,bid,bid_qty,ask,ask_qty,side,price,qty")
        case .level3: out.write("type,exch_ts_ns,local_ts_ns,side,price,qty,order_id")
        case .level2, .trades: out.write(isExact ? CSVFormat.exactHeader : CSVFormat.header)
        }
        try out.endLine()
    }

    private mutating func write(_ record: borrowing MarketRecord) throws(TapeError) {
        let twin = record.flags & MarketRecord.Flag.venueOnly != 0
        if twin && !isExact { return leaveOut("records that only the venue sees") }
        switch instrument.dataKind {
        case .bars: try bar(record)
        case .quotes: try quote(record)
        case .level3: try order(record)
        case .level2, .trades: try level(record)
        }
    }

    private mutating func leaveOut(_ what: String) {
        if let index = result.leftOut.firstIndex(where: { $0.what == what }) {
            result.leftOut[index].count += 1
        } else {
            result.leftOut.append((what, 1))
        }
    }

    private mutating func endRow() throws(TapeError) {
        result.rows += 1
        try out.endLine()
    }

    private func start(_ type: StaticString, _ record: borrowing MarketRecord) {
        out.write("\(type)")
        out.comma()
        out.write(record.exchangeTime)
        out.comma()
        out.write(record.localTime)
        out.comma()
    }

    private func side(_ side: Side?) {
        if let side { out.write(side == .buy ? UInt8(ascii: "B") : UInt8(ascii: "S")) }
    }

    // MARK: Kinds

    private mutating func level(_ record: borrowing MarketRecord) throws(TapeError) {
        switch record.kind {
        case .level: try row("D", record, record.side, record.a, record.b, record.flags)
        case .trade: try row("T", record, record.side, record.a, record.b, record.flags)
        case .clear:
            if isExact { try row("C", record, record.side, nil, nil, record.flags) } else { try deletions(record) }
        case .quote: leaveOut("quotes")
        case .status: leaveOut("status records")
        case .bar, .orderAdd, .orderModify, .orderCancel, .orderFill: leaveOut("records of another kind")
        }
        if !isExact { book.apply(record) }
    }

    /// A clear as the deletion of each level there is.
    private mutating func deletions(_ record: borrowing MarketRecord) throws(TapeError) {
        let sides: [Side] = record.side.map { [$0] } ?? [.buy, .sell]
        for one in sides {
            for level in book.levels(one) { try row("D", record, one, level.price, 0, 0) }
        }
    }

    private mutating func row(
        _ type: StaticString, _ record: borrowing MarketRecord, _ side: Side?, _ price: Int64?, _ size: Int64?, _ flags: UInt8
    ) throws(TapeError) {
        start(type, record)
        self.side(side)
        out.comma()
        if let price { out.write(price, ticks) }
        out.comma()
        if let size { out.write(size, units) }
        if isExact {
            out.comma()
            out.write(Int64(flags & 63))
        }
        try endRow()
    }

    private mutating func bar(_ record: borrowing MarketRecord) throws(TapeError) {
        guard record.kind == .bar else { return leaveOut("records of another kind") }
        out.write(record.exchangeTime)
        out.comma()
        out.write(record.a, ticks)
        out.comma()
        out.write(record.b, ticks)
        out.comma()
        out.write(record.c, ticks)
        out.comma()
        out.write(record.d, ticks)
        out.comma()
        out.write(record.e, units)
        out.comma()
        out.write(Int64(record.aux))
        try endRow()
    }

    private mutating func quote(_ record: borrowing MarketRecord) throws(TapeError) {
        let kind = record.kind
        guard kind == .quote || kind == .trade else { return leaveOut("records of another kind") }
        if kind == .trade {
            start("T", record)
            out.write(",,,,")
            side(record.side)
            out.comma()
            out.write(record.a, ticks)
            out.comma()
            out.write(record.b, units)
        } else {
            start("Q", record)
            if record.aux & 1 != 0 { out.write(record.a, ticks) }
            out.comma()
            if record.aux & 1 != 0 { out.write(record.b, units) }
            out.comma()
            if record.aux & 2 != 0 { out.write(record.c, ticks) }
            out.comma()
            if record.aux & 2 != 0 { out.write(record.d, units) }
            out.write(",,,")
        }
        try endRow()
    }

    private mutating func order(_ record: borrowing MarketRecord) throws(TapeError) {
        switch record.kind {
        case .orderAdd: start("A", record)
        case .orderModify: start("M", record)
        case .orderCancel: start("X", record)
        case .orderFill: start("F", record)
        case .trade: start("T", record)
        case .level, .clear, .quote, .bar, .status: return leaveOut("records of another kind")
        }
        side(record.side)
        out.comma()
        if record.kind != .orderCancel { out.write(record.a, ticks) }
        out.comma()
        if record.kind != .orderCancel { out.write(record.b, units) }
        out.comma()
        if record.kind != .trade { out.write(record.e) }
        try endRow()
    }
}
