import Domain

/// Trades: how their results spread, what the price did after fills, groups, and the list itself.
enum TradeSections {
    static func html(_ data: RunData) -> String {
        let currency = HTML.escape(data.summary["reporting_currency"].text ?? "")
        let spread = histogram(data, currency)
        let measured = MarkoutChart.html(data.summary["markouts"])
        let after = measured.isEmpty && !spread.isEmpty ? noMarkouts : measured
        let figures = "<div class=\"two\"><div>\(spread)</div><div>\(after)</div></div>"
        return HTML.section("Trades", id: "trades", note: tradeNote, (spread + after).isEmpty ? "" : figures)
            + HTML.section("By instrument", id: "instruments", groups("instrument", data.summary["per_instrument"].items, currency))
            + HTML.section("By tag", id: "tags", groups("tag", data.summary["per_tag"].items, currency))
            + HTML.section("List of trades", id: "list", list(data, currency))
    }

    private static let tradeNote =
        "A trade is a fill that reduces the position; its result is at average cost, its own fee and its share of the entry fees taken off."

    private static let noMarkouts =
        "<figure><figcaption><h3>After our fills</h3></figcaption><p class=\"note\">The tape does not tell how the mid moved in the minute after a fill.</p></figure>"

    private static func histogram(_ data: RunData, _ currency: String) -> String {
        let bars = data.histogram.bars
        guard let first = bars.first, let last = bars.last, let most = bars.map(\.count).max() else { return "" }
        let upward = ValueAxis(0...Double(most), includesZero: true, count: min(4.5, Double(most)))
        let across = ValueAxis(first.low...last.high, pad: 0, count: 5)
        let ticks = across.ticks { Display.fixed($0, $1) }.map { Tick(position: 1 - $0.position, label: $0.label) }
        var out = "<figure><figcaption><h3>Distribution of results, \(currency)</h3></figcaption>"
        out += "<div class=\"plot\" style=\"height:220px\"><svg role=\"img\" aria-label=\"Distribution of the trades' results\">"
        out += TimeChart.frame(ticks, upward.ticks { Display.fixed($0, $1) })
        let width = 1 / Double(bars.count)
        for (index, bar) in bars.enumerated() where bar.count > 0 {
            let top = upward.fraction(Double(bar.count))
            out += "<rect class=\"\(bar.low < 0 ? "dn" : "up")\" x=\"\(HTML.percent(Double(index) * width + width * 0.06))\""
            out += " y=\"\(HTML.percent(top))\" width=\"\(HTML.percent(width * 0.88))\" height=\"\(HTML.percent(1 - top))\">"
            out += "<title>\(Display.fixed(bar.low, 4)) to \(Display.fixed(bar.high, 4)): \(bar.count)</title></rect>"
        }
        return out + "</svg></div></figure>\n"
    }

    private static func groups(_ key: String, _ rows: [JSON], _ currency: String) -> String {
        guard !rows.isEmpty else { return "" }
        let shown = rows.prefix(200)
        let headings = [
            key == "tag" ? "Tag" : "Instrument", "P&amp;L \(currency)", "Fees", "Fills", "Trades", "Win rate", "Profit factor", "Expectancy", "Best",
            "Worst", "Maker", "Held", key == "tag" ? "Notional" : "Market",
        ]
        let cells = shown.map { row -> [String] in
            [
                HTML.escape(row[key].text ?? ""), toned(row["realised_pnl"].amount), Display.fittingMoney(row["fees"].amount),
                Display.count(row["fills"]), Display.count(row["trades"]), Display.percent(row["win_rate"].number, 1),
                Display.fixed(row["profit_factor"].number, 2), toned(row["expectancy"].amount), Display.fittingMoney(row["best_trade"].amount),
                Display.fittingMoney(row["worst_trade"].amount), Display.percent(row["maker_share"].number, 1),
                Display.shortSpan(row["average_holding_ns"].integer),
                key == "tag" ? Display.money(row["traded_notional"]) : Display.percent(row["market_change"].number, 2, sign: true),
            ]
        }
        let more = rows.count > shown.count ? "<p class=\"note\">\(rows.count - shown.count) rows more are in summary.json.</p>" : ""
        return HTML.table(headings, cells, isDense: true) + more
    }

    private static func toned(_ amount: Amount?) -> String {
        HTML.toned(Display.fittingMoney(amount), amount.map { $0 > .zero ? 1 : $0 < .zero ? -1 : 0 })
    }

    private static func list(_ data: RunData, _ currency: String) -> String {
        let trades = data.orderedTrades
        guard !trades.isEmpty else { return "<p class=\"note\">No trade closed a position.</p>" }
        let isOneDay = data.days.count == 1
        let headings: [(String, Bool)] = [
            (isOneDay ? "Time (UTC)" : "Date and time (UTC)", true), ("Side", true), ("Price", false), ("Quantity", false),
            ("P&amp;L \(currency)", false), ("Fee", false), ("Liquidity", true), ("Tag", true), ("Position after", false),
        ]
        let hasMany = data.instruments.count > 1
        var out = ""
        if data.tradeCount > trades.count {
            out += "<p class=\"note\">The last \(Display.count(Int64(trades.count))) of \(Display.count(Int64(data.tradeCount))) trades; all of them are in fills.csv.</p>"
        }
        out += "<div class=\"scroll tall\"><table class=\"sorts\"><thead><tr>"
        for (heading, isLeft) in headings {
            out += "<th scope=\"col\"\(isLeft ? " class=\"l\"" : "")><button type=\"button\">\(heading)</button></th>"
        }
        if hasMany { out += "<th scope=\"col\" class=\"l\"><button type=\"button\">Instrument</button></th>" }
        out += "</tr></thead><tbody>\n"
        let places = Places(trades)
        for trade in trades { out += row(trade, places, isOneDay: isOneDay, hasMany: hasMany) }
        return out + "</tbody></table></div>\n"
    }

    /// As many places as the finest number of a column has, so that the points stand below each other.
    private struct Places {
        var price = 0
        var quantity = 0

        init(_ trades: [TradeLine]) {
            for trade in trades {
                price = max(price, Display.places(trade.price))
                quantity = max(quantity, Display.places(trade.quantity), Display.places(trade.positionAfter))
            }
        }
    }

    private static func row(_ trade: TradeLine, _ places: Places, isOneDay: Bool, hasMany: Bool) -> String {
        func number(_ text: String, _ shown: String) -> String { "<td data-v=\"\(HTML.escape(text))\">\(shown)</td>" }
        func word(_ text: String) -> String { "<td class=\"l\">\(HTML.escape(text))</td>" }
        let pnl = (try? ExactDecimal(trade.pnl)).flatMap(Amount.init)
        let fee = (try? ExactDecimal(trade.fee)).flatMap(Amount.init)
        let stamp = Timestamp(nanoseconds: trade.time)
        let time = isOneDay ? String(stamp.milliText.dropFirst(11)) : stamp.secondText
        return "<tr><td class=\"l\" data-v=\"\(trade.time)\">\(time)</td>" + word(trade.side)
            + number(trade.price, Display.decimal(trade.price, places.price))
            + number(trade.quantity, Display.decimal(trade.quantity, places.quantity))
            + number(trade.pnl, toned(pnl)) + number(trade.fee, Display.fittingMoney(fee)) + word(trade.liquidity) + word(trade.tag)
            + number(trade.positionAfter, Display.decimal(trade.positionAfter, places.quantity)) + (hasMany ? word(trade.instrument) : "") + "</tr>\n"
    }
}
