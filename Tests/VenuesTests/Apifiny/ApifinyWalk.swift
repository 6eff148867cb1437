import Domain
import FIX
import JSON
import Testing
import Transport

@testable import Venues

/// A session and the venue that a test plays.
struct ApifinyWalk {
    struct Asked {
        var token: VenueToken
        var request: VenueRequest
        var name: String
        var body: String
    }

    static let market = SocketID(0), orders = SocketID(1), assets = SocketID(2)

    var session: ApifinySession
    var now = VenueTime(wall: Timestamp(nanoseconds: 1_628_000_000_000_000_000), monotonic: 1_000_000_000_000)
    var told: [VenueEvent] = []
    var asked: [Asked] = []
    var sent: [(socket: SocketID, bytes: [UInt8])] = []
    var connects: [(socket: SocketID, url: String, headers: [String: String])] = []
    var kept: [[UInt8]] = []
    var timers: [(token: VenueToken, at: Int64)] = []
    var peerNumber: Int64 = 1

    static func settings(_ orders: String, _ options: [String: String] = [:], kept: [String: [UInt8]] = [:]) -> VenueSettings {
        var settings = VenueSettings(
            name: "apifiny", environment: .custom,
            endpoints: [
                "rest": "https://a.test/ac/v2/BINANCE", "md_ws": "wss://a.test/md/ws/v1", "order_ws": "wss://a.test/order", "asset_ws": "wss://a.test/asset",
                "fix": "a.test:1443",
            ],
            credentials: ["account_id": Secret(Array("STA-00000001".utf8)), "key": Secret(Array("k".utf8)), "secret": Secret(Array("s".utf8))],
            options: ["venue": "BINANCE", "orders": orders, "subscribe_spacing": "1ms"].merging(options) { $1 }, seed: 1)
        settings.kept = kept
        return settings
    }

    init(_ orders: String = "rest", _ options: [String: String] = [:], kept: [String: [UInt8]] = [:]) throws {
        session = try ApifinySession(settings: ApifinyWalk.settings(orders, options, kept: kept))
    }

    static func ready(_ orders: String = "rest", _ options: [String: String] = [:]) throws -> ApifinyWalk {
        var walk = try ApifinyWalk(orders, options)
        walk.feed(.command(.begin(.trading, instruments: [try Self.bitcoin()])))
        walk.feed(.opened(market))
        walk.push(market, #"{"channel":"orderbook","symbol":"BTCUSDT","orderbook":{"symbol":"BTCUSDT","updatedAt":1628000000000,"asks":[[100.01,5]],"bids":[[99.99,5]]}}"#)
        walk.feed(.opened(Self.orders))
        if orders == "fix" { walk.say("A", "98=0|108=30|141=Y|") }
        walk.answer("queryAccountInfo", #"{"result":[{"accountStatus":"OPENED","subAccountInfo":[]}],"error":null}"#)
        walk.clear()
        return walk
    }

    static func bitcoin() throws -> Instrument {
        try Instrument(
            venue: "apifiny", symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT", tick: ExactDecimal("0.01"), lot: ExactDecimal("0.0001"))
    }

    mutating func clear() { (told, asked, sent, connects, kept) = ([], [], [], [], []) }

    mutating func feed(_ input: VenueInput) {
        var actions: [VenueAction] = []
        session.handle(input, at: now, into: &actions)
        for action in actions {
            switch action {
            case .tell(let event): told.append(event)
            case .request(let token, let request):
                let name = request.url.split(separator: "?")[0].split(separator: "/").last.map(String.init) ?? ""
                asked.append(Asked(token: token, request: request, name: name, body: String(decoding: request.body, as: UTF8.self)))
            case .send(let socket, let bytes): sent.append((socket, bytes))
            case .connect(let socket, url: let url, headers: let headers):
                connects.append((socket, url, Dictionary(headers.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })))
            case .keep(_, name: _, offset: _, let bytes): kept.append(bytes)
            case .timer(let token, after: let span):
                timers.removeAll { $0.token == token }
                timers.append((token, now.monotonic + span.nanoseconds))
            case .cancelTimer(let token): timers.removeAll { $0.token == token }
            case .close: break
            }
        }
    }

    mutating func push(_ socket: SocketID, _ text: String) { Bytes.with(text) { feed(.message(socket, $0)) } }

    mutating func wait(_ milliseconds: Int64) {
        let end = now.monotonic + milliseconds * 1_000_000
        while let next = timers.filter({ $0.at <= end }).min(by: { $0.at < $1.at }) {
            timers.removeAll { $0.token == next.token }
            advance(to: max(next.at, now.monotonic))
            feed(.timer(next.token))
        }
        advance(to: end)
    }

    private mutating func advance(to monotonic: Int64) {
        now = VenueTime(wall: now.wall + Span(nanoseconds: monotonic - now.monotonic), monotonic: monotonic)
    }

    /// Answers the last request of that name.
    mutating func answer(_ name: String, _ body: String, status: Int = 200) {
        guard let place = asked.lastIndex(where: { $0.name == name }) else {
            Issue.record("\(name) was not asked")
            return
        }
        let token = asked.remove(at: place).token
        feed(.response(token, .answer(status: status, headers: [], body: Array(body.utf8))))
    }

    mutating func refuse(_ name: String, _ code: Int, _ message: String = "") {
        answer(name, #"{"result":null,"error":{"code":\#(code),"message":"\#(message)"}}"#)
    }

    @discardableResult
    mutating func place(
        _ side: Side = .buy, _ type: OrderType = .limit, lots: Int64 = 10_000, ticks: Int64 = 9_990, tif: TimeInForce = .goodTillCancel, postOnly: Bool = false,
        id: String = "abc00000000001"
    ) -> String {
        var request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: side, type: type, quantity: Quantity(lots: lots), price: Price(ticks: ticks))
        (request.timeInForce, request.isPostOnly) = (tif, postOnly)
        feed(.command(.place(VenueOrderRequest(clientID: id, request: request))))
        return session.settings.naming.venueID(of: id, at: now.wall) ?? ""
    }

    // MARK: - FIX

    mutating func say(_ type: String, _ body: String) {
        let inner = Array("35=\(type)|34=\(peerNumber)|49=APIFINY|52=\(FIXTime.text(now.wall))|56=STA-00000001|\(body)".replacing("|", with: "\u{1}").utf8)
        peerNumber += 1
        var bytes = Array("8=FIX.4.2\u{1}9=\(inner.count)\u{1}".utf8) + inner
        let digits = String(bytes.reduce(0) { ($0 + Int($1)) % 256 })
        bytes += Array("10=\(String(repeating: "0", count: 3 - digits.count))\(digits)\u{1}".utf8)
        Bytes.with(bytes) { feed(.message(ApifinyWalk.orders, $0)) }
    }

    var messages: [FIXMessage] { sent.filter { $0.socket == ApifinyWalk.orders }.compactMap { try? FIXMessage($0.bytes) } }

    // MARK: - What was told

    var fills: [VenueFill] { told.compactMap { if case .fill(let fill) = $0 { fill } else { nil } } }
    var states: [VenueOrder.State] { told.compactMap { if case .order(let order) = $0 { order.state } else { nil } } }
    var alarms: [String] { told.compactMap { if case .alarm(let text) = $0 { text } else { nil } } }
    var links: [VenueLinkState] { told.compactMap { if case .link(.orders, let state) = $0 { state } else { nil } } }
    var refusals: [(RejectReason, String)] { told.compactMap { if case .refused(_, let reason, let code, _) = $0 { (reason, code) } else { nil } } }
    var isLost: Bool { told.contains { if case .lost = $0 { true } else { false } } }
}
