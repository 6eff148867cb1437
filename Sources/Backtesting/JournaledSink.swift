public import Domain
public import Recording
public import Trading

/// Another sink with a journal beside it.
public final class JournaledSink<Base: BacktestSink>: BacktestSink {
    private var base: Base
    private let journal: JournalWriter

    public init(_ base: Base, journal: JournalWriter) { (self.base, self.journal) = (base, journal) }

    public static var isJournal: Bool { true }
    public func input(_ input: Input, at time: Timestamp) throws { try journal.input(input, at: time) }
    public func effects(_ effects: [Effect]) throws { try journal.effects(effects) }
    public func deskClosed(at time: Timestamp) throws { try journal.deskClosed(at: time) }

    public var nextMark: Int64 { base.nextMark }
    public func filled(_ fill: BookedFill, desk: borrowing Desk) throws { try base.filled(fill, desk: desk) }
    public func closed(_ order: OrderRecord, desk: borrowing Desk) throws { try base.closed(order, desk: desk) }
    public func sampled(at time: Timestamp, lastRecord: Timestamp, desk: borrowing Desk) throws {
        // The backtest has noted the equity of this moment just now.
        try journal.sampled(at: time)
        try base.sampled(at: time, lastRecord: lastRecord, desk: desk)
    }
    public func marked(at time: Timestamp, desk: borrowing Desk) throws { try base.marked(at: time, desk: desk) }
    public func noted(_ note: Note) throws { try base.noted(note) }
    public func tick(events: Int, at time: Timestamp) throws -> Bool { try base.tick(events: events, at: time) }
}
