import Domain

/// What the page draws and the CSV files cannot tell: mid prices and the strategy's own lines. Bounded, however long the run.
struct ChartData: Sendable {
    /// More lines than this are left out, and counted.
    static let plotLimit = 64

    private let instruments: [Instrument]
    private var mids: [AdaptiveSeries<ValueBucket<Int64>>]
    private var plots: [(name: String, series: AdaptiveSeries<ValueBucket<Double>>)] = []
    private var plotIndex: [String: Int] = [:]
    private var pointsLeftOut = 0

    init(instruments: [Instrument]) {
        self.instruments = instruments
        mids = instruments.map { _ in AdaptiveSeries() }
    }

    mutating func mid(_ instrument: InstrumentID, at time: Timestamp, _ doubledTicks: Int64) {
        mids[instrument.position].add(ValueBucket(doubledTicks), at: time)
    }

    /// Values that are no finite number leave a gap.
    mutating func plot(_ name: String, at time: Timestamp, _ value: Double) {
        guard value.isFinite else { return }
        if let index = plotIndex[name] { return plots[index].series.add(ValueBucket(value), at: time) }
        guard plots.count < ChartData.plotLimit else {
            pointsLeftOut += 1
            return
        }
        plotIndex[name] = plots.count
        plots.append((name, AdaptiveSeries()))
        plots[plots.count - 1].series.add(ValueBucket(value), at: time)
    }

    var retained: Int { mids.reduce(0) { $0 + $1.buckets.count } + plots.reduce(0) { $0 + $1.series.buckets.count } }

    /// `charts.json`.
    func json(_ equity: EquityLines) -> JSON {
        .object([
            "mids": .array(
                instruments.indices.map { index in
                    .object([
                        "instrument": .string(instruments[index].name),
                        "half_tick": .string((instruments[index].tick * ExactDecimal(mantissa: 5, scale: 1)).description),
                        "width_ns": .integer(mids[index].width.nanoseconds),
                        "columns": ChartData.columns,
                        "rows": mids[index].rows { [.integer($0.first), .integer($0.low), .integer($0.high), .integer($0.last)] },
                    ])
                }),
            "plots": .array(
                plots.map { plot in
                    .object([
                        "series": .string(plot.name), "width_ns": .integer(plot.series.width.nanoseconds),
                        "columns": ChartData.columns, "rows": ChartData.rows(plot.series),
                    ])
                }),
            "plot_points_left_out": .integer(pointsLeftOut),
            "returns": equity.returnsJSON,
            "equity": ChartData.line(equity.equity), "gross": ChartData.line(equity.gross), "drawdown": ChartData.line(equity.drawdown),
            "days": equity.daysJSON,
        ])
    }

    private static var columns: JSON { .array(["time", "first", "low", "high", "last"].map { .string($0) }) }

    private static func rows(_ series: AdaptiveSeries<ValueBucket<Double>>) -> JSON {
        series.rows { [.ratio($0.first), .ratio($0.low), .ratio($0.high), .ratio($0.last)] }
    }

    private static func line(_ series: AdaptiveSeries<ValueBucket<Double>>) -> JSON {
        .object(["width_ns": .integer(series.width.nanoseconds), "columns": columns, "rows": rows(series)])
    }
}
