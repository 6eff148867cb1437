public import Domain
public import Exchange

/// Where paper orders go: the exchange simulation beside a live market, with its latencies, queues and fees, never an instant fill.
///
/// The venue's clock is the arrival of its messages: an order can only meet events that arrive after it got there.
///
/// - Source: `docs/fills.md`.
public struct PaperVenue: ~Copyable {
    enum Request: Sendable {
        case submit(OrderRequest)
        case amend(AmendRequest)
        case cancel(OrderID)
    }

    private var exchange: SimExchange
    private var requests = DelayLine<Request>()
    private var reports = DelayLine<ExecutionReport>()
    private let latency: LatencyModel
    private var open: Set<OrderID> = []
    private let seatCount: UInt64
    private var feedLag: Int64 = 0

    /// - Parameter seats: How many engines share the order numbers: number `n` belongs to engine `(n − 1) mod seats`.
    public init(instruments: [Instrument], rules: ExchangeRules, latency: LatencyModel, seats: Int) {
        exchange = SimExchange(instruments: instruments, rules: rules)
        self.latency = latency
        seatCount = UInt64(max(seats, 1))
    }

    /// When something is next due, wall ns.
    public var nextDue: Int64 { min(requests.nextDue, reports.nextDue, exchange.nextExpiry.nanoseconds) }

    public mutating func submit(_ request: OrderRequest, at now: Timestamp) {
        open.insert(request.id)
        send(.submit(request), now)
    }
    public mutating func amend(_ request: AmendRequest, _ instrument: InstrumentID, at now: Timestamp) { send(.amend(request), now) }
    public mutating func cancel(_ id: OrderID, _ instrument: InstrumentID, at now: Timestamp) { send(.cancel(id), now) }

    /// The end of a run: everything is cancelled and reported now.
    public mutating func cancelAll(at now: Timestamp) {
        runRequests(until: .max - 1, now: now)
        for id in open.sorted() { exchange.cancel(id, at: now) }
        for report in exchange.reports { reports.send(report, due: now.nanoseconds) }
        exchange.reports.removeAll(keepingCapacity: true)
    }

    private mutating func send(_ request: Request, _ now: Timestamp) {
        requests.send(request, due: now.nanoseconds + latency.entry(at: now.nanoseconds, feedLag: feedLag))
    }

    /// A record of the live market; requests that got there before it are executed first.
    public mutating func apply(_ record: UnsafePointer<MarketRecord>, at now: Timestamp) {
        runRequests(until: now.nanoseconds - 1, now: now)
        feedLag = unsafe max(now.nanoseconds - record.pointee.exchangeTime, 0)
        var own = unsafe record.pointee
        own.exchangeTime = now.nanoseconds
        unsafe withUnsafePointer(to: own) { unsafe exchange.apply($0, instrument: Int(own.instrument)) }
        collect(now.nanoseconds)
    }

    /// The next report that is due at the desk, and whose it is.
    public mutating func nextReport(at now: Timestamp) -> (seat: Int, report: ExecutionReport)? {
        runRequests(until: now.nanoseconds, now: now)
        if exchange.nextExpiry <= now {
            exchange.expire(at: now)
            collect(now.nanoseconds)
        }
        guard reports.nextDue <= now.nanoseconds else { return nil }
        var report = reports.receive()
        switch report.fact {
        case .cancelled, .expired, .rejected: open.remove(report.order)
        case .accepted, .filled, .cancelRejected, .amended, .amendRejected: break
        }
        let number = report.order.raw - 1
        report.order = OrderID(number / seatCount + 1)
        return (Int(number % seatCount), report)
    }

    private mutating func runRequests(until limit: Int64, now: Timestamp) {
        while requests.nextDue <= limit {
            let time = Timestamp(nanoseconds: min(requests.nextDue, now.nanoseconds))
            switch requests.receive() {
            case .submit(let request): exchange.submit(request, at: time)
            case .amend(let request): exchange.amend(request, at: time)
            case .cancel(let id): exchange.cancel(id, at: time)
            }
            collect(time.nanoseconds)
        }
    }

    private mutating func collect(_ time: Int64) {
        for report in exchange.reports { reports.send(report, due: time + latency.response(at: time, feedLag: feedLag)) }
        exchange.reports.removeAll(keepingCapacity: true)
    }
}
