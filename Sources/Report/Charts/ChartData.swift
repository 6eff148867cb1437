import Domain

/// What the page draws and the CSV files cannot tell: mid prices, the strategy's own lines, sums of returns for the rolling
/// Sharpe ratio. Bounded, however long the run.
struct ChartData: Sendable {
    /// More lines than this are left out, and counted.
    static let plotLimit = 64

    private let instruments: [Instrument]
    private var mids: [AdaptiveSeries<ValueBucket<Int64>>]
    private var plots: [(name: String, series: AdaptiveSeries<ValueBucket<Double>>)] = []
    private var plotIndex: [String: Int] = [:]
    private var pointsLeftOut = 0
    private var returns = AdaptiveSeries<ReturnMoments>()

    init(instruments: [Instrument]) {
        self.instruments = instruments
        mids = instruments.map { _ in AdaptiveSeries() }
    }

    mutating func mid(_ instrument: InstrumentID, at time: Timestamp, _ doubledTicks: Int64) {
        mids[instrument.position].add(ValueBucket(doubledTicks), at: time)
    }

    mutating func returns(_ moments: ReturnMoments, at time: Timestamp) {
        if moments.count > 0 { returns.add(moments, at: time) }
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

    var json: JSON {
        .object([
            "mids": .array(
                instruments.indices.map { index in
                    .object([
                        "instrument": .string(instruments[index].name),
                        "half_tick": .string((instruments[index].tick * ExactDecimal(mantissa: 5, scale: 1)).description),
                        "width_ns": .integer(mids[index].width.nanoseconds),
                        "columns": .array(["time", "first", "low", "high", "last"].map { .string($0) }),
                        "rows": mids[index].rows { [.integer($0.first), .integer($0.low), .integer($0.high), .integer($0.last)] },
                    ])
                }),
            "plots": .array(
                plots.map { plot in
                    .object([
                        "series": .string(plot.name), "width_ns": .integer(plot.series.width.nanoseconds),
                        "columns": .array(["time", "first", "low", "high", "last"].map { .string($0) }),
                        "rows": plot.series.rows { [.ratio($0.first), .ratio($0.low), .ratio($0.high), .ratio($0.last)] },
                    ])
                }),
            "plot_points_left_out": .integer(pointsLeftOut),
            "returns": .object([
                "width_ns": .integer(returns.width.nanoseconds),
                "columns": .array(["time", "samples", "sum", "sum_of_squares"].map { .string($0) }),
                "rows": returns.rows { $0.json },
            ]),
        ])
    }
}
