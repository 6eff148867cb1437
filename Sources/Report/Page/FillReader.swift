import Domain

/// A trade as the page's table shows it: texts of `fills.csv`.
struct TradeLine: Sendable {
    let time: Int64
    let instrument: String
    let side: String
    let price: String
    let quantity: String
    let pnl: String
    let fee: String
    let feeCurrency: String
    let liquidity: String
    let tag: String
    let positionAfter: String
}

/// Walks `fills.csv` row by row.
struct FillReader {
    struct Row {
        var time: Int64 = 0
        var instrument: Int?
        var isBuy = false
        var price = 0.0
        var quantity = 0.0
        var position = 0.0
        var pnl = 0.0
        /// Whether it closed a part of the position.
        var isTrade = false
    }

    private let csv: CSVReader
    private let index: [String: Int]
    private var positions: [Double]
    private var time: Int64 = 0

    init(directory: String, instruments: [RunData.InstrumentData]) throws(RunFileError) {
        csv = try CSVReader(directory + "/" + RunFiles.fills, header: FillRow.header)
        index = Dictionary(instruments.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        positions = instruments.map { _ in 0 }
    }

    /// The next fill; its texts stay readable through ``tradeLine()`` until the next call.
    mutating func next() throws(RunFileError) -> Row? {
        guard try csv.next() else { return nil }
        var row = Row()
        row.time = try csv.integer(0)
        row.instrument = index[csv.text(2)]
        row.isBuy = csv.starts(5, with: UInt8(ascii: "b"))
        row.price = try csv.number(6)
        row.quantity = try csv.number(7)
        row.position = try csv.number(12)
        row.pnl = try csv.number(13)
        if let place = row.instrument {
            let before = positions[place]
            row.isTrade = row.isBuy ? before < 0 : before > 0
            positions[place] = row.position
        }
        time = row.time
        return row
    }

    func tradeLine() -> TradeLine {
        TradeLine(
            time: time, instrument: csv.text(2), side: csv.text(5), price: csv.text(6), quantity: csv.text(7),
            pnl: csv.text(13), fee: csv.text(8), feeCurrency: csv.text(9), liquidity: csv.text(10), tag: csv.text(11),
            positionAfter: csv.text(12))
    }
}
