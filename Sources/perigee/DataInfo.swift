import ArgumentParser
import Domain
import Tape

/// `perigee data info`: what is on a tape.
struct DataInfo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show what is on a tape: instruments, counts, times, the book at its end.",
        discussion: "  perigee data info backtest-data/btc-l2.tape --format json")

    @Argument(help: "The tape.")
    var tape: String

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    func run() throws {
        let reader = try DataVerb.open(tape)
        let statistics = try DataVerb.guarded { try TapeStatistics.read(reader) }
        switch format {
        case .json: print(json(reader, statistics))
        case .text: for line in text(reader, statistics) { print(line) }
        }
    }

    // MARK: JSON

    private func json(_ reader: TapeReader, _ statistics: TapeStatistics) -> JSONValue {
        let tape: [(String, JSONValue)] = [
            ("path", .string(tape)), ("bytes", .count(reader.fileBytes)), ("records", .count(reader.recordCount)),
            ("encoding", .string(reader.encodings.map(\.name).sorted().joined(separator: "+"))),
            ("first_time", .time(reader.firstLocalTime?.nanoseconds)), ("last_time", .time(reader.lastLocalTime?.nanoseconds)),
            ("torn_tail", .bool(reader.tornTail != nil)),
            ("metadata", .array(reader.metadata.map { .object([("key", .string($0.key)), ("value", .string($0.value))]) })),
        ]
        return .object([("tape", .object(tape)), ("instruments", .array(statistics.instruments.map(json)))])
    }

    private func json(_ item: InstrumentStatistics) -> JSONValue {
        let (bids, asks) = (item.levels(.buy), item.levels(.sell))
        func price(_ value: Price?) -> JSONValue { .text(value.map { item.instrument.decimal($0).description }) }
        return .object([
            ("instrument", .string(item.instrument.name)), ("tick", .string(item.instrument.tick.description)),
            ("lot", .string(item.instrument.lot.description)), ("records", .count(item.records)), ("depth", .count(item.depth)),
            ("trades", .count(item.trades)), ("trade_qty", .string(item.tradeQuantity.description)),
            ("trade_notional", .string(item.tradeNotional.description)), ("quotes", .count(item.quotes)), ("bars", .count(item.bars)),
            ("volume", .string(item.volume.description)), ("first_time", .time(item.firstTime)), ("last_time", .time(item.lastTime)),
            ("first_exchange_time", .time(item.firstExchangeTime)), ("last_exchange_time", .time(item.lastExchangeTime)),
            ("gaps", .count(item.gaps)), ("bid_levels", .count(bids.count)), ("ask_levels", .count(asks.count)),
            ("best_bid", price(bids.first?.price)), ("best_bid_qty", .text(bids.first?.size.description)),
            ("best_ask", price(asks.first?.price)), ("best_ask_qty", .text(asks.first?.size.description)),
            ("book_sha256", .text(item.bookSHA256)),
            // Beyond the contract.
            ("kind", .string(item.instrument.dataKind.name)), ("native_symbol", .string(item.instrument.nativeSymbol)),
            ("size_unit", .string(item.instrument.sizeUnit.description)), ("maker_fee", .string(item.instrument.makerFee.description)),
            ("taker_fee", .string(item.instrument.takerFee.description)), ("bar_interval", barInterval(item)),
            ("snapshot_levels", .count(item.snapshotLevels)), ("orders", .count(item.orders)), ("status", .count(item.statuses)),
            ("locked_quotes", .count(item.lockedQuotes)), ("crossed_quotes", .count(item.crossedQuotes)),
            ("missing_bars", .count(item.missingBars)), ("early_records", .count(item.early)),
        ])
    }

    private func barInterval(_ item: InstrumentStatistics) -> JSONValue {
        item.instrument.barInterval == .zero ? .null : .string(item.instrument.barInterval.text)
    }

    // MARK: Text

    private func text(_ reader: TapeReader, _ statistics: TapeStatistics) -> [String] {
        let encoding = reader.encodings.map(\.name).sorted().joined(separator: "+")
        var lines = [
            "\(tape)  \(DataVerb.bytes(reader.fileBytes)), \(encoding.isEmpty ? "empty" : encoding), "
                + "\(DataVerb.grouped(reader.recordCount)) records, \(DataVerb.counted(statistics.instruments.count, "instrument"))"
        ]
        if let first = reader.firstLocalTime, let last = reader.lastLocalTime {
            lines.append("\(TimeText.text(first)) to \(TimeText.text(last))  (\(DataVerb.length(last - first)))")
        }
        if let torn = reader.tornTail { lines.append("warning: the tail is torn and left out: \(torn)") }
        let width = reader.metadata.map(\.key.count).max() ?? 0
        for entry in reader.metadata { lines.append("\(entry.key.padding(width))  \(entry.value)") }
        for item in statistics.instruments { lines += [""] + text(item) }
        return lines
    }

    private func text(_ item: InstrumentStatistics) -> [String] {
        let instrument = item.instrument
        var rows: [(String, String)] = [
            ("kind", instrument.dataKind.name), ("native symbol", instrument.nativeSymbol), ("tick", instrument.tick.description),
            ("lot", instrument.lot.description), ("size unit", instrument.sizeUnit.description),
            ("fees", "maker \(instrument.makerFee), taker \(instrument.takerFee)"), ("records", DataVerb.grouped(item.records)),
        ]
        func add(_ name: String, _ count: Int, _ more: String = "") {
            if count > 0 { rows.append((name, DataVerb.grouped(count) + more)) }
        }
        add("depth", item.depth)
        add("snapshot levels", item.snapshotLevels)
        add("trades", item.trades, "  quantity \(item.tradeQuantity), notional \(item.tradeNotional)")
        add("quotes", item.quotes, "  locked \(DataVerb.grouped(item.lockedQuotes)), crossed \(DataVerb.grouped(item.crossedQuotes))")
        add("bars", item.bars, "  of \(instrument.barInterval.text), volume \(item.volume)")
        add("orders", item.orders)
        add("status", item.statuses)
        add("gaps", item.gaps, item.missingBars > 0 ? "  \(DataVerb.grouped(item.missingBars)) bars absent" : "")
        add("early", item.early, "  records whose local time is before their exchange time")
        let (bids, asks) = (item.levels(.buy), item.levels(.sell))
        if let best = bids.first {
            rows.append(("best bid", "\(instrument.decimal(best.price))  size \(best.size)  of \(DataVerb.grouped(bids.count)) levels"))
        }
        if let best = asks.first {
            rows.append(("best ask", "\(instrument.decimal(best.price))  size \(best.size)  of \(DataVerb.grouped(asks.count)) levels"))
        }
        if let digest = item.bookSHA256 { rows.append(("book sha256", digest)) }
        return [instrument.name] + rows.map { "  \($0.0.padding(16))\($0.1)" }
    }
}

extension DataKind {
    /// As files and JSON spell it.
    var name: String {
        switch self {
        case .level2: "level2"
        case .quotes: "quotes"
        case .bars: "bars"
        case .level3: "level3"
        case .trades: "trades"
        }
    }
}
