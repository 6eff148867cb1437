public import Domain
public import NIOCore
import NIOHTTP1
public import TLS
import Transport

/// DV Chain's desk in front of a ``SimVenue``, on loopback: REST with tokens, tiered quotes, RFQ, limit orders that the desk holds.
///
/// It checks keys, tokens, scopes and the socket's signature as the venue would, and does wrong what its plan says.
public final class DVChainSim: SimulatedVenue {
    public struct Settings: Sendable {
        public var key = "token"
        public var secret = "secretKey"
        public var prefix = ""
        public var tokenLife = Span(nanoseconds: 86_400_000_000_000)
        /// Of a firm quote.
        public var quoteLife = Span(nanoseconds: 5_000_000_000)
        /// Sizes in base units and the spread up to each, hundredths of a percent.
        public var tiers: [(most: Int64, points: Int64)] = [(1, 20), (10, 40), (100, 80)]
        /// Between the execution of a quote and the moment it can be looked up.
        public var lookupLag = Span.zero
        /// Client tags are not kept.
        public var dropsTags = false
        /// Pair prices are nested by counter asset.
        public var nestsPrices = true
        public var limitAsNumber = false
        public var isLowerCase = false
        /// Pages count from 0.
        public var pagesFromZero = false
        public var bookInterval: TimeAmount = .milliseconds(100)
        public init() {}
    }

    struct Token {
        var ends: Timestamp
        var isReadOnly: Bool
    }

    struct Firm {
        var index: Int
        var side: Side
        var lots: Int64
        var ticks: Int64
        var ends: Timestamp
    }

    public let venue: SimVenue
    public let wire: SimWire
    public let settings: Settings
    var tokens: [String: Token] = [:]
    var issued = 0
    var firm: [String: Firm] = [:]
    /// The keys of executed quotes, and tags, by the venue's order id.
    var keys: [String: String] = [:]
    var executedAt: [String: Timestamp] = [:]
    let initial: [String: Amount]
    /// Tokens that were given out and are not deactivated: what a test may ask about.
    public var activeTokens: Int { tokens.count }
    public internal(set) var readOnlyTokens = 0

    public init(venue: SimVenue, settings: Settings = Settings(), faults: FaultPlan = FaultPlan(), eventLoop: any EventLoop) {
        (self.venue, self.settings, initial) = (venue, settings, venue.balances)
        wire = SimWire(faults: faults, eventLoop: eventLoop)
        wire.bookInterval = settings.bookInterval
        wire.pushBook = { [weak self] in self?.pushLevels($0) }
        venue.listener = { [weak self] event in
            guard let self else { return }
            if case .order(let order) = event, order.state != .pending { self.pushOrder(order) }
            self.wire.onActivity?()
        }
    }

    public func start(port: Int, tls: TLSContext?) -> EventLoopFuture<Int> { wire.start(port: port, tls: tls) { [weak self] in self?.route($0) ?? .close } }

    public func market(_ records: [MarketRecord]) {
        venue.apply(records, at: now)
        wire.changedBooks(Set(records.filter { $0.kind == .level || $0.kind == .clear }.map { Int($0.instrument) }))
    }

    public func misquote(_ instrument: Int, bids: [(ticks: Int64, size: Int64)], asks: [(ticks: Int64, size: Int64)]) {
        let own = venue.instruments[instrument]
        func price(_ ticks: Int64?) -> String { "\(own.decimal(Price(ticks: ticks ?? 1)))" }
        let level = #"{"sellPrice":\#(price(bids.first?.ticks)),"buyPrice":\#(price(asks.first?.ticks)),"maxQuantity":1}"#
        for socket in sockets where socket.topics.contains("levels " + own.nativeSymbol) { push(levels: "[\(level)]", of: own.nativeSymbol, to: socket) }
    }

    public func rewind(_ instrument: Int) {}

    // MARK: - HTTP

    private func route(_ request: HTTPServerRequest) -> HTTPAnswer {
        let path = String(request.path.dropFirst(settings.prefix.count))
        if path == "/websocket" { return upgrade(request) }
        let lower = path.lowercased()
        wire.note("\(request.method.rawValue) \(lower)")
        if lower == "/api/v5/auth" || lower == "/api/v4/auth" { return logIn(request) }
        guard let header = request.headers.first(name: "Authorization"), header.lowercased().hasPrefix("bearer "),
            let token = tokens[String(header.dropFirst(7))], token.ends > now
        else { return .response(wire.dated(fail(401, "Unauthorized"))) }
        let modifies = request.method != .GET
        if modifies, token.isReadOnly, lower != "/api/v4/token/deactivate" { return .response(wire.dated(fail(403, "read-only token"))) }
        var body: JSONValue? = .object([])
        if request.body.readableBytes > 0 { body = try? JSONValue(Array(request.body.readableBytesView)) }
        guard let body else { return .response(wire.dated(fail(400, "the body is no JSON"))) }
        if modifies, request.body.readableBytes > 0, request.headers.first(name: "Content-Type")?.hasPrefix("application/json") != true {
            return .response(wire.dated(fail(406, "not JSON")))
        }
        let query = Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        guard let (point, call) = endpoint(request.method, lower, path, query, body) else { return .response(wire.dated(fail(404, "not found"))) }
        return wire.answer(
            point, fill: { if point == "cancel", let id = path.split(separator: "/").last { self.venue.fillNow(String(id), at: self.now) } },
            throttled: { self.fail(429, "Too many requests") }, call: call)
    }

    private func endpoint(
        _ method: HTTPMethod, _ lower: String, _ path: String, _ query: [String: String], _ body: JSONValue
    ) -> (String, () -> HTTPServerResponse)? {
        if method == .GET, lower == "/api/v4/prices" || lower.hasPrefix("/api/v4/prices/") { return ("prices", { self.prices(path) }) }
        switch (method, lower) {
        case (.GET, "/api/v5/rfq"): return ("rfq", { self.quote(query) })
        case (.POST, "/api/v5/rfq/execute"): return ("execute", { self.execute(body) })
        case (.POST, "/api/v4/trade"): return ("place", { self.place(body) })
        case (.GET, "/api/v4/trades"): return ("trades", { self.list(query) })
        case (.GET, "/api/v4/trade"): return ("find", { self.find(query) })
        case (.GET, "/api/v4/balances"): return ("balances", { self.balances() })
        case (.POST, "/api/v4/token/deactivate"):
            return ("deactivate", {
                if let token = body["token"]?.text { self.tokens[token] = nil }
                return HTTPServerResponse(json: #"{"message":"Token given successfully blacklisted"}"#)
            })
        case (.DELETE, _) where lower.hasPrefix("/api/v4/trades/"):
            return ("cancel", { self.cancel(String(path.split(separator: "/").last ?? "")) })
        case _: return nil
        }
    }

    /// Basic key and secret for a token; one that modifies nothing where that is asked for.
    private func logIn(_ request: HTTPServerRequest) -> HTTPAnswer {
        wire.answer("auth", throttled: { self.fail(429, "Too many requests") }, call: {
            let expected = "Basic " + Encoding.base64(Array("\(self.settings.key):\(self.settings.secret)".utf8))
            guard let given = request.headers.first(name: "Authorization"), Secure.equal(Array(given.utf8), Array(expected.utf8)) else {
                return self.fail(401, "Unauthorized")
            }
            let isReadOnly = request.query.contains { $0.name == "scope" && $0.value == "readOnly" }
            if isReadOnly { self.readOnlyTokens += 1 }
            self.issued += 1
            let ends = self.now + self.settings.tokenLife
            let claims = "{\"sub\":\"\(self.settings.key)\",\"jti\":\(self.issued),\"exp\":\(ends.nanoseconds / 1_000_000_000)}"
            let token = JWT.hs256(claims: Array(claims.utf8), key: HMACKey(.sha256, key: Array("desk".utf8)))
            self.tokens[token] = Token(ends: ends, isReadOnly: isReadOnly)
            return HTTPServerResponse(json: "{\"token\":\"\(token)\"}")
        })
    }

    /// Takes every token's power away, as an operator of the venue would.
    public func revokeTokens() { tokens = [:] }

    func fail(_ status: Int, _ message: String) -> HTTPServerResponse {
        HTTPServerResponse(status: status, json: "{\"message\":\(JSONValue.quoted(message))}")
    }
}
