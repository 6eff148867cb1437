import Domain
import Foundation
import Testing

@testable import Tape

/// Figures of bar, tick and quote files.
enum FileTruth {
    // MARK: Bars

    static func bars(_ file: String) throws -> Figures {
        let isBinance = file.contains("binance")
        func read(_ columns: String) throws -> Imported {
            try Imported(.ohlcv, [Recorded.path(file)]) {
                $0.columns = columns.split(separator: ",").map(String.init)
                $0.hasHeader = isBinance
            }
        }
        let found = try read(isBinance ? "time,open,high,low,close,volume,-,-,trades,-,-,-" : "time,open,close,high,low,volume")
        let (all, interval) = (try found.statistics(), found.instruments[0].barInterval.nanoseconds)
        #expect(found.records.allSatisfy { $0.localTime == $0.exchangeTime + interval })
        var figures = Figures()
        try figures.source(file)
        figures["rows"] = all.bars
        figures["step_ms"] = interval / 1_000_000
        figures["gaps"] = all.gaps
        figures["missing_bars"] = all.missingBars
        figures["non_increasing"] = zip(found.records, found.records.dropFirst()).count { $1.exchangeTime <= $0.exchangeTime }
        figures["ohlc_inconsistent_rows"] = found.records.count { $0.c > min($0.a, $0.d) || $0.b < max($0.a, $0.d) }
        figures["first_ms"] = found.records.first.map { $0.exchangeTime / 1_000_000 }
        figures["last_ms"] = found.records.last.map { $0.exchangeTime / 1_000_000 }
        figures["first_open"] = found.price(found.records.first?.a)
        figures["last_close"] = found.price(found.records.last?.d)
        figures["max_high"] = found.price(found.records.map(\.b).max())
        figures["min_low"] = found.price(found.records.map(\.c).min())
        figures["sum_volume"] = all.volume
        guard isBinance else { return figures }
        figures["sum_trade_count"] = found.records.reduce(0) { $0 + Int($1.aux) }
        // Columns are free: the quote volume as volume.
        figures["sum_quote_volume"] = try read("time,open,high,low,close,-,-,volume,-,-,-,-").statistics().volume
        return figures
    }

    static func leanHours(_ file: String) throws -> Figures {
        let found = try Imported(.lean, [Recorded.path(file)])
        let all = try found.statistics()
        #expect(all.instrument.barInterval == Span("1h"))
        var figures = Figures()
        try figures.source(file)
        figures["rows"] = all.bars
        figures["sum_volume"] = all.volume
        figures["first"] = newYork(found.records.first)
        figures["last"] = newYork(found.records.last)
        figures["last_close_x10000"] = try found.price10000(found.records.last?.d)
        figures["max_high_x10000"] = try found.price10000(found.records.map(\.b).max())
        figures["min_low_x10000"] = try found.price10000(found.records.map(\.c).min())
        return figures
    }

    private static func newYork(_ record: MarketRecord?) -> String? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "America/New_York")
        format.dateFormat = "yyyyMMdd HH:mm"
        return record.map { format.string(from: Date(timeIntervalSince1970: TimeInterval($0.exchangeTime / 1_000_000_000))) }
    }

    // MARK: Ticks

    static func forexQuotes(_ file: String) throws -> Figures {
        let found = try Imported(.lean, [Recorded.path(file)])
        let all = try found.statistics()
        let spreads = found.records.map { $0.c - $0.a }
        // The day is UTC−05.
        var figures = try day(found, "2014-05-08T05:00:00Z")
        try figures.source(file)
        figures["rows"] = all.quotes
        figures["locked_or_crossed"] = all.lockedQuotes + all.crossedQuotes
        figures["max_spread"] = found.price(spreads.max())
        figures["min_spread"] = found.price(spreads.min())
        figures["sum_bid_plus_ask"] = found.price(found.records.reduce(0) { $0 + $1.a + $1.c })
        figures["last_bid"] = found.price(found.records.last?.a)
        figures["last_ask"] = found.price(found.records.last?.c)
        return figures
    }

    private static func day(_ found: Imported, _ midnight: String) throws -> Figures {
        let start = try #require(TimeText.parse(midnight)).nanoseconds
        var figures = Figures()
        figures["first_ms_of_day"] = found.records.first.map { ($0.exchangeTime - start) / 1_000_000 }
        figures["last_ms_of_day"] = found.records.last.map { ($0.exchangeTime - start) / 1_000_000 }
        figures["time_decreases"] = found.timeDecreases
        return figures
    }

    private static func equity(_ found: Imported, _ file: String) throws -> Figures {
        // New York in October is four hours behind UTC.
        var figures = try day(found, file.contains("20131009") ? "2013-10-09T04:00:00Z" : "2013-10-08T04:00:00Z")
        try figures.source(file)
        figures["rows"] = found.records.count
        for note in found.summary.notes where note.key.hasPrefix("exchange ") { figures["exchanges." + note.key.dropFirst(9)] = note.value }
        return figures
    }

    static func equityTrades(_ file: String) throws -> Figures {
        let found = try Imported(.lean, [Recorded.path(file)])
        let all = try found.statistics()
        var figures = try equity(found, file)
        figures["suspicious"] = found.note("suspicious")
        figures["sum_size"] = all.tradeQuantity
        figures["sum_size_x_price10000"] = all.tradeNotional * ExactDecimal(mantissa: 10_000, scale: 0)
        figures["last_price_x10000"] = try found.price10000(found.records.last?.a)
        let offExchange = figures["exchanges.D"]?.description
        #expect("\(found.records.count { $0.flags & MarketRecord.Flag.offBook != 0 })" == offExchange)
        return figures
    }

    static func equityQuotes(_ file: String) throws -> Figures {
        let found = try Imported(.lean, [Recorded.path(file)])
        var figures = try equity(found, file)
        figures["bid_only_rows"] = found.records.count { $0.aux == 1 }
        figures["ask_only_rows"] = found.records.count { $0.aux == 2 }
        figures["both_rows"] = found.records.count { $0.aux == 3 }
        figures["sum_bid_size"] = found.records.reduce(0) { $0 + Int($1.b) }
        figures["sum_ask_size"] = found.records.reduce(0) { $0 + Int($1.d) }
        return figures
    }

    // MARK: LOBSTER

    private static func lobster(_ file: String) throws -> Imported {
        let book = file.replacing("_message_", with: "_orderbook_")
        return try Imported(.lobster, [book.replacing("_orderbook_", with: "_message_"), book].map(Recorded.path))
    }

    static func lobsterMessages(_ file: String) throws -> Figures {
        let found = try lobster(file)
        var figures = Figures()
        try figures.source(file)
        figures["rows"] = found.summary.inputs[0].lines
        figures.add(found.summary.inputs[0].messages.map { (String($0.kind.prefix(1)), $0.count) }, under: "type_counts")
        let (sizes, values, orders, times) = try messages(file)
        for (type, sum) in sizes { figures["sum_size_by_type.\(type)"] = sum }
        for (type, sum) in values { figures["sum_size_x_price_by_type.\(type)"] = sum }
        figures["distinct_order_ids"] = orders
        figures["time_decreases"] = zip(times, times.dropFirst()).count { $1 < $0 }
        figures["first_s"] = times.first.map { ExactDecimal(mantissa: Int128($0), scale: 9) }
        figures["last_s"] = times.last.map { ExactDecimal(mantissa: Int128($0), scale: 9) }
        // What became of the executions.
        for (type, flag) in [("4", UInt8(0)), ("5", MarketRecord.Flag.offBook)] {
            let trades = found.records.filter { $0.kind == .trade && $0.flags & MarketRecord.Flag.offBook == flag }
            #expect("\(trades.count)" == figures["type_counts." + type]?.description)
            #expect("\(trades.reduce(0) { $0 + $1.b })" == figures["sum_size_by_type." + type]?.description)
            let value = try trades.reduce(Int64(0)) { try $0 + #require(try found.price10000($1.a)) * $1.b }
            #expect("\(value)" == figures["sum_size_x_price_by_type." + type]?.description)
        }
        // New York in June is four hours behind UTC.
        #expect(found.records.first.map { TimeText.text(Timestamp(nanoseconds: $0.exchangeTime)) } == "2012-06-21T13:30:00.017459617Z")
        return figures
    }

    private static func messages(_ file: String) throws -> (sizes: [Int64: Int64], values: [Int64: Int64], orders: Int, times: [Int64]) {
        let lines = LineReader(try InputStream(path: Recorded.path(file)))
        var fields = FieldSplitter()
        var (sizes, values, orders, times): ([Int64: Int64], [Int64: Int64], Set<Int64>, [Int64]) = ([:], [:], [], [])
        while let line = try lines.next() {
            fields.split(line)
            let row = try LobsterMessage(fields)
            sizes[row.kind.rawValue, default: 0] += row.size.mantissa
            values[row.kind.rawValue, default: 0] += row.size.mantissa * row.price.mantissa
            orders.insert(row.order)
            times.append(row.nanosecondsOfDay)
        }
        return (sizes, values, orders.count, times)
    }

    static func lobsterBooks(_ file: String) throws -> Figures {
        let found = try lobster(file)
        let all = try found.statistics()
        var figures = Figures()
        try figures.source(file)
        figures["rows"] = found.summary.inputs[1].lines
        let lines = LineReader(try InputStream(path: Recorded.path(file)))
        var fields = FieldSplitter()
        fields.split(try #require(try lines.next()))
        let top = try LobsterTop(fields)
        figures["columns"] = fields.fields.count
        figures["first"] = [top.askPrice, top.askSize, top.bidPrice, top.bidSize].map { "\($0.mantissa)" }.joined(separator: ",")
        let (bid, ask) = (try #require(all.levels(.buy).first), try #require(all.levels(.sell).first))
        #expect(all.levels(.buy).count == 1 && all.levels(.sell).count == 1)
        let (askPrice, bidPrice) = (try #require(try found.price10000(ask.price.ticks)), try #require(try found.price10000(bid.price.ticks)))
        figures["last"] = "\(askPrice),\(ask.size),\(bidPrice),\(bid.size)"
        let spreads = spreads(found.records)
        figures["min_spread_x10000"] = try found.price10000(spreads.min())
        figures["max_spread_x10000"] = try found.price10000(spreads.max())
        figures["locked_or_crossed"] = spreads.count { $0 <= 0 }
        return figures
    }

    /// The spread after each batch.
    private static func spreads(_ records: [MarketRecord]) -> [Int64] {
        var (bid, ask): (Int64?, Int64?) = (nil, nil)
        var result: [Int64] = []
        for record in records where record.kind == .level {
            if record.side == .buy { bid = record.b > 0 ? record.a : nil } else { ask = record.b > 0 ? record.a : nil }
            if record.endsBatch, let bid, let ask { result.append(ask - bid) }
        }
        return result
    }
}
