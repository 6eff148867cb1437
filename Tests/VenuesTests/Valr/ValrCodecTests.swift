import Domain
import Foundation
import JSON
import TLS
import Testing
import Transport

@testable import Venues

/// The codec against the vectors and samples of the venue's page.
struct ValrCodecTests {
    private func text(_ name: String) throws -> String { String(decoding: try Fixture.bytes("valr/\(name).json"), as: UTF8.self) }

    private func data<R>(_ name: String, _ body: (Bytes) throws -> R) throws -> R {
        try Bytes.with(try Fixture.bytes("valr/\(name).json")) { bytes in try body(try #require(try ValrFrame(bytes).data)) }
    }

    private func rows<R>(_ name: String, _ body: (Bytes) throws -> R) throws -> [R] {
        try Bytes.with(try Fixture.bytes("valr/\(name).json")) { bytes in
            var reader = JSONReader(bytes)
            var list: [R] = []
            try reader.beginArray()
            while try reader.nextElement() { list.append(try body(try reader.raw())) }
            return list
        }
    }

    private let now = Timestamp(nanoseconds: 5)
    private var grids: InstrumentGrids { get throws { InstrumentGrids(try instrument("BTC_ZAR", tick: "1", lot: "0.001", venue: "valr")) } }

    // MARK: - Signatures

    @Test func everyVectorIsSignedAsTheVenueDoes() throws {
        let vectors = try JSONSerialization.jsonObject(with: Data(try Fixture.bytes("valr/vectors.json"))) as? [String: [[String: Any]]]
        let list = try #require(vectors?["signatures"])
        #expect(list.count == 10)
        for vector in list {
            let (message, secret) = (try #require(vector["stringToSign"] as? String), try #require(vector["secret"] as? String))
            // The timestamp is the first thirteen digits, the verb the letters after them.
            let timestamp = try #require(Int64(message.prefix(13)))
            let verb = message.dropFirst(13).prefix { $0.isLetter }
            let rest = message.dropFirst(13 + verb.count)
            let split = rest.firstIndex(of: "{") ?? rest.endIndex
            let isImpersonated = rest.hasSuffix("903599104861331456")
            var path = String(rest[..<split])
            if isImpersonated { path = String(path.dropLast(18)) }
            let signer = ValrSigner(key: "k", secret: Secret(Array(secret.utf8)), subaccount: isImpersonated ? "903599104861331456" : "")
            #expect(signer.signature(timestamp, String(verb), path, body: Array(rest[split...].utf8)) == vector["signatureHex"] as? String, "\(message)")
        }
    }

    @Test func theHeadersCarryWhatWasSigned() {
        let signer = ValrSigner(key: "k", secret: Secret(Array("s".utf8)), subaccount: "7")
        let headers = signer.headers(1_700_000_000_000, "GET", "/v1/account/balances")
        #expect(headers.map(\.name) == ["X-VALR-API-KEY", "X-VALR-SIGNATURE", "X-VALR-TIMESTAMP", "X-VALR-SUB-ACCOUNT-ID"])
        #expect(headers[2].value == "1700000000000" && headers[1].value.count == 128)
    }

    // MARK: - Market data

    @Test func anAggregatedBook() throws {
        let book = try data("aggregated_book") { try BookData(valr: $0, try grids) }
        #expect(book.asks == [BookLevel(ticks: 1_100_500, size: 5)] && book.bids == [BookLevel(ticks: 1_100_000, size: 38)])
        #expect(book.sequence == 1_792_329_152 && book.time == Timestamp(nanoseconds: 1_709_919_086_406_000_000))
        // In any letter case.
        let small = #"{"asks":[{"price":"2","quantity":"1"}],"bids":[{"Price":"1","Quantity":"0.001"}],"lastChange":1700000000123,"sequenceNumber":7}"#
        let other = try Bytes.with(small) { try BookData(valr: $0, try grids) }
        #expect(other.asks == [BookLevel(ticks: 2, size: 1_000)] && other.sequence == 7 && other.time == Timestamp(nanoseconds: 1_700_000_000_123_000_000))
        #expect(throws: (any Error).self) { try Bytes.with(#"{"Asks":[]}"#) { try BookData(valr: $0, try grids) } }
        #expect(throws: (any Error).self) { try Bytes.with(#"{"Asks":[],"asks":[],"Bids":[]}"#) { try BookData(valr: $0, try grids) } }
    }

    @Test func theFullBooksChecksums() throws {
        let grids = InstrumentGrids(try instrument("BTC_ZAR", tick: "1", lot: "0.01", venue: "valr"))
        var book = ValrFullBook()
        let whole = book.replace(with: try data("full_snapshot") { try ValrFullMessage($0, grids) })
        #expect(book.checksum == 3_024_962_411 && whole.update == 173_335)
        #expect(whole.bids == [BookLevel(ticks: 100, size: 150), BookLevel(ticks: 99, size: 200)])
        #expect(whole.asks == [BookLevel(ticks: 101, size: 25), BookLevel(ticks: 102, size: 375)])
        let change = book.change(try data("full_update") { try ValrFullMessage($0, grids) })
        #expect(book.checksum == 4_060_740_478 && change.previous == 173_335 && change.update == 173_336)
        #expect(change.asks == [BookLevel(ticks: 101, size: 0)] && change.bids.isEmpty)
    }

    @Test func theChecksumOfUnevenSidesAndOfManyOrders() throws {
        let vectors = try JSONSerialization.jsonObject(with: Data(try Fixture.bytes("valr/vectors.json"))) as? [String: [[String: Any]]]
        for vector in try #require(vectors?["checksums"]) {
            #expect(CRC32.of(Array(try #require(vector["text"] as? String).utf8)) == UInt32(try #require(vector["crc32"] as? Int)))
        }
        let grids = InstrumentGrids(try instrument("BTC_ZAR", tick: "1", lot: "0.01", venue: "valr"))
        let uneven = #"{"Asks":[{"Price":"101","Orders":[{"orderId":"a1","quantity":"0.25"}]}],"Bids":[{"Price":"100","Orders":[{"orderId":"b1","quantity":"1"},{"orderId":"b2","quantity":"0.5"}]}],"SequenceNumber":1}"#
        var book = ValrFullBook()
        _ = book.replace(with: try Bytes.with(uneven) { try ValrFullMessage($0, grids) })
        #expect(book.checksum == 1_395_768_659)
        // Only the best 25 orders of a side count.
        let many = (0..<40).map { #"{"Price":"\#(100 - $0)","Orders":[{"orderId":"o\#($0)","quantity":"1"}]}"# }.joined(separator: ",")
        _ = book.replace(with: try Bytes.with(#"{"Asks":[],"Bids":[\#(many)],"SequenceNumber":1}"#) { try ValrFullMessage($0, grids) })
        #expect(book.checksum == CRC32.of(Array((0..<25).map { "o\($0):1" }.joined(separator: ":").utf8)))
    }

    @Test func aTradeAndASummary() throws {
        let trade = try data("new_trade") { try TradeData(valr: $0, try grids) }
        #expect(trade.ticks == 1_100_250 && trade.size == 1 && trade.side == .buy && trade.id != nil)
        let summary = try data("market_summary") { try ValrSummary($0) }
        #expect(summary.bid == dec("1100000") && summary.ask == dec("1100500") && summary.last == dec("1100250") && summary.change == dec("0.94"))
        #expect(summary.mark == dec("1100240") && summary.baseVolume == dec("12.5") && summary.time == Timestamp(nanoseconds: 1_709_919_086_406_000_000))
    }

    // MARK: - Account

    @Test func thePairs() throws {
        let list = try rows("pairs") { try ValrPrivate.instrument($0) }
        let pair = try #require(list.first ?? nil)
        #expect(pair.symbol == "BTCUSDC" && pair.base == "BTC" && pair.quote == "USDC" && pair.tick == dec("1") && pair.lot == dec("0.00000001"))
        #expect(pair.minQuantity == dec("0.0001") && pair.maxQuantity == dec("5") && pair.minNotional == dec("1") && pair.isTrading)
        let future = #"{"symbol":"BTCUSDTPERP","baseCurrency":"BTC","quoteCurrency":"USDT","currencyPairType":"FUTURE"}"#
        #expect(try Bytes.with(future) { try ValrPrivate.instrument($0) } == nil)
    }

    @Test func ordersInAllTheirShapes() throws {
        let open = try #require(try rows("open_orders") { try ValrPrivate.order($0, .open, now: now).order }.first)
        #expect(open.reference == VenueOrderReference(clientID: "my-order-001", venueID: "019cced5-85ab-7111-a0a6-f3a87b3c40aa", symbol: "BTCUSDT"))
        #expect(open.state == .open && open.side == .buy && open.price == dec("50000") && open.quantity == dec("0.0001") && open.cumulativeQuantity == .zero)
        let single = try Bytes.with(try Fixture.bytes("valr/single_order.json")) { try ValrPrivate.order($0, .open, now: now).order }
        #expect(single.state == .open && single.reference == open.reference && single.updated == Timestamp(nanoseconds: 1_772_996_625_837_000_000))
        let update = try data("order_status_update") { try ValrPrivate.order($0, .push, now: now).order }
        #expect(update.state == .open && update.cumulativeQuantity == dec("0.04") && update.quantity == dec("0.1") && update.side == .sell)
        let pushed = try data("open_orders_update") { rows -> VenueOrder? in
            var reader = JSONReader(rows)
            try reader.beginArray()
            guard try reader.nextElement() else { return nil }
            return try ValrPrivate.order(try reader.raw(), .open, now: now).order
        }
        #expect(pushed?.cumulativeQuantity == dec("0.04") && pushed?.state == .open)
    }

    @Test(arguments: [
        ("Placed", VenueOrder.State.open), ("Active", .open), ("Order Modified", .open), ("ORDER_MODIFIED", .open), ("Partially Filled", .open),
        ("PARTIALLY_FILLED_DUE_TO_SLIPPAGE", .cancelled), ("Partially Filled due to Slippage", .cancelled), ("Filled", .filled), ("filled", .filled),
        ("Cancelled", .cancelled), ("Expired", .expired), ("Failed", .rejected(.insufficientBalance, code: "", message: "Insufficient balance")),
        ("Odd", .unrecognised("odd")),
    ]) func everyStatus(word: String, state: VenueOrder.State) throws {
        let text = #"{"orderId":"1","orderStatusType":"\#(word)","currencyPair":"X","remainingQuantity":"1","originalQuantity":"1","failedReason":"Insufficient balance"}"#
        #expect(try Bytes.with(text) { try ValrPrivate.order($0, .push, now: now).order.state } == state)
    }

    /// In the history a part is all there will be; a failure with fills is an end with fills; a refused post-only says so.
    @Test func whatAStatusMeansDependsOnWhereItStands() throws {
        func read(_ text: String, _ place: ValrPrivate.Place) throws -> ValrOrder { try Bytes.with(text) { try ValrPrivate.order($0, place, now: now) } }
        let part = #"{"orderId":"1","orderStatusType":"Partially Filled","currencyPair":"X","remainingQuantity":"0.4","originalQuantity":"1","timeInForce":"IOC"}"#
        #expect(try read(part, .history).order.state == .cancelled)
        #expect(try read(part, .push).order.state == .open && read(part, .push).mayHaveEnded)
        let failed = #"{"orderId":"1","orderStatusType":"Failed","currencyPair":"X","remainingQuantity":"0.4","originalQuantity":"1"}"#
        #expect(try read(failed, .push).order.state == .cancelled && read(failed, .push).failedWithFills)
        let maker = #"{"orderId":"1","orderStatusType":"Cancelled","currencyPair":"X","remainingQuantity":"1","originalQuantity":"1","failedReason":"Post only cancelled as it would have matched"}"#
        guard case .rejected(.postOnly, _, _) = try read(maker, .push).order.state else { return #expect(Bool(false), "a refused post-only") }
        let total = #"{"orderId":"1","orderStatusType":"Filled","currencyPair":"X","originalQuantity":"1","totalExecutedQuantity":"1"}"#
        #expect(try read(total, .history).order.cumulativeQuantity == dec("1"))
    }

    @Test func fillsWithAFeeAReceiptAndARewardAndWithoutAny() throws {
        let (pushed, hasFee) = try data("new_account_trade") { try ValrPrivate.fill($0, now: now) }
        #expect(pushed.tradeID == "0197d496-0e9f-7230-9aa1-4699655e7230" && pushed.fee == dec("0.4") && pushed.feeCurrency == "ZAR" && hasFee)
        let (listed, _) = try #require(try rows("trade_history") { try ValrPrivate.fill($0, now: now) }.first)
        #expect(listed.fee == dec("0.0000001") && listed.feeCurrency == "BTC" && listed.reference.clientID == "my-order-001")
        let reward = #"{"id":"1","orderId":"2","currencyPair":"X","price":"1","quantity":"1","side":"BUY","makerReward":"0.01","makerRewardCurrency":"ZAR"}"#
        let (made, known) = try Bytes.with(reward) { try ValrPrivate.fill($0, now: now) }
        #expect(made.fee == dec("-0.01") && made.feeCurrency == "ZAR" && made.liquidity == .maker && known)
        let bare = #"{"id":"1","orderId":"2","currencyPair":"X","price":"1","quantity":"1","side":"sell"}"#
        #expect(try Bytes.with(bare) { try ValrPrivate.fill($0, now: now) }.hasFee == false)
    }

    @Test func balancesOfAListAndOfAPush() throws {
        let listed = try #require(try rows("balances") { try ValrPrivate.balance($0) }.first)
        #expect(listed == VenueBalance(currency: "BTC", total: dec("0.135"), available: dec("0.125"), reserved: dec("0.01")))
        let pushed = try data("balance_update") { try ValrPrivate.balance($0) }
        #expect(pushed == VenueBalance(currency: "ZAR", total: dec("10000.25"), available: dec("9400.25"), reserved: dec("600.00")))
    }

    // MARK: - Errors

    @Test func errors() throws {
        func verdict(_ name: String) throws -> RequestVerdict? { Bytes.with(try Fixture.bytes("valr/\(name).json")) { ValrError($0)?.verdict } }
        #expect(try verdict("error") == .rejected(.minNotional))
        #expect(try verdict("error_validation") == .rejected(.venue))
        for (words, expected) in [
            ("API key or secret is invalid", RequestVerdict.unauthorised), ("API-key is invalid", .unauthorised),
            ("Request has an invalid signature", .unauthorised), ("Unauthorized", .unauthorised), ("Insufficient balance", .rejected(.insufficientBalance)),
            ("Invalid Request, please check your request and try again", .rejected(.venue)), ("Invalid Order. ", .rejected(.venue)),
            ("Account frozen", .account), ("Duplicate customerOrderId: it already exists", .duplicate), ("Unsupported currency pair", .rejected(.unsupported)),
        ] { #expect(ValrError.verdict(of: words) == expected, "\(words)") }
        #expect(ValrError.verdict(of: "An error occurred while cancelling your order.") == nil)
    }

    // MARK: - Requests

    @Test func ordersAreWrittenAsThePageShowsThem() throws {
        let place = try ValrWalk.btc()
        var request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: .sell, type: .limit, quantity: Quantity(lots: 1_000), price: Price(ticks: 1_100_000))
        request.isPostOnly = true
        guard case .call(let limit, _) = ValrCall.place(request, "swift-0001", place) else { return #expect(Bool(false)) }
        // The body of the page's vector 5, byte for byte.
        #expect(
            String(decoding: limit.body, as: UTF8.self)
                == #"{"side":"SELL","quantity":"0.1","price":"1100000","pair":"BTCZAR","postOnly":true,"customerOrderId":"swift-0001","timeInForce":"GTC"}"#)
        #expect(String(decoding: limit.frame(id: 7), as: UTF8.self).hasPrefix(#"{"type":"PLACE_LIMIT_ORDER","clientMsgId":"7","payload":{"side":"SELL","#))
        request.isPostOnly = false
        request.type = .market
        guard case .call(let market, _) = ValrCall.place(request, "swift-0002", place) else { return #expect(Bool(false)) }
        #expect(String(decoding: market.body, as: UTF8.self) == #"{"side":"SELL","baseAmount":"0.1","pair":"BTCZAR","customerOrderId":"swift-0002"}"#)
        let cancel = ValrCall.cancel(VenueOrderReference(clientID: "c", venueID: "019cced5-85ab-7111-a0a6-f3a87b3c40aa", symbol: "BTCZAR"))
        #expect(String(decoding: try #require(cancel).body, as: UTF8.self) == #"{"orderId":"019cced5-85ab-7111-a0a6-f3a87b3c40aa","pair":"BTCZAR"}"#)
        #expect(String(decoding: try #require(ValrCall.cancel(VenueOrderReference(clientID: "c", venueID: nil, symbol: "X"))).body, as: UTF8.self) == #"{"customerOrderId":"c","pair":"X"}"#)
    }

    @Test func whatTheVenueDoesNotHaveIsRefusedHere() throws {
        let place = try ValrWalk.btc()
        func refused(_ clientID: String = "a", _ change: (inout OrderRequest) -> Void) -> Bool {
            var request = OrderRequest(
                id: OrderID(1), instrument: InstrumentID(index: 0), side: .sell, type: .limit, quantity: Quantity(lots: 1), price: Price(ticks: 1))
            change(&request)
            if case .none = ValrCall.place(request, clientID, place) { return true }
            return false
        }
        #expect(!refused { _ in })
        #expect(refused { ($0.isPostOnly, $0.timeInForce) = (true, .immediateOrCancel) })
        #expect(refused { $0.timeInForce = .goodTillDate })
        #expect(refused { $0.type = .stopLimit })
        #expect(refused { $0.quantity = .zero })
        #expect(refused("under_score") { _ in } && refused(String(repeating: "a", count: 51)) { _ in } && refused("") { _ in })
        #expect(!refused(String(repeating: "a", count: 50)) { _ in })
    }

    @Test(arguments: [
        ("2024-03-08T17:31:26.406Z", 1_709_919_086_406_000_000 as Int64?), ("2024-03-08T19:31:26.406+02:00", 1_709_919_086_406_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000), ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789), ("2023-11-14", nil),
        ("2023-13-14T22:13:20Z", nil), ("2023-11-14T22:13:20", nil), ("2023-11-14T22:13:20.Z", nil), ("2023-11-14T25:13:20Z", nil),
    ]) func times(text: String, nanoseconds: Int64?) {
        #expect(Bytes.with(text) { ISOTime.parse($0)?.nanoseconds } == nanoseconds)
    }
}
