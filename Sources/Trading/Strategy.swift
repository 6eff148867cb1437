public import Domain

/// Which callbacks a strategy has; the engine never enters it for the others.
public struct Callbacks: OptionSet, Hashable, Sendable, BitwiseCopyable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let quote = Callbacks(rawValue: 1 << 0)
    public static let book = Callbacks(rawValue: 1 << 1)
    public static let trade = Callbacks(rawValue: 1 << 2)
    public static let bar = Callbacks(rawValue: 1 << 3)
    public static let order = Callbacks(rawValue: 1 << 4)
    public static let fill = Callbacks(rawValue: 1 << 5)
    public static let status = Callbacks(rawValue: 1 << 6)
    public static let quoted = Callbacks(rawValue: 1 << 7)
    public static let quoteRefused = Callbacks(rawValue: 1 << 8)
}

/// Whether a callback came back cleanly. What a failed one asked for is never judged, let alone sent.
public enum CallbackResult: Hashable, Sendable { case clean, failed }

/// A strategy: called by the engine, one callback at a time, and only ever through this.
///
/// Wishes are made on the desk that is handed in; they are judged after the callback has returned cleanly.
public protocol Strategy: ~Copyable {
    /// Asked again after every callback that may change it (`onStart`).
    var callbacks: Callbacks { get }
    /// Why the last failed callback failed: file, line, traceback and the event that was being handled.
    var faultMessage: String { get }
    /// Whether no callback can run any more (hang guard, memory cap): no error policy can carry on then.
    var isDead: Bool { get }
    /// Instructions that its callbacks have taken so far, where they are counted; else 0.
    var work: UInt64 { get }

    mutating func onStart(_ desk: inout Desk) -> CallbackResult
    mutating func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult
    mutating func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult
    mutating func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult
    mutating func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult
    /// An order of ours changed state; `desk.order(id)` tells to what.
    mutating func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult
    mutating func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult
    /// A venue answers a request for a quote with a price; ``Desk/accept(_:tag:)`` takes it.
    mutating func onQuoted(_ quote: Quote, _ desk: inout Desk) -> CallbackResult
    /// A request for a quote got none; the reason is a lower-case code.
    mutating func onQuoteRefused(
        _ request: QuoteRequestID, of instrument: InstrumentID, reason: String, _ desk: inout Desk
    ) -> CallbackResult
    mutating func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult
    mutating func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult
    mutating func onStatus(_ status: VenueStatus, ofVenue venue: String, _ desk: inout Desk) -> CallbackResult
    /// A start or a reconnect found something.
    mutating func onReconcile(_ report: ReconcileReport, _ desk: inout Desk) -> CallbackResult
    /// What the strategy wants kept across restarts; nil where it keeps nothing.
    mutating func save(_ desk: inout Desk) -> [UInt8]?
    /// State of an earlier run, before ``onStart(_:)``.
    mutating func restore(_ saved: [UInt8], _ desk: inout Desk) -> CallbackResult
    /// The watchdog's word, taken from a journal: no callback runs any more, for this reason.
    mutating func condemn(_ message: String)
    /// Where the host itself ended the strategy during the last call, by a clock that a replay does not have; once.
    mutating func takeVerdict() -> StrategyVerdict?
    /// From a journal: the call of that number will end as it did then.
    mutating func doom(_ verdict: StrategyVerdict)
    /// The last callback of all. What it asks for is refused.
    mutating func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult
    /// An order left the desk's table: what the strategy keeps about it must stand by itself from now on.
    mutating func forget(_ order: OrderID)
}

extension Strategy where Self: ~Copyable {
    public var isDead: Bool { false }
    public var work: UInt64 { 0 }
    public mutating func onQuoted(_ quote: Quote, _ desk: inout Desk) -> CallbackResult { .clean }
    public mutating func onQuoteRefused(
        _ request: QuoteRequestID, of instrument: InstrumentID, reason: String, _ desk: inout Desk
    ) -> CallbackResult { .clean }
    public mutating func onStatus(_ status: VenueStatus, ofVenue venue: String, _ desk: inout Desk) -> CallbackResult { .clean }
    public mutating func onReconcile(_ report: ReconcileReport, _ desk: inout Desk) -> CallbackResult { .clean }
    public mutating func save(_ desk: inout Desk) -> [UInt8]? { nil }
    public mutating func restore(_ saved: [UInt8], _ desk: inout Desk) -> CallbackResult { .clean }
    public mutating func condemn(_ message: String) {}
    public mutating func takeVerdict() -> StrategyVerdict? { nil }
    public mutating func doom(_ verdict: StrategyVerdict) {}
}

/// The watchdog's word about one call of a strategy: which, counted from 1, and what was said.
public struct StrategyVerdict: Hashable, Sendable {
    public var call: UInt64
    public var message: String
    public init(call: UInt64, message: String) { (self.call, self.message) = (call, message) }
}

public enum VenueStatus: UInt8, Hashable, Sendable {
    case connected = 0, disconnected, stale, resynced, halted

    public var name: String {
        switch self {
        case .connected: "connected"
        case .disconnected: "disconnected"
        case .stale: "stale"
        case .resynced: "resynced"
        case .halted: "halted"
        }
    }
}

/// A trade of others, as the tape or a feed printed it.
///
/// - Units: price in ticks, size in the instrument's size units.
public struct PublicTrade: Hashable, Sendable, BitwiseCopyable {
    public var ticks: Int64
    public var size: Int64
    /// The aggressor; nil where the source does not know it.
    public var side: Side?
    public var exchangeTime: Timestamp

    public init(ticks: Int64, size: Int64, side: Side?, exchangeTime: Timestamp) {
        (self.ticks, self.size, self.side, self.exchangeTime) = (ticks, size, side, exchangeTime)
    }
}
