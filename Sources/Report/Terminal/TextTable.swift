/// A table of plain text with box drawing, as wide as its cells.
struct TextTable {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        let alignment: Alignment
    }

    let title: String
    let columns: [Column]
    var rows: [[String]] = []
    /// A rule is drawn before these rows.
    var breaks: Set<Int> = []
    /// Colours a finished cell; nil leaves all plain.
    var paint: ((_ row: Int, _ column: Int, _ text: String) -> String)?

    init(_ title: String, _ columns: [Column]) {
        self.title = title
        self.columns = columns
    }

    /// Cells are cut so that no line is wider than `limit`, the widest column first.
    func render(limit: Int) -> String {
        let widths = fittedWidths(limit)
        let inner = widths.reduce(0) { $0 + $1 + 3 } - 1
        var lines: [String] = []
        let name = TextTable.cut(title, inner)
        let left = max(0, (inner + 2 - name.count) / 2)
        lines.append(String(repeating: " ", count: left) + name)
        lines.append(rule("┌", "┬", "┐", widths))
        if columns.contains(where: { !$0.title.isEmpty }) {
            lines.append(line(columns.map(\.title), widths, row: nil))
            lines.append(rule("├", "┼", "┤", widths))
        }
        for (index, row) in rows.enumerated() {
            if breaks.contains(index) && index > 0 { lines.append(rule("├", "┼", "┤", widths)) }
            lines.append(line(row, widths, row: index))
        }
        lines.append(rule("└", "┴", "┘", widths))
        return lines.joined(separator: "\n") + "\n"
    }

    private func fittedWidths(_ limit: Int) -> [Int] {
        var widths = columns.indices.map { column in
            max(columns[column].title.count, rows.map { $0[column].count }.max() ?? 0)
        }
        while widths.reduce(1, { $0 + $1 + 3 }) > limit, let widest = widths.max(), widest > 6,
            let index = widths.firstIndex(of: widest)
        { widths[index] -= 1 }
        return widths
    }

    private func rule(_ start: String, _ middle: String, _ end: String, _ widths: [Int]) -> String {
        start + widths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + end
    }

    private func line(_ cells: [String], _ widths: [Int], row: Int?) -> String {
        let padded = columns.indices.map { column -> String in
            let text = TextTable.cut(cells[column], widths[column])
            let blank = String(repeating: " ", count: widths[column] - text.count)
            let cell = columns[column].alignment == .left ? text + blank : blank + text
            guard let paint, let row else { return cell }
            return paint(row, column, cell)
        }
        return "│ " + padded.joined(separator: " │ ") + " │"
    }

    static func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
    }
}
