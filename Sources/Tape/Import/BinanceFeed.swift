import Domain

/// Turns Binance messages of a capture into events: syncs the books, gives each record its exchange time.
struct BinanceFeed {
    private let session: ImportSession
    private var decoder = BinanceDecoder()
    private var syncs: [DepthSync] = []
    /// A gap to be marked on the next record of a product.
    private var gapPending: [Bool] = []
    private var lastTrade: [Int64] = []
    static let unnamed = "?"

    init(_ session: ImportSession) { self.session = session }

    /// One message; `symbol` names the product of a REST snapshot where the capture tells it.
    mutating func take(_ json: Bytes, local: Int64, symbol: String? = nil) throws(BadRow) {
        let message = try decoder.decode(json)
        decoder.count(message, session)
        if message.kind == .other { return }
        let exchange = session.exchangeTime(message.exchangeTime, local: local)
        let product = product(of: message, symbol)
        prepare(product)
        switch message.kind {
        case .depth: try depth(message, product, local, exchange)
        case .snapshot: try snapshot(message, product, local, exchange)
        case .trade: try trade(message, product, local, exchange)
        case .bookTicker: try quote(message, product, local, exchange)
        case .other: return
        }
    }

    private func product(of message: BinanceMessage, _ symbol: String?) -> Int {
        if let bytes = message.symbol { return session.product(bytes) }
        let name = symbol ?? decoder.streamSymbolText ?? BinanceFeed.unnamed
        if name == BinanceFeed.unnamed, session.pass == .write, let only = session.onlyNamedProduct { return only }
        return session.product(names: InstrumentNames(native: name))
    }

    private mutating func prepare(_ product: Int) {
        while syncs.count <= product {
            let scan = session.products[syncs.count].scan
            syncs.append(DepthSync(expectsSnapshot: session.pass == .write && scan.hasSnapshot))
            gapPending.append(false)
            lastTrade.append(0)
        }
    }

    private mutating func depth(_ message: BinanceMessage, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        if session.pass == .scan {
            for level in decoder.levels { try add(level, product, local, exchange, 0) }
            return
        }
        let waiting = DepthSync.Waiting(
            firstUpdate: message.firstUpdate, lastUpdate: message.lastUpdate, previousUpdate: message.previousUpdate,
            exchange: exchange, levels: decoder.levels)
        try change(waiting, product, local)
        if syncs[product].keepsMessages { syncs[product].keep(waiting) }
    }

    private mutating func change(_ message: DepthSync.Waiting, _ product: Int, _ local: Int64) throws(BadRow) {
        let verdict = syncs[product].change(
            first: message.firstUpdate, last: message.lastUpdate, previous: message.previousUpdate)
        switch verdict {
        case .wait: return
        case .stale:
            session.count("depth messages dropped as stale")
            return
        case .applyAfterGap:
            session.count("gaps")
            gapPending[product] = true
        case .apply: break
        }
        session.count("depth messages applied")
        session.sequence(product) { facts in
            facts.firstUpdateID = facts.firstUpdateID ?? message.firstUpdate
            facts.lastUpdateID = message.lastUpdate
        }
        let exchange = max(message.exchange, syncs[product].snapshotExchange)
        for level in message.levels {
            try add(level, product, local, exchange, gapPending[product] ? MarketRecord.Flag.gap : 0)
            gapPending[product] = false
        }
    }

    private mutating func snapshot(_ message: BinanceMessage, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        if session.pass == .write {
            guard syncs[product].snapshot(lastUpdate: message.lastUpdate) else {
                session.count("snapshots older than the book, ignored")
                return
            }
            session.count("snapshots")
            session.sequence(product) { $0.snapshotID = message.lastUpdate }
            syncs[product].snapshotExchange = max(exchange, syncs[product].snapshotExchange)
        }
        let time = session.pass == .write ? syncs[product].snapshotExchange : exchange
        try session.add(SourceEvent(.clear, product: product, local: local, exchange: time, flags: MarketRecord.Flag.snapshot))
        for level in decoder.levels where level.size.mantissa != 0 {
            try add(level, product, local, time, MarketRecord.Flag.snapshot)
        }
        for kept in syncs[product].takeWaiting() {
            // Each message is a batch of its own.
            session.endBatch()
            try change(kept, product, local)
        }
    }

    private func add(_ level: DepthLevel, _ product: Int, _ local: Int64, _ exchange: Int64, _ flags: UInt8) throws(BadRow) {
        var event = SourceEvent(.level, product: product, local: local, exchange: exchange, side: level.side, flags: flags)
        (event.v0, event.v1) = (level.price, level.size)
        try session.add(event)
    }

    private mutating func trade(_ message: BinanceMessage, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        // Insurance fund and auto-deleveraging print without a price or outside the book.
        if message.price.mantissa == 0 || message.size.mantissa == 0 || message.tradeType.map({ $0.equals("NA") }) ?? false {
            session.count("trades without a price, left out")
            return
        }
        if message.tradeID != 0 {
            if lastTrade[product] != 0, message.tradeID != lastTrade[product] + 1 { session.count("breaks in the trade ids") }
            lastTrade[product] = message.tradeID
            session.sequence(product) { facts in
                facts.firstTradeID = facts.firstTradeID ?? message.tradeID
                facts.lastTradeID = message.tradeID
            }
        }
        let isBook = message.tradeType.map { $0.equals("MARKET") || $0.equals("-") } ?? true
        var event = SourceEvent(
            .trade, product: product, local: local, exchange: exchange, side: message.buyerIsMaker ? .sell : .buy,
            flags: isBook ? 0 : MarketRecord.Flag.offBook)
        (event.v0, event.v1) = (message.price, message.size)
        try session.add(event)
    }

    private func quote(_ message: BinanceMessage, _ product: Int, _ local: Int64, _ exchange: Int64) throws(BadRow) {
        var event = SourceEvent(.quote, product: product, local: local, exchange: exchange)
        if message.price.mantissa != 0 {
            (event.v0, event.v1) = (message.price, message.size)
            event.aux |= 1
        }
        if message.askPrice.mantissa != 0 {
            (event.v2, event.v3) = (message.askPrice, message.askSize)
            event.aux |= 2
        }
        if event.aux != 0 { try session.add(event) }
    }
}

/// Capture lines `<local ns> <json>`: Binance's streams, spot or USD-M.
struct BinanceFormat {
    private let session: ImportSession
    private var feed: BinanceFeed

    init(_ session: ImportSession) {
        self.session = session
        feed = BinanceFeed(session)
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        let lines = try LineMerge(parts) { line, _ in line.slice(0, line.firstIndex(of: 32) ?? 0).integer }
        while let line = try lines.next() {
            session.reading(line.part, line: line.place.line)
            if line.bytes.isEmpty { continue }
            let mark = session.pendingCount
            do throws(BadRow) {
                try row(line.bytes)
            } catch {
                session.rollBack(to: mark)
                try session.bad(error, at: line.place)
            }
            try session.commit()
        }
        if session.pass == .scan { try nameSnapshots(parts) }
    }

    private mutating func row(_ line: Bytes) throws(BadRow) {
        guard let space = line.firstIndex(of: 32), let local = line.slice(0, space).integer, local > 0 else {
            throw BadRow(expected: "<local ns> <json>", found: line)
        }
        session.received(local)
        try feed.take(line.dropFirst(space + 1), local: try session.shifted(local))
    }

    /// A bare snapshot belongs to the only product there is.
    private func nameSnapshots(_ parts: [InputPart]) throws(ImportError) {
        guard let unnamed = session.products.firstIndex(where: { $0.names.native == BinanceFeed.unnamed && !$0.scan.isEmpty }) else { return }
        guard let only = session.onlyNamedProduct else {
            throw ImportError(.data, "\(parts[0].path): holds a depth snapshot without a symbol and several products; expected one product")
        }
        session.merge(unnamed, into: only)
    }
}
