import Domain

/// A run's result as tables of text: per instrument, per tag, and the figures of the whole.
public enum TerminalSummary {
    /// - Parameter width: columns of the terminal; tables stay within it, and within 100.
    public static func render(_ summary: Summary, width: Int = 90, colour: Bool = false) -> String {
        let limit = min(max(width, 60), 100)
        var parts = [groups("RESULT BY INSTRUMENT", key: "instrument", rows: summary["per_instrument"].items, summary, limit, colour)]
        let tags = summary["per_tag"].items
        if !tags.isEmpty {
            parts.append(groups("RESULT BY TAG", key: "tag", rows: Array(tags.prefix(20)), summary, limit, colour))
            if tags.count > 20 { parts.append("  … and \(tags.count - 20) tags more, in summary.json\n") }
        }
        let rejections = summary["rejected_orders_by_reason"].members
        if !rejections.isEmpty { parts.append(refusals(rejections, limit)) }
        parts.append(metrics(summary, limit, colour))
        if summary.isTooShortForAnnualFigures { parts.append("  Shorter than 30 days: annualised figures say little.\n") }
        return parts.joined(separator: "\n")
    }

    private static func groups(
        _ title: String, key: String, rows: [JSON], _ summary: Summary, _ limit: Int, _ colour: Bool
    ) -> String {
        let currency = clean(summary["reporting_currency"].text ?? "")
        var table = TextTable(
            title,
            [
                .init(title: key == "tag" ? "Tag" : "Instrument", alignment: .left),
                .init(title: "Trades", alignment: .right),
                .init(title: "Avg \(currency)", alignment: .right), .init(title: "P&L \(currency)", alignment: .right),
                .init(title: "Fees", alignment: .right), .init(title: "Held", alignment: .right),
                .init(title: "W / D / L", alignment: .right), .init(title: "Win %", alignment: .right),
            ])
        var signs: [Bool?] = []
        for row in rows {
            table.rows.append(cells(clean(row[key].text ?? ""), row))
            signs.append(sign(row["realised_pnl"].amount))
        }
        if rows.count > 1 && key == "instrument" {
            table.breaks = [rows.count]
            table.rows.append(cells("TOTAL", summary.json))
            signs.append(sign(summary["realised_pnl"].amount))
        }
        if colour { table.paint = { row, column, text in column == 3 ? tint(text, signs[row]) : text } }
        return table.render(limit: limit)
    }

    private static func cells(_ name: String, _ row: JSON) -> [String] {
        [
            name, Display.count(row["trades"]),
            Display.fittingMoney(row["expectancy"].amount), Display.fittingMoney(row["realised_pnl"].amount),
            Display.fittingMoney(row["fees"].amount), Display.shortSpan(row["average_holding_ns"].integer),
            "\(Display.count(row["wins"]))/\(Display.count(row["draws"]))/\(Display.count(row["losses"]))",
            Display.percent(row["win_rate"].number, 1),
        ]
    }

    private static func refusals(_ reasons: [JSON.Member], _ limit: Int) -> String {
        var table = TextTable(
            "REFUSED ORDERS", [.init(title: "Reason", alignment: .left), .init(title: "Orders", alignment: .right)])
        table.rows = reasons.map { [clean($0.key), Display.count($0.value)] }
        return table.render(limit: limit)
    }

    private static func metrics(_ summary: Summary, _ limit: Int, _ colour: Bool) -> String {
        var table = TextTable(
            "SUMMARY METRICS", [.init(title: "Metric", alignment: .left), .init(title: "Value", alignment: .right)])
        var signs: [Bool?] = []
        for section in SummaryMetrics.sections(summary) {
            table.breaks.insert(table.rows.count)
            for metric in section {
                table.rows.append([metric.name, clean(metric.value)])
                signs.append(metric.isGood)
            }
        }
        if colour { table.paint = { row, column, text in column == 1 ? tint(text, signs[row]) : text } }
        return table.render(limit: limit)
    }

    private static func sign(_ amount: Amount?) -> Bool? {
        guard let amount, amount != .zero else { return nil }
        return amount > .zero
    }

    private static func tint(_ text: String, _ isGood: Bool?) -> String {
        guard let isGood else { return text }
        return "\u{1B}[\(isGood ? 32 : 31)m\(text)\u{1B}[0m"
    }

    /// A script's text must not reach the terminal as a control sequence.
    static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "?" : scalar
        }))
    }
}

/// The figures of a run as pairs of name and text, in sections.
enum SummaryMetrics {
    struct Metric {
        let name: String
        let value: String
        var isGood: Bool?
    }

    static func sections(_ summary: Summary) -> [[Metric]] {
        [span(summary), result(summary), risk(summary), trades(summary), orders(summary)]
    }

    private static func span(_ s: Summary) -> [Metric] {
        [
            Metric(name: "Strategy", value: s["strategy_name"].text ?? ""),
            Metric(name: "From", value: Display.time(s["start_time"])?.secondText ?? Display.none),
            Metric(name: "To", value: Display.time(s["end_time"])?.secondText ?? Display.none),
            Metric(name: "Length", value: Display.span(s["duration_ns"].integer)),
            Metric(name: "Market records", value: Display.count(s["events"])),
        ]
    }

    private static func result(_ s: Summary) -> [Metric] {
        let currency = s["reporting_currency"].text ?? ""
        let profit = s["profit"].amount
        let isGood = profit.flatMap { $0 == .zero ? nil : $0 > .zero }
        return [
            Metric(name: "Starting equity", value: "\(Display.money(s["starting_equity"])) \(currency)"),
            Metric(name: "Final equity", value: "\(Display.money(s["final_equity"])) \(currency)"),
            Metric(name: "Absolute profit", value: "\(Display.fittingMoney(profit, sign: true)) \(currency)", isGood: isGood),
            Metric(name: "Total return", value: Display.percent(s.ratio("total_return"), 4, sign: true), isGood: isGood),
            Metric(name: "CAGR", value: Display.percent(s.ratio("cagr"))),
            Metric(name: "Fees paid", value: "\(Display.fittingMoney(s["fees"].amount)) \(currency)"),
            Metric(name: "Traded notional", value: "\(Display.money(s["traded_notional"])) \(currency)"),
            Metric(name: "Turnover / exposure", value: "\(Display.fixed(s.ratio("turnover"), 2))× / \(Display.percent(s.ratio("exposure"), 1))"),
        ]
    }

    private static func risk(_ s: Summary) -> [Metric] {
        [
            Metric(name: "Sharpe", value: Display.fixed(s.ratio("sharpe"), 2)),
            Metric(name: "Sortino", value: Display.fixed(s.ratio("sortino"), 2)),
            Metric(name: "Calmar", value: Display.fixed(s.ratio("calmar"), 2)),
            Metric(name: "Volatility (annual)", value: Display.percent(s.ratio("volatility"))),
            Metric(name: "Max drawdown", value: Display.percent(s.ratio("max_drawdown"), 4)),
            Metric(name: "Drawdown from", value: Display.time(s["max_drawdown_start"])?.secondText ?? Display.none),
            Metric(name: "Drawdown lasted", value: lasted(s)),
            Metric(name: "Days up / flat / down",
                value: "\(Display.count(s["days_up"])) / \(Display.count(s["days_flat"])) / \(Display.count(s["days_down"]))"),
        ]
    }

    private static func lasted(_ s: Summary) -> String {
        let length = Display.span(s["max_drawdown_duration_ns"].integer)
        let isOpen = s["max_drawdown_start"].integer != nil && s["max_drawdown_recovery"].integer == nil
        return isOpen ? "\(length), not recovered" : length
    }

    private static func trades(_ s: Summary) -> [Metric] {
        [
            Metric(name: "Trades", value: Display.count(s["trades"])),
            Metric(name: "Win rate", value: Display.percent(s.ratio("win_rate"), 1)),
            Metric(name: "Profit factor", value: Display.fixed(s.ratio("profit_factor"), 2)),
            Metric(name: "Expectancy", value: Display.fittingMoney(s["expectancy"].amount)),
            Metric(name: "Best / worst trade", value:
                "\(Display.fittingMoney(s["best_trade"]["pnl"].amount)) / \(Display.fittingMoney(s["worst_trade"]["pnl"].amount))"),
            Metric(name: "Consecutive wins / losses",
                value: "\(Display.count(s["max_consecutive_wins"])) / \(Display.count(s["max_consecutive_losses"]))"),
            Metric(name: "Average holding time", value: Display.span(s["average_holding_ns"].integer)),
        ]
    }

    private static func orders(_ s: Summary) -> [Metric] {
        [
            Metric(name: "Orders / fills", value: "\(Display.count(s["orders"])) / \(Display.count(s["fills"]))"),
            Metric(name: "Refused orders", value: Display.count(s["rejected_orders"])),
            Metric(name: "Fill ratio", value: Display.percent(s.ratio("fill_ratio"), 1)),
            Metric(name: "Orders per fill", value: Display.fixed(s.ratio("order_to_trade_ratio"), 2)),
            Metric(name: "Maker share", value: Display.percent(s.ratio("maker_share"), 1)),
        ]
    }
}
