import Domain

/// A line over time, in the axis' stretches.
struct ChartLine: Sendable {
    enum Shape { case line, area, step }

    let name: String
    /// The style's class: `c1`, `gross`, `down`, …
    let style: String
    var shape = Shape.line
    var buckets: [ValueBucket<Double>?]

    var range: ClosedRange<Double>? {
        var range: ClosedRange<Double>?
        for bucket in buckets {
            guard let bucket else { continue }
            range = min(range?.lowerBound ?? bucket.low, bucket.low)...max(range?.upperBound ?? bucket.high, bucket.high)
        }
        return range
    }

    /// An empty line of the axis' width.
    static var empty: [ValueBucket<Double>?] { [ValueBucket<Double>?](repeating: nil, count: TimeAxis.stretches) }

    /// Rows of `charts.json` in the stretches of the axis.
    static func buckets(_ series: JSON, _ axis: TimeAxis, scale: Double = 1) -> [ValueBucket<Double>?] {
        var buckets = empty
        for row in series["rows"].items.map(\.items) where row.count == 5 {
            guard let time = row[0].integer else { continue }
            let values = row[1...].map { ($0.number ?? 0) * scale }
            var bucket = ValueBucket(values[0])
            (bucket.low, bucket.high, bucket.last) = (values[1], values[2], values[3])
            let stretch = axis.stretch(time)
            if buckets[stretch]?.merge(bucket) == nil { buckets[stretch] = bucket }
        }
        return buckets
    }
}

/// A sign on a chart: our fills.
struct ChartMark {
    let position: Double
    let value: Double
    let isBuy: Bool
    let title: String
}

/// A chart over the run's time: lines stretch with the page, text and marks keep their size, so that the same drawing serves a
/// desk and a phone.
struct TimeChart {
    let title: String
    var note = ""
    let axis: TimeAxis
    var lines: [ChartLine]
    var marks: [ChartMark] = []
    var height = 240
    var includesZero = false
    /// The text of a value; the places are those of the axis' step.
    var label: (Double, Int) -> String = { Display.fixed($0, $1) }

    private static let scale = 10_000.0

    var html: String {
        let ranges = lines.compactMap(\.range) + marks.map { $0.value...$0.value }
        guard let lowest = ranges.map(\.lowerBound).min(), let highest = ranges.map(\.upperBound).max() else { return "" }
        let values = ValueAxis(lowest...highest, includesZero: includesZero, count: max(2.5, Double(height) / 44))
        let name = HTML.escape(title)
        var out = "<figure class=\"chart\" data-t0=\"\(axis.start / 1_000_000)\" data-t1=\"\(axis.end / 1_000_000)\">"
        out += "<figcaption><h3>\(name)</h3>\(legend)</figcaption>"
        if !note.isEmpty { out += "<p class=\"note\">\(note)</p>" }
        out += "<div class=\"plot\" style=\"height:\(height)px\"><svg role=\"img\" aria-label=\"\(name)\">"
        out += TimeChart.frame(axis.ticks(), values.ticks(label))
        if values.low < 0 && values.high > 0 {
            let y = HTML.percent(values.fraction(0))
            out += "<line class=\"zero\" x1=\"0\" x2=\"100%\" y1=\"\(y)\" y2=\"\(y)\"/>"
        }
        out += "<svg viewBox=\"0 0 10000 10000\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\">"
        for line in lines { out += path(line, values) }
        out += "</svg>" + drawnMarks(values)
        return out + "</svg></div></figure>\n"
    }

    /// Grid lines and labels of both axes.
    static func frame(_ across: [Tick], _ upward: [Tick], thinsOut: Bool = true) -> String {
        var out = ""
        for tick in upward {
            let y = HTML.percent(tick.position)
            out += "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"\(y)\" y2=\"\(y)\"/><text class=\"y\" x=\"-8\" y=\"\(y)\" dy=\".32em\">\(tick.label)</text>"
        }
        for (index, tick) in across.enumerated() {
            let x = HTML.percent(tick.position)
            let anchor = tick.position < 0.03 ? " s" : tick.position > 0.97 ? " e" : ""
            out += "<text class=\"x\(thinsOut && index % 2 == 1 ? " alt" : "")\(anchor)\" x=\"\(x)\" y=\"100%\" dy=\"18\">\(tick.label)</text>"
        }
        return out
    }

    private var legend: String {
        var items = lines.count > 1 || !marks.isEmpty
            ? lines.map { "<span class=\"key \($0.style)\">\(HTML.escape($0.name))</span>" } : []
        if !marks.isEmpty { items += ["<span class=\"key buy\">buy</span>", "<span class=\"key sell\">sell</span>"] }
        return items.isEmpty ? "" : "<p class=\"legend\">\(items.joined())</p>"
    }

    private func path(_ line: ChartLine, _ values: ValueAxis) -> String {
        var points = ""
        var last: Int?
        var firstX = 0
        var lastX = 0
        for (index, bucket) in line.buckets.enumerated() {
            guard let bucket else { continue }
            let x = Int((Double(index) + 0.5) / Double(TimeAxis.stretches) * TimeChart.scale)
            let heights = TimeChart.heights(bucket).map { Int((values.fraction($0) * TimeChart.scale).rounded()) }
            if last == nil { firstX = x } else if line.shape == .step { points += "H\(x)" }
            for y in heights where y != last || heights.count == 1 {
                points += "\(points.isEmpty ? "M" : "L")\(x) \(y)"
                last = y
            }
            lastX = x
        }
        if line.shape == .step && last != nil { points += "H10000" }
        let data = " data-n=\"\(HTML.escape(line.name))\" data-v=\"\(hoverValues(line, values.places))\""
        var out = ""
        if line.shape == .area {
            let base = Int((min(max(values.fraction(0), 0), 1) * TimeChart.scale).rounded())
            out += "<path class=\"fill \(line.style)\" d=\"\(points)L\(lastX) \(base)L\(firstX) \(base)Z\"/>"
        }
        return out + "<path class=\"line \(line.style)\" d=\"\(points)\"\(data)/>"
    }

    /// The way through a stretch: first, its extremes in a likely order, last.
    private static func heights(_ bucket: ValueBucket<Double>) -> [Double] {
        if bucket.low == bucket.high { return [bucket.low] }
        return bucket.last >= bucket.first
            ? [bucket.first, bucket.low, bucket.high, bucket.last] : [bucket.first, bucket.high, bucket.low, bucket.last]
    }

    /// One value for every second stretch, an empty one where nothing is known yet.
    private func hoverValues(_ line: ChartLine, _ places: Int) -> String {
        var texts: [String] = []
        var known = ""
        for index in line.buckets.indices {
            if let bucket = line.buckets[index] { known = label(bucket.last, places + 1) }
            if index % 2 == 1 { texts.append(known) }
        }
        return texts.joined(separator: "|")
    }

    private func drawnMarks(_ values: ValueAxis) -> String {
        marks.map { mark in
            let place = "x=\"\(HTML.percent(mark.position))\" y=\"\(HTML.percent(values.fraction(mark.value)))\""
            let kind = mark.isBuy ? "buy" : "sell"
            return "<use href=\"#\(kind)\" class=\"\(kind)\" \(place)><title>\(HTML.escape(mark.title))</title></use>"
        }.joined()
    }
}
