import Domain

/// A row of equity with the fees paid so far, in the reporting currency.
struct EquityPoint: Sendable, BitwiseCopyable {
    let row: EquityRow
    let fees: Amount
}

/// What all rows of equity add up to.
struct EquityFigures: Sendable {
    var samples: SampleStatistics
    var drawdown: DrawdownStatistics
    var days: DayTally
    var span: RunSpan
    var lines = EquityLines()
    /// The run's, or the first sample's, where other currencies have no value before it.
    var startingEquity: Amount

    init(_ context: RunContext) {
        startingEquity = context.startingEquity
        samples = SampleStatistics(calendar: context.calendar, samplePeriod: context.samplePeriod)
        drawdown = DrawdownStatistics(startingEquity: startingEquity)
        days = DayTally(startingEquity: startingEquity)
        span = RunSpan(startingEquity: startingEquity)
    }

    mutating func start(with equity: Amount) {
        startingEquity = equity
        drawdown = DrawdownStatistics(startingEquity: equity)
        days = DayTally(startingEquity: equity)
        span = RunSpan(startingEquity: equity)
    }

    /// The answer is the row's drawdown in units of 10^-12.
    mutating func row(_ point: EquityPoint) -> Int128 {
        let row = point.row
        let below = drawdown.row(row.time, row.equity)
        lines.row(row, fees: point.fees, below: below)
        span.row(row)
        days.row(row.time, row.equity)
        switch row.kind {
        case .fill: break
        case .sample: lines.returns(samples.sample(row), at: row.time)
        }
        return below
    }
}

/// Writes `equity.csv` and adds its rows up.
struct EquityLedger {
    private let file: RunFile
    private var figures: EquityFigures
    private let hasForeignCash: Bool
    private var isBeforeFirstRow = true

    init(directory: String, _ context: RunContext) throws(RunFileError) {
        file = try RunFile(directory: directory, name: RunFiles.equity, isLive: context.isLive)
        file.buffer.append(EquityRow.header)
        figures = EquityFigures(context)
        hasForeignCash = context.startingBalances.contains { $0.currency != context.reportingCurrency }
    }

    var failure: RunFileError? { file.failure }

    var retained: Int { figures.lines.retained }

    mutating func take(_ points: [EquityPoint]) {
        for point in points {
            if isBeforeFirstRow { begin(with: point.row) }
            let below = figures.row(point)
            point.row.write(into: &file.buffer, drawdown: below)
            file.endRow()
        }
    }

    /// Starting balances in other currencies have no value before the market has prices: where some do, the run starts from its
    /// first sample, lest their value counts as a gain.
    private mutating func begin(with row: EquityRow) {
        isBeforeFirstRow = false
        if row.kind == .sample, hasForeignCash { figures.start(with: row.equity) }
    }

    /// Gives the file its name.
    mutating func close() throws(RunFileError) -> EquityFigures {
        figures.days.close()
        try file.close()
        return figures
    }
}
