/// Text of a script, a file or a person, made harmless inside HTML text and quoted attributes.
enum HTML {
    static func escape(_ text: String) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default:
                let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F..<0xA0).contains(scalar.value)
                out.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
            }
        }
        return out
    }

    /// A percentage of a chart's width or height, with two places.
    static func percent(_ fraction: Double) -> String {
        let hundredths = Int((fraction * 10_000).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
        return rest == 0 ? "\(sign)\(whole)%" : "\(sign)\(whole).\(CivilDate.pad(rest, 2))%"
    }

    static func section(_ title: String, id: String, note: String = "", _ body: String) -> String {
        if body.isEmpty { return "" }
        let more = note.isEmpty ? "" : "<p class=\"note\">\(note)</p>"
        return "<section id=\"\(id)\"><h2>\(title)</h2>\(more)\n\(body)</section>\n"
    }

    /// A table inside a box that scrolls sideways; cells are HTML. Columns named in `left` are aligned left.
    static func table(_ headings: [String], _ rows: [[String]], left: Set<Int> = [0], footer: [String]? = nil, isDense: Bool = false) -> String {
        func cells(_ tag: String, _ row: [String]) -> String {
            row.enumerated().map { "<\(tag)\(left.contains($0.offset) ? " class=\"l\"" : "")>\($0.element)</\(tag)>" }.joined()
        }
        var out = "<div class=\"scroll\(isDense ? " dense" : "")\"><table><thead><tr>\(cells("th", headings))</tr></thead><tbody>\n"
        for row in rows { out += "<tr>\(cells("td", row))</tr>\n" }
        out += "</tbody>"
        if let footer { out += "<tfoot><tr>\(cells("td", footer))</tr></tfoot>" }
        return out + "</table></div>\n"
    }

    /// `gain`, `loss` or nothing.
    static func tone(_ value: Double?) -> String {
        guard let value, value != 0 else { return "" }
        return value > 0 ? "gain" : "loss"
    }

    static func toned(_ text: String, _ value: Double?) -> String {
        let tone = tone(value)
        return tone.isEmpty ? text : "<span class=\"\(tone)\">\(text)</span>"
    }
}
