public import Domain

/// One line of the account's write-ahead log: what a restart must know, and nothing else.
public enum LedgerEntry: Hashable, Sendable {
    /// Written before the order's bytes leave: an order at the venue without one cannot be ours.
    case intent(LedgerIntent)
    case venueID(clientID: String, venueID: String)
    case cancelWanted(clientID: String)
    case unknown(clientID: String)
    case fill(LedgerFill)
    case closed(clientID: String, outcome: LedgerOutcome)
    /// The venue's balance that the books start from: the first ever seen, or accepted by an operator.
    case baseline(venue: String, currency: String, total: ExactDecimal)
    /// Limits in force, by version (I25): the text they were read from.
    case limits(version: UInt32, text: String)
    /// What happened to the switch and the states, for the record.
    case note(String)
    /// A start, before its first order (C31).
    case release(LedgerRelease)
    /// An operator says that what the venue holds is right, whatever the fills add up to: the books begin anew.
    case accepted(venue: String, reason: String)
}

/// What runs, from one start to the next (C31): an intent's `run` leads here.
public struct LedgerRelease: Hashable, Sendable {
    public struct Code: Hashable, Sendable {
        public var strategy: String
        /// SHA-256 of the script, and of the modules it had read by then where there are any.
        public var sha256: String
        /// It is held to the limits of new code (C32).
        public var isCanary: Bool
        public init(strategy: String, sha256: String, isCanary: Bool) { (self.strategy, self.sha256, self.isCanary) = (strategy, sha256, isCanary) }
    }

    /// As the intents name it: the run's folder, in which its journal is.
    public var run: String
    public var code: [Code]
    /// SHA-256 of the configuration file, and of this program.
    public var configuration: String
    public var binary: String
    public var limitVersion: UInt32
    public init(run: String, code: [Code], configuration: String, binary: String, limitVersion: UInt32) {
        (self.run, self.code, self.configuration, self.binary, self.limitVersion) = (run, code, configuration, binary, limitVersion)
    }
}

public enum LedgerOutcome: UInt8, Hashable, Sendable { case filled = 0, cancelled, expired, rejected, notPlaced }

/// An order as it is about to leave (C31: who asked, by which script and limits).
public struct LedgerIntent: Hashable, Sendable {
    public var clientID: String
    public var strategy: String
    public var venue: String
    /// The venue's own spelling.
    public var symbol: String
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var isPostOnly: Bool
    public var isReduceOnly: Bool
    public var price: ExactDecimal
    public var stop: ExactDecimal
    public var quantity: ExactDecimal
    public var tag: String
    public var limitVersion: UInt32
    /// The event of the run's journal that caused it, from 1.
    public var cause: UInt64
    /// The run's folder, in which its journal is: the ledger has its ``LedgerRelease``.
    public var run: String
    public var sent: Timestamp

    public init(
        clientID: String, strategy: String, venue: String, symbol: String, side: Side, type: OrderType, timeInForce: TimeInForce,
        isPostOnly: Bool, isReduceOnly: Bool, price: ExactDecimal, stop: ExactDecimal, quantity: ExactDecimal, tag: String,
        limitVersion: UInt32, cause: UInt64, run: String, sent: Timestamp
    ) {
        (self.clientID, self.strategy, self.venue, self.symbol) = (clientID, strategy, venue, symbol)
        (self.side, self.type, self.timeInForce) = (side, type, timeInForce)
        (self.isPostOnly, self.isReduceOnly) = (isPostOnly, isReduceOnly)
        (self.price, self.stop, self.quantity, self.tag) = (price, stop, quantity, tag)
        (self.limitVersion, self.cause, self.run, self.sent) = (limitVersion, cause, run, sent)
    }
}

/// What makes a fill itself: the same key is the same fill for the life of the account (I6). A trade id alone is not enough (F13).
public struct FillKey: Hashable, Sendable {
    public var venue: String
    public var symbol: String
    public var tradeID: String
    /// The venue's id of the order.
    public var order: String
    public var side: Side
    public init(venue: String, symbol: String, tradeID: String, order: String, side: Side) {
        (self.venue, self.symbol, self.tradeID, self.order, self.side) = (venue, symbol, tradeID, order, side)
    }
}

/// A fill as it was applied, exactly as the venue told it.
public struct LedgerFill: Hashable, Sendable {
    public enum Source: UInt8, Hashable, Sendable { case stream = 0, reconciliation = 1 }
    public var key: FillKey
    /// Nil for an order that is not ours.
    public var clientID: String?
    public var strategy: String
    public var price: ExactDecimal
    public var quantity: ExactDecimal
    public var fee: ExactDecimal
    public var feeCurrency: String
    public var time: Timestamp
    public var source: Source

    public init(
        key: FillKey, clientID: String?, strategy: String, price: ExactDecimal, quantity: ExactDecimal, fee: ExactDecimal,
        feeCurrency: String, time: Timestamp, source: Source
    ) {
        (self.key, self.clientID, self.strategy, self.price, self.quantity) = (key, clientID, strategy, price, quantity)
        (self.fee, self.feeCurrency, self.time, self.source) = (fee, feeCurrency, time, source)
    }
}
