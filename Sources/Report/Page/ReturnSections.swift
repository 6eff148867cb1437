import Domain

/// Returns by month and by day.
enum ReturnSections {
    private struct DayReturn {
        let date: CivilDate
        let day: Int64
        let fraction: Double
        let equity: Double
    }

    static func html(_ data: RunData) -> String {
        let days = dayReturns(data)
        if days.isEmpty { return "" }
        var body = months(days, start: data.startingEquity)
        body += days.count <= 14 ? dayTable(days) : calendars(days)
        return HTML.section(
            "Returns", id: "returns", note: "A day runs from 00:00 to 24:00 UTC; its return is from the last equity before it to the last in it.", body)
    }

    private static func dayReturns(_ data: RunData) -> [DayReturn] {
        var before = data.startingEquity
        return data.days.map { close in
            defer { before = close.equity }
            let fraction = before > 0 ? close.equity / before - 1 : 0
            return DayReturn(date: CivilDate(day: close.day), day: close.day, fraction: fraction, equity: close.equity)
        }
    }

    /// Years down, months across.
    private static func months(_ days: [DayReturn], start: Double) -> String {
        var growth: [Int: Double] = [:]
        var yearly: [Int: Double] = [:]
        for day in days {
            growth[day.date.year * 12 + day.date.month - 1, default: 1] *= 1 + day.fraction
            yearly[day.date.year, default: 1] *= 1 + day.fraction
        }
        guard let first = days.first?.date.year, let last = days.last?.date.year else { return "" }
        // Within one year only its own months are shown.
        let span = first == last ? (days[0].date.month - 1)...(days[days.count - 1].date.month - 1) : 0...11
        let deepest = (0..<12).reduce(0.0) { most, month in
            (first...last).reduce(most) { max($0, abs((growth[$1 * 12 + month] ?? 1) - 1)) }
        }
        var out = "<h3 class=\"sub\">By month</h3><div class=\"scroll\"><table class=\"heat\(span.count < 6 ? " narrow" : "")\"><thead><tr><th></th>"
        out += CivilDate.monthNames[span].map { "<th>\($0)</th>" }.joined() + "<th>Year</th></tr></thead><tbody>"
        for year in first...last {
            out += "<tr><td>\(year)</td>"
            for month in span {
                guard let value = growth[year * 12 + month] else { out += "<td class=\"none\">·</td>"; continue }
                out += "<td class=\"\(level(value - 1, deepest))\">\(Display.percent(value - 1, 2))</td>"
            }
            out += "<td class=\"sum\">\(HTML.toned(Display.percent((yearly[year] ?? 1) - 1, 2), (yearly[year] ?? 1) - 1))</td></tr>"
        }
        return out + "</tbody></table></div>\n"
    }

    /// `g1` to `g4`, `r1` to `r4`, or nothing.
    private static func level(_ value: Double, _ deepest: Double) -> String {
        guard value != 0, deepest > 0 else { return "" }
        let depth = min(4, Int((abs(value) / deepest * 4).rounded(.up)))
        return "\(value > 0 ? "g" : "r")\(max(1, depth))"
    }

    private static func dayTable(_ days: [DayReturn]) -> String {
        let rows = days.map { day in
            [day.date.text, HTML.toned(Display.percent(day.fraction, 3, sign: true), day.fraction), Display.fixed(day.equity, 2)]
        }
        return "<h3 class=\"sub\">By day</h3>" + HTML.table(["Day", "Return", "Equity at its end"], rows)
    }

    /// One band of squares a year: weeks across, Monday at the top.
    private static func calendars(_ days: [DayReturn]) -> String {
        let sizes = days.map { abs($0.fraction) }.sorted()
        let deepest = sizes[min(sizes.count - 1, sizes.count * 95 / 100)]
        var years: [(year: Int, days: [DayReturn])] = []
        for day in days {
            if years.last?.year == day.date.year { years[years.count - 1].days.append(day) } else { years.append((day.date.year, [day])) }
        }
        var out = "<h3 class=\"sub\">By day</h3>"
        for (year, days) in years.suffix(10) { out += band(year, days, deepest) }
        return years.count > 10 ? out + "<p class=\"note\">The last ten years are drawn.</p>" : out
    }

    private static func band(_ year: Int, _ days: [DayReturn], _ deepest: Double) -> String {
        // 1970-01-01 was a Thursday: Monday counts as 0.
        func weekday(_ day: Int64) -> Int { Int(((day + 3) % 7 + 7) % 7) }
        guard let first = days.first else { return "" }
        var newYear = first.day
        while CivilDate(day: newYear - 1).year == year { newYear -= 1 }
        var out = "<div class=\"scroll\"><svg class=\"days\" width=\"880\" height=\"132\" role=\"img\" aria-label=\"Daily returns of \(year)\">"
        out += "<text x=\"0\" y=\"11\">\(year)</text>"
        var month = 0
        for day in days {
            let column = (Int(day.day - newYear) + weekday(newYear)) / 7
            let x = 34 + column * 16
            if day.date.month != month && (month == 0 || day.date.dayOfMonth <= 7) {
                out += "<text x=\"\(x)\" y=\"11\">\(day.date.monthName)</text>"
            }
            month = day.date.month
            let style = level(day.fraction, deepest)
            out += "<rect class=\"\(style.isEmpty ? "z" : style)\" x=\"\(x)\" y=\"\(18 + weekday(day.day) * 16)\" width=\"13\" height=\"13\">"
            out += "<title>\(day.date.text): \(Display.percent(day.fraction, 3, sign: true))</title></rect>"
        }
        for (name, row) in [("Mon", 0), ("Wed", 2), ("Fri", 4)] { out += "<text x=\"0\" y=\"\(29 + row * 16)\">\(name)</text>" }
        return out + "</svg></div>\n"
    }
}
