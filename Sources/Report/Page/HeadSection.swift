import Domain

/// Name, span, one sentence, and the figures one looks for first.
enum HeadSection {
    static func html(_ data: RunData) -> String {
        let summary = data.summary
        let names = data.instruments.map { HTML.escape($0.name) }
        let shown = names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
        return """
            <header><p class="kicker">Backtest report</p><h1>\(HTML.escape(summary["strategy_name"].text ?? ""))</h1>
            <p class="where">\(shown) · \(span(summary))</p>
            <p class="verdict">\(verdict(summary))</p></header>
            <dl class="cards">\(cards(summary))</dl>
            """
    }

    private static func span(_ summary: Summary) -> String {
        guard let start = Display.time(summary["start_time"]), let end = Display.time(summary["end_time"]) else { return "" }
        let length = Display.span(summary["duration_ns"].integer)
        let until = start.day == end.day ? String(end.clockText.prefix(5)) : end.minuteText
        return "<span class=\"nw\">\(start.minuteText) to</span> <span class=\"nw\">\(until) UTC</span> <span class=\"nw\">(\(length))</span>"
    }

    private static func verdict(_ summary: Summary) -> String {
        let currency = HTML.escape(summary["reporting_currency"].text ?? "")
        let profit = summary["profit"].amount ?? .zero
        let change = summary.ratio("total_return")
        let amount = "\(Display.fittingMoney(profit.magnitude)) \(currency) (\(Display.percent(change, 2, sign: true)))"
        let start = "\(Display.money(summary["starting_equity"])) \(currency)"
        var text = profit == .zero
            ? "Ended where it began, at \(start)" : "\(profit > .zero ? "Made" : "Lost") \(HTML.toned(amount, change)) on \(start)"
        if let deepest = summary.ratio("max_drawdown"), deepest > 0 {
            text += "; the deepest drawdown was \(Display.percent(deepest))"
        }
        let fees = summary["fees"].amount ?? .zero
        if fees > .zero { text += "; \(Display.fittingMoney(fees)) \(currency) went to fees" }
        if fees < .zero { text += "; rebates brought \(Display.fittingMoney(-fees)) \(currency)" }
        text += "."
        if let outcome = summary["outcome"].text, outcome != "tape_end" {
            let reason = summary["outcome_reason"].text.map { ": " + HTML.escape($0) } ?? ""
            text += " The run did not reach the end of the tape (\(HTML.escape(outcome))\(reason))."
        }
        if summary.isTooShortForAnnualFigures {
            text += " The run is shorter than 30 days: annualised figures (Sharpe, Sortino, Calmar, volatility, CAGR) say little."
        }
        return text
    }

    private static func cards(_ s: Summary) -> String {
        let change = s.ratio("total_return")
        let currency = HTML.escape(s["reporting_currency"].text ?? "")
        let items: [(String, String, String)] = [
            ("Total return", HTML.toned(Display.percent(change, 2, sign: true), change), "CAGR \(growth(s.ratio("cagr")))"),
            ("Final equity", Display.money(s["final_equity"]), "\(currency), from \(Display.money(s["starting_equity"], places: 0))"),
            ("Sharpe", Display.fixed(s.ratio("sharpe"), 2), "Sortino \(Display.fixed(s.ratio("sortino"), 2))"),
            ("Max drawdown", Display.percent(s.ratio("max_drawdown")), drawdownLength(s)),
            ("Volatility", Display.percent(s.ratio("volatility")), "Calmar \(Display.fixed(s.ratio("calmar"), 2))"),
            ("Exposure", Display.percent(s.ratio("exposure"), 1), "turnover \(Display.fixed(s.ratio("turnover"), 1))×"),
            ("Trades", Display.count(s["trades"]), "\(Display.count(s["fills"])) fills"),
            ("Win rate", Display.percent(s.ratio("win_rate"), 1), "\(Display.count(s["wins"])) won, \(Display.count(s["losses"])) lost"),
            ("Profit factor", Display.fixed(s.ratio("profit_factor"), 2), "best run of \(Display.count(s["max_consecutive_wins"])) wins"),
            ("Expectancy", toned(s["expectancy"].amount), "\(currency) a trade"),
            ("Fees", Display.fittingMoney(s["fees"].amount), "\(Display.percent(s.ratio("maker_share"), 1)) as maker"),
            ("Holding time", Display.span(s["average_holding_ns"].integer), "on average"),
        ]
        return items.map { "<div class=\"card\"><dt>\($0.0)</dt><dd>\($0.1)</dd><small>\($0.2)</small></div>" }.joined()
    }

    /// A year's growth out of a minute's is a number nobody can read.
    static func growth(_ value: Double?) -> String {
        guard let value else { return Display.none }
        return value > 99.99 ? "over 9,999%" : Display.percent(value, 1)
    }

    private static func toned(_ amount: Amount?) -> String {
        HTML.toned(Display.fittingMoney(amount), amount.map { $0 > .zero ? 1 : $0 < .zero ? -1 : 0 })
    }

    private static func drawdownLength(_ s: Summary) -> String {
        guard let length = s["max_drawdown_duration_ns"].integer else { return "equity never fell" }
        let isOpen = s["max_drawdown_recovery"].integer == nil
        return "\(Display.span(length))\(isOpen ? ", still open" : "")"
    }
}
