public import Domain
import NIOCore
import Transport

/// Pushes.
extension CryptoComSim {
    func tell(_ event: SimVenueEvent) {
        switch event {
        case .order(let order):
            let name = venue.instruments[order.instrument].nativeSymbol
            push("order", channel: "user.order.\(name)", kind: "user.order", symbol: name, data: text(order))
        case .fill(let fill):
            let name = venue.instruments[fill.order.instrument].nativeSymbol
            push("trade", channel: "user.trade.\(name)", kind: "user.trade", symbol: name, data: text(fill))
        case .balances:
            for socket in sockets where socket.channels.contains("user.balance") { pushBalances(to: socket) }
        }
    }

    var sockets: [CryptoComSocket] { wire.sockets.compactMap { $0 as? CryptoComSocket } }

    /// Market records of the moment: into the venue, and out as books and trades.
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
            {"p":\(number(instrument.decimal(Price(ticks: record.a)))),"q":\(number(instrument.decimal(units: record.b))),"s":"\(record.side == .sell ? "SELL" : "BUY")",\
            "d":\(sequence),"t":\(now.nanoseconds / 1_000_000),"dataTime":0}
            """
        push("public-trade", channel: "trade.\(instrument.nativeSymbol)", kind: "trade", symbol: instrument.nativeSymbol, data: data)
    }

    func pushBooks(_ index: Int) {
        let name = venue.instruments[index].nativeSymbol
        for socket in sockets {
            for channel in socket.channels where channel.hasPrefix("book.\(name).") { pushBook(channel, to: socket) }
        }
    }

    public func misquote(_ instrument: Int, bids: [(ticks: Int64, size: Int64)], asks: [(ticks: Int64, size: Int64)]) {
        let constants = venue.instruments[instrument]
        func side(_ levels: [(ticks: Int64, size: Int64)]) -> String {
            levels.map { "[\(number(constants.decimal(Price(ticks: $0.ticks)))),\(number(constants.decimal(units: $0.size))),1]" }.joined(separator: ",")
        }
        sequence += 1
        pushToAll(instrument, "{\"bids\":[\(side(bids))],\"asks\":[\(side(asks))],\"t\":\(now.nanoseconds / 1_000_000),\"s\":\(sequence)}")
    }

    public func rewind(_ instrument: Int) {
        let last = sequence
        sequence = 0
        pushToAll(instrument, bookText(instrument, depth: 10, withSequence: true))
        sequence = max(last, sequence)
    }

    private func pushToAll(_ instrument: Int, _ data: String) {
        let name = venue.instruments[instrument].nativeSymbol
        for socket in sockets {
            for channel in socket.channels where channel.hasPrefix("book.\(name).") {
                wire.push("book", frame(channel, kind: "book", symbol: name, data: data), to: socket)
            }
        }
    }

    func pushBook(_ channel: String, to socket: CryptoComSocket) {
        let parts = channel.split(separator: ".")
        guard parts.count == 3, let index = venue.instrument(named: String(parts[1])), let depth = Int(parts[2]) else { return }
        let data = bookText(index, depth: depth, withSequence: true)
        wire.push("book", frame(channel, kind: "book", symbol: String(parts[1]), data: data, extra: ",\"depth\":\(depth)"), to: socket)
    }

    func pushBalances(to socket: CryptoComSocket) {
        wire.push("balance", "{\"method\":\"subscribe\",\"result\":{\"subscription\":\"user.balance\",\"channel\":\"user.balance\",\"data\":[\(balanceTexts.joined(separator: ","))]}}", to: socket)
    }

    private func push(_ event: String, channel: String, kind: String, symbol: String, data: String) {
        let text = frame(channel, kind: kind, symbol: symbol, data: data)
        for socket in sockets where socket.channels.contains(channel) { wire.push(event, text, to: socket) }
    }

    private func frame(_ channel: String, kind: String, symbol: String, data: String, extra: String = "") -> String {
        "{\"id\":-1,\"method\":\"subscribe\",\"code\":0,\"result\":{\"instrument_name\":\"\(symbol)\",\"subscription\":\"\(channel)\",\"channel\":\"\(kind)\"\(extra),\"data\":[\(data)]}}"
    }
}
