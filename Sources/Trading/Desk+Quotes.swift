public import Domain

/// Requests for quotes that may still be answered, oldest first.
struct QuoteRequestList {
    /// Beyond them the oldest is forgotten: what then comes for it is not taken.
    static let capacity = 256

    private var open: [QuoteRequest] = []
    private(set) var last = QuoteRequestID(0)

    subscript(id: QuoteRequestID) -> QuoteRequest? { open.last { $0.id == id } }

    mutating func add(_ instrument: InstrumentID, _ side: Side, _ quantity: Quantity) -> QuoteRequest {
        last = QuoteRequestID(last.raw + 1)
        let request = QuoteRequest(id: last, instrument: instrument, side: side, quantity: quantity)
        if open.count == QuoteRequestList.capacity { open.removeFirst() }
        open.append(request)
        return request
    }

    /// Nothing more is expected for it.
    mutating func settle(_ id: QuoteRequestID) { open.removeAll { $0.id == id } }
}

extension Desk {
    /// Notes a wish for a quote. Whether it may leave is judged after the callback has returned cleanly.
    public mutating func requestQuote(
        _ instrument: InstrumentID, _ side: Side, _ quantity: Quantity
    ) throws(FormRefusal) -> QuoteRequestID {
        try admitWish()
        try admitCurrency(of: instrument)
        if quoteRequests.last.raw >= QuoteID.largestRequest { throw .tooMany(limit: Int(QuoteID.largestRequest)) }
        let request = quoteRequests.add(instrument, side, quantity)
        wishes.append(.requestQuote(request))
        return request.id
    }

    /// Notes a wish to accept a quote; answers the order that does it. Whether it may leave (C35) is judged after the callback.
    public mutating func accept(_ quote: Quote, tag: OrderTag = .none) throws(FormRefusal) -> OrderID {
        try submit(quote.acceptance(OrderID(0), tag: tag))
    }
}
