public import Domain
public import Exchange
public import Trading

/// Everything about a backtest that is not the tape, the strategy or the risk limits.
public struct BacktestSettings: Sendable {
    public var latency = LatencyModel.none
    public var exchange: ExchangeRules
    public var desk: DeskSetup
    public var errorPolicy = ErrorPolicy.stop
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

/// How a run ended.
public enum BacktestEnding: Hashable, Sendable {
    case endOfTape
    case strategyStopped(reason: String)
    case strategyFailed(message: String)
    case interrupted
    /// A limit was reached that pulls the kill switch live.
    case halted(reason: String)
}
