public import Domain

/// What a run looks like at one moment: published by the desk, read by `perigee status`, metrics and the dashboard.
public struct StatusSnapshot: Hashable, Sendable {
    public struct Position: Hashable, Sendable {
        /// `venue:SYMBOL`.
        public var instrument: String
        public var quantity: ExactDecimal
        public var averagePrice: ExactDecimal?
        public var realised: ExactDecimal?
        public var unrealised: ExactDecimal?
        public init(instrument: String, quantity: ExactDecimal, averagePrice: ExactDecimal? = nil, realised: ExactDecimal? = nil, unrealised: ExactDecimal? = nil) {
            (self.instrument, self.quantity, self.averagePrice, self.realised, self.unrealised) = (instrument, quantity, averagePrice, realised, unrealised)
        }
    }

    public struct Order: Hashable, Sendable {
        public var clientID: String
        public var venueID: String?
        public var instrument: String
        public var strategy: String
        /// `buy` or `sell`.
        public var side: String
        public var price: ExactDecimal?
        public var quantity: ExactDecimal
        public var filled: ExactDecimal
        /// `pending`, `open`, `cancelling`, `unknown`, …
        public var state: String
        public var sent: Timestamp
        public init(
            clientID: String, venueID: String?, instrument: String, strategy: String, side: String, price: ExactDecimal?, quantity: ExactDecimal,
            filled: ExactDecimal, state: String, sent: Timestamp
        ) {
            (self.clientID, self.venueID, self.instrument, self.strategy) = (clientID, venueID, instrument, strategy)
            (self.side, self.price, self.quantity, self.filled, self.state, self.sent) = (side, price, quantity, filled, state, sent)
        }
    }

    /// A limit and how much of it is used.
    public struct Limit: Hashable, Sendable {
        /// As in `[risk]`, with its scope: `max_open_orders`, `max_position.BTC`.
        public var name: String
        public var used: ExactDecimal
        public var limit: ExactDecimal
        public init(name: String, used: ExactDecimal, limit: ExactDecimal) { (self.name, self.used, self.limit) = (name, used, limit) }
    }

    public struct Feed: Hashable, Sendable {
        public var instrument: String
        /// Since the last record; nil where there was none.
        public var age: Span?
        /// The book can be believed.
        public var isValid: Bool
        public var records: Int
        public init(instrument: String, age: Span?, isValid: Bool, records: Int) {
            (self.instrument, self.age, self.isValid, self.records) = (instrument, age, isValid, records)
        }
    }

    public struct Link: Hashable, Sendable {
        public var venue: String
        /// `market` or `orders`.
        public var side: String
        /// `connecting`, `ready`, `down`, `refused`, `closed`.
        public var state: String
        public var why: String
        public init(venue: String, side: String, state: String, why: String = "") { (self.venue, self.side, self.state, self.why) = (venue, side, state, why) }
    }

    public struct Latency: Hashable, Sendable {
        /// `frame_to_order`, `order_to_ack`, …
        public var name: String
        public var count: Int
        public var p50: Span
        public var p99: Span
        public var p999: Span
        public init(name: String, count: Int, p50: Span, p99: Span, p999: Span) { (self.name, self.count, self.p50, self.p99, self.p999) = (name, count, p50, p99, p999) }
        public init(name: String, _ histogram: LatencyHistogram) {
            self.init(name: name, count: histogram.count, p50: histogram.quantile(0.5), p99: histogram.quantile(0.99), p999: histogram.quantile(0.999))
        }
    }

    public struct Strategy: Hashable, Sendable {
        public var name: String
        /// `running`, `disabled`, `stopped`, …
        public var state: String
        /// SHA-256 of its code, and whether it is held to the limits of new code (C31, C32).
        public var code = ""
        public var isCanary = false
        public init(name: String, state: String) { (self.name, self.state) = (name, state) }
    }

    /// `paper`, `live`, `record`.
    public var mode: String
    /// Name of the run's folder.
    public var run: String
    public var process: Int32
    /// `starting`, `running`, `stopping`, `killed`, …
    public var phase: String
    /// The account's: `active`, `reducing`, `halted`.
    public var tradingState: String
    public var started: Timestamp
    public var time: Timestamp
    /// SHA-256 of the binary (C34).
    public var binary: String
    public var positions: [Position] = []
    public var orders: [Order] = []
    public var limits: [Limit] = []
    public var feeds: [Feed] = []
    public var links: [Link] = []
    public var latencies: [Latency] = []
    public var strategies: [Strategy] = []
    /// Not acknowledged yet, oldest first (C29).
    public var alerts: [Alert] = []
    /// The version of the limits in force (C28); 0 where the run has no ledger.
    public var limitVersion: UInt32 = 0
    public var ordersSent = 0
    public var fills = 0
    public var rejects = 0
    public var unknownOrders = 0
    /// Profit and loss of the day in the reporting currency.
    public var profitToday: ExactDecimal?

    public init(mode: String, run: String, process: Int32, phase: String, tradingState: String, started: Timestamp, time: Timestamp, binary: String) {
        (self.mode, self.run, self.process, self.phase, self.tradingState) = (mode, run, process, phase, tradingState)
        (self.started, self.time, self.binary) = (started, time, binary)
    }
}
