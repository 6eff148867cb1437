public import Domain
import NIOCore
import Transport

/// Pushes.
extension ValrSim {
    var sockets: [ValrSocket] { wire.sockets.compactMap { $0 as? ValrSocket } }

    func tell(_ event: SimVenueEvent) {
        switch event {
        case .order(let order): tell(order)
        case .fill(let fill): pushAccount("trade", "NEW_ACCOUNT_TRADE", tradeRow(fill, withFee: settings.feesInTrades, number: false), pair: fill.order.instrument)
        case .balances:
            for currency in venue.balances.keys.sorted() {
                pushAccount(
                    "balance", "BALANCE_UPDATE",
                    "{\"currency\":{\"symbol\":\"\(currency == "ZAR" ? "R" : currency)\",\"decimalPlaces\":8,\"isActive\":true,\"shortName\":\"\(currency)\",\"longName\":\"\(currency)\"},\(amounts(currency))}")
            }
        }
    }

    private func tell(_ order: SimOrder) {
        if processed.insert(order.venueID).inserted {
            let failed = order.state == .rejected && order.reason != .postOnly
            let reason = failed ? ValrSim.words(order.reason) : ""
            pushAccount("processed", "ORDER_PROCESSED", "{\"orderId\":\"\(order.venueID)\",\"success\":\(!failed),\"failureReason\":\(JSONValue.quoted(reason))}")
            if failed { pushAccount("processed", "FAILED_ORDER", "{\"orderId\":\"\(order.venueID)\",\"message\":\(JSONValue.quoted(reason))}") }
        }
        let last = order.filled > .zero ? venue.fills.last { $0.order.venueID == order.venueID } : nil
        pushAccount("order", "ORDER_STATUS_UPDATE", statusRow(order, executed: last))
        // One list for all that changed in a turn.
        guard !isListDue else { return }
        isListDue = true
        wire.later(.milliseconds(1)) {
            self.isListDue = false
            let rows = self.list(self.venue.open.filter { $0.state == .active }.map { self.openRow($0, quantityName: "quantity") })
            self.pushAccount("open-orders-push", "OPEN_ORDERS_UPDATE", self.settings.openOrdersAsObject ? "{\"accountId\":\"1\",\"orders\":\(rows)}" : rows)
        }
    }

    /// An event for every account connection.
    func pushAccount(_ event: String, _ type: String, _ data: String, pair: Int? = nil) {
        let name = pair.map { "\"currencyPairSymbol\":\"\(venue.instruments[$0].nativeSymbol)\"," } ?? ""
        for socket in sockets where socket.isAccount && socket.isAuthenticated {
            wire.push(event, "{\"type\":\"\(type)\",\(name)\"data\":\(data)}", to: socket)
        }
    }

    // MARK: - Market

    public func market(_ records: [MarketRecord]) {
        venue.apply(records, at: now)
        var changed: Set<Int> = []
        for record in records {
            let index = Int(record.instrument)
            switch record.kind {
            case .trade: trade(record, index)
            case .level, .clear: changed.insert(index)
            case .quote, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status: break
            }
        }
        wire.changedBooks(changed)
    }

    private func trade(_ record: MarketRecord, _ index: Int) {
        let instrument = venue.instruments[index]
        sequence += 1
        let data = """
            {"price":"\(instrument.decimal(Price(ticks: record.a)))","quantity":"\(instrument.decimal(units: record.b))","currencyPair":"\(instrument.nativeSymbol)",\
            "tradedAt":"\(ValrCheck.time(now))","takerSide":"\(record.side == .sell ? "SELL" : "BUY")","id":"\(SimNames.uuids.trade(UInt64(sequence)))"}
            """
        push("public-trade", "NEW_TRADE", index, data)
    }

    private func push(_ event: String, _ type: String, _ index: Int, _ data: String) {
        let name = venue.instruments[index].nativeSymbol
        for socket in sockets where socket.hears(type, name) {
            wire.push(event, "{\"type\":\"\(type)\",\"currencyPairSymbol\":\"\(name)\",\"data\":\(data)}", to: socket)
        }
    }

    typealias Level = (ticks: Int64, size: Int64)

    func aggregated(_ index: Int) -> String {
        let book = venue.books[index]
        sequence += 1
        return aggregated(index, book.levels(.buy, depth: 40), book.levels(.sell, depth: 40), sequence)
    }

    private func aggregated(_ index: Int, _ bids: [Level], _ asks: [Level], _ number: Int64) -> String {
        let instrument = venue.instruments[index]
        func side(_ levels: [Level], _ word: String) -> String {
            list(levels.map { level in
                "{\"side\":\"\(word)\",\"quantity\":\"\(instrument.decimal(units: level.size))\",\"price\":\"\(instrument.decimal(Price(ticks: level.ticks)))\",\"currencyPair\":\"\(instrument.nativeSymbol)\",\"orderCount\":1}"
            })
        }
        return "{\"Asks\":\(side(asks, "sell")),\"Bids\":\(side(bids, "buy")),\"LastChange\":\"\(ValrCheck.time(now))\",\"SequenceNumber\":\(number)}"
    }

    func pushBooks(_ index: Int) { for socket in sockets { pushBook(index, to: socket) } }

    func pushBook(_ index: Int, to socket: ValrSocket) {
        let name = venue.instruments[index].nativeSymbol
        if socket.hears("AGGREGATED_ORDERBOOK_UPDATE", name) {
            let frame = "{\"type\":\"AGGREGATED_ORDERBOOK_UPDATE\",\"currencyPairSymbol\":\"\(name)\",\"data\":\(aggregated(index))}"
            wire.push("book", frame, to: socket)
        }
        if socket.hears("FULL_ORDERBOOK_UPDATE", name) {
            let book = venue.books[index]
            pushFull(index, book.levels(.buy, depth: 200), book.levels(.sell, depth: 200), to: socket)
        }
    }

    /// The book order by order: each level is one order here.
    private func pushFull(_ index: Int, _ bids: [Level], _ asks: [Level], to socket: ValrSocket) {
        let name = venue.instruments[index].nativeSymbol
        let last = socket.full[index]
        let number = (last?.sequence ?? 173_334) + 1
        socket.full[index] = ValrSocket.FullBook(bids: bids, asks: asks, sequence: number)
        func changes(_ old: [Level], _ new: [Level]) -> [Level] {
            let before = Dictionary(old.map { ($0.ticks, $0.size) }, uniquingKeysWith: { first, _ in first })
            let after = Set(new.map(\.ticks))
            return new.filter { before[$0.ticks] != $0.size } + old.filter { !after.contains($0.ticks) }.map { ($0.ticks, 0) }
        }
        let (type, shownBids, shownAsks) = last.map { ("FULL_ORDERBOOK_UPDATE", changes($0.bids, bids), changes($0.asks, asks)) }
            ?? ("FULL_ORDERBOOK_SNAPSHOT", bids, asks)
        func frame(_ checksum: UInt32) -> String {
            "{\"type\":\"\(type)\",\"currencyPairSymbol\":\"\(name)\",\"data\":{\"LastChange\":\(now.nanoseconds / 1_000_000),\"Asks\":\(orders(index, shownAsks, "a")),\"Bids\":\(orders(index, shownBids, "b")),\"SequenceNumber\":\(number),\"Checksum\":\(checksum)}}"
        }
        let sum = checksum(index, bids, asks)
        wire.push("book", frame(sum), to: socket, corrupted: { frame(sum ^ 1) })
    }

    private func orders(_ index: Int, _ levels: [Level], _ letter: String) -> String {
        let instrument = venue.instruments[index]
        return list(levels.map { level in
            "{\"Price\":\"\(instrument.decimal(Price(ticks: level.ticks)))\",\"Orders\":[{\"orderId\":\"\(letter)\(level.ticks)\",\"quantity\":\"\(instrument.decimal(units: level.size))\"}]}"
        })
    }

    private func checksum(_ index: Int, _ bids: [Level], _ asks: [Level]) -> UInt32 {
        let instrument = venue.instruments[index]
        var words: [String] = []
        for place in 0..<25 {
            for (letter, side) in [("b", bids), ("a", asks)] where place < side.count {
                words.append("\(letter)\(side[place].ticks):\(instrument.decimal(units: side[place].size))")
            }
        }
        return ValrCheck.crc(words.joined(separator: ":"))
    }

    func summary(_ index: Int, to socket: ValrSocket) {
        let instrument = venue.instruments[index]
        func price(_ side: Side) -> String {
            venue.books[index].levels(side, depth: 1).first.map { "\(instrument.decimal(Price(ticks: $0.ticks)))" } ?? "0"
        }
        let data = """
            {"currencyPairSymbol":"\(instrument.nativeSymbol)","askPrice":"\(price(.sell))","bidPrice":"\(price(.buy))","lastTradedPrice":"\(price(.buy))",\
            "previousClosePrice":"\(price(.buy))","baseVolume":"1","quoteVolume":"1","highPrice":"\(price(.sell))","lowPrice":"\(price(.buy))",\
            "created":"\(ValrCheck.time(now))","changeFromPrevious":"0","markPrice":"\(price(.buy))"}
            """
        wire.push("summary", "{\"type\":\"MARKET_SUMMARY_UPDATE\",\"currencyPairSymbol\":\"\(instrument.nativeSymbol)\",\"data\":\(data)}", to: socket)
    }

    // MARK: - Books that are wrong

    public func misquote(_ instrument: Int, bids: [(ticks: Int64, size: Int64)], asks: [(ticks: Int64, size: Int64)]) {
        sequence += 1
        let data = aggregated(instrument, bids, asks, sequence)
        push("book", "AGGREGATED_ORDERBOOK_UPDATE", instrument, data)
        for socket in sockets where socket.hears("FULL_ORDERBOOK_UPDATE", venue.instruments[instrument].nativeSymbol) {
            socket.full[instrument] = nil
            pushFull(instrument, bids, asks, to: socket)
        }
    }

    public func rewind(_ instrument: Int) {
        let book = venue.books[instrument]
        push("book", "AGGREGATED_ORDERBOOK_UPDATE", instrument, aggregated(instrument, book.levels(.buy, depth: 1), book.levels(.sell, depth: 1), 1))
        for socket in sockets where socket.full[instrument] != nil {
            socket.full[instrument]?.sequence = 0
            pushBook(instrument, to: socket)
        }
    }
}
