public import Domain
public import NIOCore
import NIOHTTP1
public import TLS
import Transport

/// SMART VALOR in front of a ``SimVenue``, on loopback: everything is asked for, and an order is known by the venue's number alone.
///
/// It checks key, nonce, identification and signature as the venue would, and does wrong what its plan says.
public final class SmartValorSim: SimulatedVenue {
    public struct Settings: Sendable {
        public enum Nonces: String, CaseIterable, Sendable { case any, unique, increasing }
        public var key = "token"
        public var secret = "secretKey"
        public var user = "90"
        public var prefix = ""
        public var nonces = Nonces.any
        /// Only `identification` names the account; else `user-id` does too.
        public var isStrict = false
        public var numbersAsStrings = false
        public var acceptDelay: TimeAmount = .milliseconds(20)
        /// How far the listing of open orders lags behind.
        public var listingLag = Span.zero
        /// The longest list of finished orders.
        public var history = 1_000
        /// Trades of the account name no orders.
        public var hidesOrders = false
        /// Market data is signed too.
        public var signsMarketData = false
        public init() {}
    }

    public let venue: SimVenue
    public let wire: SimWire
    public let settings: Settings
    private var lastNonce: Int64 = 0
    private var used: Set<Int64> = []
    private var trades: [(index: Int, record: MarketRecord)] = []

    public init(venue: SimVenue, settings: Settings = Settings(), faults: FaultPlan = FaultPlan(), eventLoop: any EventLoop) {
        (self.venue, self.settings) = (venue, settings)
        wire = SimWire(faults: faults, eventLoop: eventLoop)
        venue.listener = { [weak self] _ in self?.wire.onActivity?() }
    }

    public func start(port: Int, tls: TLSContext?) -> EventLoopFuture<Int> { wire.start(port: port, tls: tls) { [weak self] in self?.route($0) ?? .close } }

    public func market(_ records: [MarketRecord]) {
        venue.apply(records, at: now)
        for record in records where record.kind == .trade {
            trades.append((Int(record.instrument), record))
            if trades.count > 400 { trades.removeFirst(200) }
        }
    }

    public func misquote(_ instrument: Int, bids: [(ticks: Int64, size: Int64)], asks: [(ticks: Int64, size: Int64)]) {}
    public func rewind(_ instrument: Int) {}

    // MARK: - HTTP

    private func route(_ request: HTTPServerRequest) -> HTTPAnswer {
        let path = String(request.path.dropFirst(settings.prefix.count))
        let parts = path.split(separator: "/").map(String.init)
        wire.note("\(request.method.rawValue) /\(parts.map { Int64($0) == nil ? $0 : "N" }.joined(separator: "/"))")
        let isPublic = parts.first == "exchange" || parts.first == "products" || parts.first == "instruments"
        if !isPublic || settings.signsMarketData, let why = refusal(request) { return .response(wire.dated(fail(401, "Unauthorized", why))) }
        guard let (point, call) = endpoint(request, parts) else { return .response(wire.dated(fail(404, "Not Found", "no such path"))) }
        return wire.answer(
            point, fill: { if point == "cancel", let id = parts.last { self.venue.fillNow(id, at: self.now) } },
            throttled: { self.fail(429, "Too Many Requests", "slow down") }, call: call)
    }

    /// Nonce, identification and key in this order, signed with the secret as text.
    private func refusal(_ request: HTTPServerRequest) -> String? {
        let headers = request.headers
        guard headers.first(name: "api-key") == settings.key else { return "invalid key" }
        let user = headers.first(name: "identification") ?? (settings.isStrict ? nil : headers.first(name: "user-id"))
        guard user == settings.user else { return "invalid identification" }
        guard let text = headers.first(name: "nonce"), let nonce = Int64(text), nonce > 0 else { return "invalid nonce" }
        let code = HMACKey(.sha256, key: Array(settings.secret.utf8)).code(text + settings.user + settings.key)
        guard let given = headers.first(name: "signature"), Secure.equal(Array(given.utf8), Array(Encoding.hex(code).utf8)) else { return "invalid signature" }
        switch settings.nonces {
        case .any: break
        case .unique: if !used.insert(nonce).inserted { return "the nonce was used" }
        case .increasing: if nonce <= lastNonce { return "the nonce went back" }
        }
        lastNonce = max(lastNonce, nonce)
        return nil
    }

    private func endpoint(_ request: HTTPServerRequest, _ parts: [String]) -> (String, () -> HTTPServerResponse)? {
        switch (request.method, parts.first, parts.count) {
        case (.GET, "exchange", 2): return ("time", { HTTPServerResponse(json: "{\"timestamp\":\(self.now.nanoseconds / 1_000_000)}") })
        case (.GET, "products", 1): return ("products", { HTTPServerResponse(json: "[\(self.products.joined(separator: ","))]") })
        case (.GET, "instruments", 1): return ("instruments", { HTTPServerResponse(json: self.instruments) })
        case (.GET, "instruments", 3): return market(parts)
        case (.GET, "account", 2): return account(parts[1])
        case (.GET, "orders", 1): return ("open", { HTTPServerResponse(json: self.open) })
        case (.POST, "orders", 1):
            let body = try? JSONValue(Array(request.body.readableBytesView))
            return ("place", { self.place(body) })
        case (.DELETE, "orders", 1):
            return ("cancel-all", {
                self.venue.cancelAll(instrument: nil, at: self.now)
                return HTTPServerResponse(json: "{}")
            })
        case (.GET, "orders", 2):
            if parts[1] == "history" { return ("history", { HTTPServerResponse(json: self.finished) }) }
            return ("order", { self.venue.order(parts[1]).map { HTTPServerResponse(json: self.row($0)) } ?? self.fail(404, "Not Found", "order not found") })
        case (.DELETE, "orders", 2): return ("cancel", { self.cancel(parts[1]) })
        case _: return nil
        }
    }

    private func market(_ parts: [String]) -> (String, () -> HTTPServerResponse)? {
        guard let number = Int(parts[1]), venue.instruments.indices.contains(number - 7) else { return nil }
        let index = number - 7
        switch parts[2] {
        case "level2": return ("level2", { HTTPServerResponse(json: self.book(index)) })
        case "trades": return ("trades", { HTTPServerResponse(json: self.printed(index)) })
        case "price": return ("price", { HTTPServerResponse(json: "{\"amount\":\(self.last(index))}") })
        case "level1": return ("level1", { HTTPServerResponse(json: self.ticker(index)) })
        case _: return nil
        }
    }

    private func account(_ what: String) -> (String, () -> HTTPServerResponse)? {
        switch what {
        case "balance": ("balance", { HTTPServerResponse(json: self.balances) })
        case "trades": ("fills", { HTTPServerResponse(json: self.fills) })
        case "fees": ("fees", { HTTPServerResponse(json: "{}") })
        case _: nil
        }
    }

    func fail(_ status: Int, _ error: String, _ message: String) -> HTTPServerResponse {
        HTTPServerResponse(status: status, json: "{\"statusCode\":\(status),\"error\":\"\(error)\",\"message\":\(JSONValue.quoted(message))}")
    }

    // MARK: - Market

    func number(_ value: ExactDecimal) -> String { settings.numbersAsStrings ? "\"\(value)\"" : "\(value)" }

    private func product(_ code: String) -> String {
        let known = Set(venue.instruments.flatMap { [$0.base, $0.quote] }).sorted()
        return "{\"id\":\((known.firstIndex(of: code) ?? 0) + 1),\"isoCode\":\"\(code)\",\"name\":\"\(code)\"}"
    }

    private var products: [String] { Set(venue.instruments.flatMap { [$0.base, $0.quote] }).sorted().map(product) }

    private var instruments: String {
        "[" + venue.instruments.enumerated().map { index, instrument in
            "{\"id\":\(index + 7),\"symbol\":\"\(instrument.base)\(instrument.quote)\",\"product1\":\(product(instrument.base)),\"product2\":\(product(instrument.quote))}"
        }.joined(separator: ",") + "]"
    }

    private func book(_ index: Int) -> String {
        let instrument = venue.instruments[index]
        func levels(_ side: Side, _ word: String) -> [String] {
            venue.books[index].levels(side, depth: 50).map { level in
                "{\"side\":\"\(word)\",\"price\":\(number(instrument.decimal(Price(ticks: level.ticks)))),\"quantity\":\(number(instrument.decimal(units: level.size)))}"
            }
        }
        return "[" + (levels(.buy, "BUY") + levels(.sell, "SELL")).joined(separator: ",") + "]"
    }

    private func printed(_ index: Int) -> String {
        let instrument = venue.instruments[index]
        let rows = trades.enumerated().filter { $0.element.index == index }.reversed().prefix(50).map { place, trade in
            let record = trade.record
            return """
                {"id":\(record.exchangeTime / 1_000 * 512 + Int64(place)),"instrumentId":\(index + 7),"timestamp":\(record.exchangeTime / 1_000_000),"type":"LIMIT",\
                "side":"\(record.side == .sell ? "SELL" : "BUY")","price":\(number(instrument.decimal(Price(ticks: record.a)))),"quantity":\(number(instrument.decimal(units: record.b)))}
                """
        }
        return "[\(rows.joined(separator: ","))]"
    }

    private func last(_ index: Int) -> ExactDecimal {
        venue.instruments[index].decimal(Price(ticks: trades.last { $0.index == index }?.record.a ?? 0))
    }

    private func ticker(_ index: Int) -> String {
        let instrument = venue.instruments[index]
        func best(_ side: Side) -> ExactDecimal { instrument.decimal(Price(ticks: venue.books[index].levels(side, depth: 1).first?.ticks ?? 0)) }
        return "{\"bestBid\":\(best(.buy)),\"bestOffer\":\(best(.sell)),\"lastTradedPrice\":\(last(index)),\"timestamp\":\(now.nanoseconds / 1_000_000)}"
    }
}
