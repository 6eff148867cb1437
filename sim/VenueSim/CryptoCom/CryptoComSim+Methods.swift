import Domain
import NIOCore

/// What each method does.
extension CryptoComSim {
    func call(_ method: String, id: String, params: JSONValue, connection: Int) -> CryptoComReply {
        var reply = CryptoComReply(id: id, method: method, code: 0)
        switch method {
        case "public/get-instruments": reply.result = instruments
        case "public/get-book": book(params, &reply)
        case "public/get-ticker": ticker(params, &reply)
        case "public/get-trades": reply.result = #"{"data":[]}"#
        case "private/create-order": create(params, connection, &reply)
        case "private/cancel-order": cancel(params, &reply)
        case "private/cancel-all-orders": cancelAll(params, &reply)
        case "private/get-open-orders": list(venue.open.sorted { $0.venueID > $1.venueID }, params, &reply)
        case "private/get-order-history": history(params, &reply)
        case "private/get-order-detail": detail(params, &reply)
        case "private/get-trades": trades(params, &reply)
        case "private/get-account-summary": reply.result = "{\"accounts\":[\(balanceTexts.joined(separator: ","))]}"
        case "private/set-cancel-on-disconnect", "private/get-cancel-on-disconnect":
            reply.result = "{\"scope\":\"\(params["scope"]?.text ?? "CONNECTION")\"}"
        default: (reply.code, reply.status) = (10008, 400)
        }
        return reply
    }

    // MARK: - Numbers

    /// A number in the venue's manner of the day.
    func number(_ value: ExactDecimal) -> String {
        if settings.numbersAsStrings { return "\"\(value)\"" }
        if settings.floatNoise, "\(value)".contains(".") {
            return "\(value)" + String(repeating: "0", count: max(0, 14 - "\(value)".count)) + "2"
        }
        return "\(value)"
    }

    func number(_ value: Amount) -> String { number(value.decimal) }

    // MARK: - Public

    private var instruments: String {
        let list = venue.instruments.map { instrument in
            """
            {"instrument_name":"\(instrument.nativeSymbol)","quote_currency":"\(instrument.quote)","base_currency":"\(instrument.base)",\
            "price_decimals":\(instrument.tick.scale),"quantity_decimals":\(instrument.lot.scale),"margin_trading_enabled":false,\
            "max_quantity":"1000000","min_quantity":"\(instrument.decimal(instrument.minQuantity))"}
            """
        }
        return "{\"instruments\":[\(list.joined(separator: ","))]}"
    }

    private func book(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let index = params["instrument_name"]?.text.flatMap(venue.instrument(named:)) else { return fail(30003, 400, &reply) }
        let name = venue.instruments[index].nativeSymbol
        reply.result = "{\"instrument_name\":\"\(name)\",\"depth\":150,\"data\":[\(bookText(index, depth: 150, withSequence: false))]}"
    }

    func bookText(_ index: Int, depth: Int, withSequence: Bool) -> String {
        let instrument = venue.instruments[index]
        func side(_ side: Side) -> String {
            venue.books[index].levels(side, depth: depth).map { level in
                "[\(number(instrument.decimal(Price(ticks: level.ticks)))),\(number(instrument.decimal(units: level.size))),1]"
            }.joined(separator: ",")
        }
        sequence += 1
        let tail = withSequence ? ",\"s\":\(sequence)" : ""
        return "{\"bids\":[\(side(.buy))],\"asks\":[\(side(.sell))],\"t\":\(now.nanoseconds / 1_000_000)\(tail)}"
    }

    private func ticker(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let index = params["instrument_name"]?.text.flatMap(venue.instrument(named:)) else { return fail(30003, 400, &reply) }
        let instrument = venue.instruments[index]
        let (bid, ask) = (venue.books[index].levels(.buy, depth: 1).first, venue.books[index].levels(.sell, depth: 1).first)
        let b = bid.map { number(instrument.decimal(Price(ticks: $0.ticks))) } ?? "null"
        let k = ask.map { number(instrument.decimal(Price(ticks: $0.ticks))) } ?? "null"
        reply.result = "{\"data\":{\"i\":\"\(instrument.nativeSymbol)\",\"b\":\(b),\"k\":\(k),\"a\":\(b),\"t\":\(now.nanoseconds / 1_000_000),\"v\":1,\"h\":1,\"l\":1,\"c\":0}}"
    }

    func fail(_ code: Int, _ status: Int, _ reply: inout CryptoComReply) { (reply.code, reply.status) = (code, status) }

    // MARK: - Orders

    private func create(_ params: JSONValue, _ connection: Int, _ reply: inout CryptoComReply) {
        guard let index = params["instrument_name"]?.text.flatMap(venue.instrument(named:)) else { return fail(30003, 400, &reply) }
        let instrument = venue.instruments[index]
        guard let side = params["side"]?.text, side == "BUY" || side == "SELL", let type = params["type"]?.text else { return fail(30010, 400, &reply) }
        guard let quantity = params["quantity"]?.text.flatMap({ try? ExactDecimal($0) }), quantity.mantissa > 0 else { return fail(30010, 400, &reply) }
        guard let lots = quantity.multiple(of: instrument.lot) else { return fail(30014, 400, &reply) }
        guard lots >= instrument.minQuantity.lots else { return fail(30008, 400, &reply) }
        var request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: side == "BUY" ? .buy : .sell, type: .limit, quantity: Quantity(lots: lots))
        switch type {
        case "LIMIT":
            guard let price = params["price"]?.text.flatMap({ try? ExactDecimal($0) }) else { return fail(30010, 400, &reply) }
            guard let ticks = price.multiple(of: instrument.tick), ticks > 0 else { return fail(30013, 400, &reply) }
            request.price = Price(ticks: ticks)
        case "MARKET": request.type = .market
        default: return fail(30005, 400, &reply)
        }
        switch params["time_in_force"]?.text {
        case "IMMEDIATE_OR_CANCEL": request.timeInForce = .immediateOrCancel
        case "FILL_OR_KILL": request.timeInForce = .fillOrKill
        default: break
        }
        request.isPostOnly = params["exec_inst"]?.text == "POST_ONLY"
        let order = venue.submit(request, clientID: params["client_oid"]?.text ?? "", connection: connection, at: now)
        reply.result = "{\"order_id\":\"\(order.venueID)\",\"client_oid\":\(JSONValue.quoted(order.clientID))}"
        wire.later(settings.acceptDelay) { self.venue.execute(order.venueID, at: self.now) }
    }

    private func cancel(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let venueID = params["order_id"]?.text, let order = venue.order(venueID) else { return fail(212, 400, &reply) }
        if !order.isLive { return fail(316, 400, &reply) }
        // Asynchronous, like the venue's: the answer is a receipt.
        wire.later(settings.acceptDelay) { _ = self.venue.cancel(venueID, at: self.now) }
    }

    private func cancelAll(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let name = params["instrument_name"]?.text else { return fail(30010, 400, &reply) }
        guard let index = venue.instrument(named: name) else { return fail(30003, 400, &reply) }
        wire.later(settings.acceptDelay) { self.venue.cancelAll(instrument: index, at: self.now) }
    }

    private func detail(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let venueID = params["order_id"]?.text, let order = venue.order(venueID) else { return fail(212, 400, &reply) }
        let fills = venue.fills.filter { $0.order.venueID == venueID }.map(text)
        reply.result = "{\"trade_list\":[\(fills.joined(separator: ","))],\"order_info\":\(text(order))}"
    }

    // MARK: - Lists

    private func page<T>(_ items: [T], _ params: JSONValue) -> ArraySlice<T> {
        let size = min(Int(params["page_size"]?.integer ?? 20), 200)
        let first = Int(params["page"]?.integer ?? 0) * size
        return first < items.count ? items[first..<min(first + size, items.count)] : []
    }

    private func matches(_ symbol: String, _ params: JSONValue) -> Bool { params["instrument_name"]?.text.map { $0 == symbol } ?? true }

    private func list(_ orders: [SimOrder], _ params: JSONValue, _ reply: inout CryptoComReply) {
        let own = orders.filter { matches(venue.instruments[$0.instrument].nativeSymbol, params) }
        reply.result = "{\"count\":\(own.count),\"order_list\":[\(page(own, params).map(text).joined(separator: ","))]}"
    }

    /// The window asked for, ms; nil where it is longer than a day.
    private func window(_ params: JSONValue) -> ClosedRange<Int64>? {
        let end = params["end_ts"]?.integer ?? now.nanoseconds / 1_000_000
        let start = params["start_ts"]?.integer ?? end - 86_400_000
        return start <= end && end - start <= 86_400_000 ? start...end : nil
    }

    private func history(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let window = window(params) else { return fail(10009, 400, &reply) }
        list(venue.orders.reversed().filter { window.contains($0.created.nanoseconds / 1_000_000) }, params, &reply)
    }

    private func trades(_ params: JSONValue, _ reply: inout CryptoComReply) {
        guard let window = window(params) else { return fail(10009, 400, &reply) }
        let own = venue.fills.reversed().filter {
            matches(venue.instruments[$0.order.instrument].nativeSymbol, params) && window.contains($0.time.nanoseconds / 1_000_000)
        }
        reply.result = "{\"trade_list\":[\(page(own, params).map(text).joined(separator: ","))]}"
    }

    // MARK: - Texts

    func text(_ order: SimOrder) -> String {
        let instrument = venue.instruments[order.instrument]
        let request = order.request
        let average = order.averagePrice(tick: instrument.tick)
        return """
            {"status":"\(order.state.rawValue)","reason":"\(order.reason.map { $0 == .postOnly ? "POST_ONLY_REJ" : "20002" } ?? "")","side":"\(request.side == .buy ? "BUY" : "SELL")",\
            "price":\(number(instrument.decimal(request.price))),"quantity":\(number(instrument.decimal(request.quantity))),"order_id":"\(order.venueID)",\
            "client_oid":\(JSONValue.quoted(order.clientID)),"create_time":\(order.created.nanoseconds / 1_000_000),"update_time":\(order.updated.nanoseconds / 1_000_000),\
            "type":"\(request.type == .market ? "MARKET" : "LIMIT")","instrument_name":"\(instrument.nativeSymbol)","cumulative_quantity":\(number(instrument.decimal(order.filled))),\
            "cumulative_value":\(number(order.value)),"avg_price":\(number(average)),"fee_currency":"\(instrument.quote)",\
            "time_in_force":"\(request.timeInForce == .immediateOrCancel ? "IMMEDIATE_OR_CANCEL" : request.timeInForce == .fillOrKill ? "FILL_OR_KILL" : "GOOD_TILL_CANCEL")",\
            "exec_inst":"\(request.isPostOnly ? "POST_ONLY" : "")","trigger_price":0}
            """
    }

    func text(_ fill: SimFill) -> String {
        let instrument = venue.instruments[fill.order.instrument]
        return """
            {"side":"\(fill.order.request.side == .buy ? "BUY" : "SELL")","instrument_name":"\(instrument.nativeSymbol)","fee":\(number(fill.fill.fee)),\
            "trade_id":"\(fill.tradeID)","create_time":\(fill.time.nanoseconds / 1_000_000),"traded_price":\(number(instrument.decimal(fill.fill.price))),\
            "traded_quantity":\(number(instrument.decimal(fill.fill.quantity))),"fee_currency":"\(fill.fill.feeInBase ? instrument.base : instrument.quote)",\
            "order_id":"\(fill.order.venueID)","client_order_id":\(JSONValue.quoted(fill.order.clientID)),"liquidity_indicator":"\(fill.fill.liquidity == .maker ? "MAKER" : "TAKER")"}
            """
    }

    var balanceTexts: [String] {
        venue.balances.keys.sorted().map { currency in
            let total = venue.balances[currency] ?? .zero
            let bound = venue.reserved(currency)
            return "{\"currency\":\"\(currency)\",\"balance\":\(number(total)),\"available\":\(number(total - bound)),\"order\":\(number(bound)),\"stake\":0}"
        }
    }
}
