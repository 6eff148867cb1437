internal import Domain
internal import JSON

/// What the venue sends without being asked again.
extension CryptoComSession {
    mutating func push(_ envelope: CryptoComEnvelope, on socket: SocketID) {
        guard let data = envelope.data, let channel = CryptoComChannel(envelope) else { return }
        switch channel.kind {
        case .book, .bookUpdate, .trade:
            guard socket == market.socket, let symbol = channel.symbol, let index = book(symbol) else { return }
            if channel.kind == .trade { pushTrades(data, index) } else { pushBook(data, index, isUpdate: channel.kind == .bookUpdate) }
        case .userOrder, .userTrade:
            guard socket == user.socket else { return }
            pushPrivate(data, channel)
        case .userBalance:
            guard socket == user.socket else { return }
            pushBalances(data)
        case .other: break
        }
    }

    /// Few instruments: a look along the list is quicker than a hash of the name.
    private func book(_ symbol: Bytes) -> Int? {
        for index in books.indices where books[index].isNamed(symbol) { return index }
        return nil
    }

    // MARK: - Market

    private mutating func pushTrades(_ data: Bytes, _ index: Int) {
        var trades: [CryptoComTradeData] = []
        let grids = books[index].grids
        do {
            var reader = JSONReader(data)
            try reader.eachElement { reader in trades.append(try CryptoComTradeData(&reader, grids)) }
        } catch {
            tell(.alarm("trades of \(books[index].symbol) cannot be read: \(CryptoComSession.why(error)): \(data.excerpt)"))
        }
        let records = books[index].apply(trades: trades, at: now)
        if !records.isEmpty { tell(.market(records)) }
    }

    private mutating func pushBook(_ data: Bytes, _ index: Int, isUpdate: Bool) {
        // Between the doubt and the acknowledgement of the new subscription everything is of the old one.
        guard !resyncs[index].isAwaited else { return }
        let grids = books[index].grids
        do {
            var reader = JSONReader(data)
            guard try reader.peek() == .array else { return apply(try CryptoComBookData(&reader, grids), index, isUpdate) }
            try reader.beginArray()
            while try reader.nextElement() {
                let data = try CryptoComBookData(&reader, grids)
                apply(data, index, isUpdate)
                if resyncs[index].isAwaited { return }
            }
        } catch {
            doubt(index, CryptoComSession.why(error))
            if isUpdate { resubscribe(index) }
        }
    }

    private static func why(_ error: any Error) -> String {
        if let fault = error as? CryptoComFault { return fault.why }
        if let error = error as? JSONError { return "at byte \(error.offset) expected \(error.expected)" }
        return "\(error)"
    }

    private mutating func apply(_ data: CryptoComBookData, _ index: Int, _ isUpdate: Bool) {
        let outcome = isUpdate ? books[index].apply(update: data, at: now) : books[index].apply(snapshot: data, at: now)
        switch outcome {
        case .records(let records): if !records.isEmpty { tell(.market(records)) }
        case .stale: break
        case .invalid(let why, let mustResubscribe):
            doubt(index, why)
            if mustResubscribe { resubscribe(index) }
        }
    }

    private mutating func doubt(_ index: Int, _ why: String) {
        books[index].invalidate()
        tell(.bookInvalid(books[index].instrument, why: why))
    }

    mutating func resynchronise(_ instrument: InstrumentID) {
        guard books.indices.contains(instrument.position), market.phase == .ready || market.phase == .subscribing else { return }
        doubt(instrument.position, "asked for anew")
        resubscribe(instrument.position)
    }

    /// One subscription anew; after five in a minute the connection itself, whose back-off then keeps a storm away.
    private mutating func resubscribe(_ index: Int) {
        guard !resyncs[index].isAwaited else { return }
        if now.monotonic - resyncs[index].last > 60_000_000_000 { resyncs[index].count = 0 }
        resyncs[index].count += 1
        resyncs[index].last = now.monotonic
        if resyncs[index].count > 5 {
            return drop(market.socket, "the book of \(books[index].symbol) was asked for anew five times within a minute")
        }
        resyncs[index].isAwaited = true
        let channel = books[index].bookChannel
        submit(
            CryptoComOutgoing(
                purpose: .unsubscribe, method: CryptoComMethod.unsubscribe,
                params: [CryptoComField("channels", .array([.text(channel)]))], route: .market))
        subscribe(channel, .market)
    }

    // MARK: - Private

    private mutating func pushPrivate(_ data: Bytes, _ channel: CryptoComChannel) {
        let symbol = channel.symbol?.text
        eachRow(data) { session, row throws(JSONError) in
            if channel.kind == .userOrder {
                session.tell(order: try CryptoComPrivate.order(row, symbol: symbol, now: session.now.wall, grids: session.grids))
            } else {
                session.tell(fill: try CryptoComPrivate.fill(row, symbol: symbol, now: session.now.wall, grids: session.grids))
            }
        }
    }

    private mutating func tell(order: VenueOrder) {
        tell(.order(order))
        if let clientID = order.reference.clientID, let venueID = order.reference.venueID { learn(clientID, venueID) }
    }

    private mutating func tell(fill: VenueFill) {
        tell(.fill(fill))
        if let clientID = fill.reference.clientID, let venueID = fill.reference.venueID { learn(clientID, venueID) }
    }

    private mutating func pushBalances(_ data: Bytes) {
        var balances: [VenueBalance] = []
        eachRow(data) { _, row throws(JSONError) in balances.append(try CryptoComPrivate.balance(row)) }
        if !balances.isEmpty { tell(.balances(balances)) }
    }

    /// Each row by itself: one that cannot be read must not take the others along.
    private mutating func eachRow(_ data: Bytes, _ body: (inout CryptoComSession, Bytes) throws(JSONError) -> Void) {
        var rows: [Bytes] = []
        do throws(JSONError) {
            var reader = JSONReader(data)
            if try reader.peek() == .array {
                try reader.beginArray()
                while try reader.nextElement() { rows.append(try reader.raw()) }
            } else {
                rows.append(data)
            }
        } catch {
            return tell(.alarm("a message of the user socket cannot be read: at byte \(error.offset) expected \(error.expected)"))
        }
        for row in rows {
            do throws(JSONError) {
                try body(&self, row)
            } catch {
                tell(.alarm("a row of the user socket cannot be read: at byte \(error.offset) expected \(error.expected): \(row.excerpt)"))
            }
        }
    }
}

/// What a push is about, from `channel`, `subscription` and `instrument_name`, whichever of them there are.
struct CryptoComChannel {
    enum Kind { case book, bookUpdate, trade, userOrder, userTrade, userBalance, other }

    let kind: Kind
    let symbol: Bytes?

    init?(_ envelope: CryptoComEnvelope) {
        guard let name = envelope.channel ?? envelope.subscription else { return nil }
        kind = CryptoComChannel.kind(name)
        if let instrument = envelope.instrument {
            symbol = instrument
        } else if let subscription = envelope.subscription {
            symbol = CryptoComChannel.symbol(subscription, isUser: kind == .userOrder || kind == .userTrade)
        } else {
            symbol = nil
        }
    }

    private static func kind(_ name: Bytes) -> Kind {
        if name.equals("book") { return .book }
        if name.hasPrefix("book.update") { return .bookUpdate }
        if name.hasPrefix("book.") { return .book }
        if name.equals("trade") || name.hasPrefix("trade.") { return .trade }
        if name.equals("user.order") || name.hasPrefix("user.order.") { return .userOrder }
        if name.equals("user.trade") || name.hasPrefix("user.trade.") { return .userTrade }
        return name.equals("user.balance") ? .userBalance : .other
    }

    /// `LTC_USDT` of `book.LTC_USDT.150` and of `user.order.LTC_USDT`.
    private static func symbol(_ subscription: Bytes, isUser: Bool) -> Bytes? {
        guard var from = subscription.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        if isUser {
            guard let second = subscription.firstIndex(of: UInt8(ascii: "."), from: from + 1) else { return nil }
            from = second
        }
        let to = subscription.firstIndex(of: UInt8(ascii: "."), from: from + 1) ?? subscription.count
        return subscription.slice(from + 1, to)
    }
}
