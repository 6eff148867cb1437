import Domain

/// The charts over time: equity, drawdown, price with fills, position, the strategy's own lines.
enum ChartSections {
    /// More instruments than this have their rows in the tables only.
    private static let instrumentLimit = 8
    private static let plotLimit = 24

    static func html(_ data: RunData) -> String {
        HTML.section("Equity", id: "equity", equity(data)) + HTML.section("Price and position", id: "price", prices(data))
            + HTML.section("Lines of the strategy", id: "plots", plots(data))
    }

    private static func equity(_ data: RunData) -> String {
        let currency = data.summary["reporting_currency"].text ?? ""
        let hasFees = data.summary["fees"].amount.map { $0 != .zero } ?? false
        var lines = [ChartLine(name: "equity", style: "c1", buckets: data.equity)]
        if hasFees { lines.insert(ChartLine(name: "without fees", style: "gross", buckets: data.gross), at: 0) }
        let drawdown = ChartLine(name: "drawdown", style: "down", shape: .area, buckets: data.drawdown)
        let top = TimeChart(title: "Equity, \(currency)", axis: data.axis, lines: lines, height: 280).html
        guard let deepest = data.summary.ratio("max_drawdown"), deepest > 0 else { return top + rollingSharpe(data) }
        let below = TimeChart(
            title: "Drawdown", axis: data.axis, lines: [drawdown], height: 130, includesZero: true, label: percentLabel)
        return top + below.html + rollingSharpe(data)
    }

    static func percentLabel(_ value: Double, _ places: Int) -> String { Display.percent(value, max(0, places - 2)) }

    private static func rollingSharpe(_ data: RunData) -> String {
        guard let rolling = RollingSharpe(data) else { return "" }
        let line = ChartLine(name: "Sharpe", style: "c4", buckets: rolling.buckets)
        return TimeChart(
            title: "Rolling Sharpe ratio", note: "Over the last \(Display.span(rolling.window)), annualised like the Sharpe ratio above.",
            axis: data.axis, lines: [line], height: 150, includesZero: true
        ).html
    }

    private static func prices(_ data: RunData) -> String {
        var out = ""
        for (index, instrument) in data.instruments.prefix(instrumentLimit).enumerated() {
            let name = instrument.name
            let marks = fillMarks(instrument, data.axis)
            let fills = instrument.buys.reduce(0) { $0 + $1.fills } + instrument.sells.reduce(0) { $0 + $1.fills }
            let note = marks.count < fills
                ? "\(Display.count(Int64(fills))) fills drawn as \(marks.count) marks: the buys and the sells of one stretch of time share one, at their average price."
                : ""
            let mids = midBuckets(data, index)
            if mids.contains(where: { $0 != nil }) || !marks.isEmpty {
                let price = ChartLine(name: "mid price", style: "price", buckets: mids)
                out += TimeChart(title: name, note: note, axis: data.axis, lines: [price], marks: marks, height: 280).html
            }
            if fills > 0 {
                let position = ChartLine(name: "position", style: "c3", shape: .step, buckets: instrument.position)
                out += TimeChart(
                    title: "Position, \(instrument.base)", axis: data.axis, lines: [position], height: 120, includesZero: true
                ).html
            }
        }
        if data.instruments.count > instrumentLimit {
            out += "<p class=\"note\">\(data.instruments.count - instrumentLimit) instruments more are in the tables below.</p>"
        }
        return out
    }

    private static func midBuckets(_ data: RunData, _ index: Int) -> [ValueBucket<Double>?] {
        guard index < data.charts["mids"].items.count else { return ChartLine.empty }
        let series = data.charts["mids"].items[index]
        return ChartLine.buckets(series, data.axis, scale: RunData.double(series["half_tick"]))
    }

    private static func fillMarks(_ instrument: RunData.InstrumentData, _ axis: TimeAxis) -> [ChartMark] {
        var marks: [ChartMark] = []
        for column in 0..<RunData.markStretches {
            for (sum, isBuy) in [(instrument.buys[column], true), (instrument.sells[column], false)] where sum.fills > 0 {
                let price = sum.notional / sum.quantity
                let position = (Double(column) + 0.5) / Double(RunData.markStretches)
                let what = sum.fills == 1 ? "1 fill" : "\(sum.fills) fills"
                let title = "\(isBuy ? "bought" : "sold") \(trimmed(sum.quantity)) at \(Display.fixed(price, 2)), \(what)"
                marks.append(ChartMark(position: position, value: price, isBuy: isBuy, title: title))
            }
        }
        return marks
    }

    static func trimmed(_ value: Double) -> String { Display.fixed(value, value >= 100 ? 2 : value >= 1 ? 4 : 6) }

    private static func plots(_ data: RunData) -> String {
        let series = data.charts["plots"].items
        var out = "<div class=\"two\">"
        for (index, plot) in series.prefix(plotLimit).enumerated() {
            let line = ChartLine(
                name: plot["series"].text ?? "", style: "c\(index % 5 + 1)", buckets: ChartLine.buckets(plot, data.axis))
            out += "<div>\(TimeChart(title: line.name, axis: data.axis, lines: [line], height: 150).html)</div>"
        }
        out += "</div>"
        if series.count > plotLimit { out += "<p class=\"note\">\(series.count - plotLimit) lines more are in charts.json.</p>" }
        return series.isEmpty ? "" : out
    }
}
