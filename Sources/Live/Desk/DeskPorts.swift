public import Domain
import Risk
public import Trading
public import Venues

/// What a ``DeskCore`` needs of the world around it: sockets, timers, people. In tests, a simulated world.
public protocol DeskHost: AnyObject {
    /// Hands a command to a venue's session, in this very turn.
    func send(_ command: VenueCommand, to venue: Int)
    /// Asks a venue for a quote, in this very turn.
    func requestQuote(_ request: VenueQuoteRequest, of venue: Int)
    /// Calls ``DeskCore/wake(at:)`` then, monotonic ns; a second call replaces the first.
    func wake(at monotonic: Int64)
    /// The kill switch is pulled: it does not need the desk any more.
    func kill(reason: String, source: String)
    func log(_ level: Note.Level, _ source: String, _ text: String)
    /// Something that a person must see, at once and until it is acknowledged (C29).
    func alert(_ alert: Alert)
    /// An order is about to leave, or its venue's name became known: the kill switch must know it without the desk.
    func orderNamed(_ order: VenueOrderReference, at venue: Int)
    func orderEnded(_ clientID: String, at venue: Int)
    /// Nothing more will come: the run is over.
    func ended(_ ending: DeskEnding)
}

/// How a run ended; the command line makes its exit status of it.
public enum DeskEnding: Hashable, Sendable {
    /// The duration ended, or the strategy asked for it.
    case done(reason: String)
    case interrupted
    case strategyFailed(message: String)
    /// A limit, the watchdog or the kill switch.
    case halted(reason: String)
    case unreachable(venue: String, why: String)
    /// The disk, the ledger.
    case failed(message: String)
}

/// What a desk is made from.
public struct DeskPlan: Sendable {
    public enum Mode: Hashable, Sendable { case paper, live }

    public struct VenuePlan: Sendable {
        public var name: String
        public var capabilities: VenueCapabilities
        /// A lost request may still be executed for this long.
        public var acceptanceBound: Span
        /// Sessions tell orders too; else market data only.
        public var isTrading: Bool
        /// What the venue's symbols are made of, beside those of the desk's instruments.
        public var pairs: BreakWatch.Pairs = [:]

        public init(name: String, capabilities: VenueCapabilities, acceptanceBound: Span, isTrading: Bool) {
            (self.name, self.capabilities, self.acceptanceBound, self.isTrading) = (name, capabilities, acceptanceBound, isTrading)
        }
    }

    public var mode: Mode
    public var venues: [VenuePlan]
    /// Of all venues; an instrument's `venue` is the name of one of them.
    public var instruments: [Instrument]
    /// Names of the strategies, in the order of their engines.
    public var strategies: [String]
    public var instance: String
    public var epoch: UInt32
    /// Names the run in the ledger.
    public var run: String
    public var adoptsLeftOrders: Bool
    public var sample = Span(nanoseconds: 1_000_000_000)
    /// How often the venue is asked for open orders and fills beside the stream.
    public var audit = Span(nanoseconds: 30_000_000_000)
    public var save = Span(nanoseconds: 30_000_000_000)
    /// After this long without proof a stop is given up: what is left is said.
    public var stopPatience = Span(nanoseconds: 120_000_000_000)
    /// A book that nothing was heard of for this long is silent, whatever its connection looks like (F29).
    public var feedSilence = Span(nanoseconds: 10_000_000_000)
    /// What runs, for the ledger (C31): written before the first order.
    public var release: LedgerRelease?
    /// Limits that the ledger does not have yet (C28): their text is written before the first order that they judge.
    public var newLimits: String?
    /// What an operator confirmed, for the record.
    public var notes: [String] = []
    /// C26, as the gates have it.
    public var unknownMax = LiveDefaults().unknownMax
    public var unknownAge = LiveDefaults().unknownAge
    /// C27.
    public var breaks = BreakWatch.Limits()

    public init(
        mode: Mode, venues: [VenuePlan], instruments: [Instrument], strategies: [String], instance: String, epoch: UInt32, run: String,
        adoptsLeftOrders: Bool
    ) {
        (self.mode, self.venues, self.instruments, self.strategies) = (mode, venues, instruments, strategies)
        (self.instance, self.epoch, self.run, self.adoptsLeftOrders) = (instance, epoch, run, adoptsLeftOrders)
    }
}

/// Who writes a run down.
public protocol DeskSink: AnyObject {
    func filled(_ fill: BookedFill, strategy: Int, desk: borrowing Desk)
    func closed(_ order: OrderRecord, strategy: Int, desk: borrowing Desk)
    func sampled(at time: Timestamp, strategy: Int, desk: borrowing Desk)
    func noted(_ note: Note, strategy: Int)
    /// Every input in order, before the step, and the effects it had.
    func input(_ input: Input, strategy: Int?, at time: Timestamp)
    func effects(_ effects: [Effect], strategy: Int)
    /// The strategy was ended by its host's own clock in the step of the last input; before that step's effects.
    func verdict(_ verdict: StrategyVerdict, strategy: Int)
    /// `on_save` ran, whatever it gave: it may have changed the script.
    func saved(strategy: Int, at time: Timestamp)
    func flush()
}
