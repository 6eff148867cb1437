import Domain
import Testing

@testable import Tape

/// Figures of the Binance captures.
enum BinanceTruth {
    static func figures(_ file: String) throws -> Figures {
        // `a_20240808+20240809.gz` is two files, one after the other.
        let files = file.contains("+") ? [file.replacing("+20240809", with: ""), file.replacing("20240808+", with: "")] : [file]
        let found = try Imported(.binanceWS, files.map(Recorded.path)) { $0.shiftLocal = Span(nanoseconds: 1_300_000_000) }
        let raw = try RawCapture(files.map(Recorded.path))
        #expect(found.summary.earlyRecords == 0)
        var figures = Figures()
        if files.count == 1 { try figures.source(file) } else { figures["file_bytes"] = "null" }
        let inputs = found.summary.inputs
        figures["lines"] = inputs.reduce(0) { $0 + $1.lines }
        figures["first_local_ns"] = inputs.first?.firstReceived?.nanoseconds
        figures["last_local_ns"] = inputs.last?.lastReceived?.nanoseconds
        figures["local_ts_decreases"] = inputs.reduce(0) { $0 + $1.timeDecreases }
        var streams: [String: Int] = [:]
        for (kind, count) in inputs.flatMap(\.messages) { streams[kind == "snapshot" ? "rest_snapshot" : kind, default: 0] += count }
        figures.add(streams.map { ($0.key, $0.value) }, under: "streams")
        figures.add(tickers(found, raw), under: "book_ticker")
        figures.add(try trades(found, raw), under: "trades")
        guard let snapshot = raw.snapshot else {
            #expect(found.summary.warnings.contains { $0.contains("no snapshot") })
            return figures
        }
        figures["snapshot.lastUpdateId"] = found.summary.items[0].sequence.snapshotID
        figures["snapshot.line_1based"] = snapshot.line
        let taken = found.records.filter { $0.kind == .level && $0.flags & MarketRecord.Flag.snapshot != 0 }
        figures["snapshot.bids"] = taken.count { $0.side == .buy }
        figures["snapshot.asks"] = taken.count { $0.side == .sell }
        figures.add(try replay(found, raw), under: "replay")
        return figures
    }

    private static func tickers(_ found: Imported, _ raw: RawCapture) -> Figures {
        let quotes = found.records.filter { $0.kind == .quote }
        var figures = Figures()
        figures["count"] = quotes.count
        figures["locked_or_crossed"] = quotes.count { $0.c <= $0.a }
        figures["min_spread"] = found.price(quotes.map { $0.c - $0.a }.min())
        figures["max_spread"] = found.price(quotes.map { $0.c - $0.a }.max())
        figures["last.b"] = found.price(quotes.last?.a)
        figures["last.a"] = found.price(quotes.last?.c)
        figures["last.B"] = quotes.last.map { found.instruments[0].decimal(units: $0.b) }
        figures["last.A"] = quotes.last.map { found.instruments[0].decimal(units: $0.d) }
        figures["last.u"] = raw.lastTicker
        return figures
    }

    private static func trades(_ found: Imported, _ raw: RawCapture) throws -> Figures {
        let (all, trades) = (try found.statistics(), found.records.filter { $0.kind == .trade })
        let sequence = found.summary.items[0].sequence
        var figures = Figures()
        figures.add(raw.tradeTypes.map { ($0.key, $0.value) }, under: "X_types")
        figures["buyer_is_maker_count"] = trades.count { $0.side == .sell }
        figures["count"] = all.trades
        figures["first_T_ms"] = trades.first.map { $0.exchangeTime / 1_000_000 }
        figures["last_T_ms"] = trades.last.map { $0.exchangeTime / 1_000_000 }
        figures["first_id"] = sequence.firstTradeID
        figures["last_id"] = sequence.lastTradeID
        figures["id_discontinuities"] = found.note("breaks in the trade ids")
        figures["first_price"] = found.price(trades.first?.a)
        figures["last_price"] = found.price(trades.last?.a)
        figures["max_price_nonzero"] = found.price(trades.map(\.a).max())
        figures["min_price_nonzero"] = found.price(trades.map(\.a).min())
        figures["sum_qty"] = all.tradeQuantity
        figures["sum_notional"] = all.tradeNotional
        return figures
    }

    private static func replay(_ found: Imported, _ raw: RawCapture) throws -> Figures {
        let all = try found.statistics()
        var figures = Figures()
        figures["depth_events_applied"] = found.note("depth messages applied")
        figures["depth_events_dropped_as_stale"] = found.note("depth messages dropped as stale")
        figures["level_updates_applied"] = all.depth
        figures["sequence_gaps"] = all.gaps
        figures["first_applied_U"] = found.summary.items[0].sequence.firstUpdateID
        figures["final_u"] = found.summary.items[0].sequence.lastUpdateID
        figures.add(Figures(book: all), under: "final")
        let tops = Top.afterMessages(found.records)
        #expect(tops.count == raw.applied.count)
        figures["min_spread_after_event"] = found.price(tops.map(\.spread).min())
        figures["max_spread_after_event"] = found.price(tops.map(\.spread).max())
        figures["crossed_or_locked_after_event"] = tops.count { $0.spread <= 0 }
        // Where a bookTicker tells the best prices of the very update a change ends with, the book must agree.
        let instrument = found.instruments[0]
        let pairs = zip(tops, raw.applied).compactMap { top, update in raw.tickers[update].map { (top.text(instrument), $0.text) } }
        figures["same_u_bookTicker_agree"] = pairs.count { $0 == $1 }
        figures["same_u_bookTicker_disagree"] = pairs.count { $0 != $1 }
        return figures
    }
}

/// The best of both sides after a change message.
struct Top {
    let bid: Int64
    let bidSize: Int64
    let ask: Int64
    let askSize: Int64

    var spread: Int64 { ask - bid }

    func text(_ instrument: Instrument) -> String {
        let (bid, ask) = (instrument.decimal(Price(ticks: bid)), instrument.decimal(Price(ticks: ask)))
        return "\(bid) \(instrument.decimal(units: bidSize)) \(ask) \(instrument.decimal(units: askSize))"
    }

    /// Best prices are kept by looking again only where a best level goes.
    static func afterMessages(_ records: [MarketRecord]) -> [Top] {
        var (bids, asks): ([Int64: Int64], [Int64: Int64]) = ([:], [:])
        var (bid, ask): (Int64?, Int64?) = (nil, nil)
        var result: [Top] = []
        for record in records where record.kind == .level {
            if record.side == .buy {
                bids[record.a] = record.b > 0 ? record.b : nil
                if record.b > 0 { bid = max(bid ?? record.a, record.a) } else if record.a == bid { bid = bids.keys.max() }
            } else {
                asks[record.a] = record.b > 0 ? record.b : nil
                if record.b > 0 { ask = min(ask ?? record.a, record.a) } else if record.a == ask { ask = asks.keys.min() }
            }
            guard record.endsBatch, record.flags & MarketRecord.Flag.snapshot == 0, let bid, let ask else { continue }
            result.append(Top(bid: bid, bidSize: bids[bid] ?? 0, ask: ask, askSize: asks[ask] ?? 0))
        }
        return result
    }
}

/// What the messages of a capture say that no record keeps.
struct RawCapture {
    struct Ticker {
        let bid: ShortDecimal
        let bidSize: ShortDecimal
        let ask: ShortDecimal
        let askSize: ShortDecimal

        var text: String { "\(bid.exact) \(bidSize.exact) \(ask.exact) \(askSize.exact)" }
    }

    /// `X` of the trades, `-` where there is none (spot).
    private(set) var tradeTypes: [String: Int] = [:]
    /// `u` of the last bookTicker, and what the tickers say by their `u`.
    private(set) var lastTicker: Int64?
    private(set) var tickers: [Int64: Ticker] = [:]
    private(set) var snapshot: (id: Int64, line: Int)?
    /// `u` of the changes that are newer than the snapshot.
    private(set) var applied: [Int64] = []

    init(_ paths: [String]) throws {
        var depth: [(last: Int64, isSpot: Bool)] = []
        for path in paths {
            let lines = LineReader(try InputStream(path: path))
            var decoder = BinanceDecoder()
            while let line = try lines.next() {
                let message = try decoder.decode(line.dropFirst((line.firstIndex(of: 32) ?? 0) + 1))
                switch message.kind {
                case .trade: tradeTypes[message.tradeType?.text ?? "-", default: 0] += 1
                case .snapshot: snapshot = (message.lastUpdate, lines.number)
                case .depth: if !decoder.levels.isEmpty { depth.append((message.lastUpdate, message.previousUpdate == nil)) }
                case .bookTicker:
                    lastTicker = message.lastUpdate
                    tickers[message.lastUpdate] = Ticker(
                        bid: message.price, bidSize: message.size, ask: message.askPrice, askSize: message.askSize)
                case .other: break
                }
            }
        }
        let id = snapshot?.id ?? 0
        applied = depth.filter { $0.last > id || $0.last == id && !$0.isSpot }.map(\.last)
    }
}
