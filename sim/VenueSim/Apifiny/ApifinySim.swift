public import Domain
public import NIOCore
import NIOHTTP1
public import TLS
import Transport

/// Apifiny Connect in front of a ``SimVenue``, on loopback: REST, the three sockets, and a FIX 4.2 acceptor on the next port.
///
/// It checks tokens, digests, order ids, comp ids and sequence numbers as the venue would, and does wrong what its plan says.
public final class ApifinySim: SimulatedVenue {
    public struct Settings: Sendable {
        public var account = "STA-00000001"
        public var key = "token"
        public var secret = "secretKey"
        public var name = "BINANCE"
        /// How long an order is `PENDING_SUBMIT`: it cannot be cancelled then.
        public var acceptDelay: TimeAmount = .milliseconds(1)
        public var heartbeat: TimeAmount = .seconds(30)
        public var heartbeatPatience: TimeAmount = .seconds(60)
        public var bookInterval: TimeAmount = .milliseconds(20)
        public var requestsPerSecond = 20
        public var numbersAsStrings = false
        public var floatNoise = false
        public var clockSkew = Span.zero
        /// Order ids may be this far from the venue's clock, ms.
        public var orderTolerance: Int64 = 60_000
        /// ExecutionReports bear the client's id only where they acknowledge.
        public var isStrictFIX = true
        /// Under which name an order is kept beside its own id: a test's way to find it.
        public var alias: @Sendable (String) -> String = { $0 }
        public var prefix = "/ac/v2"
        public init() {}
    }

    public let venue: SimVenue
    public let settings: Settings
    public let wire: SimWire
    var fixSessions: [ApifinyFIXPeer] = []
    private var fixServer: NIOLoopBound<ByteStreamServer>?
    /// Where FIX is spoken, once it listens.
    public private(set) var fixPort = 0
    public var extraPorts: [Int] { [fixPort] }
    /// Transfers between venues that were asked for, as they came.
    var transfers: [String] = []
    var tradeCount = 5_093_300

    public init(venue: SimVenue, settings: Settings = Settings(), faults: FaultPlan = FaultPlan(), eventLoop: any EventLoop) {
        (self.venue, self.settings) = (venue, settings)
        wire = SimWire(faults: faults, eventLoop: eventLoop)
        (wire.clockSkew, wire.bookInterval) = (settings.clockSkew, settings.bookInterval)
        wire.pushBook = { [weak self] in self?.pushBook($0) }
        venue.listener = { [weak self] event in
            guard let self else { return }
            self.tell(event)
            self.wire.onActivity?()
        }
    }

    var now: Timestamp { wire.now }
    var milliseconds: Int64 { now.nanoseconds / 1_000_000 }
    var base: String { "\(settings.prefix)/\(settings.name)" }

    public func start(port: Int, tls: TLSContext?) -> EventLoopFuture<Int> {
        let box = NIOLoopBound(self, eventLoop: wire.eventLoop)
        return wire.start(port: port, tls: tls) { [weak self] in self?.route($0) ?? .close }.flatMap { http in
            ByteStreamServer.start(port: port == 0 ? 0 : http + ApifinySim.fixOffset, tls: tls, on: box.value.wire.eventLoop) { stream in
                box.value.accept(stream)
            }.map { server in
                (box.value.fixServer, box.value.fixPort) = (server, server.value.port)
                return http
            }
        }
    }

    /// FIX listens so far above the port of everything else, where that is given.
    public static let fixOffset = 1_000

    public func stop() -> EventLoopFuture<Void> {
        let (wire, server) = (NIOLoopBound(wire, eventLoop: wire.eventLoop), fixServer)
        guard let server else { return wire.value.stop() }
        return server.value.stop().flatMap { wire.value.stop() }
    }

    public func cutAll() {
        fixServer?.value.resetAll()
        wire.cutAll()
    }

    private func accept(_ stream: ByteStream) {
        wire.connections += 1
        let peer = ApifinyFIXPeer(sim: self, stream: stream)
        stream.delegate = peer
        fixSessions.append(peer)
    }

    // MARK: - HTTP

    private func route(_ request: HTTPServerRequest) -> HTTPAnswer {
        let path = request.path
        switch path {
        case "/md/ws/v1":
            guard ApifinyCheck.verifyMarket(request.headers.first(name: "signature"), key: settings.key, secret: settings.secret) else { return unauthorised }
            return wire.upgrade(ApifinySocket(sim: self, stream: .market))
        case "/ac/ws/v2/\(settings.name)/order": return userSocket(request, .orders)
        case "/ac/ws/v2/\(settings.name)/asset": return userSocket(request, .assets)
        case _ where path.hasPrefix("/md/"): return market(path, request)
        case _ where path.hasPrefix(base + "/"): break
        case _ where path.hasPrefix(settings.prefix + "/"): return answer(131_130, "venue does not match the request URL")
        case _: return .response(HTTPServerResponse(status: 404, json: "{}"))
        }
        return call(String(path.dropFirst(base.count)), request)
    }

    private var unauthorised: HTTPAnswer { .response(HTTPServerResponse(status: 401, json: #"{"result":null,"error":{"code":2097162,"message":"signature error"}}"#)) }

    private func userSocket(_ request: HTTPServerRequest, _ stream: ApifinySocket.Stream) -> HTTPAnswer {
        let fault = ApifinyCheck.verify(
            request.headers.first(name: "signature"), content: nil, account: settings.account, key: settings.key, secret: settings.secret, now: now)
        return fault == nil ? wire.upgrade(ApifinySocket(sim: self, stream: stream)) : unauthorised
    }

    func answer(_ code: Int, _ message: String) -> HTTPAnswer { .response(wire.dated(refusal(code, message))) }

    func refusal(_ code: Int, _ message: String) -> HTTPServerResponse {
        HTTPServerResponse(status: 200, json: "{\"result\":null,\"error\":{\"code\":\(code),\"message\":\(JSONValue.quoted(message))}}")
    }

    func success(_ result: String) -> HTTPServerResponse { HTTPServerResponse(status: 200, json: "{\"result\":\(result),\"error\":null}") }

    /// What is wrong with a signed request, before it is looked at.
    private func fault(_ request: HTTPServerRequest, _ content: [UInt8]) -> HTTPServerResponse? {
        switch ApifinyCheck.verify(
            request.headers.first(name: "signature"), content: content, account: settings.account, key: settings.key, secret: settings.secret, now: now)
        {
        case nil: nil
        case .token: refusal(196_634, "token error")
        case .signature: refusal(2_097_162, "signature error")
        case .key: refusal(2_097_163, "permission denied")
        case .account: refusal(131_115, "account does not exist")
        }
    }

    private func call(_ path: String, _ request: HTTPServerRequest) -> HTTPAnswer {
        let name = String(path.split(separator: "/").last ?? "")
        wire.note(name)
        let isPublic = path.hasPrefix("/utils/")
        let body = Array(request.body.readableBytesView)
        let query = Array((request.target.split(separator: "?", maxSplits: 1).dropFirst().first ?? "").utf8)
        if !isPublic {
            if let fault = fault(request, request.method == .GET ? query : body) { return .response(wire.dated(fault)) }
            if wire.isOver(settings.requestsPerSecond, per: 1_000_000_000, of: "account") { return answer(131_114, "rate limit is exceeded") }
        }
        let params: JSONValue
        if request.method == .GET {
            params = .object(request.query.map { ($0.name, .string($0.value)) })
        } else if let value = try? JSONValue(body) {
            params = value
        } else {
            return answer(65_562, "general request error")
        }
        if !isPublic, params["accountId"]?.text != settings.account { return answer(131_115, "account does not exist") }
        if !isPublic, let told = params["venue"]?.text, told != settings.name { return answer(131_130, "venue does not match the request URL") }
        return wire.answer(
            name, fill: { if let id = params["orderId"]?.text { venue.fillNow(id, at: now) } },
            throttled: { refusal(131_114, "rate limit is exceeded") }, refused: { self.refusal($0, "a fault of the plan") }, call: { perform(path, isPost: request.method == .POST, params) })
    }
}
