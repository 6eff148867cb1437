/// How the mid moved after our fills, at four horizons, makers and takers apart.
enum MarkoutChart {
    private static let names = ["0.1 s", "1 s", "10 s", "60 s"]

    static func html(_ markouts: JSON) -> String {
        let points = markouts.items
        let curves = [("maker", "c1"), ("taker", "c2")].compactMap { kind, style -> (String, String, [Double?])? in
            let values = points.map { $0["\(kind)_bps"].number }
            return values.contains { $0 != nil } ? (kind, style, values) : nil
        }
        let known = curves.flatMap { $0.2.compactMap { $0 } }
        guard let low = known.min(), let high = known.max() else { return "" }
        let values = ValueAxis(low...high, includesZero: true, pad: 0.12)
        var out = "<figure><figcaption><h3>After our fills, basis points</h3><p class=\"legend\">"
        out += curves.map { "<span class=\"key \($0.1)\">\($0.0)</span>" }.joined() + "</p></figcaption>"
        out += "<div class=\"plot\" style=\"height:220px\"><svg role=\"img\" aria-label=\"Move of the mid price after our fills\">"
        let across = points.indices.map { Tick(position: x($0), label: names[min($0, names.count - 1)]) }
        out += TimeChart.frame(across, values.ticks { Display.fixed($0, $1) }, thinsOut: false)
        let zero = HTML.percent(values.fraction(0))
        out += "<line class=\"zero\" x1=\"0\" x2=\"100%\" y1=\"\(zero)\" y2=\"\(zero)\"/>"
        for (kind, style, curve) in curves { out += draw(kind, style, curve, points, values) }
        out += "</svg></div></figure>\n"
        return out + "<p class=\"note\">How far the mid moved in our favour, weighted by notional: below zero, others knew more than we did.</p>"
    }

    private static func x(_ index: Int) -> Double { 0.08 + Double(index) * 0.28 }

    private static func draw(_ kind: String, _ style: String, _ curve: [Double?], _ points: [JSON], _ values: ValueAxis) -> String {
        var out = "<g class=\"\(style)\">"
        var before: (String, String)?
        var dots = ""
        for (index, value) in curve.enumerated() {
            guard let value else { continue }
            let place = (HTML.percent(x(index)), HTML.percent(values.fraction(value)))
            if let before {
                out += "<line class=\"join\" x1=\"\(before.0)\" y1=\"\(before.1)\" x2=\"\(place.0)\" y2=\"\(place.1)\"/>"
            }
            let fills = Display.count(points[index]["\(kind)_fills"])
            dots += "<circle cx=\"\(place.0)\" cy=\"\(place.1)\" r=\"4\"><title>\(kind), \(fills) fills</title></circle>"
            dots += "<text class=\"v\" x=\"\(place.0)\" y=\"\(place.1)\" dy=\"-10\">\(Display.fixed(value, 2, sign: true))</text>"
            before = place
        }
        return out + dots + "</g>"
    }
}
