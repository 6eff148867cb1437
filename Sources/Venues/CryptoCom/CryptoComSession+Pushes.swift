internal import Domain
internal import JSON

/// What the venue sends without being asked again.
extension CryptoComSession {
    mutating func push(_ envelope: CryptoComEnvelope, on link: VenueLink) {
        guard let data = envelope.data, let channel = CryptoComChannel(envelope) else { return }
        switch channel.kind {
        case .book, .bookUpdate, .trade:
            guard link == .market, let symbol = channel.symbol, let index = core.book(symbol) else { return }
            if channel.kind == .trade { pushTrades(data, index) } else { pushBook(data, index, isUpdate: channel.kind == .bookUpdate) }
        case .userOrder, .userTrade: if link == .orders { pushPrivate(data, channel) }
        case .userBalance: if link == .orders { pushBalances(data) }
        case .other: break
        }
    }

    // MARK: - Market

    private mutating func pushTrades(_ data: Bytes, _ index: Int) {
        var trades: [TradeData] = []
        let grids = core.books[index].grids
        do {
            var reader = JSONReader(data)
            try reader.eachElement { reader in trades.append(try TradeData(cryptocom: &reader, grids)) }
        } catch {
            tell(.alarm("trades of \(core.books[index].symbol) cannot be read: \(InstrumentGrids.why(error)): \(data.excerpt)"))
        }
        apply(trades, index)
    }

    private mutating func pushBook(_ data: Bytes, _ index: Int, isUpdate: Bool) {
        // Between the doubt and the acknowledgement of the new subscription everything is of the old one.
        guard !core.resyncs[index].isAwaited else { return }
        let grids = core.books[index].grids
        do {
            var reader = JSONReader(data)
            guard try reader.peek() == .array else { return apply(try BookData(cryptocom: &reader, grids), index, isUpdate: isUpdate) }
            try reader.beginArray()
            while try reader.nextElement() {
                let data = try BookData(cryptocom: &reader, grids)
                apply(data, index, isUpdate: isUpdate)
                if core.resyncs[index].isAwaited { return }
            }
        } catch {
            doubt(index, InstrumentGrids.why(error))
            if isUpdate { askBookAnew(index) }
        }
    }

    // MARK: - Private

    private mutating func pushPrivate(_ data: Bytes, _ channel: CryptoComChannel) {
        let symbol = channel.symbol?.text
        eachRow(data, of: "user socket") { session, row throws(JSONError) in
            if channel.kind == .userOrder {
                session.tell(order: try CryptoComPrivate.order(row, symbol: symbol, now: session.now.wall, grids: session.core.grids))
            } else {
                session.tell(fill: try CryptoComPrivate.fill(row, symbol: symbol, now: session.now.wall, grids: session.core.grids))
            }
        }
    }

    private mutating func pushBalances(_ data: Bytes) {
        var balances: [VenueBalance] = []
        eachRow(data, of: "user socket") { _, row throws(JSONError) in balances.append(try CryptoComPrivate.balance(row)) }
        if !balances.isEmpty { tell(.balances(balances)) }
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
