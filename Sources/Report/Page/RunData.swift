import Domain

/// What the page needs of a run's folder, in bounded memory: read once, row by row.
struct RunData: Sendable {
    /// The rest of the trades is in `fills.csv`.
    static let tradeRows = 1000

    /// Buys or sells of one instrument in one stretch of time.
    struct MarkSum: Sendable {
        var fills = 0
        var quantity = 0.0
        var notional = 0.0
    }

    struct InstrumentData: Sendable {
        var name: String
        var base: String
        var position = ChartLine.empty
        /// By stretch of the marks' axis, buys and sells.
        var buys = [MarkSum](repeating: MarkSum(), count: RunData.markStretches)
        var sells = [MarkSum](repeating: MarkSum(), count: RunData.markStretches)
    }

    static let markStretches = 96

    let directory: String
    let summary: Summary
    let charts: JSON
    let axis: TimeAxis
    let startingEquity: Double

    var equity = ChartLine.empty
    var gross = ChartLine.empty
    var drawdown = ChartLine.empty
    var days: [EquityLines.DayClose] = []
    var instruments: [InstrumentData] = []
    var histogram: PnLHistogram
    /// The last trades, a ring until ``orderedTrades``.
    var trades: [TradeLine] = []
    var tradeCount = 0
    var fillCount = 0

    init(directory: String) throws(RunFileError) {
        self.directory = directory
        summary = try Summary.read(directory: directory)
        let path = directory + "/" + RunFiles.charts
        do {
            charts = try JSONParser.parse(try FileText.readAll(path))
        } catch let error as JSONError {
            throw RunFileError(path: path, message: "not JSON: \(error.message) at byte \(error.offset)")
        } catch let error as RunFileError {
            throw error
        } catch {
            throw RunFileError(path: path, message: "\(error)")
        }
        axis = TimeAxis(
            start: Display.time(summary["start_time"]) ?? Timestamp(nanoseconds: 0),
            end: Display.time(summary["end_time"]) ?? Timestamp(nanoseconds: 0))
        startingEquity = RunData.double(summary["starting_equity"])
        histogram = PnLHistogram(
            worst: RunData.double(summary["worst_trade"]["pnl"]), best: RunData.double(summary["best_trade"]["pnl"]))
        for name in summary["instruments"].items.compactMap(\.text) {
            let base = name.split(separator: ":").last?.split(separator: "_").first.map(String.init) ?? ""
            instruments.append(InstrumentData(name: name, base: base))
        }
        try readLines(path)
        try readFills()
        carryPositions()
    }

    /// An amount to draw with.
    static func double(_ json: JSON) -> Double { json.text.flatMap(Double.init) ?? 0 }

    /// The lines of equity are in `charts.json`; drawing does not go through `equity.csv` again, which may be long.
    private mutating func readLines(_ path: String) throws(RunFileError) {
        for key in ["equity", "gross", "drawdown", "days"] {
            guard case .array = charts[key]["rows"] else {
                throw RunFileError(path: path, message: "no '\(key)': an earlier perigee wrote it; run the backtest again")
            }
        }
        equity = ChartLine.buckets(charts["equity"], axis)
        gross = ChartLine.buckets(charts["gross"], axis)
        drawdown = ChartLine.buckets(charts["drawdown"], axis)
        for row in charts["days"]["rows"].items.map(\.items) where row.count == 2 {
            guard let day = row[0].integer, let equity = row[1].number else { continue }
            days.append(EquityLines.DayClose(day: day, equity: equity))
        }
    }

    private mutating func readFills() throws(RunFileError) {
        var fills = try FillReader(directory: directory, instruments: instruments)
        while let fill = try fills.next() { add(fill, fills) }
    }

    private static func add(_ value: Double, _ bucket: inout ValueBucket<Double>?) {
        if bucket?.merge(ValueBucket(value)) == nil { bucket = ValueBucket(value) }
    }

    private mutating func add(_ fill: FillReader.Row, _ reader: FillReader) {
        fillCount += 1
        let stretch = axis.stretch(fill.time)
        if let index = fill.instrument {
            RunData.add(fill.position, &instruments[index].position[stretch])
            let column = min(stretch * RunData.markStretches / TimeAxis.stretches, RunData.markStretches - 1)
            RunData.mark(fill, &instruments[index], column)
        }
        guard fill.isTrade else { return }
        histogram.add(fill.pnl)
        let line = reader.tradeLine()
        if trades.count < RunData.tradeRows { trades.append(line) } else { trades[tradeCount % RunData.tradeRows] = line }
        tradeCount += 1
    }

    private static func mark(_ fill: FillReader.Row, _ data: inout InstrumentData, _ column: Int) {
        func add(_ sum: inout MarkSum) {
            sum.fills += 1
            sum.quantity += fill.quantity
            sum.notional += fill.quantity * fill.price
        }
        if fill.isBuy { add(&data.buys[column]) } else { add(&data.sells[column]) }
    }

    /// A position stands until the next fill.
    private mutating func carryPositions() {
        for index in instruments.indices {
            var last = 0.0
            for stretch in 0..<TimeAxis.stretches {
                if var bucket = instruments[index].position[stretch] {
                    bucket.first = last
                    bucket.low = min(bucket.low, last)
                    bucket.high = max(bucket.high, last)
                    instruments[index].position[stretch] = bucket
                    last = bucket.last
                } else {
                    instruments[index].position[stretch] = ValueBucket(last)
                }
            }
        }
    }

    /// Oldest first.
    var orderedTrades: [TradeLine] {
        guard tradeCount > RunData.tradeRows else { return trades }
        let start = tradeCount % RunData.tradeRows
        return Array(trades[start...] + trades[..<start])
    }
}
