public import Domain
public import Recording
public import Trading

/// Who is told of a backtest's results while it runs.
public protocol BacktestSink: ~Copyable {
    mutating func filled(_ fill: BookedFill, desk: borrowing Desk) throws
    /// A row of `orders.csv`; a refused wish is one too.
    mutating func closed(_ order: OrderRecord, desk: borrowing Desk) throws
    /// A sample of the equity.
    mutating func sampled(at time: Timestamp, lastRecord: Timestamp, desk: borrowing Desk) throws
    /// When it wants to look at the market again, ns (markouts); `Int64.max` for never. Asked at the start, after every fill and
    /// after ``marked(at:desk:)``.
    var nextMark: Int64 { get }
    mutating func marked(at time: Timestamp, desk: borrowing Desk) throws
    mutating func noted(_ note: Note) throws
    /// Every few thousand events; true asks the run to end as interrupted.
    mutating func tick(events: Int, at time: Timestamp) throws -> Bool

    /// Whether it takes down every input of the engine too. Of the type, so that a run without a journal is compiled without one.
    static var isJournal: Bool { get }
    /// Before the step; a journal only.
    mutating func input(_ input: Input, at time: Timestamp) throws
    /// After the step, where it had any; a journal only.
    mutating func effects(_ effects: [Effect]) throws
    /// Nothing can be asked any more; a journal only.
    mutating func deskClosed(at time: Timestamp) throws
}

extension BacktestSink where Self: ~Copyable {
    public static var isJournal: Bool { false }
    public mutating func input(_ input: Input, at time: Timestamp) throws {}
    public mutating func effects(_ effects: [Effect]) throws {}
    public mutating func deskClosed(at time: Timestamp) throws {}
}

/// What cannot happen between our own exchange and our own desk, and so ends the run.
public enum BacktestError: Error, Hashable, Sendable {
    case contradiction(order: OrderID, time: Timestamp)
}

/// A run's files take down a backtest as they take down any run.
extension RunSink: BacktestSink {}
