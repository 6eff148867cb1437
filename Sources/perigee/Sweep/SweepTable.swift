import Glibc
import Report

/// What a sweep found: a row a combination, the best first.
struct SweepTable {
    struct Row {
        /// From 0, the same whatever the shard.
        let combination: Int
        let values: [String]
        /// The run's summary; nil where it failed.
        let summary: Summary?
        /// Why it failed.
        let problem: String
    }

    /// Figures of `summary.json` that the table has.
    static let figures = [
        "final_equity", "total_return", "sharpe", "sortino", "calmar", "max_drawdown", "volatility", "trades", "win_rate", "profit_factor",
        "expectancy", "fees", "fills", "orders", "fill_ratio", "maker_share", "turnover", "exposure",
    ]
    /// Those of which less is better.
    private static let smallestFirst = ["max_drawdown", "volatility", "fees", "turnover", "exposure"]

    let names: [String]
    let rankedBy: String
    let rows: [Row]

    /// Failed runs, and those without the figure, come last; of equals the earlier combination comes first.
    init(names: [String], rankedBy: String, rows: [Row]) {
        let sign = SweepTable.smallestFirst.contains(rankedBy) ? -1.0 : 1.0
        func key(_ row: Row) -> (Int, Double) {
            guard let summary = row.summary else { return (0, 0) }
            guard let value = summary[rankedBy].text.flatMap({ Double($0) }) else { return (1, 0) }
            return (2, value * sign)
        }
        (self.names, self.rankedBy) = (names, rankedBy)
        self.rows = rows.sorted { one, other in
            let (left, right) = (key(one), key(other))
            return left == right ? one.combination < other.combination : left > right
        }
    }

    var failures: [Row] { rows.filter { $0.summary == nil } }

    // MARK: - Files

    var csv: String {
        var text = (["rank", "combination"] + names + ["outcome"] + SweepTable.figures).joined(separator: ",") + "\n"
        for (place, row) in rows.enumerated() {
            let figures = SweepTable.figures.map { row.summary?[$0].text ?? "" }
            text += ([String(place + 1), String(row.combination)] + row.values.map(SweepTable.field) + [row.outcome] + figures).joined(separator: ",") + "\n"
        }
        return text
    }

    private static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    func json(_ head: [JSON.Member]) -> JSON {
        var members = head
        members.append(JSON.Member(key: "ranked_by", value: .string(rankedBy)))
        members.append(JSON.Member(key: "runs", value: .array(rows.enumerated().map { place, row in json(row, rank: place + 1) })))
        return .object(members)
    }

    private func json(_ row: Row, rank: Int) -> JSON {
        let parameters = zip(names, row.values).map { JSON.Member(key: $0, value: row.summary?["parameters"][$0] ?? .string($1)) }
        var members = [
            JSON.Member(key: "rank", value: .integer(rank)), JSON.Member(key: "combination", value: .integer(row.combination)),
            JSON.Member(key: "parameters", value: .object(parameters)), JSON.Member(key: "outcome", value: .string(row.outcome)),
        ]
        if row.summary == nil { members.append(JSON.Member(key: "problem", value: .string(row.problem))) }
        for figure in SweepTable.figures { members.append(JSON.Member(key: figure, value: row.summary?[figure] ?? .null)) }
        return .object(members)
    }

    // MARK: - For people

    /// The best rows, in columns.
    func text(best: Int) -> String {
        let shown = ["final_equity", "total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor"]
        let figures = shown.contains(rankedBy) ? shown : [rankedBy] + shown
        var lines = [["rank"] + names + figures]
        for (place, row) in rows.prefix(best).enumerated() {
            let numbers = figures.map { figure in row.summary.map { SweepTable.rounded($0[figure]) } ?? "" }
            lines.append([String(place + 1)] + row.values + (row.summary == nil ? ["failed"] + numbers.dropFirst() : numbers))
        }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { text, width in String(repeating: " ", count: width - text.count) + text }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func rounded(_ value: JSON) -> String {
        guard let text = value.text else { return "-" }
        guard text.contains("."), let number = Double(text) else { return text }
        return "\((number * 10_000).rounded() / 10_000)"
    }
}

extension SweepTable.Row {
    fileprivate var outcome: String { summary?["outcome"].text ?? "error" }
}
