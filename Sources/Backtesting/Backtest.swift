import Domain
import Exchange
import Risk
public import Tape
public import Trading

/// Drives an ``Engine`` and a ``SimExchange`` along one timeline: each record happens at the venue at its exchange time, and at
/// the desk when it arrives.
///
/// At one instant: records at the venue, requests there, bars that end, records at the desk, reports there, timers, samples,
/// and last the opens of recorded bars, because what was sent at a bar's close is there before the next one opens.
///
/// - Source: `docs/fills.md`, two clocks.
@safe public struct Backtest<S: Strategy & ~Copyable, Sink: BacktestSink>: ~Copyable {
    enum Request: Sendable {
        case submit(OrderRequest)
        case amend(AmendRequest)
        case cancel(OrderID)
        case quote(QuoteRequest)
    }

    /// What is on its way to the desk.
    enum News: Sendable {
        case report(ExecutionReport)
        case quote(QuoteAnswer)

        var input: Input {
            switch self {
            case .report(let report): .report(report)
            case .quote(let answer): .quote(answer)
            }
        }
    }

    public var engine: Engine<S>
    var exchange: SimExchange
    var venueLane: TapeLane
    var deskLane: TapeLane
    var sink: Sink
    let settings: BacktestSettings
    let isBars: [Bool]
    let hasBars: Bool

    var requests = DelayLine<Request>()
    var reports = DelayLine<News>()
    /// Reports of bar instruments: no latency, and before the record of their bar.
    var barReports = DelayLine<News>()
    var bars: BarPhases
    /// Requests made while their instrument's bar runs: they are there before the next one opens.
    var deferred: [(instrument: Int, request: Request)] = []
    var effects: [Effect] = []
    var nextSample = Int64.max
    /// The sink's, asked again after whatever may change it: it is not asked per event.
    var nextMark = Int64.max
    var lastSample = Int64.min
    /// Local − exchange time of the last record that arrived.
    var feedLag: Int64 = 0
    var lastRecordTime = Int64.min
    /// Of the strategy's work so far, what has been charged; until when it keeps the desk busy; and how much later than the step's
    /// time what it sends leaves.
    var chargedWork: UInt64 = 0
    var busyUntil = Int64.min
    var computeDelay: Int64 = 0
    /// Records at this desk time and later are not read.
    let end: Int64
    var isStarted = false
    /// The strategy has ended: only what is under way still happens.
    var isWindingDown = false
    var isInterrupted = false
    /// The limit that ended the run.
    var haltReason: String?
    /// Off on tapes that mix bars with bars, and in the test that shows that the inner loops decide nothing.
    var usesInnerLoop: Bool
    /// A tape of one instrument's bars.
    let hasOneOfBars: Bool
    public internal(set) var eventCount = 0

    public init(
        engine: consuming Engine<S>, tape: MergedTape, settings: BacktestSettings, sink: consuming Sink
    ) throws(TapeError) {
        // What may throw comes first: a half-made value that cannot be copied cannot be given up either.
        let venueLane = try tape.venueLane()
        let deskLane = try tape.deskLane()
        let instruments = settings.desk.instruments
        self.engine = engine
        exchange = SimExchange(instruments: instruments, rules: settings.exchange)
        self.venueLane = venueLane
        self.deskLane = deskLane
        self.settings = settings
        nextMark = sink.nextMark
        self.sink = sink
        end = settings.to?.nanoseconds ?? .max
        isBars = instruments.map { $0.dataKind == .bars }
        hasBars = instruments.contains { $0.dataKind == .bars }
        hasOneOfBars = instruments.count == 1 && instruments[0].dataKind == .bars
        // Between the bars of several instruments there is always something else.
        usesInnerLoop = hasOneOfBars || instruments.contains { $0.dataKind != .bars }
        bars = BarPhases(instruments: instruments)
    }

    /// Runs to the end of the tape, of the strategy, or until the sink asks to stop.
    public mutating func run() throws -> BacktestEnding {
        while try turn() {
            if isStarted && !isWindingDown && usesInnerLoop {
                if hasOneOfBars { try runBars() } else { try runRecords() }
            }
        }
        return try finish(isInterrupted ? .interrupted : nil)
    }

    /// One item of the timeline; false once nothing more may happen.
    private mutating func turn() throws -> Bool {
        let laneTime = venueLane.time
        let opensBar = unsafe laneTime != .max && venueLane.record.pointee.kindByte == MarketRecord.Kind.bar.rawValue
        let venue = min(opensBar ? .max : laneTime, bars.nextClose)
        let desk = deskLane.time
        let early = min(requests.nextDue, engine.desk.nextBarClose, barReports.nextDue, exchange.nextExpiry.nanoseconds)
        let late = min(reports.nextDue, engine.desk.nextRecordedBarClose, engine.desk.nextTimer, nextSample, nextMark)
        if isWindingDown { return try windDown(venue: venue, desk: desk, barOpen: opensBar ? laneTime : .max) }
        if venue <= desk, venue <= early, venue <= late, venue < end {
            try visitVenue(at: venue)
            return true
        }
        if desk < early, desk <= late, desk < end, !opensBar || desk <= laneTime {
            try visitDesk(at: desk)
            return true
        }
        return try visitRare(venue: venue, desk: desk, early: early, late: late, barOpen: opensBar ? laneTime : .max)
    }
}
