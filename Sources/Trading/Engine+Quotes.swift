import Domain
import Risk

/// Quotes on request: asked for, told, and taken. An acceptance is an order like any other from there on.
extension Engine where S: ~Copyable {
    /// Nil where the request was cleared, else the reason's code.
    mutating func ask(_ request: QuoteRequest, _ effects: inout [Effect]) -> String? {
        let draft = OrderRequest(
            id: OrderID(0), instrument: request.instrument, side: request.side, type: .market, quantity: request.quantity)
        do {
            effects.append(.requestQuote(try gate.clear(request, at: desk.now, exposure: desk.exposure(for: draft))))
            return nil
        } catch {
            return error.code
        }
    }

    /// A request that never left. What the strategy asks for in answer joins the end of the line.
    mutating func refuse(
        _ request: QuoteRequest, _ reason: String, isLast: Bool, handled: inout Int, _ effects: inout [Effect]
    ) {
        desk.quoteRequests.settle(request.id)
        guard callbacks.contains(.quoteRefused) else { return }
        let before = desk.wishes.count
        desk.wishLimit = before + Desk.wishesPerCallback
        let result = isLast ? .clean : strategy.onQuoteRefused(request.id, of: request.instrument, reason: reason, &desk)
        answered(result, from: before, &effects)
    }

    mutating func quoted(_ answer: QuoteAnswer, _ effects: inout [Effect]) {
        switch answer {
        case .quoted(let quote): take(quote, &effects)
        case .refused(let id, let instrument, let reason):
            desk.quoteRequests.settle(id)
            tell(id, instrument, reason, &effects)
        }
    }

    /// Only a quote for what was asked can ever be accepted, each under its own number.
    private mutating func take(_ quote: Quote, _ effects: inout [Effect]) {
        guard let request = desk.quoteRequests[quote.id.request] else {
            return effects.append(.alarm("a quote came for request \(quote.id.request.raw), which is not open; it is not taken"))
        }
        guard quote.answers(request), quote.price.ticks > 0 else {
            effects.append(.alarm("the quote for request \(request.id.raw) is not what was asked for; it is not taken"))
            return tell(request.id, request.instrument, .mismatch, &effects)
        }
        guard gate.note(quote) else {
            return effects.append(.alarm("quote \(quote.id.answer) for request \(request.id.raw) came twice; the first stands"))
        }
        guard isRunning, callbacks.contains(.quoted) else { return }
        finish(strategy.onQuoted(quote, &desk), &effects)
    }

    private mutating func tell(_ id: QuoteRequestID, _ instrument: InstrumentID, _ reason: QuoteRefusal, _ effects: inout [Effect]) {
        guard isRunning, callbacks.contains(.quoteRefused) else { return }
        finish(strategy.onQuoteRefused(id, of: instrument, reason: reason.name, &desk), &effects)
    }
}
