import Domain
import NIOCore
import Transport

/// What each call does.
extension DVChainSim {
    // MARK: - Prices

    /// The ladder of an instrument, nil while there is no middle.
    func levels(_ index: Int) -> String? {
        guard let middle = halfTicks(index) else { return nil }
        let instrument = venue.instruments[index]
        let list = settings.tiers.map { tier in
            let (buy, sell) = (price(.buy, middle, tier.points), price(.sell, middle, tier.points))
            return #"{"sellPrice":\#(instrument.decimal(Price(ticks: sell))),"buyPrice":\#(instrument.decimal(Price(ticks: buy))),"maxQuantity":\#(tier.most)}"#
        }
        return "[\(list.joined(separator: ","))]"
    }

    private func halfTicks(_ index: Int) -> Int64? {
        let (bid, ask) = (venue.books[index].levels(.buy, depth: 1).first, venue.books[index].levels(.sell, depth: 1).first)
        guard let bid, let ask else { return nil }
        return bid.ticks + ask.ticks
    }

    /// Half the spread from the middle, on the tick that is worse for the customer.
    private func price(_ side: Side, _ halfTicks: Int64, _ points: Int64) -> Int64 {
        let exact = halfTicks * (20_000 + (side == .buy ? points : -points))
        return side == .buy ? (exact + 39_999) / 40_000 : exact / 40_000
    }

    private func ladder(_ index: Int) -> String {
        let time = now.nanoseconds / 1_000_000
        return "{\"levels\":\(levels(index) ?? "[]"),\"expiresAt\":\(time + 3_700),\"expiresIn\":3700,\"serverTime\":\(time)}"
    }

    func prices(_ path: String) -> HTTPServerResponse {
        let parts = path.split(separator: "/").dropFirst(3).map(String.init)
        if parts.isEmpty {
            let own = venue.instruments.indices.filter { venue.instruments[$0].quote == "USD" }
            return HTTPServerResponse(json: "{" + own.map { "\"\(venue.instruments[$0].base)\":\(ladder($0))" }.joined(separator: ",") + "}")
        }
        let counter = parts.count > 1 ? parts[1] : "USD"
        guard let index = venue.instruments.firstIndex(where: { $0.base == parts[0] && $0.quote == counter }) else { return fail(404, "no such pair") }
        return HTTPServerResponse(json: settings.nestsPrices ? "{\"\(parts[0])\":{\"\(counter)\":\(ladder(index))}}" : "{\"\(parts[0])\":\(ladder(index))}")
    }

    // MARK: - Quotes

    func quote(_ query: [String: String]) -> HTTPServerResponse {
        guard let asset = query["asset"], let side = side(query["side"]), query["qty"] == nil || query["total"] == nil,
            let index = venue.instruments.firstIndex(where: { $0.base == asset && $0.quote == query["counterAsset"] ?? "USD" })
        else { return fail(400, "side, qty and a known asset are needed") }
        let instrument = venue.instruments[index]
        guard let quantity = query["qty"].flatMap({ try? ExactDecimal($0) }), let lots = quantity.multiple(of: instrument.lot), lots > 0 else {
            return fail(400, "qty is no size of \(asset)")
        }
        guard let middle = halfTicks(index), let tier = tier(quantity) else { return fail(400, "limit exceeded") }
        let ticks = price(side, middle, tier)
        let time = now.nanoseconds / 1_000_000
        let word = side == .buy ? "Buy" : "Sell"
        let key = "1\(asset)\(instrument.quote)\(quantity)\(word)\(time)"
        firm[key] = Firm(index: index, side: side, lots: lots, ticks: ticks, ends: now + settings.quoteLife)
        let life = settings.quoteLife.nanoseconds / 1_000_000
        return HTTPServerResponse(json: """
            {"asset":"\(asset)","counterAsset":"\(instrument.quote)","price":\(instrument.decimal(Price(ticks: ticks))),"qty":\(quantity),\
            "side":"\(settings.isLowerCase ? word.lowercased() : word)","expiresIn":\(life),"serverTime":\(time),"expiresAt":\(time + life),"tradeKey":"\(key)"}
            """)
    }

    private func tier(_ quantity: ExactDecimal) -> Int64? {
        settings.tiers.first { tier in quantity.scaled(to: quantity.scale).map { $0 <= Int128(tier.most) * ExactDecimal.powerOfTen(quantity.scale) } ?? false }?.points
    }

    func execute(_ body: JSONValue) -> HTTPServerResponse {
        guard let key = body["key"]?.text, let quote = firm.removeValue(forKey: key), quote.ends >= now else { return fail(400, "Quote expired") }
        let tag = settings.dropsTags ? "" : body["clientTag"]?.text ?? ""
        let order = venue.deal(
            instrument: quote.index, side: quote.side, lots: quote.lots, ticks: quote.ticks, clientID: tag, at: now)
        keys[order.venueID] = key
        executedAt[order.venueID] = now
        return HTTPServerResponse(json: row(order))
    }

    // MARK: - Orders

    func place(_ body: JSONValue) -> HTTPServerResponse {
        guard let asset = body["asset"]?.text, let side = side(body["side"]?.text), let quantity = body["qty"]?.text.flatMap({ try? ExactDecimal($0) }),
            let index = venue.instruments.firstIndex(where: { $0.base == asset && $0.quote == body["counterAsset"]?.text ?? "USD" })
        else { return fail(400, "side, qty and a known asset are needed") }
        let instrument = venue.instruments[index]
        guard let lots = quantity.multiple(of: instrument.lot), lots > 0 else { return fail(400, "invalid quantity") }
        let tag = settings.dropsTags ? "" : body["clientTag"]?.text ?? ""
        guard body["orderType"]?.text?.lowercased() == "limit" else { return takeMarket(index, side, quantity, lots, tag) }
        guard let limit = body["limitPrice"]?.text.flatMap({ try? ExactDecimal($0) }), let ticks = limit.multiple(of: instrument.tick), ticks > 0 else {
            return fail(400, "invalid limitPrice")
        }
        let request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: side, type: .limit, quantity: Quantity(lots: lots), price: Price(ticks: ticks))
        let made = venue.submit(request, clientID: tag, connection: 0, at: now)
        let early = row(made, isEarly: true)
        venue.execute(made.venueID, at: now)
        if venue.order(made.venueID)?.state == .rejected { return fail(400, "insufficient balance: limit exceeded") }
        return HTTPServerResponse(json: early)
    }

    private func takeMarket(_ index: Int, _ side: Side, _ quantity: ExactDecimal, _ lots: Int64, _ tag: String) -> HTTPServerResponse {
        guard let middle = halfTicks(index), let tier = tier(quantity) else { return fail(400, "limit exceeded") }
        let order = venue.deal(instrument: index, side: side, lots: lots, ticks: price(side, middle, tier), clientID: tag, at: now)
        return HTTPServerResponse(json: row(order))
    }

    func cancel(_ id: String) -> HTTPServerResponse {
        guard venue.order(id) != nil else { return fail(404, "order not found") }
        return venue.cancel(id, at: now) ? HTTPServerResponse(json: #"{"message":"Trade successfully cancelled."}"#) : fail(400, "Failed to cancel order")
    }

    // MARK: - Listings

    private var visible: [SimOrder] {
        venue.orders.reversed().filter { order in
            order.state != .rejected && (executedAt[order.venueID].map { $0 + settings.lookupLag <= now } ?? true)
        }
    }

    func list(_ query: [String: String]) -> HTTPServerResponse {
        let status = query["status"]
        let (after, before) = (query["after"].flatMap { Int64($0) } ?? 0, query["before"].flatMap { Int64($0) } ?? .max)
        let rows = visible.filter { order in
            let time = (query["timetype"] == "filled" ? order.updated : order.created).nanoseconds / 1_000_000
            return (status == nil || status == word(order)) && time >= after && time <= before
        }
        let limit = max(1, min(query["limit"].flatMap { Int($0) } ?? 20, 100))
        let pages = (rows.count + limit - 1) / limit
        let page = (query["page"].flatMap { Int($0) } ?? 1) - (settings.pagesFromZero ? 0 : 1)
        guard page >= 0 else { return fail(400, "page") }
        let shown = rows.dropFirst(page * limit).prefix(limit)
        return HTTPServerResponse(json: "{\"data\":[\(shown.map { row($0) }.joined(separator: ","))],\"total\":\(rows.count),\"pageCount\":\(pages)}")
    }

    func find(_ query: [String: String]) -> HTTPServerResponse {
        func list(_ name: String) -> Set<String> { Set((query[name] ?? "").split(separator: ",").map(String.init)) }
        let (ids, wanted, tags) = (list("ids"), list("tradeKeys"), list("clientTags"))
        let rows = visible.filter { order in
            ids.contains(order.venueID) || keys[order.venueID].map(wanted.contains) ?? false || !order.clientID.isEmpty && tags.contains(order.clientID)
        }
        return HTTPServerResponse(json: "{\"data\":[\(rows.map { row($0) }.joined(separator: ","))]}")
    }

    /// What is left of the credit on both sides, and the position since the start.
    func balances() -> HTTPServerResponse { HTTPServerResponse(json: limits) }

    var limits: String {
        let list = venue.balances.keys.sorted().map { currency in
            let (have, began) = (venue.balances[currency] ?? .zero, initial[currency] ?? .zero)
            return "{\"asset\":\"\(currency)\",\"maxSell\":\(max(have, .zero).decimal),\"maxBuy\":\((began + began - have).decimal),\"position\":\((have - began).decimal)}"
        }
        return "{\"assets\":[\(list.joined(separator: ","))],\"usdBalance\":0}"
    }

    // MARK: - Rows

    func side(_ text: String?) -> Side? {
        switch text?.lowercased() {
        case "buy": .buy
        case "sell": .sell
        case _: nil
        }
    }

    func word(_ order: SimOrder) -> String {
        switch order.state {
        case .pending, .active: "Open"
        case .filled: "Complete"
        case .cancelled, .expired, .rejected: "Cancelled"
        }
    }

    /// - Parameter isEarly: As it is answered to its placement: open, whatever comes of it.
    func row(_ order: SimOrder, isEarly: Bool = false) -> String {
        let instrument = venue.instruments[order.instrument]
        let isDeal = keys[order.venueID] != nil || order.request.type == .market
        let done = order.state == .filled && !isEarly
        let price = done ? order.averagePrice(tick: instrument.tick).decimal : .zero
        let limit = instrument.decimal(order.request.price)
        let word = order.request.side == .buy ? "Buy" : "Sell"
        var text = "{\"_id\":\"\(order.venueID)\",\"createdAt\":\"\(iso(order.created))\",\"price\":\(price),"
        if !isDeal { text += "\"limitPrice\":" + (settings.limitAsNumber ? "\(limit)" : "\"\(limit)\"") + "," }
        text += "\"quantity\":\(instrument.decimal(order.request.quantity)),\"side\":\"\(settings.isLowerCase ? word.lowercased() : word)\","
        text += "\"user\":{\"_id\":\"69c2a0e7-b82c-42ee-821f-5d9097a31823\",\"firstName\":\"USER\",\"lastName\":\"\"},"
        text += "\"asset\":\"\(instrument.base)\",\"counterAsset\":\"\(instrument.quote)\",\"status\":\"\(isEarly ? "Open" : self.word(order))\""
        if let key = keys[order.venueID] { text += ",\"tradeKey\":\"\(key)\"" }
        if !order.clientID.isEmpty { text += ",\"clientTag\":\(JSONValue.quoted(order.clientID))" }
        if done { text += ",\"filledAt\":\"\(iso(order.updated))\"" }
        if order.state == .cancelled, !isEarly { text += ",\"cancelledAt\":\"\(iso(order.updated))\"" }
        return text + "}"
    }

    private func iso(_ time: Timestamp) -> String { SimClock.iso(time) }
}
