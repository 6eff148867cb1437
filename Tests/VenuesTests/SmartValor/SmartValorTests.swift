import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

typealias SmartValorWalk = SessionWalk<SmartValorSession>

extension SessionWalk where Session == SmartValorSession {
    static let products = #"[{"id":7,"symbol":"BTCEUR","product1":{"id":1,"isoCode":"BTC"},"product2":{"id":4,"isoCode":"EUR"}}]"#

    static func btc() throws -> Instrument { try instrument("BTC_EUR", tick: "0.5", lot: "0.0001", venue: "smartvalor") }

    init() throws {
        self.init(try SmartValorSession(settings: VenueSettings(
            name: "smartvalor", environment: .custom, endpoints: ["rest": "https://127.0.0.1:1"],
            credentials: [
                "key": Secret(Array("db90737bbe622f5c24485570022a77fe".utf8)), "secret": Secret(Array("361dc4db5ea052f223ce38fa5a9a7a13".utf8)),
                "user_id": Secret(Array("90".utf8)),
            ], seed: 1)))
    }

    mutating func answer(_ path: String, _ status: Int = 200, _ body: String) {
        guard let place = asked.firstIndex(where: { $0.request.url.contains(path) }) else { return #expect(Bool(false), "\(path) was not asked: \(asked.map(\.request.url))") }
        let question = asked.remove(at: place)
        feed(.response(question.token, .answer(status: status, headers: [], body: Array(body.utf8))))
    }

    static func ready() throws -> SmartValorWalk {
        var walk = try SmartValorWalk()
        walk.feed(.command(.query(VenueQueryID(1), .instruments)))
        walk.answer("/instruments", 200, products)
        walk.feed(.command(.begin(.trading, instruments: [try btc()])))
        walk.answer("/exchange/time", 200, #"{"timestamp":1700000000000}"#)
        walk.answer("/level2", 200, #"[{"side":"BUY","price":28510.5,"quantity":0.25},{"side":"SELL","price":28533,"quantity":0.4}]"#)
        walk.answer("/account/balance", 200, "[]")
        #expect(walk.told.count { if case .link(_, .ready) = $0 { true } else { false } } == 2)
        walk.clear()
        return walk
    }

    mutating func place(_ clientID: String, _ number: UInt64 = 1, ticks: Int64 = 56_001) {
        let request = OrderRequest(
            id: OrderID(number), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 500), price: Price(ticks: ticks))
        feed(.command(.place(VenueOrderRequest(clientID: clientID, request: request))))
    }

    var refusedIDs: [String] { told.compactMap { if case .refused(let clientID, _, _, _) = $0 { clientID } else { nil } } }
}

/// Every sample of the venue's page as a file, named by its section; the signing vectors; what goes over the wire and when.
struct SmartValorTests {
    @Test func signatures() throws {
        for (nonce, user, signature) in [
            (Int64(123_456), "90", "116e2348aee8a792688e00ab5306eea45a665a74bfb5922b190b0fc366ea5244"),
            (1_611_565_200_000, "90", "f36c1a2ff0d40bef5864c6e76367b91bff9dc0efe279922c5117d4f1d894e697"),
            (4_294_967_295, "99999", "5ca3d0371f06b0598d57c23f443e2e8759763456e206985f1c5f8ef5cd1962d1"),
        ] {
            let signer = SmartValorSigner(
                key: "db90737bbe622f5c24485570022a77fe", secret: Secret(Array("361dc4db5ea052f223ce38fa5a9a7a13".utf8)), user: user)
            let headers = signer.headers(nonce: nonce, withUserID: false)
            #expect(headers.first { $0.name == "signature" }?.value == signature && !headers.contains { $0.name == "user-id" })
            #expect(signer.headers(nonce: nonce, withUserID: true).contains { $0.name == "user-id" && $0.value == user })
        }
    }

    private func read<T>(_ name: String, _ body: (Bytes) throws -> T) throws -> T {
        try Bytes.with(try Fixture.bytes("smartvalor/\(name).json")) { bytes in try body(bytes) }
    }

    @Test func samples() throws {
        #expect(try read("4_1_1") { try SmartValorWords.integer("timestamp", of: $0) } == 1_611_565_200_123)
        var instruments: [SmartValorInstrument] = []
        try read("4_3_1") { try SmartValorWords.each($0) { reader throws(JSONError) in instruments.append(try SmartValorInstrument(&reader)) } }
        #expect(instruments.map(\.symbol) == ["BTC_EUR"] && instruments[0].id == 7)
        let grids = InstrumentGrids(try instrument("BTC_EUR", tick: "0.1", lot: "0.01"))
        let book = try read("4_5_1") { try SmartValorWords.book($0, grids) }
        #expect(book.bids == [BookLevel(ticks: 285_105, size: 25), BookLevel(ticks: 285_050, size: 110)] && book.asks == [BookLevel(ticks: 285_331, size: 40)])
        var trades: [SmartValorTrade] = []
        for name in ["4_6_1", "5_3_1"] { try read(name) { try SmartValorWords.each($0) { reader throws(JSONError) in trades.append(try SmartValorTrade(&reader)) } } }
        #expect(trades.map(\.id) == ["991823", "991901"] && trades.map(\.order) == [nil, "5512345"] && trades[1].fee == dec("4.14"))
        var balances: [VenueBalance] = []
        try read("5_1_1") { try SmartValorWords.each($0) { reader throws(JSONError) in balances.append(try SmartValorWords.balance(&reader)) } }
        #expect(balances[0].currency == "BTC" && balances[0].reserved == dec("0.25") && balances[0].available == dec("1.25"))
        #expect(try read("6_1_2") { try SmartValorOrder($0) }.id == "5512345")
        var orders: [SmartValorOrder] = []
        try read("6_2_1") { try SmartValorWords.each($0) { reader throws(JSONError) in orders.append(try SmartValorOrder(&reader)) } }
        let order = orders[0].order(symbol: "BTC_EUR", clientID: nil, now: Timestamp(nanoseconds: 1))
        #expect(order.state == .open && order.cumulativeQuantity == dec("0.02") && order.created == Timestamp(nanoseconds: 1_611_565_200_999_000_000))
        #expect(try read("8_1") { SmartValorWords.refusal($0) } == "Bad Request: Invalid quantity")
    }

    @Test func equalPricesAreOneLevel() throws {
        let grids = InstrumentGrids(try instrument("BTC_EUR", tick: "1", lot: "1"))
        let text = #"[{"side":"SELL","price":"2.852e4","quantity":1},{"side":"SELL","price":28520.0,"quantity":"2"}]"#
        #expect(try Bytes.with(text) { bytes in try SmartValorWords.book(bytes, grids) }.asks == [BookLevel(ticks: 28_520, size: 3)])
    }

    /// Nothing is sent twice under any circumstances; while one is lost its instrument waits.
    @Test func anInstrumentWithALostOrderWaits() throws {
        var walk = try SmartValorWalk.ready()
        walk.place("abc00010000001")
        #expect(walk.asked.last?.body == #"{"side":"BUY","type":"LIMIT","quantity":0.05,"instrumentId":7,"price":28000.5}"#)
        walk.place("abc00010000002", 2)
        #expect(walk.refusedIDs == ["abc00010000002"], "a twin under way")
        let question = walk.asked.removeLast()
        walk.feed(.response(question.token, .ambiguous("reset")))
        walk.place("abc00010000003", 3, ticks: 57_000)
        #expect(walk.refusedIDs == ["abc00010000002", "abc00010000003"], "one is of unknown fate")
        // A listing shows it: the next may go.
        walk.feed(.command(.query(VenueQueryID(5), .openOrders(symbol: nil))))
        walk.wait(2_000)
        walk.answer("/orders", 200, #"[{"id":5512345,"instrumentId":7,"side":"BUY","type":"LIMIT","status":"WORKING","price":28000.5,"quantity":0.05,"executedQuantity":0,"receivedTimestamp":1700000000100}]"#)
        walk.place("abc00010000004", 4, ticks: 57_000)
        #expect(!walk.refusedIDs.contains("abc00010000004"))
    }

    @Test func noncesRiseAndQuestionsWaitForEachOther() throws {
        var walk = try SmartValorWalk.ready()
        walk.feed(.command(.query(VenueQueryID(1), .balances)))
        walk.feed(.command(.query(VenueQueryID(2), .openOrders(symbol: nil))))
        walk.wait(3_000)
        let signed = walk.asked.filter { $0.request.headers.contains { $0.name == "signature" } }
        #expect(signed.count == 1)
        walk.place("abc00010000001")
        #expect(walk.asked.contains { $0.request.method == .post }, "an order waits for no question")
        let nonces = walk.asked.compactMap { $0.request.headers.first { $0.name == "nonce" }.flatMap { Int64($0.value) } }
        #expect(nonces == nonces.sorted() && Set(nonces).count == nonces.count)
    }

    /// The first refusal of a session may be about a header's name.
    @Test func theOtherHeaderIsTriedOnce() throws {
        var walk = try SmartValorWalk()
        walk.feed(.command(.query(VenueQueryID(1), .balances)))
        walk.answer("/account/balance", 401, "{}")
        #expect(walk.asked.last?.request.headers.contains { $0.name == "user-id" } == true)
        walk.answer("/account/balance", 401, "{}")
        #expect(walk.asked.isEmpty && walk.told.contains { if case .answer(_, .failed(let failure)) = $0 { failure.kind == .authentication } else { false } })
    }

    @Test func mutatedMessagesNeverTrap() throws {
        let samples = try Fixture.names("smartvalor").filter { !$0.contains("vectors") }.map { try Fixture.bytes($0) }
        var random = TestRandom(seed: UInt64(ProcessInfo.processInfo.environment["FUZZ_SEED"] ?? "") ?? 20_261_121)
        let start = try SmartValorWalk.ready()
        var walk = start
        for round in 0..<fuzzIterations(3_000) {
            if round % 300 == 0 { walk = start }
            let text = random.mutated(random.pick(samples))
            let from = Timestamp(nanoseconds: 0)
            let queries: [VenueQuery] = [
                .instruments, .openOrders(symbol: nil), .order(VenueOrderReference(clientID: nil, venueID: "1", symbol: "BTC_EUR")), .balances, .serverTime,
                .fills(symbol: nil, from: from, to: walk.now.wall), .orderHistory(symbol: nil, from: from, to: walk.now.wall),
            ]
            walk.feed(.command(.query(VenueQueryID(1), random.pick(queries))))
            if random.chance(20) { walk.place("abc0001\(1_000_000 + round)", UInt64(round + 1), ticks: 50_000 + Int64(round)) }
            walk.wait(1_100)
            let status = random.pick([200, 200, 201, 400, 404, 409, 500])
            let asked = walk.asked
            walk.clear()
            for question in asked { walk.feed(.response(question.token, .answer(status: status, headers: [], body: text))) }
        }
        #expect(walk.session.askers.count < 4_000)
    }
}
