import Domain

/// The cryptofeed project's WebSocket captures: `<receive seconds>: <json>`, with lines that name the connection.
struct CryptofeedFormat {
    private enum Venue { case binance, coinbase, kraken, bitstamp }

    private let session: ImportSession
    private var venues: [Venue?]
    private var binance: BinanceFeed
    private var coinbase: CoinbaseFeed
    private var kraken: KrakenFeed
    private var bitstamp: BitstampFeed

    init(_ session: ImportSession, _ parts: [InputPart]) {
        self.session = session
        venues = Array(repeating: nil, count: parts.count)
        binance = BinanceFeed(session)
        coinbase = CoinbaseFeed(session)
        kraken = KrakenFeed(session)
        bitstamp = BitstampFeed(session)
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        let lines = try LineMerge(parts) { line, _ in CaptureLine(line)?.local }
        while let line = try lines.next() {
            session.reading(line.part, line: line.place.line)
            if line.bytes.isEmpty { continue }
            let mark = session.pendingCount
            do throws(BadRow) {
                try row(line)
            } catch {
                session.rollBack(to: mark)
                try session.bad(error, at: line.place)
            }
            if let found = kraken.takeMismatch() { try session.bad(found, at: line.place) }
            try session.commit()
        }
        guard session.products.contains(where: { !$0.scan.isEmpty }) else {
            throw ImportError(.data, "\(parts[0].path): holds no market data of Binance, Coinbase, Kraken or Bitstamp")
        }
    }

    private mutating func row(_ source: SourceLine) throws(BadRow) {
        guard let line = CaptureLine(source.bytes) else {
            if source.bytes.hasPrefix("configuration:") || source.bytes.hasPrefix("wss://") || source.bytes.hasPrefix("ws://") {
                learn(source.bytes, source.part)
                return
            }
            throw BadRow(expected: "<receive seconds>: <json>", found: source.bytes)
        }
        if let url = line.url { learn(url, source.part) }
        guard line.json.count > 0, line.json[0] == UInt8(ascii: "{") || line.json[0] == UInt8(ascii: "[") else {
            throw BadRow(expected: "<receive seconds>: <json>", found: source.bytes)
        }
        session.received(line.local)
        let local = try session.shifted(line.local)
        if venues[source.part] == nil { venues[source.part] = try sniff(line.json) }
        switch venues[source.part] {
        case .binance: try binance.take(line.json, local: local, symbol: line.url.flatMap { CaptureLine.symbol(of: $0) })
        case .coinbase: try coinbase.take(line.json, local: local)
        case .kraken: try kraken.take(line.json, local: local)
        case .bitstamp: try bitstamp.take(line.json, local: local, url: line.url)
        case nil: session.message("other")
        }
    }

    private mutating func learn(_ url: Bytes, _ part: Int) {
        let text = url.slice(0, min(url.count, 80)).text
        if text.contains("binance.") { venues[part] = .binance }
        if text.contains("coinbase.") { venues[part] = .coinbase }
        if text.contains("kraken.") { venues[part] = .kraken }
        if text.contains("bitstamp.") { venues[part] = .bitstamp }
    }

    /// Tells the venue from a message's outer keys, where no line names the connection.
    private func sniff(_ json: Bytes) throws(BadRow) -> Venue? {
        if json[0] == UInt8(ascii: "[") { return .kraken }
        var reader = JSONReader(json)
        do throws(JSONError) {
            try reader.beginObject()
            while let key = try reader.nextKey() {
                if key.equals("product_id") || key.equals("type") { return .coinbase }
                if key.equals("stream") || key.equals("lastUpdateId") || key.equals("e") { return .binance }
                if key.equals("channel") { return .bitstamp }
                if key.equals("connectionID") || key.equals("channelID") { return .kraken }
                try reader.skip()
            }
        } catch {
            throw BadRow(error, in: json)
        }
        return nil
    }
}

/// A received line of a capture: `1618677817.061845: {…}` or `https://… -> 1633998512.32: {…}`.
struct CaptureLine {
    let local: Int64
    let json: Bytes
    /// Of an HTTP answer.
    let url: Bytes?

    init?(_ line: Bytes) {
        var rest = line
        if line.hasPrefix("http") {
            guard let arrow = CaptureLine.find(" -> ", in: line) else { return nil }
            url = line.slice(0, arrow)
            rest = line.dropFirst(arrow + 4)
        } else {
            url = nil
        }
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), let time = TimeText.seconds(rest.slice(0, colon)), time > 0 else { return nil }
        local = time
        json = rest.dropFirst(colon + 1).trimmed
    }

    private static func find(_ text: StaticString, in line: Bytes) -> Int? {
        let width = text.utf8CodeUnitCount
        var index = 0
        while index + width <= min(line.count, 1000) {
            if line.slice(index, index + width).equals(text) { return index }
            index += 1
        }
        return nil
    }

    /// `symbol=NKNUSDT` of a URL's query, or the last part of its path.
    static func symbol(of url: Bytes) -> String? {
        let text = url.text
        if let query = text.firstRange(of: "symbol=") { return String(text[query.upperBound...].prefix { $0 != "&" }) }
        return text.split(separator: "/").last.map(String.init)
    }
}
