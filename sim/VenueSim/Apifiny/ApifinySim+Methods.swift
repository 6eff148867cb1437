import Domain
import NIOCore
import NIOHTTP1
import Transport

/// What each method does.
extension ApifinySim {
    func perform(_ path: String, isPost: Bool, _ params: JSONValue) -> HTTPServerResponse {
        switch (path, isPost) {
        case ("/utils/listVenueInfo", false): success("[{\"exchange \":\"\(settings.name)\",\"status \":\"enabled\"},{\"exchange\":\"VENUE24\",\"status\":\"disabled\"}]")
        case ("/utils/listCurrency", false): success("[\(venue.balances.keys.sorted().map { "{\"currency\":\"\($0)\",\"currencyPrecision\":8,\"status\":\"NOT_DEPOSIT_NOT_WITHDRAW\"}" }.joined(separator: ","))]")
        case ("/utils/listSymbolInfo", false): success(symbols)
        case ("/utils/currentTimeMillis", false): success(String(milliseconds))
        case ("/account/queryAccountInfo", false): success(account)
        case ("/asset/listBalance", false): success("[\(balances.joined(separator: ","))]")
        case ("/asset/getCommissionRate", false): success(commission(params))
        case ("/asset/transferToVenue", true): transfer(params)
        case ("/asset/queryAssetActivityList", false): success("[\(transfers.joined(separator: ","))]")
        case ("/order/newOrder", true): create(params)
        case ("/order/cancelOrder", true): cancel(params)
        case ("/order/cancelAccountVenueAllOrder", true): cancelAll(params)
        case ("/order/queryOrderInfo", false): one(params)
        case ("/order/listMultipleOrderInfo", false): several(params)
        case ("/order/listOpenOrder", false): success(list(venue.open))
        case ("/order/listCompletedOrder", false): completed(params)
        case ("/order/listFilledOrder", false): fills(params)
        case _: HTTPServerResponse(status: 404, json: "{}")
        }
    }

    // MARK: - Reference

    private var symbols: String {
        let list = venue.instruments.map { instrument in
            """
            {"symbol":"\(instrument.nativeSymbol)","baseAsset":"\(instrument.base)","baseAssetPrecision":8,"quoteAsset":"\(instrument.quote)","quotePrecision":8,\
            "minPrice":null,"maxPrice":null,"minQuantity":\(instrument.decimal(instrument.minQuantity)),"maxQuantity":1000000,"tickSize":\(instrument.tick),\
            "stepSize":\(instrument.lot),"minNotional":\(instrument.minNotional.decimal),"maxNotional":100000000,"status":"enabled"}
            """
        }
        return "[\(list.joined(separator: ","))]"
    }

    private var account: String {
        """
        [{"accountId":"\(settings.account)","accountStatus":"OPENED","createdAt":1537857271784,"updatedAt":1551956476878,"subAccountInfo":[\
        {"accountId":"STA-\(settings.name)_00000001","venue":"\(settings.name)","accountStatus":"OPENED","createdAt":1584611383104,"updatedAt":1584611383104}]}]
        """
    }

    var balances: [String] {
        venue.balances.keys.sorted().map { currency in
            let total = venue.balances[currency] ?? .zero
            let bound = venue.reserved(currency)
            return """
                {"accountId":"STA-\(settings.name)_00000001","venue":"\(settings.name)","currency":"\(currency)","amount":\(number(total.decimal)),\
                "available":\(number((total - bound).decimal)),"frozen":\(number(bound.decimal))}
                """
        }
    }

    private func commission(_ params: JSONValue) -> String {
        let instrument = params["symbol"]?.text.flatMap(venue.instrument(named:)).map { venue.instruments[$0] } ?? venue.instruments.first
        return "[{\"accountId\":\"STA-\(settings.name)_00000001\",\"tradingVolume\":121.1001,\"takeFee\":\(instrument?.takerFee ?? .zero),\"makeFee\":\(instrument?.makerFee ?? .zero),\"specialRate\":0}]"
    }

    private func transfer(_ params: JSONValue) -> HTTPServerResponse {
        guard let currency = params["currency"]?.text, let target = params["targetVenue"]?.text, let amount = params["amount"]?.text.flatMap({ try? ExactDecimal($0) }),
            amount.mantissa > 0
        else { return refusal(65_562, "general request error") }
        guard let held = venue.balances[currency], let wanted = Amount(amount), held >= wanted else { return refusal(393_242, "available asset not enough") }
        transfers.append("{\"activityId\":\(transfers.count + 1),\"venue\":\"\(settings.name)\",\"targetVenue\":\"\(target)\",\"currency\":\"\(currency)\",\"amount\":\(amount),\"status\":\"COMPLETED\",\"createdAt\":\(milliseconds)}")
        return success("{\"id\":\(transfers.count)}")
    }

    // MARK: - Orders

    private func create(_ params: JSONValue) -> HTTPServerResponse {
        let info = params["orderInfo"] ?? .null
        let draft = ApifinyDraft(
            id: params["orderId"]?.text ?? "", symbol: info["symbol"]?.text ?? "", side: info["orderSide"]?.text == "BUY" ? .buy : .sell,
            isMarket: info["orderType"]?.text == "MARKET", timeInForce: info["timeInForce"]?.integer, price: info["limitPrice"]?.text, quantity: info["quantity"]?.text)
        switch take(draft, connection: 0) {
        case .success(let order): return success("[\(text(order))]")
        case .failure(let fault): return refusal(fault.code, fault.message)
        }
    }

    /// Takes an order from either way.
    func take(_ draft: ApifinyDraft, connection: Int) -> Result<SimOrder, ApifinyRefusal> {
        func refuse(_ code: Int, _ message: String) -> Result<SimOrder, ApifinyRefusal> { .failure(ApifinyRefusal(code: code, message: message)) }
        if let fault = ApifinyCheck.fault(ofOrder: draft.id, now: now, tolerance: settings.orderTolerance) { return refuse(fault.code, fault.message) }
        if venue.order(draft.id) != nil { return refuse(327_802, "order id repeat") }
        guard let index = venue.instrument(named: draft.symbol) else { return refuse(262_202, "unknown symbol") }
        let instrument = venue.instruments[index]
        if draft.isMarket, draft.side == .buy { return refuse(65_562, "total is required") }
        guard let quantity = draft.quantity.flatMap({ try? ExactDecimal($0) }), let lots = quantity.multiple(of: instrument.lot), lots > 0 else {
            return refuse(65_562, "quantity is wrong")
        }
        var request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: draft.side, type: draft.isMarket ? .market : .limit, quantity: Quantity(lots: lots))
        if !draft.isMarket {
            guard let price = draft.price.flatMap({ try? ExactDecimal($0) }), let ticks = price.multiple(of: instrument.tick), ticks > 0 else {
                return refuse(65_562, "limitPrice is wrong")
            }
            request.price = Price(ticks: ticks)
            switch draft.timeInForce {
            case 1: break
            case 3: request.timeInForce = .immediateOrCancel
            case 7: request.isPostOnly = true
            case _: return refuse(65_562, "timeInForce is wrong")
            }
        }
        if let fault = uncovered(request, instrument) { return .failure(fault) }
        let order = venue.submit(request, clientID: settings.alias(draft.id), connection: connection, at: now, venueID: draft.id)
        wire.later(settings.acceptDelay) { self.venue.execute(order.venueID, at: self.now) }
        return .success(order)
    }

    /// Money is looked at when the order comes.
    private func uncovered(_ request: OrderRequest, _ instrument: Instrument) -> ApifinyRefusal? {
        let isBuy = request.side == .buy
        let currency = isBuy ? instrument.quote : instrument.base
        let needed = isBuy ? instrument.notional(request.price, request.quantity) : instrument.baseLot * request.quantity.lots
        let free = (venue.balances[currency] ?? .zero) - venue.reserved(currency)
        return needed > free ? ApifinyRefusal(code: 393_258, message: "not enough asset available") : nil
    }

    private func cancel(_ params: JSONValue) -> HTTPServerResponse {
        guard let id = params["orderId"]?.text, let order = venue.order(id) else { return refusal(327_738, "order does not exist") }
        if order.state == .pending { return refusal(328_026, "cannot cancel while Pending_Submit") }
        guard order.isLive else { return refusal(327_802, "cannot cancel under current order status") }
        wire.later(settings.acceptDelay) { _ = self.venue.cancel(id, at: self.now) }
        return success("[\(text(order))]")
    }

    private func cancelAll(_ params: JSONValue) -> HTTPServerResponse {
        let symbol = params["symbol"]?.text
        let chosen = venue.open.filter { order in
            order.state == .active && (symbol.map { venue.instruments[order.instrument].nativeSymbol == $0 } ?? true)
        }
        wire.later(settings.acceptDelay) { for order in chosen { _ = self.venue.cancel(order.venueID, at: self.now) } }
        return success("[\(chosen.map { JSONValue.quoted(" \($0.venueID)") }.joined(separator: ","))]")
    }

    // MARK: - Lists

    private func one(_ params: JSONValue) -> HTTPServerResponse {
        guard let id = params["orderId"]?.text, let order = venue.order(id) else { return refusal(327_738, "order does not exist") }
        return success("[\(text(order))]")
    }

    private func several(_ params: JSONValue) -> HTTPServerResponse {
        let ids = (params["orderIdList"]?.text ?? "").split(separator: ",").map(String.init)
        guard ids.count <= 500 else { return refusal(65_562, "too many orders") }
        return HTTPServerResponse(status: 200, json: list(ids.compactMap { venue.order($0) }))
    }

    func list(_ orders: [SimOrder]) -> String { "[\(orders.map { text($0) }.joined(separator: ","))]" }

    private func window(_ params: JSONValue, _ standard: Int64) -> (range: ClosedRange<Int64>, limit: Int)? {
        let end = params["endTime"]?.integer ?? milliseconds
        let start = params["startTime"]?.integer ?? end - standard
        guard start <= end, end - start <= 93 * 86_400_000 else { return nil }
        return (start...end, min(Int(params["limit"]?.integer ?? 500), 1_000))
    }

    private func completed(_ params: JSONValue) -> HTTPServerResponse {
        guard let (range, limit) = window(params, 86_400_000) else { return refusal(65_562, "time range") }
        let own = venue.orders.reversed().filter { !$0.isLive && range.contains($0.updated.nanoseconds / 1_000_000) }
        // The documents show these lists bare.
        return HTTPServerResponse(status: 200, json: list(Array(own.prefix(limit))))
    }

    private func fills(_ params: JSONValue) -> HTTPServerResponse {
        guard let (range, limit) = window(params, 86_400_000) else { return refusal(65_562, "time range") }
        let (symbol, id) = (params["symbol"]?.text, params["orderId"]?.text)
        let own = venue.fills.reversed().filter { fill in
            (symbol.map { venue.instruments[fill.order.instrument].nativeSymbol == $0 } ?? true) && (id.map { fill.order.venueID == $0 } ?? true)
                && range.contains(fill.time.nanoseconds / 1_000_000)
        }
        return success("[\(own.prefix(limit).map { text($0.order, fill: $0, isRow: true) }.joined(separator: ","))]")
    }
}

/// An order as either way brings it.
struct ApifinyDraft {
    var id: String
    var symbol: String
    var side: Side
    var isMarket: Bool
    var timeInForce: Int64?
    var price: String?
    var quantity: String?
}

struct ApifinyRefusal: Error {
    var code: Int
    var message: String
}
