public import Domain

/// Why a quote cannot be accepted (C35).
public enum QuoteFault: Hashable, Sendable, BitwiseCopyable {
    /// Never told to this desk, or so long ago that it is forgotten.
    case unknown
    case used
    /// Another instrument, side, size or price than was quoted.
    case changed
    /// Its time, less the margin, is over.
    case expired(by: Span, margin: Span)

    var code: String {
        switch self {
        case .unknown: "quote_unknown"
        case .used: "quote_used"
        case .changed: "quote_changed"
        case .expired: "quote_expired"
        }
    }

    var words: String {
        switch self {
        case .unknown: "no such quote was told, or it is long forgotten"
        case .used: "the quote was accepted before; a quote is good for one acceptance"
        case .changed: "instrument, side, size and price of an acceptance are those of its quote"
        case .expired(let late, let margin):
            margin == .zero ? "the quote ended \(late.text) ago" : "the quote is over by \(late.text), with the margin of \(margin.text) taken off its end"
        }
    }
}

/// The quotes that were told and which of them were accepted: what C35 is judged by.
struct QuoteLedger: Sendable {
    /// Quotes that are remembered; a longer memory would only serve quotes that have ended.
    static let capacity = 1_024

    private struct Entry: BitwiseCopyable {
        var quote: Quote
        var isUsed = false
    }

    private var entries: [Entry] = []
    private var oldest = 0
    /// Taken off the end of every quote: what an acceptance needs to get there.
    var margin = Span.zero

    /// Remembers a quote. False where its number was told before: the first stands.
    mutating func note(_ quote: Quote) -> Bool {
        guard place(of: quote.id) == nil else { return false }
        if entries.count < QuoteLedger.capacity {
            entries.append(Entry(quote: quote))
        } else {
            entries[oldest] = Entry(quote: quote)
            oldest = (oldest + 1) % QuoteLedger.capacity
        }
        return true
    }

    func check(_ request: OrderRequest, at now: Timestamp) throws(Breach) {
        guard let place = place(of: request.quote) else { throw .quote(.unknown) }
        let entry = entries[place]
        if entry.isUsed { throw .quote(.used) }
        let quote = entry.quote
        guard request.instrument == quote.instrument, request.side == quote.side, request.quantity == quote.quantity,
            request.price == quote.price, request.type == .limit, request.timeInForce == .fillOrKill
        else { throw .quote(.changed) }
        let late = now - (quote.expires + Span(nanoseconds: -margin.nanoseconds))
        if late > .zero { throw .quote(.expired(by: late, margin: margin)) }
    }

    /// From now on it is used, whatever becomes of the acceptance.
    mutating func use(_ id: QuoteID) {
        if let place = place(of: id) { entries[place].isUsed = true }
    }

    private func place(of id: QuoteID) -> Int? { entries.lastIndex { $0.quote.id == id } }
}

/// Proof that a request for a quote passed the controls that concern it.
public struct ClearedQuoteRequest: Hashable, Sendable, BitwiseCopyable {
    public let request: QuoteRequest
    public let limitVersion: UInt32

    init(_ request: QuoteRequest, limitVersion: UInt32) { (self.request, self.limitVersion) = (request, limitVersion) }
}

extension Gate {
    /// A quote was told: it may be accepted once. False where its number was told before.
    public mutating func note(_ quote: Quote) -> Bool { quotes.note(quote) }

    /// Judges a request for a quote. It binds nobody, so what is judged is whether an acceptance could ever be allowed: form (C1),
    /// size (C2), the state of market, messages, venue and desk (C6, C7, C18, C20, C25, C26).
    ///
    /// - Parameter exposure: of an order of this side and size.
    public mutating func clear(
        _ request: QuoteRequest, at now: Timestamp, exposure: Exposure
    ) throws(Breach) -> ClearedQuoteRequest {
        let place = request.instrument.position
        guard place < limits.count else { throw .unknownInstrument(index: place) }
        let order = OrderRequest(
            id: OrderID(0), instrument: request.instrument, side: request.side, type: .market, quantity: request.quantity,
            timeInForce: .fillOrKill)
        try limits[place].checkForm(of: order, at: now)
        if request.quantity.lots > limits[place].maxOrderLots {
            throw .maxOrderQuantity(asked: request.quantity, limit: Quantity(lots: limits[place].maxOrderLots))
        }
        if conditions.isInForce {
            try conditions.checkMarket(of: order, at: now, exposure: exposure)
            try conditions.checkOpen(order, at: now, exposure: exposure)
            conditions.noteMessage(request.instrument, at: now)
        }
        return ClearedQuoteRequest(request, limitVersion: limitVersion)
    }
}
