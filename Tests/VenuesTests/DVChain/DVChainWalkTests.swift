import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

typealias DVChainWalk = SessionWalk<DVChainSession>

extension SessionWalk where Session == DVChainSession {
    static func btc() throws -> Instrument { try instrument("BTC_USD", tick: "0.01", lot: "0.000001", venue: "dvchain", native: "BTC/USD") }

    init(options: [String: String] = [:]) throws { self.init(try DVChainSession(settings: DVChainCodecTests.settings(options: options))) }

    mutating func answer(_ path: String, _ status: Int = 200, _ body: String) {
        guard let place = asked.firstIndex(where: { $0.request.url.contains(path) }) else { return #expect(Bool(false), "\(path) was not asked: \(asked.map(\.request.url))") }
        let question = asked.remove(at: place)
        feed(.response(question.token, .answer(status: status, headers: [], body: Array(body.utf8))))
    }

    static func ready(options: [String: String] = [:]) throws -> DVChainWalk {
        var walk = try DVChainWalk(options: options)
        walk.feed(.command(.begin(.trading, instruments: [try btc()])))
        walk.answer("/api/v5/auth", 200, #"{"token":"t1"}"#)
        walk.feed(.opened(SocketID(0)))
        walk.message(SocketID(0), #"{"type":"ping-pong","event":"1","topic":"ping-pong"}"#)
        #expect(walk.told.count { if case .link(_, .ready) = $0 { true } else { false } } == 2)
        walk.clear()
        return walk
    }

    mutating func quote(_ number: UInt64 = 1, lots: Int64 = 100_005, side: Side = .buy) {
        var actions: [VenueAction] = []
        session.requestQuote(
            VenueQuoteRequest(number: number, instrument: InstrumentID(index: 0), side: side, quantity: Quantity(lots: lots)), at: now, into: &actions)
        for action in actions {
            switch action {
            case .request(let token, let request): asked.append(Asked(token: token, request: request, method: "", body: ""))
            case .tell(let event): told.append(event)
            case .connect, .send, .keep, .close, .timer, .cancelTimer: break
            }
        }
    }

    var quotes: [VenueQuoteAnswer] { told.compactMap { if case .quote(let answer) = $0 { answer } else { nil } } }

    mutating func accept(_ clientID: String, quote: UInt64 = 1) {
        let request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 100_005), price: Price(ticks: 978_419),
            timeInForce: .fillOrKill, quote: QuoteID(QuoteRequestID(1)))
        feed(.command(.place(VenueOrderRequest(clientID: clientID, request: request, quote: quote))))
    }
}

struct DVChainWalkTests {
    private static let quoted = #"{"asset":"BTC","counterAsset":"USD","price":9784.19,"qty":0.100005,"side":"buy","expiresIn":5000,"serverTime":1,"expiresAt":5001,"tradeKey":"K1"}"#
    private static let row = #"{"_id":"T1","createdAt":"2023-11-14T22:13:20.000Z","price":9784.19,"quantity":0.100005,"side":"Buy","asset":"BTC","counterAsset":"USD","status":"Complete","tradeKey":"K1"}"#

    @Test func aTokenIsAskedForAndTakenBackAtTheEnd() throws {
        var walk = try DVChainWalk.ready()
        walk.feed(.command(.end))
        let last = try #require(walk.asked.last)
        #expect(last.request.url.hasSuffix("/api/v4/token/deactivate") && last.request.isFarewell)
        #expect(last.body == #"{"token":"t1"}"#)
    }

    /// What only looks asks for a token that can do no more (C33).
    @Test func aSessionThatOnlyLooksIsReadOnly() throws {
        var walk = try DVChainWalk(options: ["access": "read"])
        walk.feed(.command(.query(VenueQueryID(1), .instruments)))
        #expect(walk.asked.map(\.request.url) == ["https://127.0.0.1:1/api/v4/auth?scope=readOnly"])
        walk.answer("/api/v4/auth", 404, "{}")
        #expect(walk.asked.map(\.request.url) == ["https://127.0.0.1:1/api/v5/auth?scope=readOnly"])
        walk.answer("/api/v5/auth", 200, #"{"token":"t"}"#)
        #expect(walk.asked.first?.request.headers.contains { $0.name == "Authorization" && $0.value == "Bearer t" } == true)
    }

    /// Accept twice: one wire message. The key goes over the wire once, whatever its answer.
    @Test func aQuoteIsTakenOnce() throws {
        var walk = try DVChainWalk.ready()
        walk.quote()
        #expect(walk.asked.last?.request.url == "https://127.0.0.1:1/api/v5/RFQ?side=Buy&qty=0.100005&asset=BTC&counterAsset=USD")
        let asked = walk.now.wall
        walk.wait(400)
        walk.answer("/api/v5/RFQ", 200, DVChainWalkTests.quoted)
        #expect(walk.quotes.map(\.outcome) == [.quoted(price: dec("9784.19"), quantity: dec("0.100005"), side: .buy, expires: asked + Span(nanoseconds: 5_000_000_000))])
        walk.clear()
        walk.accept("abc00010000001")
        walk.accept("abc00010000002")
        #expect(walk.asked.count { $0.request.url.hasSuffix("/execute") } == 1)
        #expect(walk.told.contains { if case .refused(clientID: "abc00010000002", _, _, _) = $0 { true } else { false } })
        walk.answer("/execute", 200, DVChainWalkTests.row)
        // Verified by its id before it is believed.
        walk.answer("/api/v4/trade?ids=T1", 200, "{\"data\":[\(DVChainWalkTests.row)]}")
        #expect(walk.told.contains { if case .fill(let fill) = $0 { fill.tradeID == "T1" && fill.reference.clientID == "abc00010000001" } else { false } })
    }

    @Test func aQuoteThatIsOverIsNotSent() throws {
        var walk = try DVChainWalk.ready()
        walk.quote()
        walk.answer("/api/v5/RFQ", 200, DVChainWalkTests.quoted)
        walk.wait(5_001)
        walk.clear()
        walk.accept("abc00010000001")
        #expect(!walk.asked.contains { $0.request.url.hasSuffix("/execute") })
    }

    @Test func whatDoesNotEchoIsNoQuote() throws {
        for (lots, side) in [(Int64(100_004), Side.buy), (100_005, .sell)] {
            var walk = try DVChainWalk.ready()
            walk.quote(lots: lots, side: side)
            walk.answer("/api/v5/RFQ", 200, DVChainWalkTests.quoted)
            guard case .refused(.mismatch, message: _) = walk.quotes.first?.outcome else { return #expect(Bool(false), "\(walk.quotes)") }
        }
    }

    /// The answer is lost: the key is asked about, and no new quote is fetched for it.
    @Test func aLostExecutionIsFoundByItsKey() throws {
        var walk = try DVChainWalk.ready()
        walk.quote()
        walk.answer("/api/v5/RFQ", 200, DVChainWalkTests.quoted)
        walk.clear()
        walk.accept("abc00010000001")
        let question = walk.asked.removeFirst()
        walk.feed(.response(question.token, .ambiguous("reset")))
        #expect(walk.told.contains { if case .lost(clientID: "abc00010000001", _) = $0 { true } else { false } })
        walk.answer("tradeKeys=K1", 200, "{\"data\":[\(DVChainWalkTests.row)]}")
        #expect(walk.told.contains { if case .fill(let fill) = $0 { fill.reference.clientID == "abc00010000001" } else { false } })
    }

    /// 400 to an execution: by its key it is not there, so the refusal stands.
    @Test func aRefusedExecutionIsLookedForFirst() throws {
        var walk = try DVChainWalk.ready()
        walk.quote()
        walk.answer("/api/v5/RFQ", 200, DVChainWalkTests.quoted)
        walk.clear()
        walk.accept("abc00010000001")
        walk.answer("/execute", 400, #"{"message":"Quote expired"}"#)
        walk.answer("tradeKeys=K1", 200, #"{"data":[]}"#)
        walk.wait(1_000)
        walk.answer("clientTags=", 200, #"{"data":[]}"#)
        #expect(walk.told.contains { event in
            if case .order(let order) = event, case .rejected(.quoteExpired, _, _) = order.state { order.reference.clientID == "abc00010000001" } else { false }
        })
    }

    @Test func workflowsKeepToThemselves() throws {
        var walk = try DVChainWalk.ready(options: ["workflow": "order"])
        walk.quote()
        guard case .refused(.unsupported, message: _) = walk.quotes.first?.outcome else { return #expect(Bool(false), "\(walk.quotes)") }
        var other = try DVChainWalk.ready()
        let market = OrderRequest(id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .market, quantity: Quantity(lots: 1))
        other.feed(.command(.place(VenueOrderRequest(clientID: "abc00010000001", request: market))))
        #expect(other.asked.isEmpty && other.told.contains { if case .refused = $0 { true } else { false } })
    }

    @Test func aRefusedTokenIsRenewedOnce() throws {
        var walk = try DVChainWalk.ready()
        walk.feed(.command(.query(VenueQueryID(9), .balances)))
        walk.answer("/api/v4/balances", 401, #"{"message":"expired"}"#)
        walk.answer("/api/v5/auth", 200, #"{"token":"t2"}"#)
        #expect(walk.asked.last?.request.headers.contains { $0.value == "Bearer t2" } == true)
        walk.answer("/api/v4/balances", 200, #"{"assets":[]}"#)
        #expect(walk.told.contains { if case .answer(_, .balances) = $0 { true } else { false } })
    }

    /// Anything at all as an answer or a frame: an error or a value, never a trap.
    @Test func mutatedMessagesNeverTrap() throws {
        let samples = try Fixture.names("dvchain").filter { !$0.contains("vectors") }.map { try Fixture.bytes($0) }
        var random = TestRandom(seed: UInt64(ProcessInfo.processInfo.environment["FUZZ_SEED"] ?? "") ?? 20_261_121)
        let start = try DVChainWalk.ready()
        var walk = start
        for round in 0..<fuzzIterations(3_000) {
            if round % 300 == 0 { walk = start }
            let text = random.mutated(random.pick(samples))
            if random.chance(50) {
                Bytes.with(text) { walk.feed(.message(SocketID(0), $0)) }
            } else {
                walk.clear()
                let from = Timestamp(nanoseconds: 0)
                let queries: [VenueQuery] = [
                    .instruments, .openOrders(symbol: nil), .order(VenueOrderReference(clientID: nil, venueID: "1", symbol: "BTC/USD")), .balances,
                    .fills(symbol: nil, from: from, to: walk.now.wall), .orderHistory(symbol: nil, from: from, to: walk.now.wall),
                ]
                walk.feed(.command(.query(VenueQueryID(1), random.pick(queries))))
                if random.chance(30) { walk.quote(UInt64(round)) }
                walk.wait(1_100)
                let status = random.pick([200, 200, 201, 400, 401, 404, 500])
                for asked in walk.asked { walk.feed(.response(asked.token, .answer(status: status, headers: [], body: text))) }
            }
        }
        #expect(walk.session.sent.entries.count <= 2_048 && walk.session.firm.count <= 1_024)
    }
}
