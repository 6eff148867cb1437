import Domain

/// Checks events and counts them in ticks and size units.
extension ImportSession {
    func check(_ event: borrowing SourceEvent) throws(BadRow) {
        switch event.kind {
        case .level, .trade, .orderAdd, .orderModify, .orderFill:
            try positive(event.v0, "price")
            try notNegative(event.v1, "size")
        case .quote:
            if event.aux & 1 != 0 { try positive(event.v0, "bid price") }
            if event.aux & 2 != 0 { try positive(event.v2, "ask price") }
            try notNegative(event.v1, "bid size")
            try notNegative(event.v3, "ask size")
        case .bar:
            try positive(event.v0, "open")
            try positive(event.v1, "high")
            try positive(event.v2, "low")
            try positive(event.v3, "close")
            try notNegative(event.v4, "volume")
        case .clear, .orderCancel, .status: break
        }
    }

    @inline(__always) private func positive(_ value: ShortDecimal, _ what: String) throws(BadRow) {
        if value.mantissa <= 0 { throw BadRow("expected a \(what) above zero, found \(value.exact)") }
    }

    @inline(__always) private func notNegative(_ value: ShortDecimal, _ what: String) throws(BadRow) {
        if value.mantissa < 0 { throw BadRow("expected a \(what) of zero or more, found \(value.exact)") }
    }

    func record(_ event: borrowing SourceEvent, _ instrument: InstrumentID) throws(BadRow) -> MarketRecord {
        var record = MarketRecord(
            kind: event.kind, instrument: instrument, localTime: event.local, exchangeTime: event.exchange,
            side: event.side, flags: event.flags, aux: event.aux)
        let product = event.product
        switch event.kind {
        case .level, .trade:
            record.a = try ticks(event.v0, product)
            record.b = try units(event.v1, product)
        case .orderAdd, .orderModify, .orderFill:
            record.a = try ticks(event.v0, product)
            record.b = try units(event.v1, product)
            record.e = event.id
        case .quote:
            record.a = try ticks(event.v0, product)
            record.b = try units(event.v1, product)
            record.c = try ticks(event.v2, product)
            record.d = try units(event.v3, product)
        case .bar:
            record.a = try ticks(event.v0, product)
            record.b = try ticks(event.v1, product)
            record.c = try ticks(event.v2, product)
            record.d = try ticks(event.v3, product)
            record.e = try units(event.v4, product)
            guard record.c <= min(record.a, record.d), record.b >= max(record.a, record.d) else {
                let shown = "open \(event.v0.exact), high \(event.v1.exact), low \(event.v2.exact), close \(event.v3.exact)"
                throw BadRow("expected low ≤ open, close ≤ high, found \(shown)")
            }
        case .orderCancel: record.e = event.id
        case .status: record.a = event.id
        case .clear: break
        }
        return record
    }

    @inline(__always) private func ticks(_ value: ShortDecimal, _ product: Int) throws(BadRow) -> Int64 {
        if let count = products[product].ticks?.count(value) { return count }
        throw BadRow("expected a price that is a multiple of the tick \(products[product].tickText), found \(value.exact)")
    }

    @inline(__always) private func units(_ value: ShortDecimal, _ product: Int) throws(BadRow) -> Int64 {
        if let count = products[product].units?.count(value) { return count }
        throw BadRow("the size \(value.exact) does not fit 64 bits beside the finest size of the input")
    }
}
