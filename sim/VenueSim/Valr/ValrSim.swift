public import Domain
public import NIOCore
import NIOHTTP1
public import TLS
import Transport

/// VALR in front of a ``SimVenue``, on loopback: REST and both sockets, as the venue's documents describe them.
///
/// It checks signatures over the raw target and body, content types, PINGs and limits as the venue would, and does wrong what its plan says.
public final class ValrSim: SimulatedVenue {
    public struct Settings: Sendable {
        public var key = "token"
        public var secret = "secretKey"
        /// A socket without a PING for so long is closed.
        public var pingPatience: TimeAmount = .seconds(30)
        /// An unauthenticated trade socket is cut after this.
        public var cutAfter: TimeAmount = .minutes(15)
        /// An account socket must have authenticated by then.
        public var authenticationPatience: TimeAmount = .seconds(10)
        /// How far a request's time may be from the venue's.
        public var clockTolerance = Span(nanoseconds: 10_000_000_000)
        public var clockSkew = Span.zero
        public var acceptDelay: TimeAmount = .milliseconds(1)
        public var cancelOnDisconnectDelay: TimeAmount = .milliseconds(50)
        public var bookInterval: TimeAmount = .milliseconds(20)
        public var ordersPerSecond = 400
        /// The list of open orders in its newer form.
        public var openOrdersAsObject = false
        /// Executions are pushed with their fee.
        public var feesInTrades = true
        /// `AUTHENTICATED` is said.
        public var confirmsAuthentication = true
        /// Cancel-on-disconnect is confirmed, and done.
        public var armsOnRequest = true
        public var isReadOnly = false
        public var prefix = ""
        public init() {}
    }

    public let venue: SimVenue
    public let wire: SimWire
    public let settings: Settings
    var sequence: Int64 = 1_792_329_152
    /// Orders being changed: their next word is "Order Modified".
    var modifying: Set<String> = []
    /// Orders that the engine has told of.
    var processed: Set<String> = []
    /// A list of open orders is about to be pushed.
    var isListDue = false

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

    static func error(_ status: Int, _ code: Int, _ message: String) -> HTTPServerResponse {
        HTTPServerResponse(status: status, json: "{\"code\":\(code),\"message\":\(JSONValue.quoted(message))}")
    }

    static let unauthorised = error(401, -93, "API key or secret is invalid")

    private func isSigned(_ request: HTTPServerRequest) -> Bool {
        func header(_ name: String) -> String { request.headers.first(name: name) ?? "" }
        return header("X-VALR-API-KEY") == settings.key
            && ValrCheck.isSigned(
                timestamp: header("X-VALR-TIMESTAMP"), verb: request.method.rawValue, target: request.target,
                body: Array(request.body.readableBytesView), subaccount: header("X-VALR-SUB-ACCOUNT-ID"), signature: header("X-VALR-SIGNATURE"),
                secret: settings.secret, now: now, tolerance: settings.clockTolerance)
    }

    private func route(_ request: HTTPServerRequest) -> HTTPAnswer {
        guard request.path.hasPrefix(settings.prefix) else { return .response(wire.dated(ValrSim.error(404, -1, "Not Found"))) }
        let path = String(request.path.dropFirst(settings.prefix.count))
        if path == "/ws/trade" || path == "/ws/account" { return socket(request, isAccount: path == "/ws/account") }
        let parts = path.split(separator: "/").map(String.init)
        guard let call = ValrEndpoint(request.method.rawValue, parts) else {
            wire.note(path)
            return .response(wire.dated(ValrSim.error(404, -1, "Not Found")))
        }
        wire.note(call.point)
        if request.body.readableBytes > 0, request.headers.first(name: "Content-Type")?.hasPrefix("application/json") != true {
            return .response(wire.dated(ValrSim.error(403, -1, "Forbidden")))
        }
        if !call.isPublic, !isSigned(request) { return .response(wire.dated(ValrSim.unauthorised)) }
        let body = (try? JSONValue(Array(request.body.readableBytesView))) ?? .object([])
        let query = Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        if !call.isPublic, wire.isOver(2_000, per: 60_000_000_000, of: "rest") { return .response(wire.dated(ValrSim.throttled)) }
        return wire.answer(
            call.point, fill: { self.fillFirst(body) }, throttled: { ValrSim.throttled }, receipt: { ValrSim.receipt(body) },
            call: { self.perform(call, body, query) })
    }

    static var throttled: HTTPServerResponse {
        var response = error(429, -1, "Too many requests")
        response.headers.add(name: "x-valr-ratelimited", value: "true")
        return response
    }

    /// The answer to a cancel that is then forgotten.
    private static func receipt(_ body: JSONValue) -> HTTPServerResponse {
        HTTPServerResponse(status: 202, json: "{\"id\":\(JSONValue.quoted(body["orderId"]?.text ?? body["customerOrderId"]?.text ?? ""))}")
    }

    private func socket(_ request: HTTPServerRequest, isAccount: Bool) -> HTTPAnswer {
        let claims = request.headers.first(name: "X-VALR-API-KEY") != nil
        if claims, !isSigned(request) { return .response(wire.dated(ValrSim.unauthorised)) }
        if isAccount, claims, let rule = wire.faults.next("auth") {
            return rule.fault == .resetBefore ? .reset : .response(wire.dated(ValrSim.error(rule.code == 0 ? 401 : rule.code, -93, "API key or secret is invalid")))
        }
        return wire.upgrade(ValrSocket(sim: self, isAccount: isAccount, isAuthenticated: claims))
    }

    // MARK: - Questions

    private func perform(_ call: ValrEndpoint, _ body: JSONValue, _ query: [String: String]) -> HTTPServerResponse {
        func json(_ text: String) -> HTTPServerResponse { HTTPServerResponse(json: text) }
        switch call {
        case .time:
            return json("{\"epochTime\":\(now.nanoseconds / 1_000_000_000),\"time\":\"\(ValrCheck.time(now))\"}")
        case .status: return json("{\"status\":\"\(settings.isReadOnly ? "read-only" : "online")\"}")
        case .pairs: return json(pairs)
        case .book(let pair):
            guard let index = venue.instrument(named: pair) else { return ValrSim.error(400, -21, "Unsupported currency pair \(pair)") }
            return json(aggregated(index))
        case .place(let isLimit): return place(body, isLimit: isLimit, connection: 0).rest
        case .cancel: return cancelNow(body)
        case .cancelAll(let pair): return cancelAll(pair)
        case .modify: return modify(body)
        case .openOrders: return json(list(venue.open.map(openRow)))
        case .active(let isClient, let id):
            guard let order = venue.orders.last(where: { (isClient ? $0.clientID : $0.venueID) == id && $0.isLive }) else {
                return ValrSim.error(404, -21, "Order not found")
            }
            return json(statusRow(order))
        case .detail(let isClient, let id):
            guard let order = venue.orders.last(where: { (isClient ? $0.clientID : $0.venueID) == id }) else { return ValrSim.error(404, -21, "Order not found") }
            return json(list([statusRow(order)]))
        case .history: return history(query)
        case .trades(let pair): return trades(pair, query)
        case .balances: return json(list(balanceRows))
        case .fees:
            return json(list(venue.instruments.map { instrument in
                let (maker, taker) = (instrument.makerFee, instrument.takerFee)
                func percent(_ rate: ExactDecimal) -> String { "\((rate * ExactDecimal(mantissa: 100, scale: 0)).normalized)" }
                return "{\"currencyPair\":\"\(instrument.nativeSymbol)\",\"makerPercentage\":\"\(percent(maker))\",\"takerPercentage\":\"\(percent(taker))\"}"
            }))
        case .key: return json(#"{"label":"sim","permissions":["View access","Trade"],"isSubAccount":false,"allowedIpAddressCidr":""}"#)
        }
    }

    func list(_ rows: [String]) -> String { "[" + rows.joined(separator: ",") + "]" }

    private func page<T>(_ items: [T], _ query: [String: String]) -> ArraySlice<T> {
        let limit = min(query["limit"].flatMap { Int($0) } ?? 100, 100)
        let skip = query["skip"].flatMap { Int($0) } ?? 0
        return skip < items.count ? items[skip..<min(skip + limit, items.count)] : []
    }

    /// What ended and what lives, newest first; cancelled without a fill only where asked for.
    private func history(_ query: [String: String]) -> HTTPServerResponse {
        let withEmpty = query["showZeroVolumeCancels"] == "true"
        let own = venue.orders.reversed().filter { order in
            let isNamed = query["currencyPair"].map { venue.instruments[order.instrument].nativeSymbol == $0 } ?? true
            return isNamed && (withEmpty || order.state != .cancelled || order.filled > .zero)
        }
        return HTTPServerResponse(json: list(page(own, query).map { statusRow($0) }))
    }

    private func trades(_ pair: String?, _ query: [String: String]) -> HTTPServerResponse {
        let own = venue.fills.reversed().filter { fill in pair.map { venue.instruments[fill.order.instrument].nativeSymbol == $0 } ?? true }
        return HTTPServerResponse(json: list(page(own, query).map { tradeRow($0, withFee: true, number: true) }))
    }

    private var pairs: String {
        list(venue.instruments.map { instrument in
            """
            {"symbol":"\(instrument.nativeSymbol)","baseCurrency":"\(instrument.base)","quoteCurrency":"\(instrument.quote)",\
            "shortName":"\(instrument.base)/\(instrument.quote)","active":true,"minBaseAmount":"\(instrument.decimal(instrument.minQuantity))",\
            "maxBaseAmount":"1000000","minQuoteAmount":"\(instrument.minNotional)","maxQuoteAmount":"100000000","tickSize":"\(instrument.tick)",\
            "baseDecimalPlaces":"\(instrument.lot.scale)","marginTradingAllowed":false,"currencyPairType":"SPOT"}
            """
        })
    }
}
