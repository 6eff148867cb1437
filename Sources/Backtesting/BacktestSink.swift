public import Domain
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
}

/// What cannot happen between our own exchange and our own desk, and so ends the run.
public enum BacktestError: Error, Hashable, Sendable {
    case contradiction(order: OrderID, time: Timestamp)
}
