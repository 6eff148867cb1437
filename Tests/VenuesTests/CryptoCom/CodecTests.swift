import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// The codec against the vectors and samples of the venue's page.
struct CryptoComCodecTests {
    static var signer: CryptoComSigner { CryptoComSigner(apiKey: "token", secret: Secret(Array("secretKey".utf8))) }

    // MARK: - Signatures

    @Test func everyVectorIsSignedAsTheVenueDoes() throws {
        var count = 0
        try Bytes.with(try Fixture.bytes("cryptocom/vectors.json")) { bytes in
            var reader = JSONReader(bytes)
            try reader.beginArray()
            while try reader.nextElement() {
                try check(&reader)
                count += 1
            }
        }
        #expect(count == 14)
    }

    private func check(_ reader: inout JSONReader) throws {
        var request = CryptoComRequest(method: "", id: 0, nonce: 0)
        var (paramString, payload, sig) = ("", "", "")
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key.bytes.text {
            case "method": request.method = try reader.text()
            case "id": request.id = UInt64(try reader.integer())
            case "nonce": request.nonce = try reader.integer()
            case "params": if case .object(let fields) = try CryptoComCodecTests.value(&reader) { request.params = fields }
            case "paramString": paramString = try reader.text()
            case "payload": payload = try reader.text()
            case "sig": sig = try reader.text()
            default: try reader.skip()
            }
        }
        var signed = ""
        CryptoComValue.appendSigned(request.params, to: &signed)
        #expect(signed == paramString)
        #expect(request.payload(apiKey: "token") == payload)
        #expect(CryptoComCodecTests.signer.signature(of: request) == sig)
    }

    private static func value(_ reader: inout JSONReader) throws -> CryptoComValue {
        switch try reader.peek() {
        case .string: return .text(try reader.text())
        case .number: return .number(try reader.decimal())
        case .bool: return .bool(try reader.bool())
        case .null:
            try reader.null()
            return .null
        case .array:
            var list: [CryptoComValue] = []
            try reader.beginArray()
            while try reader.nextElement() { list.append(try value(&reader)) }
            return .array(list)
        case .object:
            var fields: [CryptoComField] = []
            try reader.beginObject()
            while let key = try reader.nextKey() { fields.append(CryptoComField(key.bytes.text, try value(&reader))) }
            return .object(fields)
        }
    }

    @Test func theSampleOrderIsWrittenAsThePageShowsIt() {
        var request = CryptoComRequest(method: CryptoComMethod.place, id: 11, nonce: 1_587_846_358_253)
        request.params = [
            CryptoComField("instrument_name", "ETH_CRO"), CryptoComField("side", "BUY"), CryptoComField("type", "LIMIT"),
            CryptoComField("price", "100.12"), CryptoComField("quantity", "1.2"), CryptoComField("client_oid", "my_order_0002"),
            CryptoComField("time_in_force", "GOOD_TILL_CANCEL"), CryptoComField("exec_inst", "POST_ONLY"),
        ]
        let text = String(decoding: request.signed(by: CryptoComCodecTests.signer), as: UTF8.self)
        #expect(
            text
                == #"{"id":11,"method":"private/create-order","api_key":"token","sig":"cd4cf8792929fd085eecf32a9d1f93fc853a29de82a1dcce0ebb73f35c3def07","params":{"instrument_name":"ETH_CRO","side":"BUY","type":"LIMIT","price":"100.12","quantity":"1.2","client_oid":"my_order_0002","time_in_force":"GOOD_TILL_CANCEL","exec_inst":"POST_ONLY"},"nonce":1587846358253}"#)
        #expect(!String(decoding: request.unsigned(), as: UTF8.self).contains("sig"))
    }

    // MARK: - Samples

    private func envelope<R>(_ name: String, _ body: (CryptoComEnvelope) throws -> R) throws -> R {
        try Bytes.with(try Fixture.bytes("cryptocom/\(name).json")) { try body(try CryptoComEnvelope($0)) }
    }

    private func grids(_ tick: String, _ lot: String) throws -> InstrumentGrids {
        InstrumentGrids(try instrument("ETH_CRO", tick: tick, lot: lot))
    }

    @Test func theInstruments() throws {
        var list: [VenueInstrument] = []
        try envelope("instruments") { envelope in
            _ = try CryptoComRows.each("instruments", of: envelope.result) { row throws(JSONError) in list.append(try CryptoComPrivate.instrument(row)) }
        }
        #expect(list.count == 2)
        #expect(list[0].symbol == "BTC_USDT" && list[0].base == "BTC" && list[0].quote == "USDT")
        #expect(list[0].tick == dec("0.01") && list[0].lot == dec("0.000001"))
        #expect(list[0].minQuantity == dec("0.000001") && list[0].maxQuantity == dec("1000"))
        #expect(list[1].maxQuantity == nil)
    }

    @Test(arguments: ["book_rest", "book_rest_flat"]) func aBookInBothShapes(name: String) throws {
        let book = try envelope(name) { try CryptoComPublic.book(try #require($0.result), try grids("0.01", "0.000001")) }
        #expect(book.bids.map(\.ticks) == [966_844, 965_975] && book.bids.map(\.size) == [6_325, 6_776])
        #expect(book.asks.map(\.ticks) == [969_700, 969_760] && book.asks.map(\.size) == [682_510, 1_722_864])
        #expect(book.time == Timestamp(nanoseconds: 1_591_704_180_270_000_000))
    }

    @Test(arguments: ["ticker_rest", "push_ticker"]) func aTicker(name: String) throws {
        let list = try envelope(name) { try CryptoComPublic.tickers(try #require($0.result)) }
        #expect(list.count == 1 && list[0].symbol == "BTC_USDT")
        #expect(list[0].bid == dec("11760.05") && list[0].ask == dec("11760.18") && list[0].last == dec("11760.18"))
        #expect(list[0].change == dec("330.13") && list[0].time == Timestamp(nanoseconds: 1_598_674_849_297_000_000))
    }

    @Test func publicTrades() throws {
        let list = try envelope("trades_rest") { try CryptoComPublic.trades(try #require($0.result), try grids("0.01", "0.1")) }
        #expect(list.count == 1 && list[0].id == 465_533_583_799_589_409 && list[0].side == .buy)
        #expect(list[0].ticks == 296 && list[0].size == 160)
    }

    @Test(arguments: ["candles_rest", "push_candle"]) func candles(name: String) throws {
        let list = try envelope(name) { try CryptoComPublic.candles(try #require($0.result)) }
        #expect(list.count == 1 && list[0].close == (name == "push_candle" ? dec("161.96") : dec("11753.64")))
    }

    @Test func openOrders() throws {
        var list: [VenueOrder] = []
        let (rows, count) = try envelope("open_orders") { envelope in
            try CryptoComRows.each("order_list", of: envelope.result) { row throws(JSONError) in
                list.append(try CryptoComPrivate.order(row, symbol: nil, now: Timestamp(nanoseconds: 0)) { _ in nil })
            }
        }
        #expect(rows == 1 && count == 1_177)
        #expect(list[0].reference == VenueOrderReference(clientID: "my_order_0002", venueID: "366543374673423753", symbol: "ETH_CRO"))
        #expect(list[0].state == .open && list[0].cumulativeQuantity == .zero && list[0].price == .one)
        #expect(list[0].updated == Timestamp(nanoseconds: 1_588_758_017_411_000_000))
    }

    @Test func anOrderInDetail() throws {
        let (order, fills) = try envelope("order_detail") { envelope in
            try CryptoComRows.detail(envelope.result, symbol: "ETH_CRO", now: Timestamp(nanoseconds: 0)) { _ in nil }
        }
        #expect(order?.state == .filled && order?.price == nil && order?.quantity == nil && order?.cumulativeQuantity == dec("7"))
        #expect(fills.count == 1 && fills[0].tradeID == "371303044218155296" && fills[0].fee == dec("0.007"))
        #expect(fills[0].liquidity == .maker && fills[0].reference.clientID == "my_order_0002" && fills[0].feeCurrency == "CRO")
    }

    @Test func balances() throws {
        var list: [VenueBalance] = []
        _ = try envelope("account") { envelope in
            try CryptoComRows.each("accounts", of: envelope.result) { row throws(JSONError) in list.append(try CryptoComPrivate.balance(row)) }
        }
        #expect(list == [VenueBalance(currency: "CRO", total: dec("99999999.905"), available: dec("99999996.905"), reserved: dec("3"))])
    }

    @Test func theAnswerToAPlacement() throws {
        #expect(try envelope("create_order") { CryptoComOrderID($0.result).venueID } == "337843775021233500")
    }

    @Test func theErrorOfARequestThatWasNotUnderstood() throws {
        try envelope("bad_request") { envelope in
            #expect(envelope.method == .error && envelope.id == -1 && envelope.code == 10_004)
            #expect(envelope.message == "BAD_REQUEST" && envelope.originalID == nil)
        }
        Bytes.with(#"{"id":-1,"method":"ERROR","code":10004,"original":"{\"id\":17,\"foo\":1}"}"#) { bytes in
            #expect((try? CryptoComEnvelope(bytes))?.originalID == 17)
        }
    }

    // MARK: - Tolerance

    /// Numbers as texts, nulls, missing and unknown fields: the same order.
    @Test(arguments: [
        #"{"status":"ACTIVE","side":"BUY","price":"8768.24","quantity":"1.50","order_id":"9","client_oid":"c","cumulative_quantity":"0.5","instrument_name":"BTC_USDT","update_time":"5"}"#,
        #"{"status":"ACTIVE","side":"BUY","price":8768.240000000002,"quantity":1.4999999999999998,"order_id":9,"client_oid":"c","cumulative_quantity":0.5,"instrument_name":"BTC_USDT","update_time":5,"new":{"a":[1,null]}}"#,
        #"{"status":"ACTIVE","side":"BUY","price":8.76824e3,"quantity":15e-1,"order_id":9,"client_order_id":"c","client_oid":"","cumulative_quantity":5E-1,"create_time":null,"reason":null,"update_time":5}"#,
    ]) func oneOrderInManySpellings(text: String) throws {
        let grids = InstrumentGrids(try instrument("BTC_USDT"))
        let order = try Bytes.with(text) { bytes in
            try CryptoComPrivate.order(bytes, symbol: "BTC_USDT", now: Timestamp(nanoseconds: 0)) { _ in grids }
        }
        #expect(order.price == dec("8768.24") && order.quantity == dec("1.5") && order.cumulativeQuantity == dec("0.5"))
        #expect(order.reference == VenueOrderReference(clientID: "c", venueID: "9", symbol: "BTC_USDT"))
        #expect(order.state == .open && order.updated == Timestamp(nanoseconds: 5_000_000))
    }

    @Test(arguments: [
        ("PENDING", VenueOrder.State.pending), ("ACTIVE", .open), ("FILLED", .filled), ("CANCELED", .cancelled), ("EXPIRED", .expired),
        ("WAITING_FOR_FILL", .unrecognised("WAITING_FOR_FILL")),
    ]) func statuses(word: String, state: VenueOrder.State) throws {
        let order = try Bytes.with(#"{"status":"\#(word)","order_id":"1","instrument_name":"X_Y"}"#) { bytes in
            try CryptoComPrivate.order(bytes, symbol: nil, now: Timestamp(nanoseconds: 0)) { _ in nil }
        }
        #expect(order.state == state && order.isFinal == [.filled, .cancelled, .expired].contains(state))
    }

    @Test(arguments: [("\"20002\"", RejectReason.insufficientBalance), ("30016", .minNotional), ("\"30008\"", .minQuantity), ("\"\"", .venue)])
    func reasonsOfRefusal(reason: String, expected: RejectReason) throws {
        let order = try Bytes.with(#"{"status":"REJECTED","reason":\#(reason),"order_id":"1","instrument_name":"X_Y"}"#) { bytes in
            try CryptoComPrivate.order(bytes, symbol: nil, now: Timestamp(nanoseconds: 0)) { _ in nil }
        }
        guard case .rejected(expected, _, _) = order.state else { return #expect(Bool(false), "\(order.state)") }
    }

    @Test(arguments: [("10006", RequestVerdict.throttled), ("\"10006\"", .throttled), ("0", .done), ("\"0\"", .done), ("\"abc\"", .unknown), ("null", .unknown)])
    func codesAsNumbersAndTexts(code: String, verdict: RequestVerdict) throws {
        let envelope = try Bytes.with(#"{"id":"7","method":"private/create-order","code":\#(code)}"#) { bytes in
            let envelope = try CryptoComEnvelope(bytes)
            return (envelope.id, envelope.code)
        }
        #expect(envelope.0 == 7)
        #expect(RequestVerdict(cryptocom: envelope.1 ?? -1, status: 0) == verdict)
    }

    /// The whole table of codes: what counts as definitely not executed, and what stays unknown.
    @Test func everyCodeHasItsVerdict() {
        let rejects: [Int64] = [
            10_004, 10_009, 10_010, 20_002, 30_003, 30_004, 30_005, 30_006, 30_007, 30_008, 30_009, 30_010, 30_013, 30_014, 30_016, 30_017,
            30_023, 30_024, 30_025, 40_002, 40_003, 40_004, 40_005, 40_006, 306, 318,
        ]
        for code in rejects {
            guard case .rejected = RequestVerdict(cryptocom: code, status: 0) else {
                #expect(Bool(false), "\(code) is a refusal")
                continue
            }
        }
        let others: [(Int64, RequestVerdict)] = [
            (0, .done), (10_000, .unknown), (10_001, .unknown), (100_001, .unknown), (10_002, .unauthorised), (40_101, .unauthorised),
            (10_003, .forbidden), (10_005, .forbidden), (10_006, .throttled), (10_007, .clock), (10_008, .retired), (20_001, .duplicate),
            (204, .duplicate), (40_001, .account), (50_001, .account), (20_005, .account), (40_007, .paused), (212, .noSuchOrder), (316, .noSuchOrder),
        ]
        for (code, verdict) in others { #expect(RequestVerdict(cryptocom: code, status: 400) == verdict, "\(code)") }
        // Unknown codes: by HTTP, and on a socket not known at all.
        let unknown: [(Int, RequestVerdict)] = [
            (0, .unknown), (200, .unknown), (400, .rejected(.venue)), (401, .unauthorised), (403, .unauthorised), (404, .retired), (410, .retired),
            (429, .throttled), (500, .unknown), (503, .unknown), (504, .unknown), (408, .unknown),
        ]
        for (status, verdict) in unknown { #expect(RequestVerdict(cryptocom: 77_777, status: status) == verdict, "HTTP \(status)") }
    }

    // MARK: - Broken texts

    @Test func messagesCutAtEveryByteAreErrors() throws {
        for name in try Fixture.names("cryptocom") where !name.contains("vectors") {
            var bytes = try Fixture.bytes(name)
            while bytes.last == 10 { bytes.removeLast() }
            for count in 0..<bytes.count {
                #expect(!Bytes.with(bytes, count: count) { isRead($0) }, "\(name) cut at \(count)")
            }
            #expect(!Bytes.with(bytes + bytes) { isRead($0) }, "\(name) twice in one message")
        }
    }

    private func isRead(_ bytes: Bytes) -> Bool {
        do {
            _ = try CryptoComEnvelope(bytes)
            return true
        } catch {
            return false
        }
    }

    @Test func gridsForgiveNoiseOnly() throws {
        let grid = Grid(step: dec("0.01"))
        func read(_ text: String) -> Grid.Reading { Bytes.with(text) { grid.read($0) } }
        #expect(read("8768.24") == .on(876_824) && read("8768.240000000002") == .on(876_824) && read("8768.239999999998") == .on(876_824))
        #expect(read("8768.2") == .on(876_820) && read("8768") == .on(876_800) && read("8.768e3") == .on(876_800) && read("-1.5") == .on(-150))
        #expect(read("8768.245") == .off && read("8768.2401") == .off && read("1e30") == .off)
        #expect(read("") == .unreadable && read("-") == .unreadable && read(".") == .unreadable && read("1.2.3") == .unreadable && read("NaN") == .unreadable)
        let odd = Grid(step: dec("0.05"))
        #expect(Bytes.with("1.15") { odd.read($0) } == .on(23) && Bytes.with("1.16") { odd.read($0) } == .off)
    }

    @Test func datesOfHTTP() {
        #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp(nanoseconds: 784_111_777_000_000_000))
        #expect(HTTPDate.parse("Thu, 29 Feb 2024 23:59:59 GMT") == Timestamp(nanoseconds: 1_709_251_199_000_000_000))
        for wrong in ["", "yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT"] {
            #expect(HTTPDate.parse(wrong) == nil)
        }
    }

    @Test func coarseSightingsOfAClockNarrow() {
        var clock = IntervalClock()
        let second: Int64 = 1_000_000_000
        // A venue 300 ms ahead of us, seen through whole seconds at odd moments.
        var worst: Int64 = 0
        for index in 0..<20 as Range<Int64> {
            let ours = 100 * second + index * 1_370_000_000
            let header = (ours + 300_000_000) / second * second
            let offset = clock.add(low: header - ours, high: header + second - ours, at: ours)
            worst = (offset.nanoseconds - 300_000_000).magnitude > 500_000_001 ? 1 : worst
            if index == 19 { #expect((offset.nanoseconds - 300_000_000).magnitude < 30_000_000) }
        }
        #expect(worst == 0)
        #expect(clock.add(low: 5 * second, high: 6 * second, at: 200 * second) == Span(nanoseconds: 5_500_000_000), "a jump begins anew")
    }

    @Test func rollingLimitsKeepTheirReserve() {
        var window = RateWindow(limit: 10, per: Span(nanoseconds: 100), reserve: 3)
        var news = 0
        for _ in 0..<10 where window.admits(at: 0, isUrgent: false) {
            window.count(at: 0)
            news += 1
        }
        #expect(news == 7)
        for _ in 0..<3 {
            #expect(window.admits(at: 5, isUrgent: true))
            window.count(at: 5)
        }
        #expect(!window.admits(at: 99, isUrgent: true) && window.admits(at: 100, isUrgent: true))
        #expect(window.free(isUrgent: false) == 100)
    }
}
