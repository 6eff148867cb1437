import Domain
import Transport

/// Orders: taken, judged, changed, cancelled.
extension ValrSim {
    enum Placement {
        case taken(SimOrder)
        case invalid(code: Int, String)

        /// As REST answers: 201 once the engine has it.
        var rest: HTTPServerResponse {
            switch self {
            case .taken(let order): HTTPServerResponse(status: 201, json: "{\"id\":\"\(order.venueID)\"}")
            case .invalid(let code, let message): ValrSim.error(code == -409 ? 409 : 400, code, message)
            }
        }
    }

    func place(_ body: JSONValue, isLimit: Bool, connection: Int) -> Placement {
        if settings.isReadOnly { return .invalid(code: -1, "Exchange is in read-only mode") }
        guard let index = body["pair"]?.text.flatMap(venue.instrument(named:)) else { return .invalid(code: -21, "Unsupported currency pair") }
        let instrument = venue.instruments[index]
        func number(_ key: String) -> ExactDecimal? { body[key]?.text.flatMap { try? ExactDecimal($0) } }
        guard let side = body["side"]?.text, side == "BUY" || side == "SELL" else { return .invalid(code: -1, "Validation failed: side") }
        guard let quantity = number(isLimit ? "quantity" : "baseAmount"), quantity.mantissa > 0, let lots = quantity.multiple(of: instrument.lot) else {
            return .invalid(code: -1, "Validation failed: quantity must have at most \(instrument.lot.scale) decimals")
        }
        guard lots >= instrument.minQuantity.lots else { return .invalid(code: -12_007, "Minimum order size not met") }
        let name = body["customerOrderId"]?.text ?? ""
        guard name.utf8.count <= 50, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            return .invalid(code: -1, "Validation failed: customerOrderId")
        }
        if !name.isEmpty, venue.open.contains(where: { $0.clientID == name }) { return .invalid(code: -409, "Duplicate customerOrderId: it already exists") }
        var request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: side == "BUY" ? .buy : .sell, type: isLimit ? .limit : .market,
            quantity: Quantity(lots: lots))
        if isLimit {
            guard let price = number("price"), let ticks = price.multiple(of: instrument.tick), ticks > 0 else {
                return .invalid(code: -1, "Validation failed: price must be a multiple of tickSize")
            }
            request.price = Price(ticks: ticks)
            if body["postOnly"] == .bool(true) { request.isPostOnly = true }
            switch body["timeInForce"]?.text {
            case "IOC": request.timeInForce = .immediateOrCancel
            case "FOK": request.timeInForce = .fillOrKill
            default: break
            }
        }
        let order = venue.submit(request, clientID: name, connection: connection, at: now)
        wire.later(settings.acceptDelay) { self.venue.execute(order.venueID, at: self.now) }
        return .taken(order)
    }

    /// The order that a cancel or a change names: by the venue's id, or by ours while it is open.
    func named(_ body: JSONValue) -> SimOrder? {
        if let id = body["orderId"]?.text { return venue.order(id) }
        guard let name = body["customerOrderId"]?.text else { return nil }
        return venue.orders.last { $0.clientID == name && $0.isLive } ?? venue.orders.last { $0.clientID == name }
    }

    func fillFirst(_ body: JSONValue) {
        if let order = named(body) { venue.fillNow(order.venueID, at: now) }
    }

    /// A cancel is taken at once and done a moment later; one that finds nothing says so then.
    func cancelLater(_ order: SimOrder) {
        wire.later(settings.acceptDelay) {
            if self.venue.cancel(order.venueID, at: self.now) { return }
            self.pushAccount("processed", "FAILED_CANCEL_ORDER", "{\"orderId\":\"\(order.venueID)\",\"message\":\"An error occurred while cancelling your order.\"}")
        }
    }

    /// REST v2 answers once it is done.
    func cancelNow(_ body: JSONValue) -> HTTPServerResponse {
        guard let order = named(body), venue.cancel(order.venueID, at: now) else { return ValrSim.error(404, -21, "Order not found") }
        return HTTPServerResponse(json: "{\"id\":\(JSONValue.quoted(body["orderId"]?.text ?? body["customerOrderId"]?.text ?? ""))}")
    }

    /// The ids of attempted cancels.
    func cancelAll(_ pair: String?) -> HTTPServerResponse {
        let index = pair.flatMap(venue.instrument(named:))
        if pair != nil, index == nil { return ValrSim.error(400, -21, "Unsupported currency pair") }
        let open = venue.open.filter { index == nil || $0.instrument == index }
        wire.later(settings.acceptDelay) { for order in open { _ = self.venue.cancel(order.venueID, at: self.now) } }
        return HTTPServerResponse(json: list(open.map { "{\"orderId\":\"\($0.venueID)\"}" }))
    }

    func modify(_ body: JSONValue) -> HTTPServerResponse {
        guard let order = named(body), order.state == .active else { return ValrSim.error(404, -21, "Order not found") }
        let instrument = venue.instruments[order.instrument]
        func number(_ key: String, _ step: ExactDecimal) -> Int64? { body[key]?.text.flatMap { try? ExactDecimal($0) }?.multiple(of: step) }
        let price = Price(ticks: number("newPrice", instrument.tick) ?? order.request.price.ticks)
        let left = number("newRemainingQuantity", instrument.lot).map { order.filled + Quantity(lots: $0) }
        let total = number("newTotalQuantity", instrument.lot).map { Quantity(lots: $0) } ?? left ?? order.request.quantity
        if price == order.request.price, total == order.request.quantity {
            return HTTPServerResponse(status: 400, json: "{\"orderId\":\"\(order.venueID)\",\"code\":-21303,\"message\":\"No change\"}")
        }
        let other = venue.books[order.instrument].levels(order.request.side.opposite, depth: 1).first?.ticks
        if let other, order.request.side == .buy ? price.ticks >= other : price.ticks <= other, body["modifyMatchStrategy"]?.text == "RETAIN_ORIGINAL" {
            return ValrSim.error(400, -21_304, "Invalid Order. It would match")
        }
        modifying.insert(order.venueID)
        defer { modifying.remove(order.venueID) }
        guard venue.amend(order.venueID, price: price, total: total, at: now) else { return ValrSim.error(400, -1, "Invalid Request, please check your request and try again") }
        return HTTPServerResponse(status: 201, json: "{\"id\":\"019d15e7-4721-74ac-ac86-39db87197b2a\"}")
    }

    // MARK: - Texts

    private func status(_ order: SimOrder) -> String {
        switch order.state {
        case .pending: return "Placed"
        case .active where modifying.contains(order.venueID): return "Order Modified"
        case .active: return order.filled > .zero ? "Partially Filled" : "Placed"
        case .filled: return "Filled"
        // What is left of an order that cannot rest is dropped without another word.
        case .cancelled where order.request.timeInForce != .goodTillCancel && order.filled > .zero: return "Partially Filled"
        case .cancelled: return "Cancelled"
        case .rejected: return order.reason == .postOnly ? "Cancelled" : "Failed"
        case .expired: return "Expired"
        }
    }

    static func words(_ reason: RejectReason?) -> String {
        switch reason {
        case .postOnly?: "Post only cancelled as it would have matched"
        case .insufficientBalance?: "Insufficient balance"
        case nil: ""
        case .some: "Order rejected"
        }
    }

    private func kind(_ request: OrderRequest) -> String { request.type == .market ? "market" : request.isPostOnly ? "post-only limit" : "limit" }

    private func force(_ request: OrderRequest) -> String {
        request.timeInForce == .immediateOrCancel || request.type == .market ? "IOC" : request.timeInForce == .fillOrKill ? "FOK" : "GTC"
    }

    private func left(_ order: SimOrder) -> ExactDecimal { venue.instruments[order.instrument].decimal(order.request.quantity - order.filled) }

    /// A row of the open list: `remainingQuantity` by REST, `quantity` in the push, which is the same.
    func openRow(_ order: SimOrder) -> String { openRow(order, quantityName: "remainingQuantity") }

    func openRow(_ order: SimOrder, quantityName: String) -> String {
        let instrument = venue.instruments[order.instrument]
        return """
            {"orderId":"\(order.venueID)","side":"\(order.request.side == .buy ? "buy" : "sell")","\(quantityName)":"\(left(order))",\
            "price":"\(instrument.decimal(order.request.price))","currencyPair":"\(instrument.nativeSymbol)","createdAt":"\(ValrCheck.time(order.created))",\
            "originalQuantity":"\(instrument.decimal(order.request.quantity))","filledPercentage":"0.00","customerOrderId":\(JSONValue.quoted(order.clientID)),\
            "updatedAt":"\(ValrCheck.time(order.updated))","status":"\(status(order))","type":"\(kind(order.request))","timeInForce":"\(force(order.request))"}
            """
    }

    /// A row of a single order, of the history, and of the push, which tells the last execution besides.
    func statusRow(_ order: SimOrder, executed: SimFill? = nil) -> String {
        let instrument = venue.instruments[order.instrument]
        var event = ""
        if let executed {
            event = "\"executedPrice\":\"\(instrument.decimal(executed.fill.price))\",\"executedQuantity\":\"\(instrument.decimal(executed.fill.quantity))\",\"executedFee\":\"\(executed.fill.fee)\","
        }
        return """
            {"orderId":"\(order.venueID)","orderStatusType":"\(status(order))","currencyPair":"\(instrument.nativeSymbol)",\
            "originalPrice":"\(instrument.decimal(order.request.price))","remainingQuantity":"\(left(order))",\
            "originalQuantity":"\(instrument.decimal(order.request.quantity))","orderSide":"\(order.request.side == .buy ? "buy" : "sell")",\
            "orderType":"\(kind(order.request))","failedReason":\(JSONValue.quoted(order.state == .rejected ? ValrSim.words(order.reason) : "")),\
            "orderUpdatedAt":"\(ValrCheck.time(order.updated))","orderCreatedAt":"\(ValrCheck.time(order.created))",\
            "customerOrderId":\(JSONValue.quoted(order.clientID)),\(event)"timeInForce":"\(force(order.request))"}
            """
    }

    func tradeRow(_ fill: SimFill, withFee: Bool, number: Bool) -> String {
        let instrument = venue.instruments[fill.order.instrument]
        let currency = fill.fill.feeInBase ? instrument.base : instrument.quote
        var fee = ""
        if withFee {
            fee = fill.fill.fee < .zero
                ? ",\"makerReward\":\"\(.zero - fill.fill.fee)\",\"makerRewardCurrency\":\"\(currency)\""
                : ",\"fee\":\"\(fill.fill.fee)\",\"feeCurrency\":\"\(currency)\""
        }
        return """
            {"price":"\(instrument.decimal(fill.fill.price))","quantity":"\(instrument.decimal(fill.fill.quantity))","currencyPair":"\(instrument.nativeSymbol)",\
            "tradedAt":"\(ValrCheck.time(fill.time))","side":"\(fill.order.request.side == .buy ? "buy" : "sell")","orderId":"\(fill.order.venueID)",\
            "id":"\(fill.tradeID)"\(fee)\(number ? ",\"sequenceId\":1368928567986636000,\"customerOrderId\":" + JSONValue.quoted(fill.order.clientID) : "")}
            """
    }

    var balanceRows: [String] {
        venue.balances.keys.sorted().map { currency in "{\"currency\":\"\(currency)\",\(amounts(currency))}" }
    }

    func amounts(_ currency: String) -> String {
        let (total, bound) = (venue.balances[currency] ?? .zero, venue.reserved(currency))
        return "\"available\":\"\(total - bound)\",\"reserved\":\"\(bound)\",\"total\":\"\(total)\",\"updatedAt\":\"\(ValrCheck.time(now))\",\"lendReserved\":\"0\",\"borrowReserved\":\"0\",\"borrowedAmount\":\"0\""
    }
}
