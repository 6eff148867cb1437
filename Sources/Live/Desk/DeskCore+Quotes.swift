import Domain
import Trading
import Venues

/// Quotes on request, between the engines and the venues.
extension DeskCore {
    /// Beyond this many open requests of the account nothing is asked.
    private var quoteRequestLimit: Int { 1_024 }

    /// A request's number among those of all engines, as for orders.
    func number(_ id: QuoteID, of seat: Int) -> QuoteID { QuoteID(number(id.request, of: seat), answer: id.answer) }

    private func number(_ id: QuoteRequestID, of seat: Int) -> QuoteRequestID {
        QuoteRequestID((id.raw - 1) * UInt32(seats.count) + UInt32(seat) + 1)
    }

    func requestQuote(_ request: QuoteRequest, _ seat: Int) {
        // The numbers of all engines together must fit as well.
        guard UInt64(request.id.raw) * UInt64(seats.count) <= UInt64(QuoteID.largestRequest) else {
            return feed(seat, .quote(.refused(request.id, request.instrument, .throttled)))
        }
        var numbered = request
        numbered.id = number(request.id, of: seat)
        if paper != nil {
            paper?.requestQuote(numbered, at: now.wall)
            return
        }
        guard latch.admitsNew else { return feed(seat, .quote(.refused(request.id, request.instrument, .notReady))) }
        guard quoteRequests.count < quoteRequestLimit else { return feed(seat, .quote(.refused(request.id, request.instrument, .throttled))) }
        quoteRequests[UInt64(numbered.id.raw)] = (seat, request)
        host.requestQuote(
            VenueQuoteRequest(
                number: UInt64(numbered.id.raw), instrument: request.instrument, side: request.side, quantity: request.quantity),
            of: home[request.instrument.position])
    }

    /// A venue's answer, in the instrument's grid: a price or size off it is not what was asked for.
    func quoted(_ answer: VenueQuoteAnswer, by venue: Int) {
        guard let (seat, request) = quoteRequests.removeValue(forKey: answer.number) else { return }
        let instrument = plan.instruments[request.instrument.position]
        switch answer.outcome {
        case .refused(let reason, let message):
            host.log(.warn, plan.venues[venue].name, "no quote for \(request.side.name) \(instrument.decimal(request.quantity)) \(instrument.name): \(message)")
            feed(seat, .quote(.refused(request.id, request.instrument, reason)))
        case .quoted(let price, let quantity, let side, let expires):
            guard let ticks = price.multiple(of: instrument.tick), let lots = quantity.multiple(of: instrument.lot), lots > 0 else {
                host.log(.error, plan.venues[venue].name, "a quote of \(quantity) at \(price) is off the grid of \(instrument.name) (tick \(instrument.tick), lot \(instrument.lot))")
                return feed(seat, .quote(.refused(request.id, request.instrument, .mismatch)))
            }
            let quote = Quote(
                id: QuoteID(request.id), instrument: request.instrument, side: side, quantity: Quantity(lots: lots), price: Price(ticks: ticks),
                expires: expires)
            feed(seat, .quote(.quoted(quote)))
        }
    }
}
