public import Domain
public import Exchange
public import Trading

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
        case quote(QuoteRequest)
    }

    enum News: Sendable {
        case report(ExecutionReport)
        case quote(QuoteAnswer)
    }

    private var exchange: SimExchange
    private var requests = DelayLine<Request>()
    private var reports = DelayLine<News>()
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

    public mutating func requestQuote(_ request: QuoteRequest, at now: Timestamp) { send(.quote(request), now) }

    /// The end of a run: everything is cancelled and reported now.
    public mutating func cancelAll(at now: Timestamp) {
        runRequests(until: .max - 1, now: now)
        exchange.settleDealings(at: now)
        for report in exchange.reports where report.fact.isFinal { open.remove(report.order) }
        for id in open.sorted() { exchange.cancel(id, at: now) }
        for report in exchange.reports {
            // What ended a moment ago cannot be cancelled: that is no news.
            if case .cancelRejected = report.fact { continue }
            reports.send(.report(report), due: now.nanoseconds)
        }
        exchange.reports.removeAll(keepingCapacity: true)
        exchange.quoteAnswers.removeAll(keepingCapacity: true)
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

    /// The next report or quote that is due at the desk, and whose it is.
    public mutating func nextInput(at now: Timestamp) -> (seat: Int, input: Input)? {
        runRequests(until: now.nanoseconds, now: now)
        if exchange.nextExpiry <= now {
            exchange.expire(at: now)
            collect(now.nanoseconds)
        }
        guard reports.nextDue <= now.nanoseconds else { return nil }
        switch reports.receive() {
        case .report(var report):
            if report.fact.isFinal { open.remove(report.order) }
            let number = report.order.raw - 1
            report.order = OrderID(number / seatCount + 1)
            return (Int(number % seatCount), .report(report))
        case .quote(.quoted(var quote)):
            let number = UInt64(quote.id.request.raw) - 1
            quote.id = QuoteID(QuoteRequestID(UInt32(number / seatCount + 1)), answer: quote.id.answer)
            return (Int(number % seatCount), .quote(.quoted(quote)))
        case .quote(.refused(let id, let instrument, let reason)):
            let number = UInt64(id.raw) - 1
            let own = QuoteRequestID(UInt32(number / seatCount + 1))
            return (Int(number % seatCount), .quote(.refused(own, instrument, reason)))
        }
    }

    private mutating func runRequests(until limit: Int64, now: Timestamp) {
        while requests.nextDue <= limit {
            let time = Timestamp(nanoseconds: min(requests.nextDue, now.nanoseconds))
            switch requests.receive() {
            case .submit(let request): exchange.submit(request, at: time)
            case .amend(let request): exchange.amend(request, at: time)
            case .cancel(let id): exchange.cancel(id, at: time)
            case .quote(let request): exchange.requestQuote(request, at: time)
            }
            collect(time.nanoseconds)
        }
    }

    private mutating func collect(_ time: Int64) {
        let due = time + latency.response(at: time, feedLag: feedLag)
        for answer in exchange.quoteAnswers { reports.send(.quote(answer), due: due) }
        exchange.quoteAnswers.removeAll(keepingCapacity: true)
        for report in exchange.reports { reports.send(.report(report), due: due) }
        exchange.reports.removeAll(keepingCapacity: true)
    }
}

extension ExecutionReport.Fact {
    /// Whether the order can no longer be cancelled; a last fill aside, which a cancel does not mind.
    fileprivate var isFinal: Bool {
        switch self {
        case .cancelled, .expired, .rejected: true
        case .accepted, .filled, .cancelRejected, .amended, .amendRejected: false
        }
    }
}
