import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// Placements, cancels and questions under every answer.
struct CryptoComOrderTests {
    static let btc = "BTC_USDT"

    private func reply(_ walk: inout Walk, code: Int, result: String? = nil, message: String = "") {
        guard let sent = walk.sent.last else { return }
        let tail = result.map { #","result":\#($0)"# } ?? ""
        walk.message(Walk.user, #"{"id":\#(sent.id),"method":"\#(sent.method)","code":\#(code),"message":"\#(message)"\#(tail)}"#)
    }

    @Test func anOrderOnTheWire() throws {
        var walk = try Walk.ready()
        walk.place("k", price: 6_160_202, lots: 10_000, postOnly: true)
        let sent = try #require(walk.sent.first)
        #expect(sent.socket == Walk.user && sent.method == "private/create-order")
        #expect(
            sent.params == [
                "instrument_name": "\"BTC_USDT\"", "side": "\"BUY\"", "type": "\"LIMIT\"", "price": "\"61602.02\"", "quantity": "\"0.01\"",
                "client_oid": "\"k\"", "time_in_force": "\"GOOD_TILL_CANCEL\"", "exec_inst": "\"POST_ONLY\"",
            ])
        reply(&walk, code: 0, result: #"{"order_id":"337843775021233500","client_oid":"k"}"#)
        #expect(walk.received == ["k 337843775021233500"])
        walk.wait(60_000)
        #expect(walk.lost.isEmpty)
    }

    @Test(arguments: [
        (10_004, "venue"), (20_002, "insufficient_balance"), (30_008, "min_qty"), (30_016, "min_notional"), (30_005, "unsupported"), (30_013, "venue"),
        (10_006, "venue"), (10_007, "venue"), (40_007, "venue"), (40_001, "venue"), (10_003, "venue"),
    ]) func refusalsAreDefinite(code: Int, reason: String) throws {
        var walk = try Walk.ready()
        walk.place("k")
        reply(&walk, code: code)
        #expect(walk.refused == ["k \(reason) \(code)"] && walk.lost.isEmpty)
        walk.wait(20_000)
        #expect(walk.refused.count == 1 && walk.lost.isEmpty)
        #expect(walk.sent.filter { $0.method == "private/create-order" }.count == 1, "a placement is never sent again")
    }

    @Test(arguments: [10_001, 100_001, 20_001, 204, 77_777]) func someCodesLeaveTheOrderUnknown(code: Int) throws {
        var walk = try Walk.ready()
        walk.place("k")
        reply(&walk, code: code)
        #expect(walk.lost == ["k"] && walk.refused.isEmpty)
    }

    @Test func theAccountInTroubleTakesNoNewOrders() throws {
        var walk = try Walk.ready()
        walk.place("a")
        reply(&walk, code: 50_001)
        walk.place("b")
        #expect(walk.refused == ["a venue 50001", "b venue account"] && !walk.alarms.isEmpty)
        walk = try Walk.ready()
        walk.place("a")
        reply(&walk, code: 40_007)
        walk.place("b")
        walk.wait(29_000)
        walk.message(Walk.user, #"{"id":1,"method":"public/heartbeat"}"#)
        walk.message(Walk.market, #"{"id":1,"method":"public/heartbeat"}"#)
        walk.wait(31_000)
        walk.clear()
        walk.place("c")
        #expect(walk.refused.isEmpty && walk.sent.count == 1, "after a minute it may")
    }

    @Test func aLostAcknowledgementIsLostAndALateOneMerges() throws {
        var walk = try Walk.ready()
        walk.place("k")
        let sent = try #require(walk.sent.first)
        walk.wait(4_999)
        #expect(walk.lost.isEmpty)
        walk.wait(1)
        #expect(walk.lost == ["k"])
        walk.message(Walk.user, #"{"id":\#(sent.id),"method":"private/create-order","code":0,"result":{"order_id":"5","client_oid":"k"}}"#)
        #expect(walk.received == ["k 5"] && walk.lost == ["k"])
        #expect(walk.sent.filter { $0.method == "private/create-order" }.count == 1)
    }

    @Test func aLateRefusalIsTheVenuesWordAboutTheOrder() throws {
        var walk = try Walk.ready()
        walk.place("k")
        let sent = try #require(walk.sent.first)
        walk.wait(5_000)
        walk.message(Walk.user, #"{"id":\#(sent.id),"method":"private/create-order","code":20002,"message":"NEGATIVE_BALANCE"}"#)
        #expect(walk.refused.isEmpty && walk.lost == ["k"])
        guard case .order(let order)? = walk.told.last, case .rejected(.insufficientBalance, code: "20002", _) = order.state else {
            return #expect(Bool(false), "\(walk.told)")
        }
        #expect(order.reference.clientID == "k")
    }

    @Test func aDroppedSocketLosesWhatWasUnderWay() throws {
        var walk = try Walk.ready()
        walk.place("a")
        walk.place("b")
        walk.feed(.closed(Walk.user, VenueClosing(code: 1_006, reason: "")))
        #expect(walk.lost == ["a", "b"])
        walk.place("c")
        #expect(walk.refused == ["c venue not_connected"] && walk.asked.isEmpty, "never placed by REST")
    }

    @Test func aPushBeforeTheAcknowledgementProvesTheOrder() throws {
        var walk = try Walk.ready()
        walk.place("k")
        let sent = try #require(walk.sent.first)
        walk.message(Walk.user, Self.order("k", "77", "ACTIVE"))
        walk.wait(10_000)
        #expect(walk.lost.isEmpty)
        walk.message(Walk.user, #"{"id":\#(sent.id),"method":"private/create-order","code":0,"result":{"order_id":"77"}}"#)
        #expect(walk.received == ["k 77"])
    }

    static func order(_ clientID: String, _ venueID: String, _ status: String) -> String {
        #"{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USDT","subscription":"user.order.BTC_USDT","channel":"user.order","data":[{"status":"\#(status)","side":"BUY","price":60000,"quantity":0.001,"order_id":"\#(venueID)","client_oid":"\#(clientID)","create_time":1,"update_time":2,"instrument_name":"BTC_USDT","cumulative_quantity":0}]}}"#
    }

    @Test func aRequestThatTheVenueCouldNotReadIsFoundByItsOriginal() throws {
        var walk = try Walk.ready()
        walk.place("k")
        let id = walk.sent[0].id
        walk.message(Walk.user, #"{"id":-1,"method":"ERROR","code":10004,"message":"BAD_REQUEST","original":"{\"id\":\#(id),\"x\":1}"}"#)
        #expect(walk.refused == ["k venue 10004"])
    }

    @Test func halfAnAnswerIsNoAnswer() throws {
        var walk = try Walk.ready()
        walk.place("k")
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"private/create-order","code":0,"resu"#)
        #expect(walk.alarms.count == 1 && walk.received.isEmpty)
        walk.wait(5_000)
        #expect(walk.lost == ["k"])
    }

    @Test func newOrdersLeaveTheReserveToCancels() throws {
        var walk = try Walk.ready()
        walk.wait(1_000)
        for index in 0..<120 { walk.place("o\(index)") }
        let placed = walk.sent.count
        #expect(placed == 105 - 26 && walk.refused.count == 120 - placed && walk.refused.last?.hasSuffix("rate_limit") == true)
        for index in 0..<26 { walk.feed(.command(.cancel(VenueOrderReference(clientID: nil, venueID: "\(index)", symbol: Self.btc)))) }
        #expect(walk.sent.count == 105, "every cancel went in the same moment")
        walk.feed(.command(.cancel(VenueOrderReference(clientID: nil, venueID: "x", symbol: Self.btc))))
        #expect(walk.sent.count == 105)
        walk.wait(1_000)
        #expect(walk.sent.count == 106, "and the next as soon as the window allows")
    }

    // MARK: - Cancels

    private func reference(_ clientID: String? = "k", _ venueID: String? = nil) -> VenueOrderReference {
        VenueOrderReference(clientID: clientID, venueID: venueID, symbol: Self.btc)
    }

    @Test func aCancelBeforeTheAcknowledgementWaitsForTheId() throws {
        var walk = try Walk.ready()
        walk.place("k")
        walk.feed(.command(.cancel(reference())))
        #expect(walk.sent.count == 1)
        reply(&walk, code: 0, result: #"{"order_id":"5"}"#)
        #expect(walk.sent.last?.method == "private/cancel-order" && walk.sent.last?.params == ["instrument_name": "\"BTC_USDT\"", "order_id": "\"5\""])
    }

    @Test func aCancelOfALostOrderGoesAsSoonAsTheIdIsSeen() throws {
        var walk = try Walk.ready()
        walk.place("k")
        walk.feed(.command(.cancel(reference())))
        walk.wait(5_000)
        #expect(walk.lost == ["k"] && walk.cancelLost == ["k"])
        walk.clear()
        walk.message(Walk.user, Self.order("k", "9", "ACTIVE"))
        #expect(walk.sent.map(\.method) == ["private/cancel-order"] && walk.sent[0].params["order_id"] == "\"9\"")
    }

    @Test func aReceiptWithoutAnIdLeavesTheCancelWaiting() throws {
        var walk = try Walk.ready()
        walk.place("k")
        walk.feed(.command(.cancel(reference())))
        reply(&walk, code: 0)
        #expect(walk.received == ["k -"] && walk.cancelRefused.isEmpty && walk.sent.count == 1)
        walk.message(Walk.user, Self.order("k", "9", "ACTIVE"))
        #expect(walk.sent.last?.params["order_id"] == "\"9\"" && walk.lost.isEmpty)
    }

    @Test func aCancelOfAnOrderThatNobodyKnowsIsRefusedHere() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.cancel(reference("stranger"))))
        #expect(walk.cancelRefused == ["stranger unknown_id"] && walk.sent.isEmpty)
    }

    @Test(arguments: [(212, "212"), (316, "316"), (10_004, "10004")]) func aRefusedCancelProvesNothing(code: Int, told: String) throws {
        var walk = try Walk.ready()
        walk.feed(.command(.cancel(reference("k", "5"))))
        reply(&walk, code: code)
        #expect(walk.cancelRefused == ["k \(told)"] && walk.cancelLost.isEmpty)
    }

    @Test func cancelsGoByRESTWhereTheSocketIsDown() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.cancel(reference("k", "5"))))
        walk.feed(.closed(Walk.user, VenueClosing(code: 1_006, reason: "")))
        #expect(walk.asked.map(\.method) == ["private/cancel-order"], "the one under way is sent again")
        let request = walk.asked[0].request
        #expect(request.method == .post && request.isUrgent && request.headers.contains { $0 == ("Content-Type", "application/json") })
        #expect(walk.asked[0].body.contains("\"sig\":"))
        walk.feed(.command(.cancel(reference("l", "6"))))
        #expect(walk.asked.count == 2)
        for asked in walk.asked { walk.respond(asked, #"{"id":1,"method":"private/cancel-order","code":0}"#) }
        #expect(walk.cancelLost.isEmpty && walk.cancelRefused.isEmpty)
    }

    @Test func aCancelWithoutAJudgementIsRepeatedThenLost() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.cancel(reference("k", "5"))))
        walk.wait(5_000)
        #expect(walk.asked.count == 1, "no answer on the socket: REST")
        walk.feed(.response(walk.asked[0].token, .ambiguous("reset")))
        walk.wait(1_000)
        #expect(walk.asked.count == 2)
        walk.respond(walk.asked[1], "<html>bad gateway</html>", status: 502)
        walk.wait(5_000)
        #expect(walk.asked.count == 2 && walk.cancelLost == ["k"])
    }

    @Test func aThrottledCancelIsRepeated() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.cancel(reference("k", "5"))))
        reply(&walk, code: 10_006)
        #expect(walk.sent.count == 1 && walk.cancelRefused.isEmpty)
        walk.wait(300)
        #expect(walk.sent.count == 2 && walk.sent[0].id < walk.sent[1].id)
    }

    @Test func cancellingTheAccountReachesEveryInstrumentWithOrders() throws {
        var walk = try Walk.ready(.trading, symbols: ["BTC_USDT", "ETH_USDT"])
        walk.feed(.command(.cancelAll(nil)))
        #expect(walk.sent.compactMap { $0.params["instrument_name"] } == ["\"BTC_USDT\"", "\"ETH_USDT\""], "at once, before any listing")
        #expect(walk.asked.map(\.method) == ["private/get-open-orders"])
        walk.respond(walk.asked[0], #"{"code":0,"result":{"count":1,"order_list":[{"status":"ACTIVE","order_id":"1","instrument_name":"ADA_CRO"}]}}"#)
        #expect(walk.sent.last?.params["instrument_name"] == "\"ADA_CRO\"")
        walk.acknowledge()
        guard case .cancelAllReceived(symbol: nil)? = walk.told.last else { return #expect(Bool(false), "\(walk.told)") }
        walk.clear()
        walk.feed(.command(.cancelAll(nil)))
        walk.acknowledge()
        for _ in 0..<3 {
            walk.feed(.response(walk.asked[walk.asked.count - 1].token, .notSent("no network")))
            walk.wait(2_000)
        }
        guard case .cancelAllFailed(symbol: nil, _)? = walk.told.last else { return #expect(Bool(false), "\(walk.told)") }
    }

    // MARK: - Questions

    private func page(_ ids: Range<Int>, count: Int?) -> String {
        let rows = ids.map { #"{"status":"ACTIVE","order_id":"\#($0)","instrument_name":"BTC_USDT"}"# }.joined(separator: ",")
        return #"{"code":0,"result":{\#(count.map { "\"count\":\($0)," } ?? "")"order_list":[\#(rows)]}}"#
    }

    @Test func openOrdersAreReadPageByPage() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(4), .openOrders(symbol: nil))))
        for (index, ids) in [0..<200, 200..<400, 400..<450].enumerated() {
            walk.wait(100)
            #expect(walk.asked.count == index + 1 && walk.asked[index].body.contains(#""page":"\#(index)""#))
            walk.respond(walk.asked[index], page(ids, count: 450))
        }
        guard case .orders(let orders)? = walk.answers.first else { return #expect(Bool(false)) }
        #expect(orders.count == 450)
    }

    @Test func shiftedPagesAreReadAnewThreeTimes() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(4), .openOrders(symbol: "BTC_USDT"))))
        for _ in 0..<3 {
            walk.wait(1_000)
            walk.respond(try #require(walk.asked.last), page(0..<200, count: 201))
            walk.wait(1_000)
            // The row that moved to the first page is missed on the second.
            walk.respond(try #require(walk.asked.last), page(199..<200, count: 201))
            #expect(walk.answers.isEmpty)
        }
        walk.wait(1_000)
        walk.respond(try #require(walk.asked.last), page(0..<200, count: 201))
        walk.wait(1_000)
        walk.respond(try #require(walk.asked.last), page(200..<201, count: 201))
        guard case .orders(let orders)? = walk.answers.first else { return #expect(Bool(false)) }
        #expect(orders.count == 201)
    }

    @Test func aListingThatNeverAgreesFails() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(4), .openOrders(symbol: nil))))
        for _ in 0..<4 {
            walk.wait(1_000)
            walk.respond(try #require(walk.asked.last), page(0..<1, count: 2))
        }
        guard case .failed? = walk.answers.first else { return #expect(Bool(false)) }
        #expect(walk.asked.count == 4)
    }

    @Test func oneUnreadableRowSpoilsAListing() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(4), .openOrders(symbol: nil))))
        walk.respond(walk.asked[0], #"{"code":0,"result":{"count":2,"order_list":[{"status":"ACTIVE","order_id":"1","instrument_name":"A_B"},{"status":"ACTIVE"}]}}"#)
        guard case .failed? = walk.answers.first else { return #expect(Bool(false), "an order that cannot be read must not look absent") }
    }

    @Test func historyGoesInDaysOnePerSecondAndAHalf() throws {
        var walk = try Walk.ready()
        let to = walk.now.wall
        let from = Timestamp(nanoseconds: to.nanoseconds - 3 * Span.day.nanoseconds + 60_000_000_000)
        walk.feed(.command(.query(VenueQueryID(4), .orderHistory(symbol: "BTC_USDT", from: from, to: to))))
        for index in 0..<3 {
            #expect(walk.asked.count == index + 1)
            let body = walk.asked[index].body
            let start = try #require(Int64(body.split(separator: "\"start_ts\":")[1].prefix { $0.isNumber }))
            let end = try #require(Int64(body.split(separator: "\"end_ts\":")[1].prefix { $0.isNumber }))
            #expect(end - start < 86_400_000 && end > start)
            walk.respond(walk.asked[index], page(index * 2..<index * 2 + 3, count: nil))
            #expect(walk.asked.count == index + 1, "not within the same second")
            walk.wait(1_430)
        }
        guard case .orders(let orders)? = walk.answers.first else { return #expect(Bool(false)) }
        #expect(orders.count == 7, "rows on the border count once")
    }

    @Test(arguments: [
        (429, #"{"code":10006}"#, VenueFailure.Kind.throttled), (401, #"{"code":10002}"#, .authentication), (404, "not found", .retired),
        (500, #"{"code":10001}"#, .unreachable), (503, "<html/>", .unreachable), (400, #"{"code":10009}"#, .refused), (200, "{", .unreachable),
    ]) func failuresOfQuestions(status: Int, body: String, kind: VenueFailure.Kind) throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(4), .balances)))
        var answered = 0
        while answered < walk.asked.count, answered < 20 {
            walk.respond(walk.asked[answered], body, status: status)
            answered += 1
            walk.wait(9_000)
        }
        guard case .failed(let failure)? = walk.answers.first else { return #expect(Bool(false), "\(walk.answers)") }
        #expect(failure.kind == kind && walk.answers.count == 1 && answered <= 5)
    }

    @Test func anOrderIsAskedForByTheVenuesId() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(1), .order(reference("k", "371302913889488619")))))
        #expect(walk.asked[0].body.contains(#""order_id":"371302913889488619""#))
        walk.respond(walk.asked[0], String(decoding: try Fixture.bytes("cryptocom/order_detail.json"), as: UTF8.self))
        guard case .order(let order, let fills)? = walk.answers.first else { return #expect(Bool(false)) }
        #expect(order?.state == .filled && fills.count == 1)
        walk.feed(.command(.query(VenueQueryID(2), .order(reference("k")))))
        guard case .failed(let failure)? = walk.answers.last else { return #expect(Bool(false)) }
        #expect(failure.kind == .unsupported)
    }

    @Test func theDateOfAnAnswerIsTheVenuesClock() throws {
        var walk = try Walk.ready()
        walk.feed(.command(.query(VenueQueryID(1), .serverTime)))
        #expect(walk.asked[0].request.url == "https://127.0.0.1:9/v2/public/get-ticker?instrument_name=BTC_USDT" && walk.asked[0].request.method == .get)
        walk.respond(walk.asked[0], #"{"code":0,"result":{"data":{}}}"#, headers: [("date", "Sun, 06 Nov 1994 08:49:37 GMT")])
        guard case .serverTime(let time)? = walk.answers.first else { return #expect(Bool(false)) }
        #expect(time == Timestamp(nanoseconds: 784_111_777_500_000_000))
        #expect(walk.told.contains { if case .clock = $0 { true } else { false } })
    }

    @Test func noncesRiseWhateverTheClockDoes() throws {
        var walk = try Walk.ready()
        var nonces: [Int64] = []
        for step in [0, 5, -3_600_000, 1, 0] as [Int64] {
            walk.now.wall = walk.now.wall + Span(nanoseconds: step * 1_000_000)
            walk.place("k\(nonces.count)")
            nonces.append(try #require(Int64(walk.sent.last?.text.split(separator: "\"nonce\":").last?.prefix { $0.isNumber } ?? "")))
        }
        #expect(zip(nonces, nonces.dropFirst()).allSatisfy { $0 < $1 })
    }
}
