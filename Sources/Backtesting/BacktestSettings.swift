public import Domain
public import Exchange
public import Trading

/// Everything about a backtest that is not the tape, the strategy or the risk limits.
public struct BacktestSettings: Sendable {
    public var latency = LatencyModel.none
    public var exchange: ExchangeRules
    public var desk: DeskSetup
    public var errorPolicy = ErrorPolicy.stop
    /// Simulated time that the strategy's work takes: what a callback sends leaves that much later. Nil where none is counted.
    public var computeCost: ComputeCost?
    /// Time between two samples of the equity.
    public var sample: Span
    /// By the desk's clock; earlier records build the book only.
    public var from: Timestamp?
    /// Records at this time and later are not read.
    public var to: Timestamp?

    public init(exchange: ExchangeRules, desk: DeskSetup, sample: Span) {
        (self.exchange, self.desk, self.sample) = (exchange, desk, sample)
    }
}

/// What an instruction of the strategy costs on the simulated desk.
///
/// - Units: picoseconds, so that a fast machine can be had too.
public struct ComputeCost: Hashable, Sendable, BitwiseCopyable {
    public let picoseconds: UInt64

    public init(picoseconds: UInt64) { self.picoseconds = picoseconds }

    /// Time that `work` takes, in ns, cut to whole ones.
    ///
    /// - Overflow: no more than a hundred years.
    func nanoseconds(_ work: UInt64) -> Int64 {
        let (product, overflow) = work.multipliedReportingOverflow(by: picoseconds)
        return overflow ? 3_155_760_000_000_000_000 : Int64(min(product / 1000, 3_155_760_000_000_000_000))
    }
}

/// How a run ended.
public enum BacktestEnding: Hashable, Sendable {
    case endOfTape
    case strategyStopped(reason: String)
    case strategyFailed(message: String)
    case interrupted
    /// A limit was reached that pulls the kill switch live.
    case halted(reason: String)
}
