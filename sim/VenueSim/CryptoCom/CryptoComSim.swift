public import Domain
public import NIOCore
import NIOHTTP1
public import TLS
import Transport

/// Crypto.com Exchange v2 in front of a ``SimVenue``, on loopback: REST and both sockets, as the venue's documents describe them.
///
/// It checks signatures, nonces, content types, heartbeats and rate limits as the venue would, and does wrong what its plan says.
public final class CryptoComSim: SimulatedVenue {
    public struct Settings: Sendable {
        public var key = "token"
        public var secret = "secretKey"
        /// Between two heartbeats; an answer is expected within `heartbeatPatience`.
        public var heartbeat: TimeAmount = .seconds(30)
        public var heartbeatPatience: TimeAmount = .seconds(5)
        /// Requests in the first second of a socket are throttled.
        public var isStrict = false
        /// Numbers as strings (v2.1), or with the noise of doubles.
        public var numbersAsStrings = false
        public var floatNoise = false
        /// From the answer to a create-order until the order stands in the book.
        public var acceptDelay: TimeAmount = .milliseconds(1)
        /// From a connection's end until its orders are cancelled.
        public var cancelOnDisconnectDelay: TimeAmount = .milliseconds(50)
        /// Between two books of an instrument, at least.
        public var bookInterval: TimeAmount = .milliseconds(20)
        /// Order methods, each of them in 100 ms; the limits of questions are the venue's own.
        public var perMethodLimit = 15
        /// How far the venue's clock is ahead of this machine's.
        public var clockSkew = Span.zero
        public var prefix = "/v2"
        public init() {}
    }

    public let venue: SimVenue
    public let wire: SimWire
    public let settings: Settings
    var sequence: Int64 = 754_560_122

    public init(venue: SimVenue, settings: Settings = Settings(), faults: FaultPlan = FaultPlan(), eventLoop: any EventLoop) {
        (self.venue, self.settings) = (venue, settings)
        wire = SimWire(faults: faults, eventLoop: eventLoop)
        (wire.clockSkew, wire.bookInterval) = (settings.clockSkew, settings.bookInterval)
        wire.pushBook = { [weak self] in self?.pushBooks($0) }
        venue.listener = { [weak self] event in
            guard let self else { return }
            self.tell(event)
            self.wire.onActivity?()
        }
    }

    public func start(port: Int, tls: TLSContext?) -> EventLoopFuture<Int> {
        wire.start(port: port, tls: tls) { [weak self] in self?.route($0) ?? .close }
    }

    // MARK: - HTTP

    private func route(_ request: HTTPServerRequest) -> HTTPAnswer {
        let path = request.path
        if path == settings.prefix + "/market" { return wire.upgrade(CryptoComSocket(sim: self, isUser: false)) }
        if path == settings.prefix + "/user" { return wire.upgrade(CryptoComSocket(sim: self, isUser: true)) }
        guard path.hasPrefix(settings.prefix + "/") else {
            return .response(HTTPServerResponse(status: 404, json: #"{"code":10008,"message":"METHOD_NOT_FOUND"}"#))
        }
        let method = String(path.dropFirst(settings.prefix.count + 1))
        if request.method == .GET { return open(method, request) }
        guard request.headers.first(name: "Content-Type")?.hasPrefix("application/json") == true else {
            return answer(CryptoComReply(id: "-1", method: method, code: 10001, status: 500))
        }
        guard let value = try? JSONValue(Array(request.body.readableBytesView)), let id = value["id"]?.text else {
            return answer(CryptoComReply(id: "-1", method: "ERROR", code: 10004, status: 400))
        }
        guard value["method"]?.text == method else { return answer(CryptoComReply(id: id, method: method, code: 10004, status: 400)) }
        if let refusal = refusal(of: value, method: method, id: id) { return answer(refusal) }
        return perform(method, id: id, params: value["params"] ?? .object([]))
    }

    /// What is wrong with a private request, before it is looked at.
    private func refusal(of value: JSONValue, method: String, id: String) -> CryptoComReply? {
        guard method.hasPrefix("private/") else { return nil }
        guard let nonce = value["nonce"]?.integer, abs(nonce - now.nanoseconds / 1_000_000) <= 30_000 else {
            return CryptoComReply(id: id, method: method, code: 10007, status: 400)
        }
        guard CryptoComCheck.isSigned(value, key: settings.key, secret: settings.secret) else {
            return CryptoComReply(id: id, method: method, code: 10002, status: 401)
        }
        return nil
    }

    private func open(_ method: String, _ request: HTTPServerRequest) -> HTTPAnswer {
        guard method.hasPrefix("public/") else { return answer(CryptoComReply(id: "-1", method: method, code: 10002, status: 401)) }
        return perform(method, id: "-1", params: .object(request.query.map { ($0.name, .string($0.value)) }))
    }

    private func perform(_ method: String, id: String, params: JSONValue) -> HTTPAnswer {
        let throttled = { CryptoComReply(id: id, method: method, code: 10006, status: 429).response }
        wire.note(method)
        if isThrottled(method, isSocket: false) { return .response(wire.dated(throttled())) }
        return wire.answer(
            String(method.split(separator: "/").last ?? ""), fill: { self.fillFirst(params) }, throttled: throttled,
            call: { self.call(method, id: id, params: params, connection: 0).response })
    }

    func fillFirst(_ params: JSONValue) {
        if let venueID = params["order_id"]?.text { venue.fillNow(venueID, at: now) }
    }

    private func answer(_ reply: CryptoComReply) -> HTTPAnswer { .response(wire.dated(reply.response)) }

    /// The venue's published limits, each method for itself.
    func isThrottled(_ method: String, isSocket: Bool) -> Bool {
        let (limit, per) = allowance(method, isSocket: isSocket)
        return wire.isOver(limit, per: per, of: method)
    }

    private func allowance(_ method: String, isSocket: Bool) -> (limit: Int, per: Int64) {
        let (tenth, second) = (100_000_000 as Int64, 1_000_000_000 as Int64)
        return switch method {
        case "private/create-order", "private/cancel-order", "private/cancel-all-orders": (settings.perMethodLimit, tenth)
        case "private/get-order-detail": (30, tenth)
        case "private/get-trades", "private/get-order-history": (isSocket ? 5 : 1, second)
        case _ where method.hasPrefix("private/"): (3, tenth)
        case _: (100, second)
        }
    }
}

/// One answer in the venue's envelope.
struct CryptoComReply {
    var id: String
    var method: String
    var code: Int
    var status = 200
    var result: String?

    static let names: [Int: String] = [
        10001: "SYS_ERROR", 10002: "UNAUTHORIZED", 10004: "BAD_REQUEST", 10006: "TOO_MANY_REQUESTS", 10007: "INVALID_NONCE",
        10008: "METHOD_NOT_FOUND", 10009: "INVALID_DATE_RANGE", 20002: "NEGATIVE_BALANCE", 30003: "SYMBOL_NOT_FOUND", 30008: "MIN_QUANTITY_VIOLATED",
        30010: "MISSING_ARGUMENT", 30013: "INVALID_PRICE_PRECISION", 30014: "INVALID_QUANTITY_PRECISION", 316: "NO_ACTIVE_ORDER",
    ]

    var text: String {
        var text = "{\"id\":\(id),\"method\":\"\(method)\",\"code\":\(code)"
        if code != 0 { text += ",\"message\":\"\(CryptoComReply.names[code] ?? "ERROR")\"" }
        if let result { text += ",\"result\":\(result)" }
        return text + "}"
    }

    var response: HTTPServerResponse { HTTPServerResponse(status: status, json: text) }
}
