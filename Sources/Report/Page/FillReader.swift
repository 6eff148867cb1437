import Domain

/// A trade as the page's table shows it: texts of `fills.csv`.
struct TradeLine {
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

/// Walks `fills.csv` by time and adds up the fees.
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
    private let currency: String
    private let index: [String: Int]
    private let bases: [String]
    private var positions: [Double]
    /// The row at hand, not yet handed out.
    private var ahead: Row?
    private var aheadFee = 0.0
    /// Of the rows handed out, in the reporting currency.
    private(set) var fees = 0.0

    init(directory: String, currency: String, instruments: [RunData.InstrumentData]) throws(RunFileError) {
        csv = try CSVReader(directory + "/" + RunFiles.fills, header: FillRow.header)
        self.currency = currency
        index = Dictionary(instruments.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        bases = instruments.map(\.base)
        positions = instruments.map { _ in 0 }
        try advance()
    }

    /// The next fill at or before `time`; its texts stay readable through ``tradeLine()`` until the next call.
    mutating func next(until time: Int64) throws(RunFileError) -> Row? {
        if handedOut {
            handedOut = false
            try advance()
        }
        guard let row = ahead, row.time <= time else { return nil }
        handedOut = true
        fees += aheadFee
        return row
    }

    private var handedOut = false

    private mutating func advance() throws(RunFileError) {
        ahead = nil
        guard try csv.next() else { return }
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
        let fee = try csv.number(8)
        aheadFee = fee == 0 ? 0 : fee * feeWorth(row)
        ahead = row
    }

    /// A fee in the base currency is worth the fill's price; one in a third currency cannot be told here.
    private func feeWorth(_ row: Row) -> Double {
        let unit = csv.text(9)
        if unit == currency { return 1 }
        guard let place = row.instrument, bases[place] == unit else { return 0 }
        return row.price
    }

    func tradeLine() -> TradeLine {
        TradeLine(
            time: ahead?.time ?? 0, instrument: csv.text(2), side: csv.text(5), price: csv.text(6), quantity: csv.text(7),
            pnl: csv.text(13), fee: csv.text(8), feeCurrency: csv.text(9), liquidity: csv.text(10), tag: csv.text(11),
            positionAfter: csv.text(12))
    }
}
