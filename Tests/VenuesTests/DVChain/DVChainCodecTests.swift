import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// Every sample of the venue's page as a file, named by its section, and the signing vectors.
struct DVChainCodecTests {
    static func settings(user: String = "11111111-2222-3333-4444-555555555555", password: String = "0123456789abcdef0123456789abcdef", options: [String: String] = [:]) -> VenueSettings {
        VenueSettings(
            name: "dvchain", environment: .custom, endpoints: ["rest": "https://127.0.0.1:1", "websocket": "wss://127.0.0.1:1/websocket"],
            credentials: ["user": Secret(Array(user.utf8)), "password": Secret(Array(password.utf8))], options: options, seed: 1)
    }

    private func read<T>(_ name: String, _ body: (Bytes) throws -> T) throws -> T {
        try Bytes.with(try Fixture.bytes("dvchain/\(name).json")) { bytes in try body(bytes) }
    }

    @Test func theHandshakeIsSignedAsThePageHasIt() throws {
        let made = try DVChainSettings(DVChainCodecTests.settings())
        let first = made.handshake(at: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
        #expect(first.map(\.name) == ["dv-api-key", "dv-timestamp", "dv-timewindow", "dv-signature"])
        #expect(first[1].value == "1700000000000" && first[2].value == "20000")
        #expect(first[3].value == "NyUJMTctHzLLzVPkwcAkZOo9mu7MtQvgnsOL/SLC0ZA=")
        let second = made.handshake(at: Timestamp(nanoseconds: 1_595_607_528_354_000_000), window: "5000")
        #expect(second[3].value == "05J0ezgYvCf7XUbRE3HmpPJLEtQE5JBPEw4cYvAQOKM=")
        #expect(made.basic == "Basic MTExMTExMTEtMjIyMi0zMzMzLTQ0NDQtNTU1NTU1NTU1NTU1OjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm")
        #expect(try DVChainSettings(DVChainCodecTests.settings(user: "demo", password: "p@55w0rd")).basic == "Basic ZGVtbzpwQDU1dzByZA==")
    }

    @Test func pricesInBothNestings() throws {
        let flat = try read("4_1_1") { try DVChainPrices($0).ladders }
        #expect(flat.map(\.symbol) == ["BTC/USD", "ETH/USD"] && flat[0].ladder.tiers.count == 2)
        #expect(flat[0].ladder.tiers[1].most == dec("7.57701951992266"))
        let nested = try read("4_2_1") { try DVChainPrices($0).ladders }
        #expect(nested.map(\.symbol) == ["ETH/BTC"] && nested[0].ladder.tiers[0].buy == dec("0.02192152"))
    }

    /// A size is priced whole by its tier; the book shows what one more unit costs, and never better.
    @Test func ladders() throws {
        let ladder = try read("4_1_1") { try DVChainPrices($0).ladders[0].ladder }
        #expect(ladder.price(.buy, quantity: dec("2.4")) == dec("9784.19") && ladder.price(.sell, quantity: dec("2.5")) == dec("9753.79"))
        #expect(ladder.price(.buy, quantity: dec("8")) == nil)
        let grids = InstrumentGrids(try instrument("BTC_USD", tick: "0.01", lot: "0.0001"))
        let book = try #require(ladder.book(grids))
        #expect(book.asks.map(\.size) == [24_589, 51_181] && book.bids.map(\.size) == [24_589, 51_181])
        // (9785.04 × 7.5770 − 9784.19 × 2.4589) / 5.1181 = 9785.448…, up; the bids down.
        #expect(book.asks.map(\.ticks) == [978_419, 978_545] && book.bids.map(\.ticks) == [975_488, 975_326])
        var crossed = ladder
        crossed.tiers[0].buy = dec("9000")
        #expect(crossed.book(grids) == nil)
    }

    @Test func aFirmQuote() throws {
        let quote = try read("4_3_1") { try DVChainQuote($0) }
        #expect(quote.asset == "BTC" && quote.counter == "USD" && quote.side == .buy && quote.price == dec("9784.19"))
        #expect(quote.quantity == dec("0.100005") && quote.life == Span(nanoseconds: 5_000_000_000) && quote.key == "1BTCUSD0.100005Buy1589978924762")
    }

    @Test func rows() throws {
        let done = try read("4_4_2") { try DVChainRow($0) }
        #expect(done.symbol == "BTC/USD" && done.isComplete && done.price == dec("9784.19"))
        #expect(done.created == Timestamp(nanoseconds: 1_589_978_924_938_000_000))
        let open = try read("4_6_3") { try DVChainRow($0) }
        #expect(open.symbol == "ETH/BTC" && open.price == nil && open.limit == dec("0.00001") && !open.isComplete)
        #expect(open.order(clientID: nil, now: Timestamp(nanoseconds: 1)).state == .open && open.fill(clientID: nil, now: Timestamp(nanoseconds: 1)) == nil)
        let page = try read("4_7_1") { try DVChainPage($0) }
        #expect(page.total == 17 && page.pages == 17 && page.rows.count == 1 && page.rows[0].key == "1BTCUSD0.100005Buy1589978924762")
        let fill = try #require(page.rows[0].fill(clientID: nil, now: Timestamp(nanoseconds: 1)))
        #expect(fill.tradeID == page.rows[0].id && fill.quantity == dec("0.100005") && fill.fee == .zero)
        let pushed = try read("5_3_1") { try DVChainFrame($0) }
        #expect(pushed.topic == "ORDER_FILLED" && pushed.event == "notifications")
        let limits = try read("4_10_1") { try DVChainLimits($0).balances }
        #expect(limits.map(\.currency) == ["BTC", "USD"] && limits.allSatisfy(\.isCredit))
        #expect(limits[1].total == dec("-59606.79569045") && limits[1].available == dec("100000"))
    }

    @Test func tagsAreOurNamesAndBack() {
        let tag = DVChainTag.tag("abc0001000000x")
        #expect(tag.utf8.count == 36 && Array(tag)[14] == "4" && Array(tag)[19] == "8")
        #expect(DVChainTag.clientID(tag) == "abc0001000000x")
        #expect(DVChainTag.clientID("90c2f1ee-fe3b-497f-9b9b-8ed2595a1004") == nil && DVChainTag.clientID("no") == nil)
    }

    @Test func theEndOfATokenIsRead() {
        let claims = #"{"exp":1700000100,"sub":"x"}"#
        let encoded = Data(claims.utf8).base64EncodedString().replacingOccurrences(of: "=", with: "")
        #expect(DVChainSmall.expiry(ofToken: "h.\(encoded).s") { Data(base64Encoded: $0).map { Array($0) } } == Timestamp(nanoseconds: 1_700_000_100_000_000_000))
        #expect(DVChainSmall.expiry(ofToken: "nothing") { _ in nil } == nil)
    }
}
