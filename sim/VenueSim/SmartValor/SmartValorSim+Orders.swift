import Domain
import NIOCore
import Transport

/// Orders, executions and balances.
extension SmartValorSim {
    func place(_ body: JSONValue?) -> HTTPServerResponse {
        guard let body, let number = body["instrumentId"]?.integer, venue.instruments.indices.contains(Int(clamping: number - 7)),
            let quantity = body["quantity"]?.text.flatMap({ try? ExactDecimal($0) })
        else { return fail(400, "Bad Request", "instrumentId, side, type and quantity are needed") }
        let index = Int(number - 7)
        let instrument = venue.instruments[index]
        guard let lots = quantity.multiple(of: instrument.lot), lots > 0 else { return fail(400, "Bad Request", "Invalid quantity") }
        let isLimit = body["type"]?.text == "LIMIT"
        guard isLimit || body["type"]?.text == "MARKET", let word = body["side"]?.text, word == "BUY" || word == "SELL" else {
            return fail(400, "Bad Request", "Invalid side or type")
        }
        var request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: word == "BUY" ? .buy : .sell, type: isLimit ? .limit : .market,
            quantity: Quantity(lots: lots))
        if isLimit {
            guard let price = body["price"]?.text.flatMap({ try? ExactDecimal($0) }), let ticks = price.multiple(of: instrument.tick), ticks > 0 else {
                return fail(400, "Bad Request", "Invalid price")
            }
            request.price = Price(ticks: ticks)
        }
        if isLimit, request.side == .buy, let have = venue.balances[instrument.quote],
            instrument.notional(request.price, request.quantity) > have - venue.reserved(instrument.quote) {
            return fail(400, "Bad Request", "Insufficient balance")
        }
        let order = venue.submit(request, clientID: "", connection: 0, at: now)
        wire.later(settings.acceptDelay) { self.venue.execute(order.venueID, at: self.now) }
        return HTTPServerResponse(json: "{\"id\":\(order.venueID),\"status\":\"ACCEPTED\"}")
    }

    func cancel(_ id: String) -> HTTPServerResponse {
        guard venue.order(id) != nil else { return fail(404, "Not Found", "order not found") }
        return venue.cancel(id, at: now) ? HTTPServerResponse(json: "{\"id\":\(id)}") : fail(400, "Bad Request", "order is not open")
    }

    func row(_ order: SimOrder) -> String {
        let instrument = venue.instruments[order.instrument]
        let status = switch order.state {
        case .pending: "ACCEPTED"
        case .active: "WORKING"
        case .filled: "FULLYEXECUTED"
        case .cancelled: "CANCELED"
        case .rejected: "REJECTED"
        case .expired: "EXPIRED"
        }
        let price = order.request.type == .limit ? "\(number(instrument.decimal(order.request.price)))" : "null"
        return """
            {"id":\(order.venueID),"clientOrderId":null,"instrumentId":\(order.instrument + 7),"side":"\(order.request.side == .buy ? "BUY" : "SELL")",\
            "type":"\(order.request.type == .limit ? "LIMIT" : "MARKET")","status":"\(status)","price":\(price),\
            "quantity":\(number(instrument.decimal(order.request.quantity))),"executedQuantity":\(number(instrument.decimal(order.filled))),\
            "remaining_amount":\(number(instrument.decimal(order.request.quantity - order.filled))),"receivedTimestamp":\(order.created.nanoseconds / 1_000_000)}
            """
    }

    var open: String {
        let seen = venue.open.filter { $0.created + settings.listingLag <= now }
        return "[\(seen.map(row).joined(separator: ","))]"
    }

    var finished: String { "[\(venue.orders.filter { !$0.isLive }.suffix(settings.history).reversed().map(row).joined(separator: ","))]" }

    var fills: String {
        let rows = venue.fills.suffix(1_000).reversed().map { made in
            let instrument = venue.instruments[made.order.instrument]
            let order = settings.hidesOrders ? "" : "\"orderId\":\(made.order.venueID),"
            return """
                {"id":\(made.tradeID),\(order)"instrumentId":\(made.order.instrument + 7),"timestamp":\(made.time.nanoseconds / 1_000_000),\
                "side":"\(made.order.request.side == .buy ? "BUY" : "SELL")","type":"LIMIT","price":\(number(instrument.decimal(made.fill.price))),\
                "quantity":\(number(instrument.decimal(made.fill.quantity))),"fee":\(number(made.fill.fee.decimal))}
                """
        }
        return "[\(rows.joined(separator: ","))]"
    }

    var balances: String {
        let rows = venue.balances.keys.sorted().map { code in
            let (total, hold) = (venue.balances[code] ?? .zero, venue.reserved(code))
            return """
                {"product":{"id":1,"isoCode":"\(code)","name":"\(code)"},"totalBalance":\(number(total.decimal)),"hold":\(number(hold.decimal)),\
                "availableBalance":\(number((total - hold).decimal))}
                """
        }
        return "[\(rows.joined(separator: ","))]"
    }
}
