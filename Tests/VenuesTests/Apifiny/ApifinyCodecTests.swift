import Domain
import FIX
import Foundation
import JSON
import TLS
import Testing
import Transport

@testable import Venues

/// Signatures, ids, errors and payloads, as the venue's page has them.
struct ApifinyCodecTests {
    private struct Vectors: Decodable {
        struct Token: Decodable {
            var `case`: String
            var content: String?
            var digest: String?
            var method: String?
            var exp: Int64?
            var token: String
        }
        struct HMAC: Decodable { var message: String, signatureHex: String }
        var accountId: String, secretKeyId: String, secret: String
        var jwt: [Token]
        var hmac: [HMAC]
    }

    private let vectors: Vectors
    private let naming = OrderNaming(accountID: "STA-00000001")
    private let now = Timestamp(nanoseconds: 1_628_000_000_000_000_000)

    init() throws { vectors = try JSONDecoder().decode(Vectors.self, from: Data(try Fixture.bytes("apifiny/vectors.json"))) }

    private func signer(isJWT: Bool = true) -> ApifinySigner {
        ApifinySigner(accountID: vectors.accountId, keyID: vectors.secretKeyId, secret: Secret(Array(vectors.secret.utf8)), isJWT: isJWT)
    }

    @Test func tokensAreTheVectors() throws {
        for vector in vectors.jwt where vector.case != "GET header without typ" {
            if vector.case == "WS market data" {
                #expect(signer().marketToken() == vector.token)
                continue
            }
            let digest = vector.content.map { ApifinySigner.digest(Array($0.utf8)) }
            #expect(digest == vector.digest, "\(vector.case)")
            #expect(signer().token(digest: digest, method: vector.method, expiry: try #require(vector.exp)) == vector.token, "\(vector.case)")
        }
        #expect(vectors.jwt.count == 6 && vectors.hmac.count == 3)
    }

    @Test func theHeaderWithoutTypeIsTheVector() throws {
        let vector = try #require(vectors.jwt.first { $0.case == "GET header without typ" })
        let claims = vector.token.split(separator: ".")[1]
        let head = Encoding.base64URL(Array(#"{"alg":"HS256"}"#.utf8))
        let code = Secret(Array(vectors.secret.utf8)).hmac(.sha256).code("\(head).\(claims)")
        #expect("\(head).\(claims).\(Encoding.base64URL(code))" == vector.token)
    }

    @Test func laterSignaturesAreTheVectors() {
        for vector in vectors.hmac { #expect(signer(isJWT: false).hmac(vector.message) == vector.signatureHex) }
        let time = Timestamp(nanoseconds: 1_657_294_317_062_000_000)
        let (query, headers) = signer(isJWT: false).get("accountId=STA-00000001&venue=VENUE1", at: time)
        #expect(query == vectors.hmac[0].message && headers.contains { $0.name == "signature" && $0.value == vectors.hmac[0].signatureHex })
        let body = Array(#"{"accountId":"STA-00000001","venue":"VENUE1","orderId":"000000011628000000000221"}"#.utf8)
        let (sent, signed) = signer(isJWT: false).post(body, at: time)
        #expect(String(decoding: sent, as: UTF8.self) == vectors.hmac[1].message && signed.contains { $0.value == vectors.hmac[1].signatureHex })
    }

    @Test func anOrderIsTheVectorsBody() {
        let order = ApifinyNewOrder(
            venueID: "000000011628000000000221", symbol: "BTCUSD", side: .buy, price: dec("100"), quantity: dec("1.12"), timeInForce: 1)
        let body = order.body(accountID: "STA-00000001", venue: "VENUE1")
        #expect(String(decoding: body, as: UTF8.self) == vectors.jwt.first { $0.case == "POST" }?.content)
    }

    // MARK: - Ids

    @Test func idsGoThereAndBack() throws {
        for id in ["abc00000000001", "zzzzzzzzzzzzzz", "00000000000000", "a", "k3x9w2q"] {
            let made = try #require(naming.venueID(of: id, at: now))
            #expect(made.utf8.count <= 64 && made.hasPrefix("00000001") && made.contains("1628000000000"))
            #expect(try #/^[0-9A-Za-z_\-]*\d{16}$/#.wholeMatch(in: made) != nil)
            #expect(naming.clientID(of: made) == id && OrderNaming.created(made) == now)
        }
        var seen: Set<String> = []
        for number in 0..<10_000 {
            let id = "abc" + String(number, radix: 36)
            #expect(seen.insert(try #require(naming.venueID(of: id, at: now))).inserted)
        }
    }

    @Test func othersIdsAreNotOurs() throws {
        let made = try #require(naming.venueID(of: "abc00000000001", at: now))
        for place in 0..<made.utf8.count {
            var bytes = Array(made.utf8)
            bytes[place] = bytes[place] == 57 ? 48 : bytes[place] + 1
            #expect(naming.clientID(of: String(decoding: bytes, as: UTF8.self)) == nil, "digit \(place)")
        }
        for id in ["000000011628000000000221", "", "STA-1", made + "1", String(made.dropFirst())] { #expect(naming.clientID(of: id) == nil) }
        #expect(naming.venueID(of: "with space", at: now) == nil && naming.venueID(of: "", at: now) == nil)
        #expect(naming.venueID(of: "UPPER", at: now) == nil && naming.venueID(of: "abcdefghijklmno", at: now) == nil)
    }

    // MARK: - Errors

    @Test func theWholeErrorTable() throws {
        let text = String(decoding: try Fixture.bytes("apifiny/errors.txt"), as: UTF8.self)
        let rows = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        #expect(rows.count == 70)
        for row in rows {
            for number in Set([row[0], row[1]]) {
                // A number that is printed for several things is decided by its words: those of another row may not match.
                let code = try #require(Int64(number))
                for matter in [ApifinyMatter.place, .cancel, .query] {
                    let verdict = RequestVerdict(apifiny: code, message: row[2], matter: matter)
                    #expect(fits(verdict, row[3], row[4], matter, code), "\(row) as \(matter): \(verdict)")
                }
            }
        }
    }

    /// Whether a verdict is as careful as the table asks.
    private func fits(_ verdict: RequestVerdict, _ class: String, _ handling: String, _ matter: ApifinyMatter, _ code: Int64) -> Bool {
        if matter != .query, handling.contains("UNKNOWN") {
            let concerns = handling.contains("place/cancel") || (matter == .place ? handling.contains("place") : handling.contains("cancel"))
            // After a doubtful placement nothing else will do; of a cancel also that it be asked about.
            if concerns, matter == .place { return verdict == .unknown || verdict == .duplicate }
            if concerns { return verdict == .unknown || verdict == .noSuchOrder }
        }
        switch verdict {
        case .unknown, .duplicate, .noSuchOrder: return true
        case .rejected: return ["reject", "retry", "fatal"].contains(`class`)
        case .throttled: return `class` == "throttle"
        case .unauthorised: return `class` == "auth"
        case .forbidden: return ["auth", "fatal"].contains(`class`)
        case .account, .paused: return `class` == "fatal" || handling.contains("stop placing")
        case .clock: return handling.contains("clock")
        case .done: return code == 328_010 && matter == .cancel
        case .retired: return false
        }
    }

    @Test(arguments: [
        (327_786 as Int64, "timeout for new order", ApifinyMatter.place, RequestVerdict.unknown), (327_786, "orderSide parameter error", .place, .rejected(.venue)),
        (327_786, "too many open orders", .place, .rejected(.venue)), (327_786, "?", .place, .unknown), (327_802, "order id repeat", .place, .duplicate),
        (327_802, "cannot cancel under the current status", .cancel, .noSuchOrder), (327_818, "wrong timestamp format", .place, .rejected(.venue)),
        (327_818, "timeout for cancel", .cancel, .unknown), (393_242, "available asset not enough", .place, .rejected(.insufficientBalance)),
        (131_178, "SQL error", .place, .duplicate), (999_999_994, "new", .place, .unknown), (0x7F_000A, "new", .query, .rejected(.venue)),
        (0x7F_000B, "new", .query, .unknown),
    ]) func sharedNumbersAreDecidedByTheirWords(code: Int64, message: String, matter: ApifinyMatter, verdict: RequestVerdict) {
        #expect(RequestVerdict(apifiny: code, message: message, matter: matter) == verdict)
    }

    @Test(arguments: [
        #"{"result":null,"error":{"code":131115,"message":"no"}}"#, #"{"error":{"message":"no","code":"131115"}}"#,
        #"{"result":null,"error":{"code":"0x02002B","message":"no"}}"#,
    ]) func codesInEverySpelling(text: String) throws {
        let envelope = try Bytes.with(text) { bytes throws(JSONError) in try ApifinyEnvelope(bytes) }
        #expect(envelope.code == 131_115 && envelope.message == "no")
    }

    // MARK: - Payloads

    private func each<R>(_ name: String, _ body: (Bytes) throws -> R) throws -> [R] {
        try Bytes.with(try Fixture.bytes("apifiny/\(name).json")) { bytes throws in
            var list: [R] = []
            let result = try ApifinyEnvelope(bytes).result ?? bytes
            var failure: (any Error)?
            try ApifinyEnvelope.each(result) { row throws(JSONError) in
                do { list.append(try body(row)) } catch { failure = error }
            }
            if let failure { throw failure }
            return list
        }
    }

    @Test func symbolsAndAccounts() throws {
        let symbol = try #require(try each("symbols") { try ApifinyReference.symbol($0) }.first)
        #expect(symbol.symbol == "BCHUSDT" && symbol.base == "BCH" && symbol.tick == dec("0.01") && symbol.lot == dec("0.0001"))
        #expect(symbol.minNotional == dec("1") && symbol.isTrading)
        let venues = try each("venues") { try ApifinyReference.fields($0) }
        #expect(venues.map { $0["exchange"] } == ["VENUE1", "VENUE24"] && venues.map { $0["status"] } == ["enabled", "disabled"])
        let hindrance = try Bytes.with(try Fixture.bytes("apifiny/account.json")) { bytes throws in
            let result = try ApifinyEnvelope(bytes).result
            return try ApifinyReference.hindrance(result, venue: "VENUE1")
        }
        #expect(hindrance == nil)
        let rate = try #require(try each("commission") { try ApifinyCommission($0) }.first)
        #expect(rate.taker == dec("0.003") && rate.maker == .zero)
        let balance = try #require(try each("balances") { try ApifinyBalance.read($0) }.first)
        #expect(balance == VenueBalance(currency: "USDT", total: dec("101.95"), available: dec("51.95"), reserved: dec("50")))
    }

    @Test func aSuspendedAccountDoesNotTrade() throws {
        for (word, isOwn) in [("RESTRICTED", false), ("SUSPENDED", true)] {
            let text = #"[{"accountStatus":"\#(isOwn ? "OPENED" : word)","subAccountInfo":[{"venue":"V","accountStatus":"\#(isOwn ? word : "OPENED")"}]}]"#
            let hindrance = try Bytes.with(text) { bytes throws(JSONError) in try ApifinyReference.hindrance(bytes, venue: "V") }
            #expect(hindrance?.contains(word) == true)
        }
    }

    @Test func ordersAndExecutions() throws {
        let order = try #require(try each("order") { try ApifinyOrder($0) }.first)
        #expect(order.state(isListedOpen: true) == .pending && order.executed == .zero && order.quantity == dec("1.12"))
        let rows = try each("fills") { try ApifinyOrder($0) }
        let execution = try #require(rows.compactMap { ApifinyExecution($0, now: now, grids: nil) }.first)
        let fill = try #require(ApifinyExecution.fills([execution], naming).first)
        #expect(fill.quantity == dec("0.01") && fill.price == dec("9000") && fill.fee == dec("0.045") && fill.feeCurrency == "USD" && fill.liquidity == .taker)
        #expect(fill.tradeID == "0.01" && fill.reference.venueID == "000000011628000000000221")
    }

    @Test(arguments: [
        ("PENDING_SUBMIT", "", false, VenueOrder.State.pending), ("SUBMITTED", "", false, .open), ("PART_FILLED", #","openQuantity":1"#, false, .open),
        ("PART_FILLED", #","openQuantity":0"#, false, .cancelled), ("PART_FILLED", "", true, .open), ("FILLED", "", false, .filled),
        ("CANCELLED", "", false, .cancelled), ("CANCELED", "", false, .cancelled), ("EXPIRED", "", false, .expired), ("WAITING", "", false, .unrecognised("WAITING")),
    ]) func statuses(word: String, more: String, isListedOpen: Bool, state: VenueOrder.State) throws {
        let text = #"{"orderId":"1","symbol":"A","orderStatus":"\#(word)"\#(more)}"#
        let order = try Bytes.with(text) { bytes throws(JSONError) in try ApifinyOrder(bytes) }
        #expect(order.state(isListedOpen: isListedOpen) == state)
    }

    /// The same executions from a list in either order, and in pieces, have the same names.
    @Test func executionsAreNamedByTheirOrdersSum() throws {
        func row(_ id: String, _ quantity: String, _ time: Int64) throws -> ApifinyExecution {
            let text = #"{"orderId":"\#(id)","symbol":"A","orderSide":"BUY","lastFilledQuantity":\#(quantity),"lastFilledPrice":1,"lastFilledCreatedAt":\#(time)}"#
            let order = try Bytes.with(text) { bytes throws(JSONError) in try ApifinyOrder(bytes) }
            return try #require(ApifinyExecution(order, now: now, grids: nil))
        }
        let rows = [try row("1", "4", 10), try row("2", "1", 11), try row("1", "5", 12), try row("1", "5", 13)]
        let expected = ["1/4", "1/9", "1/14", "2/1"]
        for list in [rows, rows.reversed()] {
            let fills = ApifinyExecution.fills(list, naming)
            #expect(fills.map { "\($0.reference.venueID ?? "")/\($0.tradeID)" }.sorted() == expected.sorted())
        }
    }

    @Test func marketData() throws {
        let btc = try instrument("BTC_USDT", tick: "0.01", lot: "0.00000001")
        let grids = InstrumentGrids(btc)
        func push(_ name: String) throws -> (ApifinyPush.Kind, [UInt8]) {
            try Bytes.with(try Fixture.bytes("apifiny/\(name).json")) { bytes throws in
                let push = try ApifinyPush(bytes)
                return (push.kind, push.data?.array ?? [])
            }
        }
        let (kind, book) = try push("push_book")
        try Bytes.with(book) { bytes throws in
            var reader = JSONReader(bytes)
            let data = try BookData(apifiny: &reader, grids)
            #expect(kind == .orderbook && data.asks == [BookLevel(ticks: 3_617_976, size: 1_311_800)] && data.bids.count == 2)
            #expect(data.time == Timestamp(nanoseconds: 1_621_839_607_399_000_000))
        }
        for (name, isPush) in [("push_trade", true), ("rest_trades", false)] {
            let data = isPush ? try push(name).1 : try Fixture.bytes("apifiny/\(name).json")
            let trades = try Bytes.with(data) { bytes throws in try TradeData.apifiny(bytes, grids) }
            // BUY is the maker's: who took, sold.
            #expect(trades.count == 1 && trades[0].side == .sell)
        }
        let ticker = try Bytes.with(try push("push_ticker").1) { bytes throws in try ApifinyTicker(bytes) }
        #expect(ticker.close == dec("36198.03") && ticker.volume == dec("2984.419753"))
        let candle = try #require(try each("rest_candles") { try ApifinyCandle($0) }.first)
        #expect(candle.pair == "BTC/USDT" && candle.time == Timestamp(nanoseconds: 1_616_140_260_000_000_000))
    }
}
