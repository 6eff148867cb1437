public import Risk
public import Trading

/// What a run began with: with the inputs that follow it, all that a replay needs.
public struct JournalHead: Sendable {
    /// Of the codec: a journal of another version is refused.
    static let version: UInt16 = 2

    public enum Mode: UInt8, Hashable, Sendable {
        case backtest = 0, paper = 1, live = 2
        public var name: String {
            switch self {
            case .backtest: "backtest"
            case .paper: "paper"
            case .live: "live"
            }
        }
    }

    /// A file of Lua that `require` read.
    public struct Module: Hashable, Sendable {
        public var name: String
        public var source: [UInt8]
        public init(name: String, source: [UInt8]) { (self.name, self.source) = (name, source) }
    }

    /// One strategy with its engine.
    public struct Seat: Sendable {
        /// As the limits know it.
        public var name: String
        /// The last part of the script's path: messages show it.
        public var file: String
        public var source: [UInt8]
        public var sha256: String
        public var modules: [Module] = []
        /// As `--set` spells them, in order.
        public var parameters: [(key: String, value: String)] = []
        public var seed: UInt64 = 0
        /// What a symbol without a quote is quoted in.
        public var currency = "USD"
        public var errorPolicy = ErrorPolicy.stop
        public var instance = "bt0"
        public var epoch: UInt32 = 0
        /// How its order ids are numbered among those of other strategies on the account.
        public var orderStride: UInt64 = 1
        public var orderOffset: UInt64 = 0
        /// Its instruments are those of the journal's tape.
        public var desk: DeskSetup

        public init(name: String, file: String, source: [UInt8], sha256: String, desk: DeskSetup) {
            (self.name, self.file, self.source, self.sha256, self.desk) = (name, file, source, sha256, desk)
        }
    }

    public var mode: Mode
    /// The version of the engine that ran.
    public var engine: String
    /// What the run is called; empty in a backtest, which is the same run every time.
    public var run = ""
    /// The configuration's text as it was given, with the limits in it; empty without one. It names secrets, it holds none.
    public var configuration = ""
    /// What the gates took for granted; nil in a backtest.
    public var live: LiveDefaults?
    /// The version of the limits that judged the run's orders (C28), as the ledger numbers it.
    public var limitVersion: UInt32 = 1
    public var seats: [Seat]

    public init(mode: Mode, engine: String, seats: [Seat]) { (self.mode, self.engine, self.seats) = (mode, engine, seats) }
}
