import ArgumentParser
import Domain
import Tape

/// `perigee data head`: the first records of a tape, for people.
struct DataHead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "Show the first records of a tape.", discussion: "  perigee data head backtest-data/btc-l2.tape -n 20")

    @Argument(help: "The tape.")
    var tape: String

    @Option(name: .short, parsing: .unconditional, help: "How many records.")
    var n = 10

    @Option(help: "text or json (one object a line).")
    var format: OutputFormat = .text

    private struct Enough: Error {}

    func run() throws {
        guard n >= 0 else { throw Failure(.usage, "-n \(n): expected 0 or more") }
        let reader = try DataVerb.open(tape)
        var rows: [RecordRow] = []
        do {
            try DataVerb.guarded {
                try reader.forEachRecord { record in
                    if rows.count == n { throw Enough() }
                    rows.append(RecordRow(copy record, reader.instruments[Int(record.instrument)]))
                }
            }
        } catch is Enough {}
        switch format {
        case .json: for row in rows { print(row.json) }
        case .text: for line in RecordRow.table(rows) { print(line) }
        }
    }
}

/// One record in words.
struct RecordRow {
    private let record: MarketRecord
    private let instrument: Instrument

    init(_ record: MarketRecord, _ instrument: Instrument) {
        self.record = record
        self.instrument = instrument
    }

    private func price(_ ticks: Int64) -> String { instrument.decimal(Price(ticks: ticks)).description }
    private func size(_ units: Int64) -> String { instrument.decimal(units: units).description }

    private var kind: String {
        switch record.kind {
        case .level: "level"
        case .clear: "clear"
        case .trade: "trade"
        case .quote: "quote"
        case .bar: "bar"
        case .orderAdd: "order_add"
        case .orderModify: "order_modify"
        case .orderCancel: "order_cancel"
        case .orderFill: "order_fill"
        case .status: "status"
        }
    }

    /// What the record says, key by key.
    private var fields: [(String, String)] {
        switch record.kind {
        case .level, .trade: return [("price", price(record.a)), ("qty", size(record.b))]
        case .clear: return []
        case .quote:
            var result: [(String, String)] = []
            if record.aux & 1 != 0 { result += [("bid", price(record.a)), ("bid_qty", size(record.b))] }
            if record.aux & 2 != 0 { result += [("ask", price(record.c)), ("ask_qty", size(record.d))] }
            return result
        case .bar:
            return [
                ("open", price(record.a)), ("high", price(record.b)), ("low", price(record.c)), ("close", price(record.d)),
                ("volume", size(record.e)), ("trades", String(record.aux)),
            ]
        case .orderAdd, .orderModify, .orderFill: return [("price", price(record.a)), ("qty", size(record.b)), ("order", String(record.e))]
        case .orderCancel: return [("order", String(record.e))]
        case .status: return [("code", String(record.a))]
        }
    }

    private var marks: [String] {
        let names: [(UInt8, String)] = [
            (MarketRecord.Flag.endOfBatch, "end"), (MarketRecord.Flag.deskOnly, "desk-only"), (MarketRecord.Flag.venueOnly, "venue-only"),
            (MarketRecord.Flag.snapshot, "snapshot"), (MarketRecord.Flag.offBook, "off-book"), (MarketRecord.Flag.gap, "gap"),
        ]
        return names.filter { record.flags & $0.0 != 0 }.map(\.1)
    }

    var json: JSONValue {
        .object(
            [
                ("time", .integer(record.localTime)), ("exchange_time", .integer(record.exchangeTime)),
                ("instrument", .string(instrument.name)), ("kind", .string(kind)), ("side", .text(record.side?.name)),
            ] + fields.map { ($0.0, .string($0.1)) } + [("flags", .array(marks.map { .string($0) }))])
    }

    private var cells: [String] {
        [
            TimeText.text(Timestamp(nanoseconds: record.localTime)), TimeText.text(Timestamp(nanoseconds: record.exchangeTime)),
            instrument.name, kind, record.side?.name ?? "-", fields.map { "\($0.0) \($0.1)" }.joined(separator: "  "),
            marks.joined(separator: " "),
        ]
    }

    /// Aligned columns with a header.
    static func table(_ rows: [RecordRow]) -> [String] {
        let cells = [["time", "exchange time", "instrument", "kind", "side", "what", "marks"]] + rows.map(\.cells)
        let widths = (0..<7).map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            var line = zip(row, widths).map { $0.padding($1) }.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
