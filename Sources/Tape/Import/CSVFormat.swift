import Domain

/// `type,exch_ts_ns,local_ts_ns,side,price,qty`: what a person makes by hand, and what `data export` writes.
///
/// `D` sets a level (size 0 deletes it), `T` is a trade. A seventh column `flags`, as `data export --exact` writes it, keeps the marks of a
/// tape, and with it `C` clears one side, or with an empty side both. Without it, rows `D` that follow one another at the same two times are
/// one message.
struct CSVFormat {
    static let header = "type,exch_ts_ns,local_ts_ns,side,price,qty"
    static let exactHeader = header + ",flags"

    private let session: ImportSession
    private let product: Int
    private var fields = FieldSplitter()
    private var columns = 6
    private var runExchange = Int64.min
    private var runLocal = Int64.min

    init(_ session: ImportSession, _ parts: [InputPart]) {
        self.session = session
        product = session.product(names: InstrumentNames.guess(file: parts[0].fileName))
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        var headers = Array(repeating: 0, count: parts.count)
        let lines = try LineMerge(parts) { line, _ in CSVFormat.localTime(line) }
        while let line = try lines.next() {
            session.reading(line.part, line: line.place.line)
            if headers[line.part] == 0 {
                headers[line.part] = try readHeader(line)
                continue
            }
            if line.bytes.isEmpty { continue }
            columns = headers[line.part]
            do throws(BadRow) {
                try row(line.bytes)
            } catch {
                try session.bad(error, at: line.place)
            }
            if let failure { throw failure }
        }
        try session.commit()
    }

    private func readHeader(_ line: SourceLine) throws(ImportError) -> Int {
        let text = line.bytes.text.filter { $0 != " " && $0 != "\"" }
        if text == CSVFormat.header { return 6 }
        if text == CSVFormat.exactHeader { return 7 }
        throw ImportError(.data, "\(line.place): expected the header “\(CSVFormat.header)”, found “\(line.bytes.excerpt)”")
    }

    private static func localTime(_ line: Bytes) -> Int64? {
        guard let first = line.firstIndex(of: 44), let second = line.firstIndex(of: 44, from: first + 1),
            let third = line.firstIndex(of: 44, from: second + 1)
        else { return nil }
        return line.slice(second + 1, third).integer
    }

    /// What handing on a finished message threw; kept apart so that it is not taken for a bad row.
    private var failure: ImportError?

    private mutating func flush() {
        do throws(ImportError) { try session.commit(endsBatch: columns == 6) } catch { failure = error }
    }

    private mutating func row(_ line: Bytes) throws(BadRow) {
        fields.split(line)
        try fields.require(columns, columns == 6 ? CSVFormat.header : CSVFormat.exactHeader)
        var event = SourceEvent(try kind(), product: product, local: 0, exchange: 0)
        let exchange = try fields.integer(1, "exch_ts_ns")
        let local = try fields.integer(2, "local_ts_ns")
        guard exchange > 0, local > 0 else { throw BadRow("expected times above zero, found \(min(exchange, local))") }
        (event.exchange, event.local) = (exchange, try session.shifted(local))
        event.side = try side(event.kind)
        if event.kind != .clear {
            event.v0 = try fields.decimal(4, "price")
            event.v1 = try fields.decimal(5, "qty")
        }
        if columns == 7 {
            let flags = try fields.integer(6, "flags")
            guard (0..<64).contains(flags) else { throw BadRow(expected: "flags of 0 to 63", found: fields.fields[6]) }
            event.flags = UInt8(flags)
            flush()
        } else if event.kind != .level || exchange != runExchange || local != runLocal {
            flush()
        }
        try session.add(event)
        (runExchange, runLocal) = event.kind == .trade ? (.min, .min) : (exchange, local)
    }

    private func kind() throws(BadRow) -> MarketRecord.Kind {
        let field = fields.fields[0]
        if field.count == 1 {
            if field[0] == UInt8(ascii: "D") { return .level }
            if field[0] == UInt8(ascii: "T") { return .trade }
            if field[0] == UInt8(ascii: "C") && columns == 7 { return .clear }
        }
        throw BadRow(expected: "type D (a level) or T (a trade)", found: field)
    }

    private func side(_ kind: MarketRecord.Kind) throws(BadRow) -> Side? {
        let field = fields.fields[3]
        if field.count == 1 {
            if field[0] | 0x20 == UInt8(ascii: "b") { return .buy }
            if field[0] | 0x20 == UInt8(ascii: "s") { return .sell }
        }
        if field.isEmpty && kind != .level { return nil }
        throw BadRow(expected: "side B or S", found: field)
    }
}
