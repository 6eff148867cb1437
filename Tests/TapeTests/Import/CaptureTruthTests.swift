import Domain
import Testing

@testable import Tape

/// Final books and sums of the recorded captures, against figures computed elsewhere.
@Suite struct CaptureTruthTests {
    private func expectBook(_ found: InstrumentStatistics, _ truth: [String: Any]) {
        let (bids, asks) = (found.levels(.buy), found.levels(.sell))
        #expect(bids.count == truth["bid_levels"] as? Int)
        #expect(asks.count == truth["ask_levels"] as? Int)
        #expect(bids.first.map { found.instrument.decimal($0.price).description } == truth["best_bid"] as? String)
        #expect(bids.first?.size.description == truth["best_bid_qty"] as? String)
        #expect(asks.first.map { found.instrument.decimal($0.price).description } == truth["best_ask"] as? String)
        #expect(asks.first?.size.description == truth["best_ask_qty"] as? String)
        #expect(found.bookSHA256 == truth["book_sha256"] as? String)
    }

    private func check(_ key: String, _ files: [String], tick: String, lot: String) throws {
        let found = try Imported(.binanceWS, files.map(Recorded.path)) { $0.shiftLocal = Span(nanoseconds: 1_300_000_000) }
        let all = try found.statistics()
        #expect(all.instrument.name == "file:BTC_USDT")
        #expect(all.instrument.nativeSymbol == "BTCUSDT")
        #expect(all.instrument.tick == (try ExactDecimal(tick)))
        #expect(all.instrument.lot == (try ExactDecimal(lot)))
        #expect(all.instrument.dataKind == .level2)
        #expect(found.summary.earlyRecords == 0)
        try expectBook(all, #require(Recorded.value(key, "replay", "final")))
        #expect(all.depth == Recorded.value(key, "replay", "level_updates_applied"))
        #expect(found.note("depth messages applied") == Recorded.value(key, "replay", "depth_events_applied"))
        #expect(found.note("depth messages dropped as stale") == Recorded.value(key, "replay", "depth_events_dropped_as_stale"))
        #expect(all.gaps == Recorded.value(key, "replay", "sequence_gaps"))
        let (bids, asks): (Int?, Int?) = (Recorded.value(key, "snapshot", "bids"), Recorded.value(key, "snapshot", "asks"))
        #expect(all.snapshotLevels == (bids ?? 0) + (asks ?? 0))
        #expect(all.lastTime == Recorded.value(key, "last_local_ns").map { (last: Int) in Int64(last) + 1_300_000_000 })
        try trades(key, found, all)
        quotes(key, found, all)
        spreads(key, found)
    }

    private func trades(_ key: String, _ found: Imported, _ all: InstrumentStatistics) throws {
        let trades = found.records.filter { $0.kind == .trade }
        #expect(all.trades == Recorded.value(key, "trades", "count"))
        #expect(all.tradeQuantity.description == Recorded.value(key, "trades", "sum_qty"))
        #expect(all.tradeNotional.description == Recorded.value(key, "trades", "sum_notional"))
        #expect(trades.count { $0.side == .sell } == Recorded.value(key, "trades", "buyer_is_maker_count"))
        #expect(found.note("breaks in the trade ids") == Recorded.value(key, "trades", "id_discontinuities"))
        let (first, last) = (try #require(trades.first), try #require(trades.last))
        #expect(Int(first.exchangeTime / 1_000_000) == Recorded.value(key, "trades", "first_T_ms"))
        #expect(Int(last.exchangeTime / 1_000_000) == Recorded.value(key, "trades", "last_T_ms"))
        func price(_ ticks: Int64?) -> String? { ticks.map { all.instrument.decimal(Price(ticks: $0)).description } }
        #expect(price(first.a) == Recorded.value(key, "trades", "first_price"))
        #expect(price(last.a) == Recorded.value(key, "trades", "last_price"))
        #expect(price(trades.map(\.a).max()) == Recorded.value(key, "trades", "max_price_nonzero"))
        #expect(price(trades.map(\.a).min()) == Recorded.value(key, "trades", "min_price_nonzero"))
    }

    private func quotes(_ key: String, _ found: Imported, _ all: InstrumentStatistics) {
        let quotes = found.records.filter { $0.kind == .quote }
        #expect(all.quotes == Recorded.value(key, "book_ticker", "count"))
        #expect(all.lockedQuotes + all.crossedQuotes == Recorded.value(key, "book_ticker", "locked_or_crossed"))
        let spreads = quotes.map { $0.c - $0.a }
        func price(_ ticks: Int64?) -> String? { ticks.map { all.instrument.decimal(Price(ticks: $0)).description } }
        #expect(price(spreads.min()) == Recorded.value(key, "book_ticker", "min_spread"))
        #expect(price(spreads.max()) == Recorded.value(key, "book_ticker", "max_spread"))
        let last: [String: Any]? = Recorded.value(key, "book_ticker", "last")
        func expected(_ field: String) -> String? { (last?[field] as? String).flatMap { try? ExactDecimal($0).description } }
        #expect(price(quotes.last?.a) == expected("b"))
        #expect(price(quotes.last?.c) == expected("a"))
        #expect(quotes.last.map { all.instrument.decimal(units: $0.b).description } == expected("B"))
        #expect(quotes.last.map { all.instrument.decimal(units: $0.d).description } == expected("A"))
    }

    /// The spread after each depth message; best prices are kept by looking again only where a best level goes.
    private func spreads(_ key: String, _ found: Imported) {
        var (bids, asks): ([Int64: Int64], [Int64: Int64]) = ([:], [:])
        var (bid, ask): (Int64?, Int64?) = (nil, nil)
        var (low, high, bad) = (Int64.max, Int64.min, 0)
        for record in found.records where record.kind == .level {
            if record.side == .buy {
                bids[record.a] = record.b > 0 ? record.b : nil
                if record.b > 0 { bid = max(bid ?? record.a, record.a) } else if record.a == bid { bid = bids.keys.max() }
            } else {
                asks[record.a] = record.b > 0 ? record.b : nil
                if record.b > 0 { ask = min(ask ?? record.a, record.a) } else if record.a == ask { ask = asks.keys.min() }
            }
            guard record.endsBatch, record.flags & MarketRecord.Flag.snapshot == 0, let bid, let ask else { continue }
            (low, high) = (min(low, ask - bid), max(high, ask - bid))
            if ask <= bid { bad += 1 }
        }
        let instrument = found.instruments[0]
        #expect(instrument.decimal(Price(ticks: low)).description == Recorded.value(key, "replay", "min_spread_after_event"))
        #expect(instrument.decimal(Price(ticks: high)).description == Recorded.value(key, "replay", "max_spread_after_event"))
        #expect(bad == Recorded.value(key, "replay", "crossed_or_locked_after_event"))
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func binanceSpotOverTwoFiles() throws {
        try check(
            "binance_ws/binance_spot_btcusdt_20240808+20240809.gz",
            ["binance_ws/binance_spot_btcusdt_20240808.gz", "binance_ws/binance_spot_btcusdt_20240809.gz"], tick: "0.01", lot: "0.000001")
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func binanceSpotFirstFile() throws {
        let file = "binance_ws/binance_spot_btcusdt_20240808.gz"
        try check(file, [file], tick: "0.01", lot: "0.000001")
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func binanceFutures() throws {
        let file = "binance_ws/binance_usdm_btcusdt_20240808.gz"
        try check(file, [file], tick: "0.1", lot: "0.001")
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func binanceSpotSecondFileAlone() throws {
        let file = "binance_ws/binance_spot_btcusdt_20240809.gz"
        let found = try Imported(.binanceWS, [Recorded.path(file)])
        let all = try found.statistics()
        try trades(file, found, all)
        quotes(file, found, all)
        #expect(found.summary.warnings.contains { $0.contains("no snapshot") })
        // Without a shift the clock of the capture lags, and the summary says by how much.
        #expect(found.summary.earlyRecords > 0)
        #expect(found.summary.suggestedShift == Span("1300ms"))
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func coinbaseBooks() throws {
        let file = "ws_captures/cryptofeed_COINBASE.ws.28.0.gz"
        let found = try Imported(.cryptofeed, [Recorded.path(file)])
        let books: [String: [String: Any]] = try #require(Recorded.value(file, "final_books"))
        let sums: [String: String] = try #require(Recorded.value(file, "sum_trade_qty"))
        #expect(Set(found.instruments.map(\.nativeSymbol)) == Set(books.keys))
        for (native, truth) in books {
            let one = try found.statistics(native)
            expectBook(one, truth)
            #expect(one.tradeQuantity.description == sums[native] ?? "0", "\(native)")
        }
        #expect(found.records.count { $0.kind == .trade } == Recorded.value(file, "kinds", "match"))
        #expect(found.records.count { $0.kind == .clear } == Recorded.value(file, "kinds", "snapshot"))
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func krakenBooksAndChecksums() throws {
        let file = "ws_captures/cryptofeed_KRAKEN.ws.50.0.gz"
        let found = try Imported(.cryptofeed, [Recorded.path(file)])
        let books: [String: [String: Any]] = try #require(Recorded.value(file, "final_books"))
        for (native, truth) in books { expectBook(try found.statistics(native), truth) }
        #expect(found.instruments.count == books.count)
        #expect(found.note("checksums that agree") == Recorded.value(file, "crc32_checksums_ok"))
        #expect(found.note("checksums that disagree") == Recorded.value(file, "crc32_checksums_bad"))
        #expect(try found.statistics("XBT/CHF").instrument.symbol == "XBT_CHF")
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

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func bitstamp() throws {
        let file = Recorded.path("ws_captures/cryptofeed_BITSTAMP.ws.1.0.gz")
        let found = try Imported(.cryptofeed, [file])
        #expect(found.records.count { $0.kind == .trade } == 10)
        #expect(try found.statistics("ETH_USD").trades == 10)
        #expect(try found.statistics("ETH_USD").instrument.tick == ExactDecimal("0.01"))
        // With the REST answers of the same capture the book is whole and stays uncrossed.
        let whole = try Imported(.cryptofeed, [Recorded.path("ws_captures/cryptofeed_BITSTAMP.http.0.0.gz"), file])
        let eth = try whole.statistics("ethusd")
        #expect(eth.snapshotLevels > 100)
        let (bid, ask) = (try #require(eth.levels(.buy).first), try #require(eth.levels(.sell).first))
        #expect(bid.price < ask.price)
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func cryptofeedBinanceWithItsSnapshots() throws {
        let found = try Imported(
            .cryptofeed, ["ws_captures/cryptofeed_BINANCE.http.0.0.gz", "ws_captures/cryptofeed_BINANCE.ws.1.0.gz"].map(Recorded.path))
        let nkn = try found.statistics("NKNUSDT")
        #expect(nkn.snapshotLevels > 100)
        #expect(nkn.gaps == 0)
        let (bid, ask) = (try #require(nkn.levels(.buy).first), try #require(nkn.levels(.sell).first))
        #expect(bid.price < ask.price)
    }
}
