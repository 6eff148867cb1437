import Domain
import Testing

@testable import Tape

/// The recorded captures in ways that truth.json does not tell: several files of one session, names, clocks.
@Suite struct CaptureTests {
    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func aClockThatLagsIsToldBy() throws {
        let found = try Imported(.binanceWS, [Recorded.path("binance_ws/binance_spot_btcusdt_20240809.gz")])
        // Without a shift the clock of the capture lags, and the summary says by how much.
        #expect(found.summary.earlyRecords > 0)
        #expect(found.summary.suggestedShift == Span("1300ms"))
        #expect(found.instruments[0].name == "file:BTC_USDT" && found.instruments[0].nativeSymbol == "BTCUSDT")
        #expect(found.instruments[0].tick.description == "0.01" && found.instruments[0].lot.description == "0.000001")
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func krakenTradesMergedWithTheBook() throws {
        let file = "ws_captures/cryptofeed_KRAKEN.ws.48.0.gz"
        let book = Recorded.path("ws_captures/cryptofeed_KRAKEN.ws.50.0.gz")
        let found = try Imported(.cryptofeed, [Recorded.path(file), book]) { $0.instruments = ["kraken:SC_EUR", "kraken:XMR/USD"] }
        let sums: [String: String] = try #require(Recorded.value(file, "sum_trade_qty"))
        for (native, sum) in sums { #expect(try found.statistics(native).tradeQuantity.description == sum) }
        #expect(found.instruments.map(\.name) == ["kraken:SC_EUR", "kraken:XMR_USD"])
        #expect(found.instruments.map(\.dataKind) == [.level2, .level2])
        // Their times are interleaved, and the order of files does not matter.
        let swapped = try Imported(.cryptofeed, [book, Recorded.path(file)]) { $0.instruments = ["kraken:SC_EUR", "kraken:XMR/USD"] }
        #expect(swapped.records == found.records)
    }

    @Test func joinedNamesAreCutWhereTheQuoteBegins() {
        let names = ["usdtusd": "USDT_USD", "BNBUSD": "BNB_USD", "grtusd": "GRT_USD", "BTCTUSD": "BTC_TUSD", "ETHBUSD": "ETH_BUSD", "BNBUSDT": "BNB_USDT", "usdteur": "USDT_EUR"]
        for (native, symbol) in names { #expect(InstrumentNames(native: native).symbol == symbol) }
    }

    /// Books of the small captures with their REST snapshots, computed apart from this code (with Python's decimals).
    private func expectBooks(_ found: Imported, _ books: [(native: String, bids: Int, asks: Int, depth: Int, sha256: String)]) throws {
        #expect(Set(found.instruments.map(\.nativeSymbol)) == Set(books.map(\.native)))
        for book in books {
            let one = try found.statistics(book.native)
            #expect(one.levels(.buy).count == book.bids && one.levels(.sell).count == book.asks, "\(book.native)")
            #expect(one.depth == book.depth && one.gaps == 0, "\(book.native)")
            #expect(one.bookSHA256 == book.sha256, "\(book.native)")
        }
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func bitstampWithItsSnapshots() throws {
        let file = Recorded.path("ws_captures/cryptofeed_BITSTAMP.ws.1.0.gz")
        let found = try Imported(.cryptofeed, [Recorded.path("ws_captures/cryptofeed_BITSTAMP.http.0.0.gz"), file])
        try expectBooks(
            found,
            [
                ("adaeur", 150, 210, 93, "1300a1b1c46032c25c0b12b4ac91c86b58684c3d9b6b4b7b988870a9985f4eaa"),
                ("batbtc", 50, 48, 182, "e5658d2878beeeb6082b3bb86524edbb0e4e95fd5c8cfbf0bfdc3d5906beca39"),
                ("bateur", 152, 175, 178, "1d4d23a4f2cdb8967cc232bd045d024bf383624d080cbb5eca63377092715938"),
                ("ethusd", 2013, 1977, 514, "d0cfafe76ab4011a64b271bbe6be867e7fc5390ba6baefc60eaedb4454bc6c93"),
                ("galaeur", 29, 54, 33, "7189b98d7aa8a5d6279e7cb99232bdbba572083de193debdbbc7950ff8115a4b"),
                ("sgbeur", 82, 436, 0, "340fa199db7a34a274b9febc5419cff9e40fa210754e47c196778d92f4b229a6"),
                ("usdteur", 88, 39, 202, "e4630b24b06ce2352470502bd1c0be5b8e806f5527aea4252672561408b7ff98"),
                ("usdtusd", 60, 53, 110, "5d9903db1261263193ae7accb83862ee9fe70708e2bf4fe3d7335b127450f551"),
                ("xlmgbp", 63, 114, 93, "96fe95a8b85aeb57c34f7cfeb70081e65442d3b4d8ff3e2857524ab348e49d2e"),
                ("xrpeur", 970, 2714, 251, "155f4cce0be9baa92c0bc429e10ffc414307676e4eebd778ec7824fa13bac931"),
            ])
        #expect(found.note("depth messages dropped as stale") == 102)
        #expect(try found.statistics("ethusd").tradeQuantity.description == "34.91894724")
        #expect(Set(found.instruments.map(\.symbol)).isSuperset(of: ["USDT_USD", "USDT_EUR", "BAT_BTC"]))
        // Without them the book is made of changes only.
        let alone = try Imported(.cryptofeed, [file])
        #expect(try alone.statistics("ethusd").bookSHA256 == "c67c428f782376e4b64340b6ffbfb744df566e08ad8ba12773b6193a4c894dd0")
        #expect(try alone.statistics("ethusd").trades == 10)
        #expect(alone.summary.warnings.contains { $0.contains("no snapshot") })
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func cryptofeedBinanceWithItsSnapshots() throws {
        let files = ["ws_captures/cryptofeed_BINANCE.http.0.0.gz", "ws_captures/cryptofeed_BINANCE.ws.1.0.gz"]
        let found = try Imported(.cryptofeed, files.map(Recorded.path))
        try expectBooks(
            found,
            [
                ("BLZETH", 173, 999, 11, "831605675c49bf1cf921e38910a4e3a340cf5445140c4a0b4a3d53c1c4aeaa7e"),
                ("LRCBTC", 176, 1000, 19, "aa16ac15047189148003f938ce66f319b287cd7b3a69dea19ac4da8c5aef1e08"),
                ("NKNUSDT", 614, 994, 376, "5c75aa6f21615440520aa8a5a63e4496c71269f461b2a0779e036808703050ef"),
                ("RUNEEUR", 222, 468, 2, "c14f35a413285ae019585b90662419a3450ea93ac8cc7ddcd866f3bd65e8e500"),
            ])
        #expect(found.note("depth messages dropped as stale") == 5)
        #expect(found.note("depth messages applied") == 172)
        let nkn = try #require(found.summary.items.first { $0.instrument.nativeSymbol == "NKNUSDT" })
        #expect(nkn.sequence.lastUpdateID == 499_870_179)
    }
}
