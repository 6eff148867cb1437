import Domain
import JSON
import NIOCore
import NIOPosix
import Synchronization
import TLS
import Testing
import Transport

@testable import Venues

/// The driver over real sockets: TLS on loopback, a small venue that says yes to everything.
@Suite(.serialized) struct VenueDriverTests {
    /// Answers each request with code 0 and notes it. Used on the one event loop only.
    final class YesVenue: WebSocketDelegate, @unchecked Sendable {
        var requests: [String] = []
        var rest: [String] = []
        var sockets: [WebSocket] = []
        var isSilent = false

        func webSocketOpened(_ socket: WebSocket) { sockets.append(socket) }
        func webSocketClosed(_ socket: WebSocket, _ end: WebSocketEnd) { sockets.removeAll { $0 === socket } }
        func webSocket(_ socket: WebSocket, received text: ByteBuffer) {
            let request = String(buffer: text)
            requests.append(request)
            if isSilent { return }
            let id = request.split(separator: "\"id\":")[1].prefix { $0.isNumber }
            let method = request.split(separator: "\"method\":\"")[1].prefix { $0 != "\"" }
            let result = method.hasSuffix("create-order") ? #","result":{"order_id":"900"}"# : ""
            try? socket.send(text: #"{"id":\#(id),"method":"\#(method)","code":0\#(result)}"#)
        }

        func route(_ request: HTTPServerRequest) -> HTTPAnswer {
            if request.path.hasSuffix("/user") || request.path.hasSuffix("/market") { return .webSocket(self, WebSocketSettings()) }
            rest.append(request.target)
            return .response(HTTPServerResponse(json: #"{"id":1,"code":0,"result":{"count":0,"order_list":[]}}"#))
        }
    }

    /// Collects what a driver tells, and fulfils promises once it was told.
    final class Listener: VenueDriverDelegate, @unchecked Sendable {
        var told: [VenueEvent] = []
        var waiting: [(promise: EventLoopPromise<Void>, condition: (VenueEvent) -> Bool)] = []
        var onEvent: ((VenueDriver, VenueEvent) -> Void)?

        func venueDriver(_ driver: VenueDriver, told event: VenueEvent) {
            told.append(event)
            onEvent?(driver, event)
            for entry in waiting where entry.condition(event) { entry.promise.succeed() }
            waiting.removeAll { $0.condition(event) }
        }
    }

    final class Held: @unchecked Sendable {
        var driver: VenueDriver?
        weak var weakly: VenueDriver?
        let listener = Listener()
        let venue = YesVenue()
        let latch = Latch()
    }

    static let deadline = TimeAmount.seconds(20)

    /// Runs a walk on the loop, then waits for an event.
    private func until(
        _ held: Held, _ loop: any EventLoop, _ condition: @escaping @Sendable (VenueEvent) -> Bool, _ body: @escaping @Sendable (Held) -> Void
    ) async throws {
        let promise = loop.makePromise(of: Void.self)
        loop.execute {
            held.listener.waiting.append((promise, condition))
            loop.scheduleTask(in: VenueDriverTests.deadline) { promise.fail(ChannelError.connectTimeout(VenueDriverTests.deadline)) }
            body(held)
        }
        try await promise.futureResult.get()
    }

    private func make(_ held: Held, _ loop: any EventLoop) async throws -> HTTPServer {
        let certificates = try TestCertificates()
        let server = try await HTTPServer.start(tls: try .server(identity: try certificates.server()), on: loop) { held.venue.route($0) }.get()
        let tls = try TLSContext.client(extraAuthority: .pem(certificates.authority.chain))
        let port = server.port
        try await loop.submit {
            let session = try CryptoComSession(
                settings: VenueSettings(
                    name: "cryptocom", environment: .custom,
                    endpoints: [
                        "rest": "https://localhost:\(port)/v2", "market": "wss://localhost:\(port)/v2/market", "user": "wss://localhost:\(port)/v2/user",
                    ],
                    credentials: ["key": Secret(Array("token".utf8)), "secret": Secret(Array("secretKey".utf8))],
                    options: ["settle": "10ms"], seed: 1))
            held.driver = VenueDriver(session, tls: tls, eventLoop: loop, latch: held.latch, delegate: held.listener)
            held.weakly = held.driver
        }.get()
        return server
    }

    private static func order(_ clientID: String) -> VenueCommand {
        .place(
            VenueOrderRequest(
                clientID: clientID,
                request: OrderRequest(
                    id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 10), price: Price(ticks: 100))))
    }

    @Test func startsPlacesLatchesCancelsAndEnds() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let held = Held()
        let server = try await make(held, loop)
        let btc = try instrument("BTC_USDT")
        try await until(held, loop, { if case .link(.orders, .ready) = $0 { true } else { false } }) { held in
            held.driver?.handle(.begin(.trading, instruments: [btc]))
        }
        try await until(held, loop, { if case .received(clientID: "a", venueID: "900") = $0 { true } else { false } }) { held in
            held.driver?.handle(Self.order("a"))
        }
        // From inside the delegate's call, after the latch: nothing of an order leaves, a cancel does.
        try await until(held, loop, { if case .cancelAllReceived(symbol: "BTC_USDT") = $0 { true } else { false } }) { held in
            held.listener.onEvent = { driver, event in
                guard case .refused(clientID: "b", _, code: "latched", _) = event else { return }
                driver.handle(.cancel(VenueOrderReference(clientID: "a", venueID: "900", symbol: "BTC_USDT")))
                driver.handle(.cancelAll(InstrumentID(index: 0)))
            }
            held.latch.close()
            held.driver?.handle(Self.order("b"))
        }
        let (requests, refused) = try await loop.submit { (held.venue.requests, held.listener.told.contains { if case .refused(clientID: "b", _, _, _) = $0 { true } else { false } }) }.get()
        #expect(refused && !requests.contains { $0.contains("\"b\"") })
        #expect(requests.suffix(2).map { $0.contains("cancel-order") } == [true, false] && requests.last?.contains("cancel-all-orders") == true)
        try await until(held, loop, { if case .answer(_, .orders) = $0 { true } else { false } }) { held in
            held.driver?.handle(.query(VenueQueryID(3), .openOrders(symbol: nil)))
        }
        try await until(held, loop, { if case .link(.orders, .closed) = $0 { true } else { false } }) { held in
            held.driver?.handle(.end)
            held.driver = nil
        }
        try await server.stop().get()
        let isGone = try await loop.submit { held.weakly == nil }.get()
        #expect(isGone, "nothing holds a driver that ended")
    }

    @Test func aConnectionLostWithAnOrderUnderWayIsLostAndComesBack() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let held = Held()
        let server = try await make(held, loop)
        let btc = try instrument("BTC_USDT")
        try await until(held, loop, { if case .link(.orders, .ready) = $0 { true } else { false } }) { held in
            held.driver?.handle(.begin(.trading, instruments: [btc]))
        }
        try await until(held, loop, { if case .lost(clientID: "a", _) = $0 { true } else { false } }) { held in
            held.venue.isSilent = true
            held.driver?.handle(Self.order("a"))
            server.resetAll()
        }
        try await until(held, loop, { if case .link(.orders, .ready) = $0 { true } else { false } }) { held in held.venue.isSilent = false }
        try await until(held, loop, { if case .link(.orders, .closed) = $0 { true } else { false } }) { held in
            held.driver?.handle(.end)
            held.driver = nil
        }
        try await server.stop().get()
    }

    @Test func coarseClocksIgnoreWhatADateCannotTell() {
        var clock = CoarseClock()
        let now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        func ahead(_ seconds: Int64) -> Timestamp { now + Span(nanoseconds: seconds * 1_000_000_000) }
        clock.add(venue: ahead(1), sent: now, received: now)
        #expect(clock.offset == .zero)
        for _ in 0..<3 { clock.add(venue: ahead(3_600), sent: now, received: now) }
        #expect(clock.offset == Span(nanoseconds: 3_600_000_000_000))
        clock.add(venue: ahead(9_000), sent: now, received: ahead(5))
        #expect(clock.offset == Span(nanoseconds: 3_600_000_000_000), "an answer that took five seconds tells nothing")
    }
}
