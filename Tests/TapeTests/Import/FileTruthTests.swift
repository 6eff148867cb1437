import Domain
import Testing

@testable import Tape

/// Bars, ticks and quotes of the recorded files, against figures computed elsewhere.
@Suite struct FileTruthTests {
    private let tenThousand = ExactDecimal(mantissa: 10_000, scale: 0)

    private func text(_ instrument: Instrument, _ ticks: Int64?) -> String? {
        ticks.map { instrument.decimal(Price(ticks: $0)).description }
    }

    // MARK: Bars

    private func bars(_ file: String, columns: String, header: Bool) throws -> Imported {
        let found = try Imported(.ohlcv, [Recorded.path(file)]) {
            $0.columns = columns.split(separator: ",").map(String.init)
            $0.hasHeader = header
        }
        let all = try found.statistics()
        let instrument = all.instrument
        let truth: (String) -> Int? = { Recorded.value(file, $0) }
        #expect(all.bars == truth("rows"))
        #expect(Int(instrument.barInterval.nanoseconds / 1_000_000) == truth("step_ms"))
        #expect(all.gaps == truth("gaps"))
        #expect(all.missingBars == truth("missing_bars"))
        #expect(found.records.first.map { Int($0.exchangeTime / 1_000_000) } == truth("first_ms"))
        #expect(found.records.last.map { Int($0.exchangeTime / 1_000_000) } == truth("last_ms"))
        #expect(found.records.allSatisfy { $0.localTime == $0.exchangeTime + instrument.barInterval.nanoseconds })
        #expect(text(instrument, found.records.first?.a) == Recorded.value(file, "first_open"))
        #expect(text(instrument, found.records.last?.d) == Recorded.value(file, "last_close"))
        #expect(text(instrument, found.records.map(\.b).max()) == Recorded.value(file, "max_high"))
        #expect(text(instrument, found.records.map(\.c).min()) == Recorded.value(file, "min_low"))
        return found
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent), arguments: ["bitfinex_btcusd_1m_2016", "bitfinex_ethusd_1m_2016"])
    func bitfinex(_ name: String) throws {
        let file = "ohlcv/\(name).csv.gz"
        let found = try bars(file, columns: "time,open,close,high,low,volume", header: false)
        #expect(try found.statistics().volume.description == Recorded.value(file, "sum_volume"))
        #expect(found.instruments[0].name == (name.contains("btc") ? "file:BTC_USD" : "file:ETH_USD"))
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent), arguments: ["binance_btcusdt_15m", "binance_ethusdt_15m", "binance_btcusdt_1h"])
    func binance(_ name: String) throws {
        let file = "ohlcv/\(name).csv.gz"
        let found = try bars(file, columns: "time,open,high,low,close,volume,-,-,trades,-,-,-", header: true)
        #expect(try found.statistics().volume.description == Recorded.value(file, "sum_volume"))
        #expect(found.records.reduce(0) { $0 + Int($1.aux) } == Recorded.value(file, "sum_trade_count"))
        // Columns are free: the quote volume as volume.
        let quoted = try Imported(.ohlcv, [Recorded.path(file)]) {
            $0.columns = "time,open,high,low,close,-,-,volume,-,-,-,-".split(separator: ",").map(String.init)
            $0.hasHeader = true
        }
        #expect(try quoted.statistics().volume.description == Recorded.value(file, "sum_quote_volume"))
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent), arguments: ["aapl", "spy"])
    func leanHours(_ name: String) throws {
        let file = "ohlcv/lean_equity_hour_\(name).zip"
        let found = try Imported(.lean, [Recorded.path(file)])
        let all = try found.statistics()
        #expect(all.instrument.name == "file:\(name.uppercased())_USD")
        #expect(all.instrument.barInterval == Span("1h"))
        #expect(all.bars == Recorded.value(file, "rows"))
        #expect(all.volume.description == Recorded.value(file, "sum_volume"))
        let truth: (String) -> Int? = { Recorded.value(file, $0) }
        func times10000(_ ticks: Int64?) throws -> Int? {
            try ticks.map { Int(try #require((all.instrument.decimal(Price(ticks: $0)) * tenThousand).multiple(of: .one))) }
        }
        #expect(try times10000(found.records.last?.d) == truth("last_close_x10000"))
        #expect(try times10000(found.records.map(\.b).max()) == truth("max_high_x10000"))
        #expect(try times10000(found.records.map(\.c).min()) == truth("min_low_x10000"))
        // 09:00 in New York is 14:00 UTC in January, 15:00 is 19:00 UTC in summer time.
        #expect(found.records.first.map { TimeText.text(Timestamp(nanoseconds: $0.exchangeTime)) } == "1998-01-02T14:00:00Z")
        #expect(found.records.last.map { TimeText.text(Timestamp(nanoseconds: $0.exchangeTime)) } == "2021-03-31T19:00:00Z")
    }

    // MARK: Ticks

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func eurusd() throws {
        let file = "quotes/lean_fxcm_eurusd_20140508_tick_quote.zip"
        let found = try Imported(.lean, [Recorded.path(file)])
        let all = try found.statistics()
        #expect(all.instrument.name == "file:EUR_USD")
        #expect(all.instrument.dataKind == .quotes)
        #expect(all.quotes == Recorded.value(file, "rows"))
        #expect(all.lockedQuotes + all.crossedQuotes == Recorded.value(file, "locked_or_crossed"))
        let spreads = found.records.map { $0.c - $0.a }
        #expect(text(all.instrument, spreads.max()) == Recorded.value(file, "max_spread"))
        #expect(text(all.instrument, spreads.min()) == Recorded.value(file, "min_spread"))
        #expect(text(all.instrument, found.records.reduce(0) { $0 + $1.a + $1.c }) == Recorded.value(file, "sum_bid_plus_ask"))
        #expect(text(all.instrument, found.records.last?.a) == Recorded.value(file, "last_bid"))
        #expect(text(all.instrument, found.records.last?.c) == Recorded.value(file, "last_ask"))
        // The day is UTC−05.
        let midnight = try #require(TimeText.parse("2014-05-08T05:00:00Z")).nanoseconds
        let (first, last) = (try #require(found.records.first), try #require(found.records.last))
        #expect("\((first.exchangeTime - midnight) / 1_000_000)" == Recorded.value(file, "first_ms_of_day"))
        #expect("\((last.exchangeTime - midnight) / 1_000_000)" == Recorded.value(file, "last_ms_of_day"))
    }

    private func expectExchanges(_ found: Imported, _ file: String) throws {
        let truth: [String: Int] = try #require(Recorded.value(file, "exchanges"))
        var counts: [String: Int] = [:]
        for note in found.summary.notes where note.key.hasPrefix("exchange ") { counts[String(note.key.dropFirst(9))] = note.value }
        #expect(counts == truth)
    }

    private func expectDay(_ found: Imported, _ file: String, midnight: String) throws {
        let start = try #require(TimeText.parse(midnight)).nanoseconds
        let (first, last) = (try #require(found.records.first), try #require(found.records.last))
        #expect(Int((first.exchangeTime - start) / 1_000_000) == Recorded.value(file, "first_ms_of_day"))
        #expect(Int((last.exchangeTime - start) / 1_000_000) == Recorded.value(file, "last_ms_of_day"))
    }

    @Test(
        .enabled(if: Recorded.isThere, Recorded.absent),
        arguments: [("bac_20131009", "2013-10-09T04:00:00Z"), ("spy_20131008", "2013-10-08T04:00:00Z")])
    func equityTrades(_ name: String, _ midnight: String) throws {
        let file = "equity_ticks/lean_\(name)_tick_trade.zip"
        let found = try Imported(.lean, [Recorded.path(file)])
        let all = try found.statistics()
        #expect(all.instrument.dataKind == .trades)
        #expect(all.trades == Recorded.value(file, "rows"))
        #expect(Int(all.tradeQuantity.description) == Recorded.value(file, "sum_size"))
        let notional = all.tradeNotional * tenThousand
        #expect(Int(notional.description) == Recorded.value(file, "sum_size_x_price10000"))
        let last = try #require(found.records.last)
        #expect(Int((all.instrument.decimal(Price(ticks: last.a)) * tenThousand).description) == Recorded.value(file, "last_price_x10000"))
        #expect(found.note("suspicious") == Recorded.value(file, "suspicious"))
        let offExchange: Int? = Recorded.value(file, "exchanges", "D")
        #expect(found.records.count { $0.flags & MarketRecord.Flag.offBook != 0 } == offExchange)
        try expectExchanges(found, file)
        try expectDay(found, file, midnight: midnight)
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func equityQuotes() throws {
        let file = "equity_ticks/lean_bac_20131009_tick_quote.zip"
        let found = try Imported(.lean, [Recorded.path(file)])
        #expect(found.records.count == Recorded.value(file, "rows"))
        #expect(found.records.count { $0.aux == 1 } == Recorded.value(file, "bid_only_rows"))
        #expect(found.records.count { $0.aux == 2 } == Recorded.value(file, "ask_only_rows"))
        #expect(found.records.count { $0.aux == 3 } == Recorded.value(file, "both_rows"))
        #expect(found.records.reduce(0) { $0 + Int($1.b) } == Recorded.value(file, "sum_bid_size"))
        #expect(found.records.reduce(0) { $0 + Int($1.d) } == Recorded.value(file, "sum_ask_size"))
        try expectExchanges(found, file)
        try expectDay(found, file, midnight: "2013-10-09T04:00:00Z")
        let all = try found.statistics()
        #expect(all.levels(.buy).first.map { all.instrument.decimal($0.price).description } == "13.86")
        #expect(all.levels(.sell).first?.size.description == "22100")
    }

    // MARK: LOBSTER

    private static let messages = "lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.gz"
    private static let books = "lobster/AMZN_2012-06-21_34200000_57600000_orderbook_1.csv.gz"

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func lobster() throws {
        let found = try Imported(.lobster, [FileTruthTests.messages, FileTruthTests.books].map(Recorded.path))
        let all = try found.statistics()
        #expect(all.instrument.name == "file:AMZN_USD")
        #expect(all.instrument.dataKind == .level2)
        let visible = found.records.filter { $0.kind == .trade && $0.flags & MarketRecord.Flag.offBook == 0 }
        let hidden = found.records.filter { $0.kind == .trade && $0.flags & MarketRecord.Flag.offBook != 0 }
        let perTick = try #require((all.instrument.tick * tenThousand).multiple(of: .one))
        for (type, trades) in [("4", visible), ("5", hidden)] {
            #expect(trades.count == Recorded.value(FileTruthTests.messages, "type_counts", type))
            #expect(trades.reduce(0) { $0 + Int($1.b) } == Recorded.value(FileTruthTests.messages, "sum_size_by_type", type))
            #expect(trades.reduce(0) { $0 + Int($1.a * $1.b * perTick) } == Recorded.value(FileTruthTests.messages, "sum_size_x_price_by_type", type))
        }
        let last: [Any] = try #require(Recorded.value(FileTruthTests.books, "last"))
        let (bid, ask) = (all.levels(.buy), all.levels(.sell))
        #expect(bid.count == 1 && ask.count == 1)
        #expect(Int(ask[0].price.ticks * perTick) == last[0] as? Int)
        #expect(ask[0].size.description == "\(last[1])")
        #expect(Int(bid[0].price.ticks * perTick) == last[2] as? Int)
        #expect(bid[0].size.description == "\(last[3])")
        // New York in June is four hours behind UTC.
        #expect(found.records.first.map { TimeText.text(Timestamp(nanoseconds: $0.exchangeTime)) } == "2012-06-21T13:30:00.017459617Z")
        let (low, high, bad) = spreads(found.records)
        #expect(Int(low * perTick) == Recorded.value(FileTruthTests.books, "min_spread_x10000"))
        #expect(Int(high * perTick) == Recorded.value(FileTruthTests.books, "max_spread_x10000"))
        #expect(bad == Recorded.value(FileTruthTests.books, "locked_or_crossed"))
    }

    /// Smallest and largest spread after each batch, and how often it is zero or less.
    private func spreads(_ records: [MarketRecord]) -> (Int64, Int64, Int) {
        var (bid, ask): (Int64?, Int64?) = (nil, nil)
        var (low, high, bad) = (Int64.max, Int64.min, 0)
        for record in records where record.kind == .level {
            if record.side == .buy { bid = record.b > 0 ? record.a : nil } else { ask = record.b > 0 ? record.a : nil }
            guard record.endsBatch, let bid, let ask else { continue }
            (low, high) = (min(low, ask - bid), max(high, ask - bid))
            if ask <= bid { bad += 1 }
        }
        return (low, high, bad)
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func lobsterMessages() throws {
        let lines = LineReader(try InputStream(path: Recorded.path(FileTruthTests.messages)))
        var fields = FieldSplitter()
        var (counts, sizes, values): ([Int64: Int], [Int64: Int], [Int64: Int]) = ([:], [:], [:])
        var orders: Set<Int64> = []
        var (times, decreases): ([Int64], Int) = ([], 0)
        while let line = try lines.next() {
            fields.split(line)
            let row = try LobsterMessage(fields)
            counts[row.kind.rawValue, default: 0] += 1
            sizes[row.kind.rawValue, default: 0] += Int(row.size.mantissa)
            values[row.kind.rawValue, default: 0] += Int(row.size.mantissa * row.price.mantissa)
            orders.insert(row.order)
            if let last = times.last, row.nanosecondsOfDay < last { decreases += 1 }
            times.append(row.nanosecondsOfDay)
        }
        let file = FileTruthTests.messages
        #expect(times.count == Recorded.value(file, "rows"))
        #expect(orders.count == Recorded.value(file, "distinct_order_ids"))
        #expect(decreases == Recorded.value(file, "time_decreases"))
        for type in Int64(1)...5 {
            #expect(counts[type] == Recorded.value(file, "type_counts", "\(type)"))
            #expect(sizes[type] == Recorded.value(file, "sum_size_by_type", "\(type)"))
            #expect(values[type] == Recorded.value(file, "sum_size_x_price_by_type", "\(type)"))
        }
        func seconds(_ time: Int64?) -> String? { time.map { ExactDecimal(mantissa: Int128($0), scale: 9).description } }
        #expect(seconds(times.first) == Recorded.value(file, "first_s"))
        #expect(seconds(times.last) == Recorded.value(file, "last_s"))
    }

    @Test(.enabled(if: Recorded.isThere, Recorded.absent)) func lobsterBooks() throws {
        let lines = LineReader(try InputStream(path: Recorded.path(FileTruthTests.books)))
        var fields = FieldSplitter()
        let first = try #require(try lines.next())
        fields.split(first)
        let top = try LobsterTop(fields)
        let truth: [Any] = try #require(Recorded.value(FileTruthTests.books, "first"))
        #expect([top.askPrice, top.askSize, top.bidPrice, top.bidSize].map { Int($0.mantissa) } == truth.compactMap { $0 as? Int })
        #expect(fields.fields.count == Recorded.value(FileTruthTests.books, "columns"))
        while try lines.next() != nil {}
        #expect(lines.number == Recorded.value(FileTruthTests.books, "rows"))
    }
}
