import Domain

/// Words of quotes on request as bytes.
extension FieldWriter {
    mutating func request(_ request: QuoteRequest) {
        integer(request.id.raw)
        instrument(request.instrument)
        integer(request.side.rawValue)
        integer(request.quantity.lots)
    }

    mutating func answer(_ answer: QuoteAnswer) {
        switch answer {
        case .quoted(let quote):
            integer(UInt8(0))
            integer(quote.id.raw)
            instrument(quote.instrument)
            integer(quote.side.rawValue)
            integer(quote.quantity.lots)
            integer(quote.price.ticks)
            time(quote.expires)
        case .refused(let id, let instrument, let reason):
            integer(UInt8(1))
            integer(id.raw)
            self.instrument(instrument)
            integer(reason.rawValue)
        }
    }
}

extension JournalFields {
    mutating func quoteRequest() throws(Malformed) -> QuoteRequest {
        let (id, instrument, side) = (QuoteRequestID(try fields.integer(UInt32.self)), try instrument(), try fields.choice(Side.self))
        return QuoteRequest(id: id, instrument: instrument, side: side, quantity: try quantity())
    }

    mutating func answer() throws(Malformed) -> QuoteAnswer {
        switch try fields.integer(UInt8.self) {
        case 0:
            let (id, instrument, side) = (QuoteID(raw: try fields.integer(UInt32.self)), try instrument(), try fields.choice(Side.self))
            let (quantity, price) = (try quantity(), try price())
            return .quoted(
                Quote(id: id, instrument: instrument, side: side, quantity: quantity, price: price, expires: try fields.time()))
        case 1:
            let (id, instrument) = (QuoteRequestID(try fields.integer(UInt32.self)), try instrument())
            return .refused(id, instrument, try fields.choice(QuoteRefusal.self))
        case let other: throw fields.malformed("an answer's kind below 2 before it, found \(other)")
        }
    }
}

extension QuoteRequest {
    func words(_ instruments: [Instrument]) -> String {
        let instrument = instruments[self.instrument.position]
        return "\(side.name) \(instrument.decimal(quantity)) \(instrument.name)"
    }
}

extension QuoteAnswer {
    func words(_ instruments: [Instrument]) -> String {
        let instrument = instruments[self.instrument.position]
        switch self {
        case .quoted(let quote):
            return "quote \(quote.id.answer) of request \(quote.id.request.raw): \(quote.side.name) \(instrument.decimal(quote.quantity)) "
                + "\(instrument.name) at \(instrument.decimal(quote.price)), until \(quote.expires.nanoseconds)"
        case .refused(let id, _, let reason): return "request \(id.raw) for a quote of \(instrument.name) refused (\(reason.name))"
        }
    }
}
