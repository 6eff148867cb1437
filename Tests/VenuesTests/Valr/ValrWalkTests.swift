import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// The session step by step: handshakes, orders, what follows a receipt, books.
struct ValrWalkTests {
    static func status(_ venueID: String, _ clientID: String, _ word: String, left: String = "0.1", force: String = "GTC") -> String {
        #"{"type":"ORDER_STATUS_UPDATE","data":{"orderId":"\#(venueID)","orderStatusType":"\#(word)","currencyPair":"BTCZAR","originalPrice":"1100000","remainingQuantity":"\#(left)","originalQuantity":"0.1","orderSide":"sell","orderType":"limit","failedReason":"","customerOrderId":"\#(clientID)","timeInForce":"\#(force)"}}"#
    }

    private func receipt(_ walk: inout ValrWalk, _ venueID: String) {
        guard let sent = walk.sent.last(where: { $0.method == "PLACE_LIMIT_ORDER" }) else { return }
        walk.message(ValrWalk.account, #"{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"\#(sent.id)","data":{"orderId":"\#(venueID)"}}"#)
    }

    // MARK: - Handshakes

    @Test func headersAuthenticateTheSocketAfterTheClock() throws {
        var walk = try ValrWalk()
        walk.feed(.command(.begin(.trading, instruments: [try ValrWalk.btc()])))
        #expect(walk.asked.map(\.request.url) == ["https://127.0.0.1:9/v1/public/time"] && walk.connects.map(\.0) == [ValrWalk.trade])
        walk.respond(walk.asked[0], #"{"epochTime":1700000000,"time":"2023-11-14T22:13:20.000Z"}"#)
        // Without a path the venue's own is meant.
        #expect(walk.connects.last?.1 == "wss://127.0.0.1:9/ws/account")
        #expect(walk.headers.first { $0.name == "X-VALR-SIGNATURE" }?.value.hasPrefix("357daba0bef5deb7e8bb521ee4bd9a60") == true, "vector 3 of the page")
        walk.feed(.opened(ValrWalk.account))
        #expect(walk.sent.filter { $0.socket == ValrWalk.account }.map(\.method) == ["SUBSCRIBE", "CANCEL_ON_DISCONNECT", "PING"])
        walk.message(ValrWalk.account, #"{"type":"PONG"}"#)
        #expect(!walk.links.contains("orders ready"), "not armed yet")
        try walk.account("cancel_on_disconnect_update")
        #expect(walk.links.contains("orders ready"))
    }

    @Test func theVenuesClockIsNotWaitedForLong() throws {
        var walk = try ValrWalk()
        walk.feed(.command(.begin(.trading, instruments: [try ValrWalk.btc()])))
        walk.wait(1_600)
        #expect(walk.connects.count == 2)
    }

    @Test func inBandAuthenticationSaysSoInTheSocket() throws {
        var walk = try ValrWalk(options: ["auth": "message"])
        walk.feed(.command(.begin(.cancelling, instruments: [try ValrWalk.btc()])))
        walk.wait(1_600)
        #expect(walk.headers.isEmpty && walk.connects.count == 1, "no trade socket for the kill switch")
        walk.feed(.opened(ValrWalk.account))
        let frame = try #require(walk.sent.first)
        #expect(frame.method == "AUTHENTICATE" && frame.params["apiKey"] == "\"k\"" && walk.sent.count == 1)
        try walk.account("authenticated")
        walk.message(ValrWalk.account, #"{"type":"PONG"}"#)
        #expect(walk.links.last == "orders ready" && !walk.sent.contains { $0.method == "CANCEL_ON_DISCONNECT" }, "it must not take the account down")
    }

    @Test(arguments: ["header", "message"]) func anErrorBeforeTheWordOfSuccessIsOneOfAuthentication(auth: String) throws {
        var walk = try ValrWalk(options: ["auth": auth])
        walk.feed(.command(.begin(.trading, instruments: [try ValrWalk.btc()])))
        walk.wait(1_600)
        for _ in 0..<2 {
            walk.feed(.opened(ValrWalk.account))
            walk.message(ValrWalk.account, #"{"type":"ERROR","message":"Odd"}"#)
            walk.wait(1_000)
        }
        #expect(walk.links.last?.hasPrefix("orders refused") == true, "\(walk.links)")
    }

    @Test func withoutTheWordOfArmingThereIsAnAlarm() throws {
        var walk = try ValrWalk()
        walk.feed(.command(.begin(.trading, instruments: [try ValrWalk.btc()])))
        walk.wait(1_600)
        walk.feed(.opened(ValrWalk.account))
        walk.message(ValrWalk.account, #"{"type":"PONG"}"#)
        walk.wait(5_000)
        #expect(walk.links.contains("orders ready") && walk.alarms.contains { $0.contains("dead-man") })
    }

    @Test func twoPingsWithoutAnAnswerAreTheEnd() throws {
        var walk = try ValrWalk.ready()
        walk.wait(12_000)
        #expect(walk.sent.filter { $0.method == "PING" }.count == 2, "one a socket")
        walk.wait(12_000)
        #expect(walk.links.isEmpty)
        walk.wait(12_000)
        #expect(walk.links.contains("orders down") && walk.links.contains("market down"))
    }

    @Test func anUnauthenticatedTradeSocketIsReplacedWithoutAGap() throws {
        var walk = try ValrWalk(credentials: false)
        walk.feed(.command(.begin(.marketData, instruments: [try ValrWalk.btc()])))
        #expect(walk.headers.isEmpty)
        walk.settle()
        walk.message(ValrWalk.trade, book(bid: 100, ask: 101, number: 50))
        for _ in 0..<90 {
            walk.wait(10_000)
            for sent in walk.sent where sent.method == "PING" { walk.message(sent.socket, #"{"type":"PONG"}"#) }
            walk.sent = []
            if !walk.connects.isEmpty, walk.connects.last?.0.raw == 2 { break }
        }
        #expect(walk.connects.last?.0 == SocketID(2), "a second socket at fourteen minutes")
        walk.clear()
        walk.feed(.opened(SocketID(2)))
        #expect(walk.sent.map(\.method) == ["SUBSCRIBE", "PING"] && walk.closes.isEmpty)
        walk.message(ValrWalk.trade, book(bid: 100, ask: 102, number: 51))
        walk.message(SocketID(2), book(bid: 99, ask: 102, number: 7))
        #expect(walk.closes == [ValrWalk.trade] && walk.records.count == 2 && walk.invalid.isEmpty && walk.links.isEmpty)
        #expect((walk.records.last?.first?.flags ?? 0xFF) & MarketRecord.Flag.snapshot == 0, "what changed, not a new book")
    }

    private func book(bid: Int, ask: Int, number: Int) -> String {
        #"{"type":"AGGREGATED_ORDERBOOK_UPDATE","currencyPairSymbol":"BTCZAR","data":{"Asks":[{"price":"\#(ask)","quantity":"1"}],"Bids":[{"price":"\#(bid)","quantity":"1"}],"LastChange":"2023-11-14T22:13:20.000Z","SequenceNumber":\#(number)}}"#
    }

    // MARK: - Orders

    @Test func aReceiptIsNotAnOutcome() throws {
        var walk = try ValrWalk.ready()
        walk.place("swift-0001")
        receipt(&walk, "v1")
        #expect(walk.received == ["swift-0001 v1"] && walk.orders.isEmpty)
        walk.wait(1_100)
        let asked = try #require(walk.asked.first)
        #expect(asked.request.url.hasSuffix("/v1/orders/BTCZAR/orderid/v1"), "\(asked.request.url)")
        walk.respond(asked, #"{"orderId":"v1","orderStatusType":"Placed","currencyPair":"BTCZAR","originalPrice":"1100000","remainingQuantity":"0.1","originalQuantity":"0.1","orderSide":"sell","customerOrderId":"swift-0001","timeInForce":"GTC"}"#)
        #expect(walk.orders.map(\.state) == [.open] && walk.lost.isEmpty)
    }

    @Test func aReceiptForAnOrderThatIsNowhereIsALoss() throws {
        var walk = try ValrWalk.ready()
        walk.place("a")
        receipt(&walk, "v1")
        for _ in 0..<60 {
            walk.wait(500)
            let asked = walk.asked
            walk.asked = []
            for asked in asked { walk.respond(asked, #"{"code":-21,"message":"Order not found"}"#, status: 404) }
        }
        #expect(walk.lost == ["a"], "\(walk.told)")
    }

    @Test func requestedTrueIsRepeatedUntilTheOrderHasEnded() throws {
        var walk = try ValrWalk.ready()
        walk.place("a")
        receipt(&walk, "v1")
        walk.message(ValrWalk.account, ValrWalkTests.status("v1", "a", "Placed"))
        walk.feed(.command(.cancel(VenueOrderReference(clientID: "a", venueID: nil, symbol: "BTCZAR"))))
        let sent = try #require(walk.sent.last)
        #expect(sent.method == "CANCEL_LIMIT_ORDER" && sent.params["orderId"] == "\"v1\"")
        walk.message(ValrWalk.account, #"{"type":"CANCEL_ORDER_WS_RESPONSE","clientMsgId":"\#(sent.id)","data":{"requested":true,"orderId":"v1"}}"#)
        walk.asked = []
        walk.wait(1_100)
        let again = try #require(walk.asked.last)
        #expect(again.request.method == .delete && again.request.url.hasSuffix("/v2/orders/order") && !again.request.body.isEmpty)
        #expect(again.request.headers.contains { $0.name == "Content-Type" } && again.request.isUrgent)
        walk.respond(again, #"{"id":"v1"}"#)
        walk.message(ValrWalk.account, ValrWalkTests.status("v1", "a", "Cancelled"))
        walk.asked = []
        walk.wait(5_000)
        #expect(!walk.asked.contains { $0.request.method == .delete }, "it has ended")
        #expect(walk.orders.last?.state == .cancelled && walk.cancelLost.isEmpty)
    }

    @Test func aFailureBeforeTheReceiptIsKeptForIt() throws {
        var walk = try ValrWalk.ready()
        walk.place("a")
        walk.message(ValrWalk.account, #"{"type":"FAILED_ORDER","data":{"orderId":"v1","message":"Insufficient balance"}}"#)
        #expect(walk.orders.isEmpty)
        receipt(&walk, "v1")
        guard case .rejected(.insufficientBalance, _, _)? = walk.orders.last?.state else { return #expect(Bool(false), "\(walk.told)") }
        #expect(walk.orders.last?.reference.clientID == "a")
    }

    @Test func everySampleOfTheAccountSocketIsUnderstood() throws {
        var walk = try ValrWalk.ready()
        for name in [
            "order_status_update", "order_processed", "failed_order", "failed_cancel_order", "new_account_trade", "open_orders_update",
            "open_orders_update_object", "balance_update", "modify_outcome", "cancel_on_disconnect_update", "authenticated",
        ] {
            try walk.account(name)
        }
        #expect(walk.alarms.isEmpty, "\(walk.alarms)")
        #expect(walk.orders.count >= 3 && walk.fills.count == 1)
        #expect(walk.told.contains { if case .balances(let list) = $0 { list.first?.currency == "ZAR" } else { false } })
        #expect(walk.told.contains { if case .cancelRefused = $0 { true } else { false } })
        // What nobody knows is passed over.
        walk.message(ValrWalk.account, #"{"type":"NEW_PENDING_RECEIVE","data":{"currency":"BTC"}}"#)
        #expect(walk.alarms.isEmpty)
    }

    @Test func anOrderThatLeftTheListIsAskedFor() throws {
        var walk = try ValrWalk.ready()
        walk.message(ValrWalk.account, ValrWalkTests.status("v1", "a", "Placed"))
        walk.message(ValrWalk.account, #"{"type":"OPEN_ORDERS_UPDATE","data":[]}"#)
        walk.wait(600)
        #expect(walk.asked.last?.request.url.hasSuffix("/v1/orders/BTCZAR/orderid/v1") == true)
    }

    @Test func aFillWithoutAFeeWaitsForIt() throws {
        var walk = try ValrWalk.ready()
        walk.message(ValrWalk.account, #"{"type":"NEW_ACCOUNT_TRADE","currencyPairSymbol":"BTCZAR","data":{"price":"1100000","quantity":"0.04","currencyPair":"BTCZAR","tradedAt":"2023-11-14T22:13:20.000Z","side":"sell","orderId":"v1","id":"t1"}}"#)
        #expect(walk.fills.isEmpty)
        let asked = try #require(walk.asked.last)
        #expect(asked.request.url.contains("/v1/account/BTCZAR/tradehistory?"))
        walk.respond(asked, #"[{"price":"1100000","quantity":"0.04","currencyPair":"BTCZAR","tradedAt":"2023-11-14T22:13:20.000Z","side":"sell","orderId":"v1","id":"t1","fee":"44","feeCurrency":"ZAR"}]"#)
        #expect(walk.fills.map(\.fee) == [dec("44")])
    }

    @Test(arguments: [
        (#"{"type":"INVALID_PLACE_LIMIT_REQUEST","clientMsgId":"ID","error":{"message":"Validation failed","validationErrors":["price"]}}"#, "refused"),
        (#"{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"ID","error":{"message":"Insufficient balance"}}"#, "refused"),
        (#"{"type":"RATE_LIMIT_EXCEEDED","clientMsgId":"ID"}"#, "refused"),
        (#"{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"ID","error":{"message":"An error occurred"}}"#, "lost"),
        (#"{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"ID","data":{}}"#, "lost"), (#"{"type":"ERROR","clientMsgId":"ID","message":"odd"}"#, "lost"),
    ]) func answersToAPlacement(text: String, outcome: String) throws {
        var walk = try ValrWalk.ready()
        walk.place("a")
        let id = try #require(walk.sent.last?.id)
        walk.message(ValrWalk.account, text.replacingOccurrences(of: "\"ID\"", with: "\"\(id)\""))
        #expect((walk.refused.count, walk.lost.count) == (outcome == "refused" ? (1, 0) : (0, 1)), "\(walk.told)")
        walk.wait(6_000)
        #expect(walk.sent.filter { $0.method == "PLACE_LIMIT_ORDER" }.count == 1, "a placement is never sent again")
    }

    @Test(arguments: [(201, #"{"id":"v1"}"#, "received"), (202, #"{"id":"v1"}"#, "received"), (400, #"{"code":-12007,"message":"Minimum"}"#, "refused"),
        (409, #"{"code":-1,"message":"x"}"#, "lost"), (503, "<html>", "lost"), (201, "{", "lost"), (429, "{}", "refused")])
    func placementsByREST(status: Int, body: String, outcome: String) throws {
        var walk = try ValrWalk.ready(options: ["orders": "rest"])
        walk.place("a")
        let asked = try #require(walk.asked.last)
        #expect(asked.request.url.hasSuffix("/v2/orders/limit") && walk.sent.isEmpty)
        walk.respond(asked, body, status: status)
        #expect([walk.received.isEmpty ? "" : "received", walk.refused.isEmpty ? "" : "refused", walk.lost.isEmpty ? "" : "lost"].filter { !$0.isEmpty } == [outcome], "\(walk.told)")
    }

    @Test func aSocketThatTakesNoOrdersIsLeftForREST() throws {
        var walk = try ValrWalk.ready()
        walk.place("a")
        walk.message(ValrWalk.account, #"{"type":"ERROR","message":"Unsupported message type PLACE_LIMIT_ORDER"}"#)
        walk.place("b")
        #expect(walk.asked.last?.request.url.hasSuffix("/v2/orders/limit") == true)
        walk.wait(5_100)
        #expect(walk.lost == ["a"], "what was sent is unknown until proven")
    }

    @Test func changesGoByREST() throws {
        var walk = try ValrWalk.ready()
        let reference = VenueOrderReference(clientID: "a", venueID: "v1", symbol: "BTCZAR")
        func amend(_ status: Int, _ body: String) throws {
            walk.clear()
            walk.feed(.command(.amend(reference, price: Price(ticks: 1_100_100), quantity: Quantity(lots: 500), total: Quantity(lots: 900))))
            let asked = try #require(walk.asked.last)
            #expect(asked.request.method == .put && asked.body == #"{"orderId":"v1","pair":"BTCZAR","modifyMatchStrategy":"RETAIN_ORIGINAL","newPrice":"1100100","newTotalQuantity":"0.09"}"#)
            walk.respond(asked, body, status: status)
        }
        try amend(201, #"{"id":"m"}"#)
        #expect(walk.told.contains { if case .amended(reference, Price(ticks: 1_100_100), Quantity(lots: 900)) = $0 { true } else { false } })
        try amend(400, #"{"code":-21303,"message":"No change"}"#)
        #expect(walk.told.contains { if case .amended = $0 { true } else { false } }, "it is as it should be")
        try amend(202, #"{"id":"m"}"#)
        #expect(walk.told.contains { if case .amendRefused(_, "lost", _) = $0 { true } else { false } }, "accepted is not done")
        try amend(400, #"{"code":-1,"message":"Invalid Order. "}"#)
        #expect(walk.told.contains { if case .amendRefused(_, "-1", _) = $0 { true } else { false } })
    }

    // MARK: - Questions

    @Test func anOrderIsLookedForWhereItMayBe() throws {
        var walk = try ValrWalk.ready()
        walk.feed(.command(.query(VenueQueryID(1), .order(VenueOrderReference(clientID: "c", venueID: nil, symbol: "BTCZAR")))))
        #expect(walk.asked.last?.request.url.hasSuffix("/v1/orders/BTCZAR/customerorderid/c") == true)
        walk.respond(try #require(walk.asked.last), #"{"code":-21,"message":"not found"}"#, status: 404)
        #expect(walk.asked.last?.request.url.hasSuffix("/v1/orders/history/detail/customerorderid/c") == true)
        walk.respond(
            try #require(walk.asked.last),
            #"[{"orderId":"v1","orderStatusType":"Partially Filled","currencyPair":"BTCZAR","remainingQuantity":"0.06","originalQuantity":"0.1","orderSide":"sell","customerOrderId":"c","orderCreatedAt":"2023-11-14T22:13:20.000Z"},{"orderId":"v1","orderStatusType":"Placed","currencyPair":"BTCZAR","remainingQuantity":"0.1","originalQuantity":"0.1"}]"#)
        #expect(walk.asked.last?.request.url.contains("/v1/account/BTCZAR/tradehistory?skip=0&limit=100") == true)
        walk.respond(
            try #require(walk.asked.last),
            #"[{"id":"t1","orderId":"v1","currencyPair":"BTCZAR","price":"1","quantity":"0.04","side":"sell","fee":"1","feeCurrency":"ZAR","tradedAt":"2023-11-14T22:13:21.000Z"},{"id":"t0","orderId":"other","currencyPair":"BTCZAR","price":"1","quantity":"1","side":"sell"}]"#)
        guard case .order(let order?, let fills)? = walk.answers.last else { return #expect(Bool(false), "\(walk.answers)") }
        #expect(order.state == .cancelled && order.cumulativeQuantity == dec("0.04") && fills.map(\.tradeID) == ["t1"])
        walk.feed(.command(.query(VenueQueryID(2), .order(VenueOrderReference(clientID: "d", venueID: nil, symbol: "BTCZAR")))))
        for _ in 0..<2 { walk.respond(try #require(walk.asked.last), "{}", status: 404) }
        guard case .order(nil, fills: _)? = walk.answers.last else { return #expect(Bool(false), "nowhere") }
    }

    @Test func pairsAndTheirFees() throws {
        var walk = try ValrWalk()
        walk.feed(.command(.query(VenueQueryID(1), .instruments)))
        walk.respond(try #require(walk.asked.last), #"[{"symbol":"BTCUSDT","baseCurrency":"BTC","quoteCurrency":"USDT","tickSize":"1","baseDecimalPlaces":"8","currencyPairType":"SPOT"}]"#)
        walk.respond(try #require(walk.asked.last), String(decoding: try Fixture.bytes("valr/fees.json"), as: UTF8.self))
        guard case .instruments(let list)? = walk.answers.last else { return #expect(Bool(false)) }
        #expect(list.first?.makerFee == dec("0.0008") && list.first?.takerFee == dec("0.001"))
    }

    @Test func aReadOnlyVenueTakesNoOrdersAndCancels() throws {
        var walk = try ValrWalk.ready()
        walk.feed(.timer(ValrTimer.status))
        let asked = try #require(walk.asked.last)
        #expect(asked.request.url.hasSuffix("/v1/public/status") && asked.request.headers.isEmpty, "a public question is not signed")
        walk.respond(asked, String(decoding: try Fixture.bytes("valr/status.json"), as: UTF8.self))
        #expect(walk.told.contains { if case .status(InstrumentID(index: 0), .halted) = $0 { true } else { false } })
        walk.place("a")
        #expect(walk.refused.count == 1)
        walk.feed(.command(.cancel(VenueOrderReference(clientID: "b", venueID: "v", symbol: "BTCZAR"))))
        #expect(walk.sent.last?.method == "CANCEL_LIMIT_ORDER")
    }

    /// On a desk with several venues each session has its own instruments, by their places in the desk's list.
    @Test func instrumentsOfOtherVenuesAreNotOurs() throws {
        var walk = try ValrWalk()
        walk.feed(.command(.begin(.trading, instruments: [try instrument("BTC_ZAR", native: "BTCZAR"), try ValrWalk.btc()])))
        walk.settle()
        walk.message(ValrWalk.trade, book(bid: 100, ask: 101, number: 1))
        #expect(walk.records.first?.allSatisfy { $0.instrument == 1 } == true)
        walk.place("a")
        #expect(walk.refused == ["a unsupported instrument"], "place 0 is another venue's")
        walk.place("b") { $0.instrument = InstrumentID(index: 1) }
        #expect(walk.refused.count == 1)
        var other = try Walk()
        other.feed(.command(.begin(.marketData, instruments: [try instrument("BTC_USDT"), try ValrWalk.btc()])))
        other.feed(.opened(Walk.market))
        other.wait(1_000)
        #expect(other.sent.count == 2 && other.sent.allSatisfy { $0.text.contains("BTC_USDT") })
    }

    // MARK: - Books

    @Test func anOldNumberIsPassedOver() throws {
        var walk = try ValrWalk.ready(.marketData)
        walk.message(ValrWalk.trade, book(bid: 100, ask: 101, number: 10))
        walk.message(ValrWalk.trade, book(bid: 98, ask: 101, number: 9))
        #expect(walk.records.count == 1 && walk.invalid.isEmpty && walk.sent.isEmpty)
    }

    @Test func aGapOrAWrongChecksumAsksForTheBookAnew() throws {
        func frame(_ kind: String, _ number: Int, sum: String = "") -> String {
            #"{"type":"FULL_ORDERBOOK_\#(kind)","currencyPairSymbol":"BTCZAR","data":{"Asks":[{"Price":"102","Orders":[{"orderId":"a\#(number)","quantity":"1"}]}],"Bids":[{"Price":"100","Orders":[{"orderId":"b","quantity":"1"}]}],"SequenceNumber":\#(number)\#(sum)}}"#
        }
        var walk = try ValrWalk.ready(.marketData, options: ["book": "full"])
        walk.message(ValrWalk.trade, frame("UPDATE", 4))
        #expect(walk.invalid.count == 1, "a change without a base")
        walk.clear()
        walk.message(ValrWalk.trade, frame("SNAPSHOT", 5))
        walk.message(ValrWalk.trade, frame("UPDATE", 6))
        #expect(walk.records.count == 2 && walk.invalid.isEmpty)
        walk.message(ValrWalk.trade, frame("UPDATE", 8))
        #expect(walk.invalid.count == 1 && walk.sent.map(\.method) == ["SUBSCRIBE", "SUBSCRIBE"])
        #expect(walk.sent[0].text.contains(#""pairs":[]"#) && walk.sent[1].text.contains(#""pairs":["BTCZAR"]"#))
        walk.message(ValrWalk.trade, frame("UPDATE", 9))
        #expect(walk.records.count == 2, "until the snapshot it is the old stream")
        walk.clear()
        // Three fresh books with checksums that are not ours: the check is given up, the books are believed.
        for number in [20, 30, 40] { walk.message(ValrWalk.trade, frame("SNAPSHOT", number, sum: #","Checksum":1"#)) }
        #expect(walk.invalid.count == 2 && walk.alarms.count == 1 && walk.records.count == 1)
    }
}
