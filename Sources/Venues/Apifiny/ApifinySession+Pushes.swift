internal import Domain
internal import FIX
internal import JSON

/// What the venue sends without being asked again.
extension ApifinySession {
    mutating func message(_ bytes: Bytes, on socket: SocketID) {
        if socket == core.orders.socket, usesFIX { return fixReceived(bytes) }
        let link = socket == core.market.socket ? VenueLink.market : .orders
        do throws(JSONError) {
            let push = try ApifinyPush(bytes)
            listen(link, for: settings.heartbeatSilence)
            // Before anything else: how long the venue waits is not documented.
            if let ping = push.ping { return core.out.append(.send(socket, ApifinySession.pong(ping))) }
            if link == .market { market(push) } else { try user(bytes) }
        } catch {
            let name = link == .market ? "market" : "order"
            tell(.alarm("the \(name) socket sent what cannot be read: at byte \(error.offset) expected \(error.expected): \(bytes.excerpt)"))
        }
    }

    private static func pong(_ number: Int64) -> [UInt8] { Array("{\"pong\":\(number)}".utf8) }

    // MARK: - Market

    private mutating func market(_ push: ApifinyPush) {
        guard let symbol = push.symbol, let data = push.data, let index = core.book(symbol) else { return }
        let grids = core.books[index].grids
        do {
            switch push.kind {
            case .orderbook:
                var reader = JSONReader(data)
                apply(try BookData(apifiny: &reader, grids), index, isUpdate: false)
                bookCame(index)
            case .trade: apply(try TradeData.apifiny(data, grids), index)
            case .ticker, .candle, .other: break
            }
        } catch {
            let why = InstrumentGrids.why(error)
            tell(.alarm("a message of \(core.books[index].symbol) cannot be read: \(why): \(data.excerpt)"))
            if push.kind == .orderbook { doubt(index, why) }
        }
    }

    // MARK: - Orders

    private mutating func user(_ bytes: Bytes) throws(JSONError) {
        if let code = try ApifinyEnvelope(bytes).code { return tell(.alarm("the order socket says \(code): \(bytes.excerpt)")) }
        guard let payload = try ApifinyEnvelope.payload(bytes) else { return }
        eachRow(payload, of: "order socket") { session, row throws(JSONError) in session.pushed(try ApifinyOrder(row)) }
    }

    private mutating func pushed(_ order: ApifinyOrder) {
        if let execution = ApifinyExecution(order, now: now.wall, grids: core.grids(order.symbol)) {
            if let cumulative = order.executed, cumulative.mantissa > 0 {
                let whole = core.grids(order.symbol)?.quantity.cleaned(cumulative) ?? cumulative
                let fill = execution.fill(cumulative: whole, settings.naming)
                named(order.venueID, fill.tradeID, fill.quantity)
                tell(fill: fill)
            } else {
                wantFills(order.venueID)
            }
        }
        let told = told(order)
        if told.isFinal { settleCancel(order.venueID) }
        tell(order: told)
    }

    /// An execution has a name now; lists must give it the same.
    mutating func named(_ venueID: String, _ tradeID: String, _ quantity: ExactDecimal) {
        if namedFills.count > 4_096 { namedFills = [:] }
        namedFills[venueID, default: [:]][tradeID] = quantity
    }

    /// A cancel whose order ended by another message needs no answer any more.
    mutating func settleCancel(_ venueID: String) {
        tooSoon[venueID] = nil
        guard let id = fixCancels.removeValue(forKey: venueID) else { return }
        core.pending[id] = nil
    }

    // MARK: - Assets

    mutating func assetMessage(_ bytes: Bytes) {
        var balances: [VenueBalance] = []
        do throws(JSONError) {
            if let ping = try ApifinyPush(bytes).ping {
                core.out.append(.timer(ApifinySession.silenceTimer, after: settings.heartbeatSilence))
                return core.out.append(.send(ApifinySession.assets, ApifinySession.pong(ping)))
            }
            core.out.append(.timer(ApifinySession.silenceTimer, after: settings.heartbeatSilence))
            guard try ApifinyEnvelope(bytes).code == nil, let payload = try ApifinyEnvelope.payload(bytes) else { return }
            try ApifinyEnvelope.each(payload) { row throws(JSONError) in balances.append(try ApifinyBalance.read(row)) }
        } catch {
            return tell(.alarm("the asset socket sent what cannot be read: at byte \(error.offset) expected \(error.expected): \(bytes.excerpt)"))
        }
        if !balances.isEmpty { tell(.balances(balances)) }
    }
}
