public import Domain
import NIOCore
import NIOHTTP1
import Transport

/// Texts and pushes.
extension ApifinySim {
    /// A number in the venue's manner of the day.
    func number(_ value: ExactDecimal) -> String {
        if settings.numbersAsStrings { return "\"\(value)\"" }
        if settings.floatNoise, "\(value)".contains(".") { return "\(value)" + String(repeating: "0", count: max(0, 14 - "\(value)".count)) + "2" }
        return "\(value)00".contains(".") ? "\(value)00" : "\(value)"
    }

    private static let words: [SimOrder.State: String] = [
        .pending: "PENDING_SUBMIT", .active: "SUBMITTED", .filled: "FILLED", .cancelled: "CANCELLED", .rejected: "REJECTED", .expired: "EXPIRED",
    ]

    /// - Parameter isRow: Of the list of fills, whose totals say nothing.
    func text(_ order: SimOrder, fill: SimFill? = nil, isRow: Bool = false) -> String {
        let instrument = venue.instruments[order.instrument]
        let request = order.request
        let filled = isRow ? Quantity.zero : order.filled
        let left = order.isLive ? request.quantity - order.filled : .zero
        let tif = request.isPostOnly ? 7 : request.timeInForce == .immediateOrCancel ? 3 : 1
        var text = "{" + """
            "accountId":"STA-\(settings.name)_00000001","venue":"\(settings.name)","orderId":"\(order.venueID)","symbol":"\(instrument.nativeSymbol)",\
            "orderType":"\(request.type == .market ? "MARKET" : "LIMIT")","orderSide":"\(request.side == .buy ? "BUY" : "SELL")","limitPrice":\(number(instrument.decimal(request.price))),\
            "quantity":\(number(instrument.decimal(request.quantity))),"filledAveragePrice":\(number(order.averagePrice(tick: instrument.tick).decimal)),\
            "filledCumulativeQuantity":\(number(instrument.decimal(filled))),"timeInForce":\(tif),"openQuantity":\(number(instrument.decimal(left))),\
            "orderStatus":"\(ApifinySim.words[order.state] ?? "")","createdAt":\(order.created.nanoseconds / 1_000_000),"updatedAt":\(order.updated.nanoseconds / 1_000_000),\
            "cancelledUpdatedAt":null,"filledUpdatedAt":null
            """
        if let fill {
            text += """
                ,"lastCommission":\(number(fill.fill.fee.decimal)),"lastCommissionCurrency":"\(fill.fill.feeInBase ? instrument.base : instrument.quote)",\
                "lastFilledQuantity":\(number(instrument.decimal(fill.fill.quantity))),"lastFilledPrice":\(number(instrument.decimal(fill.fill.price))),\
                "lastFilledCreatedAt":\(fill.time.nanoseconds / 1_000_000),"isTaker":\(fill.fill.liquidity == .taker)
                """
        }
        return text + "}"
    }

    // MARK: - Pushes

    func tell(_ event: SimVenueEvent) {
        switch event {
        case .order(let order):
            // An execution's own push told the order with it.
            if order.filled == .zero || order.state == .cancelled || order.state == .expired { push("order", text(order), .orders) }
            for peer in fixSessions { peer.tell(order) }
        case .fill(let fill):
            var order = fill.order
            order.state = order.filled >= order.request.quantity ? .filled : order.state
            push("trade", text(order, fill: fill), .orders)
            for peer in fixSessions { peer.tell(fill) }
        case .balances:
            for socket in sockets(.assets) {
                wire.push("balance", "{\"result\":{\"logTimestamp\":\(milliseconds),\"payload\":[\(balances.joined(separator: ","))]},\"error\":null}", to: socket)
            }
        }
    }

    private func sockets(_ stream: ApifinySocket.Stream) -> [ApifinySocket] { wire.sockets.compactMap { $0 as? ApifinySocket }.filter { $0.stream == stream } }

    private func push(_ event: String, _ payload: String, _ stream: ApifinySocket.Stream) {
        for socket in sockets(stream) { wire.push(event, "{\"logTimestamp\":\(milliseconds),\"payload\":\(payload)}", to: socket) }
    }

    /// Market records of the moment: into the venue, and out as books and trades.
    public func market(_ records: [MarketRecord]) {
        venue.apply(records, at: now)
        var changed: [Int] = []
        for record in records {
            switch record.kind {
            case .trade: trade(record)
            case .level, .clear: changed.append(Int(record.instrument))
            case .quote, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status: break
            }
        }
        wire.changedBooks(changed)
    }

    private func trade(_ record: MarketRecord) {
        let instrument = venue.instruments[Int(record.instrument)]
        tradeCount += 1
        // The maker's side is told.
        let trade = """
            {"symbol":"\(instrument.nativeSymbol)","provider":"\(settings.name)","price":\(number(instrument.decimal(Price(ticks: record.a)))),\
            "qty":\(number(instrument.decimal(units: record.b))),"side":"\(record.side == .sell ? "BUY" : "SELL")","tradeTime":\(milliseconds),\
            "exchangeID":"\(tradeCount)","updateTime":\(milliseconds)}
            """
        let text = "{\"venues\":[\"\(settings.name)\"],\"channel\":\"trade\",\"symbol\":\"\(instrument.nativeSymbol)\",\"trade\":{\"trades\":[\(trade)]}}"
        for socket in sockets(.market) where socket.channels.contains("trade/\(instrument.nativeSymbol)") { wire.push("public-trade", text, to: socket) }
    }

    func bookText(_ index: Int, time: Int64) -> String {
        let instrument = venue.instruments[index]
        func side(_ side: Side) -> String {
            venue.books[index].levels(side, depth: 50).map { level in
                "[\(number(instrument.decimal(Price(ticks: level.ticks)))),\(number(instrument.decimal(units: level.size)))]"
            }.joined(separator: ",")
        }
        return "{\"symbol\":\"\(instrument.nativeSymbol)\",\"updatedAt\":\(time),\"asks\":[\(side(.sell))],\"bids\":[\(side(.buy))]}"
    }

    func pushBook(_ index: Int) { pushBook(index, bookText(index, time: milliseconds)) }

    func pushBook(_ index: Int, _ book: String, to only: ApifinySocket? = nil) {
        let name = venue.instruments[index].nativeSymbol
        let text = "{\"venues\":[\"\(settings.name)\"],\"channel\":\"orderbook\",\"symbol\":\"\(name)\",\"orderbook\":\(book)}"
        for socket in only.map({ [$0] }) ?? sockets(.market) where socket.channels.contains("orderbook/\(name)") { wire.push("book", text, to: socket) }
    }

    public func misquote(_ instrument: Int, bids: [(ticks: Int64, size: Int64)], asks: [(ticks: Int64, size: Int64)]) {
        let constants = venue.instruments[instrument]
        func side(_ levels: [(ticks: Int64, size: Int64)]) -> String {
            levels.map { "[\(number(constants.decimal(Price(ticks: $0.ticks)))),\(number(constants.decimal(units: $0.size)))]" }.joined(separator: ",")
        }
        pushBook(instrument, "{\"symbol\":\"\(constants.nativeSymbol)\",\"updatedAt\":\(milliseconds + 1),\"asks\":[\(side(asks))],\"bids\":[\(side(bids))]}")
    }

    public func rewind(_ instrument: Int) { pushBook(instrument, bookText(instrument, time: 1_500_000_000_000)) }

    // MARK: - Market data over REST

    /// One request a second.
    func market(_ path: String, _ request: HTTPServerRequest) -> HTTPAnswer {
        let parts = path.split(separator: "/").map(String.init)
        wire.note(parts.count > 1 ? "md-\(parts[1])" : "md")
        if wire.isOver(1, per: 1_000_000_000, of: "md") { return answer(131_114, "rate limit is exceeded") }
        guard parts.count >= 5, parts[0] == "md" else { return .response(HTTPServerResponse(status: 404, json: "{}")) }
        guard let index = venue.instrument(named: parts[3]), parts[4] == settings.name else { return answer(262_202, "unknown symbol") }
        switch parts[1] {
        case "orderbook": return .response(wire.dated(HTTPServerResponse(status: 200, json: bookText(index, time: milliseconds))))
        case "trade": return .response(wire.dated(HTTPServerResponse(status: 200, json: "[]")))
        case _: return .response(HTTPServerResponse(status: 404, json: "{}"))
        }
    }
}

/// One connection of the market data or of a user stream.
final class ApifinySocket: SimSocket {
    enum Stream { case market, orders, assets }

    let sim: ApifinySim
    let stream: Stream
    /// `channel/symbol`.
    var channels: [String] = []
    private var beat: Scheduled<Void>?
    private var deadline: Scheduled<Void>?

    init(sim: ApifinySim, stream: Stream) {
        (self.sim, self.stream) = (sim, stream)
        super.init(wire: sim.wire)
    }

    override func began() {
        if stream == .orders { _ = befalls("stream", refuse: { _ in "" }, throttled: { "" }) }
        scheduleBeat()
    }

    override func ended() {
        beat?.cancel()
        deadline?.cancel()
    }

    private func scheduleBeat() {
        let box = NIOLoopBound(self, eventLoop: wire.eventLoop)
        beat = wire.eventLoop.scheduleTask(in: sim.settings.heartbeat) { box.value.sendBeat() }
    }

    private func sendBeat() {
        guard let socket, socket.isOpen else { return }
        if let rule = wire.faults.next("heartbeat") {
            if rule.fault == .silence { isSilent = true }
        } else {
            send("{\"ping\":\(sim.milliseconds)}")
            let box = NIOLoopBound(self, eventLoop: wire.eventLoop)
            if deadline == nil { deadline = wire.eventLoop.scheduleTask(in: sim.settings.heartbeatPatience) { box.value.close(1000) } }
        }
        scheduleBeat()
    }

    override func received(_ text: String) {
        guard let value = try? JSONValue(Array(text.utf8)) else { return close(1003) }
        if value["pong"]?.integer != nil {
            deadline?.cancel()
            deadline = nil
            return wire.note("pong")
        }
        guard stream == .market, let channel = value["channel"]?.text, let symbol = value["symbol"]?.text,
            value["venues"]?.items.contains(where: { $0.text == sim.settings.name }) == true
        else { return }
        wire.note("subscribe")
        let name = "\(channel)/\(symbol)"
        if value["action"]?.text == "unsub" { return channels.removeAll { $0 == name } }
        if befalls("subscribe", refuse: { _ in "" }, throttled: { "" }) { return }
        if !channels.contains(name) { channels.append(name) }
        if channel == "orderbook", let index = sim.venue.instrument(named: symbol) { sim.pushBook(index, sim.bookText(index, time: sim.milliseconds), to: self) }
    }
}
