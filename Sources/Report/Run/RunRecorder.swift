public import Domain

public enum LogLevel: String, Hashable, Sendable, CaseIterable { case debug, info, warn, error, alert }

/// Writes a run's folder while the run goes on. The driver pushes facts in order of the desk's time; rows go to buffered files,
/// statistics add up, and memory does not grow with the length of the run.
///
/// A write that fails is kept in ``failure`` and thrown by ``finish(_:)``.
public final class RunRecorder {
    public let directory: String
    private let instruments: [Instrument]
    /// Their names, put together once.
    private let names: [String]
    /// Inputs may be told as late as just before ``finish(_:)``: their digests are taken while the run goes on.
    public var context: RunContext

    /// Goes over every message of the log before it is written.
    public var rewrite: ((String) -> String)?

    private let fillFile: RunFile
    private let orderFile: RunFile
    private let logFile: RunFile

    private let equityWriter: EquityWriter
    /// Rows of equity not yet handed over.
    private var points: [EquityPoint] = []
    /// Of all fills so far, in the reporting currency.
    private var fees = Amount.zero
    private var groups: GroupTallies
    private var markouts: Markouts
    private var charts: ChartData

    /// Makes the folder where it is missing, and removes the files of an earlier run in it.
    public init(directory: String, instruments: [Instrument], context: RunContext) throws(RunFileError) {
        self.directory = directory
        self.instruments = instruments
        names = instruments.map(\.name)
        self.context = context
        try RunFile.makeDirectory(directory)
        for name in [RunFiles.summary, RunFiles.charts, RunFiles.report] { RunFile.remove(directory + "/" + name) }
        fillFile = try RunFile(directory: directory, name: RunFiles.fills, isLive: context.isLive)
        orderFile = try RunFile(directory: directory, name: RunFiles.orders, isLive: context.isLive)
        equityWriter = try EquityWriter(directory: directory, context)
        logFile = try RunFile(directory: directory, name: RunFiles.log, isLive: context.isLive)
        groups = GroupTallies(instruments: instruments)
        markouts = Markouts(instruments: instruments)
        charts = ChartData(instruments: instruments)
        fillFile.buffer.append(FillRow.header)
        orderFile.buffer.append(OrderRow.header)
        points.reserveCapacity(EquityWriter.batch)
    }

    /// A run that was given up leaves nothing behind: its files go with the writer, once that has nothing to do any more.
    deinit { equityWriter.drain() }

    /// The first write that failed; a long run may want to end there.
    public var failure: RunFileError? {
        fillFile.failure ?? orderFile.failure ?? equityWriter.failure ?? logFile.failure
    }

    /// How many rows, stretches, fills and tags are kept in memory: what must not grow with the run.
    package var retainedElements: Int {
        points.count + equityWriter.retained + charts.retained + markouts.pendingCount + groups.tags.count
    }

    /// A fill, in the order in which the desk learned of them.
    public func fill(_ row: FillRow) {
        let place = row.instrument.position
        row.write(into: &fillFile.buffer, instruments[place], name: names[place])
        fillFile.endRow()
        fees += row.feeValue ?? row.fee
        groups.fill(row)
        markouts.fill(row)
    }

    /// An order that has closed, a refused one included.
    public func order(_ row: OrderRow) {
        let place = row.instrument.position
        row.write(into: &orderFile.buffer, instruments[place], name: names[place])
        orderFile.endRow()
        groups.order(row)
    }

    /// A sample of equity, or equity right after a fill.
    public func equity(_ row: EquityRow) {
        points.append(EquityPoint(row: row, fees: fees))
        if points.count == EquityWriter.batch { handOver() }
    }

    /// Hands on what waits to be written: a live run does it every second.
    public func flush() { handOver() }

    private func handOver() {
        if points.isEmpty { return }
        equityWriter.take(points)
        points = []
        points.reserveCapacity(EquityWriter.batch)
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
        JSON.quote(rewrite?(message) ?? message, into: &logFile.buffer)
        logFile.buffer.append("}\n")
        logFile.endRow()
    }

    /// Writes the open orders, the charts' data and the summary, and gives every file its name; `summary.json` comes last, so
    /// that a folder with one is whole. `report.html` is ``ReportPage``'s.
    public func finish(_ final: FinalState) throws(RunFileError) -> Summary {
        for row in final.openOrders { order(row) }
        handOver()
        for file in [fillFile, orderFile, logFile] { try file.close() }
        let figures = try equityWriter.finish()
        context.startingEquity = figures.startingEquity
        let summary = SummaryBuilder(
            context: context, instruments: instruments, groups: groups, samples: figures.samples,
            drawdown: figures.drawdown, days: figures.days, markouts: markouts, span: figures.span, final: final
        ).build()
        try RunFile.write(charts.json(figures.lines).pretty, directory: directory, name: RunFiles.charts)
        try RunFile.write(summary.text, directory: directory, name: RunFiles.summary)
        return summary
    }
}
