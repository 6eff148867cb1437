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
    public var settings: Settings
    public var faults: FaultPlan
    public let eventLoop: any EventLoop
    /// Every request that came in, by method: what a test may ask about.
    public internal(set) var counts: [String: Int] = [:]
    /// Methods in the order in which they came, the last few thousand.
    public internal(set) var calls: [String] = []
    var sockets: [CryptoComSocket] = []
    var windows: [String: [Int64]] = [:]
    var pendingBooks: Set<Int> = []
    var lastBook: [Int: NIODeadline] = [:]
    var isFlushDue = false
    var sequence: Int64 = 754_560_122
    public internal(set) var connections = 0
    public var onActivity: (() -> Void)?
    /// A book of so many bytes is about to be sent, a text of so many came on a user socket: clocks of a benchmark.
    public var onBook: ((Int) -> Void)?
    public var onUserText: ((Int) -> Void)?
    var held: [(socket: CryptoComSocket, text: String)] = []
    private var server: HTTPServer?

    public init(venue: SimVenue, settings: Settings = Settings(), faults: FaultPlan = FaultPlan(), eventLoop: any EventLoop) {
        (self.venue, self.settings, self.faults, self.eventLoop) = (venue, settings, faults, eventLoop)
        venue.listener = { [unowned self] event in
            self.tell(event)
            self.onActivity?()
        }
    }

    var now: Timestamp { SimClock.now + settings.clockSkew }

    /// Listens; answers the port.
    public func start(port: Int, tls: TLSContext?) -> EventLoopFuture<Int> {
        let box = NIOLoopBound(self, eventLoop: eventLoop)
        return HTTPServer.start(port: port, tls: tls, on: eventLoop) { request in box.value.route(request) }
            .map { server in
                box.value.server = server
                return server.port
            }
    }

    public func stop() -> EventLoopFuture<Void> { server?.stop() ?? eventLoop.makeSucceededVoidFuture() }

    /// Resets every connection, as a failing network would.
    public func cutAll() { server?.resetAll() }

    // MARK: - HTTP

    private func route(_ request: HTTPServerRequest) -> HTTPAnswer {
        let path = request.path
        if path == settings.prefix + "/market" { return socket(isUser: false) }
        if path == settings.prefix + "/user" { return socket(isUser: true) }
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
        return perform(method, id: id, params: value["params"] ?? .object([]), connection: 0)
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
        return perform(method, id: "-1", params: .object(request.query.map { ($0.name, .string($0.value)) }), connection: 0)
    }

    private func perform(_ method: String, id: String, params: JSONValue, connection: Int) -> HTTPAnswer {
        let name = String(method.split(separator: "/").last ?? "")
        note(method)
        if isThrottled(method, isSocket: connection != 0) { return answer(CryptoComReply(id: id, method: method, code: 10006, status: 429)) }
        guard let rule = faults.next(name) else { return answer(call(method, id: id, params: params, connection: connection)) }
        switch rule.fault {
        case .dropAnswer:
            _ = call(method, id: id, params: params, connection: connection)
            return .silence
        case .ignore, .silence: return .silence
        case .late:
            let reply = answer(call(method, id: id, params: params, connection: connection))
            let box = NIOLoopBound(Kept(reply), eventLoop: eventLoop)
            return .later(eventLoop.scheduleTask(in: .nanoseconds(rule.delay.nanoseconds)) { box.value }.futureResult.map { $0.answer })
        case .resetAfter:
            _ = call(method, id: id, params: params, connection: connection)
            return .reset
        case .resetBefore, .close: return .reset
        case .errorAfter:
            _ = call(method, id: id, params: params, connection: connection)
            return .response(HTTPServerResponse(status: rule.code == 0 ? 503 : rule.code, headers: ["Content-Type": "text/html"], body: ByteBuffer(string: "<html>Service Unavailable</html>")))
        case .errorBefore: return .response(HTTPServerResponse(status: rule.code == 0 ? 503 : rule.code, headers: ["Content-Type": "text/html"], body: ByteBuffer(string: "<html>Service Unavailable</html>")))
        case .throttle: return answer(CryptoComReply(id: id, method: method, code: 10006, status: 429))
        case .partial:
            let bytes = call(method, id: id, params: params, connection: connection).response.bytes()
            return .raw(bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes - 12) ?? bytes, closes: true)
        case .redirect: return .response(HTTPServerResponse(status: 307, headers: ["Location": "/elsewhere"]))
        case .fillFirst:
            if let venueID = params["order_id"]?.text { venue.fillNow(venueID, at: now) }
            return answer(call(method, id: id, params: params, connection: connection))
        case .duplicate, .skip, .reorder: return answer(call(method, id: id, params: params, connection: connection))
        }
    }

    /// An answer that may wait on its own loop.
    private struct Kept {
        let answer: HTTPAnswer
        init(_ answer: HTTPAnswer) { self.answer = answer }
    }

    private func answer(_ reply: CryptoComReply) -> HTTPAnswer {
        var response = reply.response
        response.headers.add(name: "Date", value: SimClock.httpDate(now))
        return .response(response)
    }

    func note(_ method: String) {
        counts[method, default: 0] += 1
        calls.append(method)
        if calls.count > 8_192 { calls.removeFirst(4_096) }
        onActivity?()
    }

    /// The venue's published limits, each method for itself.
    func isThrottled(_ method: String, isSocket: Bool) -> Bool {
        let (limit, per) = allowance(method, isSocket: isSocket)
        let time = SimClock.now.nanoseconds
        var window = windows[method, default: []].filter { time - $0 < per }
        defer { windows[method] = window }
        guard window.count < limit else { return true }
        window.append(time)
        return false
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

    // MARK: - Sockets

    private func socket(isUser: Bool) -> HTTPAnswer {
        connections += 1
        let socket = CryptoComSocket(sim: self, isUser: isUser, number: connections)
        sockets.append(socket)
        onActivity?()
        return .webSocket(socket, WebSocketSettings())
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
