public import Domain

public enum LogLevel: String, Hashable, Sendable, CaseIterable { case debug, info, warn, error }

/// Writes a run's folder while the run goes on. The driver pushes facts in order of the desk's time; rows go to buffered files,
/// statistics add up, and memory does not grow with the length of the run.
///
/// A write that fails is kept in ``failure`` and thrown by ``finish(_:)``.
public final class RunRecorder {
    public let directory: String
    private let instruments: [Instrument]
    /// Inputs may be told as late as just before ``finish(_:)``: their digests are taken while the run goes on.
    public var context: RunContext

    private let fillFile: RunFile
    private let orderFile: RunFile
    private let equityFile: RunFile
    private let logFile: RunFile

    private var groups: GroupTallies
    private var samples: SampleStatistics
    private var drawdown: DrawdownStatistics
    private var days: DayTally
    private var span: RunSpan
    private var isBeforeFirstRow = true
    private var markouts: Markouts
    private var charts: ChartData

    /// Makes the folder where it is missing, and removes the files of an earlier run in it.
    public init(directory: String, instruments: [Instrument], context: RunContext) throws(RunFileError) {
        self.directory = directory
        self.instruments = instruments
        self.context = context
        try RunFile.makeDirectory(directory)
        for name in [RunFiles.summary, RunFiles.charts, RunFiles.report] { RunFile.remove(directory + "/" + name) }
        fillFile = try RunFile(directory: directory, name: RunFiles.fills)
        orderFile = try RunFile(directory: directory, name: RunFiles.orders)
        equityFile = try RunFile(directory: directory, name: RunFiles.equity)
        logFile = try RunFile(directory: directory, name: RunFiles.log)
        groups = GroupTallies(instruments: instruments)
        samples = SampleStatistics(calendar: context.calendar, samplePeriod: context.samplePeriod)
        drawdown = DrawdownStatistics(startingEquity: context.startingEquity)
        days = DayTally(startingEquity: context.startingEquity)
        span = RunSpan(startingEquity: context.startingEquity)
        markouts = Markouts(instruments: instruments)
        charts = ChartData(instruments: instruments)
        fillFile.buffer.append(FillRow.header)
        orderFile.buffer.append(OrderRow.header)
        equityFile.buffer.append(EquityRow.header)
    }

    /// The first write that failed; a long run may want to end there.
    public var failure: RunFileError? {
        fillFile.failure ?? orderFile.failure ?? equityFile.failure ?? logFile.failure
    }

    /// A fill, in the order in which the desk learned of them.
    public func fill(_ row: FillRow) {
        row.write(into: &fillFile.buffer, instruments[row.instrument.position])
        fillFile.endRow()
        groups.fill(row)
        markouts.fill(row)
    }

    /// An order that has closed, a refused one included.
    public func order(_ row: OrderRow) {
        let own = instruments[row.instrument.position]
        row.write(into: &orderFile.buffer, own)
        orderFile.endRow()
        groups.order(row)
    }

    /// A sample of equity, or equity right after a fill.
    public func equity(_ row: EquityRow) {
        if isBeforeFirstRow { begin(with: row) }
        let below = drawdown.row(row.time, row.equity)
        row.write(into: &equityFile.buffer, drawdown: below)
        equityFile.endRow()
        span.row(row)
        days.row(row.time, row.equity)
        switch row.kind {
        case .fill: break
        case .sample: charts.returns(samples.sample(row), at: row.time)
        }
    }

    /// Starting balances in other currencies have no value before the market has prices: where some do, the run starts from its
    /// first sample, lest their value counts as a gain.
    private func begin(with row: EquityRow) {
        isBeforeFirstRow = false
        guard row.kind == .sample, context.startingBalances.contains(where: { $0.currency != context.reportingCurrency }) else { return }
        context.startingEquity = row.equity
        drawdown = DrawdownStatistics(startingEquity: row.equity)
        days = DayTally(startingEquity: row.equity)
        span = RunSpan(startingEquity: row.equity)
    }

    /// The mid of an instrument at a sample, as best bid + best ask in ticks (twice the close on bars).
    public func mid(_ instrument: InstrumentID, at time: Timestamp, doubledTicks: Int64) {
        charts.mid(instrument, at: time, doubledTicks)
        groups.mid(instrument, doubledTicks)
    }

    /// When ``markouts(before:doubledMids:)`` next has something to do; `never` while no fill waits.
    ///
    /// - Complexity: O(1). Compare it with the time of the next event before that event changes a book.
    public var nextMarkoutDue: Timestamp { markouts.nextDue }

    /// Marks the fills whose horizons lie before `time` at the mids as they stand before the event at `time`:
    /// `doubledMids[i]` is best bid + best ask of instrument `i` in ticks, nil where a side is empty.
    public func markouts(before time: Timestamp, doubledMids: [Int64?]) {
        markouts.mark(before: time, doubledMids: doubledMids)
    }

    /// A point of a line that the strategy draws.
    public func plot(_ series: String, at time: Timestamp, value: Double) {
        charts.plot(series, at: time, value)
    }

    /// A line of `log.jsonl`; `source` says who speaks: `strategy`, `engine`, `risk`, `exchange`.
    public func log(_ level: LogLevel, at time: Timestamp, source: String, _ message: String) {
        logFile.buffer.append("{\"time\": ")
        logFile.buffer.append(time.nanoseconds)
        logFile.buffer.append(", \"level\": \"\(level.rawValue)\", \"source\": ")
        JSON.quote(source, into: &logFile.buffer)
        logFile.buffer.append(", \"message\": ")
        JSON.quote(message, into: &logFile.buffer)
        logFile.buffer.append("}\n")
        logFile.endRow()
    }

    /// Writes the open orders, the charts' data and the summary, and gives every file its name; `summary.json` comes last, so
    /// that a folder with one is whole. `report.html` is ``ReportPage``'s.
    public func finish(_ final: FinalState) throws(RunFileError) -> Summary {
        for row in final.openOrders { order(row) }
        days.close()
        for file in [fillFile, orderFile, equityFile, logFile] { try file.close() }
        let summary = SummaryBuilder(
            context: context, instruments: instruments, groups: groups, samples: samples,
            drawdown: drawdown, days: days, markouts: markouts, span: span, final: final
        ).build()
        try RunFile.write(charts.json.pretty, directory: directory, name: RunFiles.charts)
        try RunFile.write(summary.text, directory: directory, name: RunFiles.summary)
        return summary
    }
}
