/// One figure of the run: what was measured, beside its floor and its goal.
struct Figure {
    let name: String
    let unit: String
    /// The least of the repetitions, and their median.
    let value: Double
    var median: Double?
    var floor: Double?
    var goal: Goal?

    /// The ratio to the floor, or the value itself, is to be at most this.
    enum Goal {
        case ratio(Double)
        case value(Double)
    }

    var ratio: Double? { floor.map { value / $0 } }

    var isReached: Bool? {
        switch goal {
        case .ratio(let most): ratio.map { $0 <= most }
        case .value(let most): value <= most
        case nil: nil
        }
    }
}

/// Everything that was measured, printed as it comes and written as JSON at the end.
final class Results {
    private(set) var figures: [Figure] = []
    private(set) var facts: [(name: String, value: String)] = []

    func note(_ name: String, _ value: String) {
        facts.append((name, value))
        print("# \(name): \(value)")
    }

    func section(_ title: String, unit: String) {
        let head = pad(title, 46) + lead("best", 11) + lead("median", 11) + lead("floor", 9) + lead("ratio", 8) + "  goal"
        print("\n" + head + "   (" + unit + ")")
    }

    func add(_ figure: Figure) {
        figures.append(figure)
        var line = pad("  " + figure.name, 46) + lead(text(figure.value), 11) + lead(figure.median.map(text) ?? "", 11)
        line += lead(figure.floor.map(text) ?? "", 9) + lead(figure.ratio.map { decimal($0, 2) } ?? "", 8)
        switch figure.goal {
        case .ratio(let most): line += "  ≤ \(decimal(most, 2)) × floor"
        case .value(let most): line += "  ≤ \(text(most))"
        case nil: break
        }
        if let reached = figure.isReached { line += reached ? ": reached" : ": NOT reached" }
        print(line)
    }

    func add(_ name: String, _ unit: String, _ series: Series, floor: Double? = nil, goal: Figure.Goal? = nil) {
        add(Figure(name: name, unit: unit, value: series.best, median: series.median, floor: floor, goal: goal))
    }

    private func text(_ value: Double) -> String {
        if value == 0 { return "0" }
        return value >= 1000 ? decimal(value, 0) : value >= 100 ? decimal(value, 1) : value >= 1 ? decimal(value, 2) : decimal(value, 5)
    }

    private func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
    private func lead(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) + text }

    func json() -> String {
        let entries = figures.map { figure in
            var parts = ["\"name\": \(quoted(figure.name))", "\"unit\": \(quoted(figure.unit))", "\"value\": \(number(figure.value))"]
            if let median = figure.median { parts.append("\"median\": \(number(median))") }
            if let floor = figure.floor { parts.append("\"floor\": \(number(floor))") }
            if let ratio = figure.ratio { parts.append("\"ratio\": \(number(ratio))") }
            switch figure.goal {
            case .ratio(let most): parts.append("\"goal_ratio\": \(number(most))")
            case .value(let most): parts.append("\"goal\": \(number(most))")
            case nil: break
            }
            if let reached = figure.isReached { parts.append("\"reached\": \(reached)") }
            return "    {" + parts.joined(separator: ", ") + "}"
        }
        let head = facts.map { "    \(quoted($0.name)): \(quoted($0.value))" }.joined(separator: ",\n")
        return "{\n  \"facts\": {\n\(head)\n  },\n  \"figures\": [\n\(entries.joined(separator: ",\n"))\n  ]\n}\n"
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ") + "\""
    }

    private func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}

/// A number with so many decimals.
func decimal(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((value * scale).rounded())
    if places == 0 { return "\(scaled)" }
    let digits = String(scaled.magnitude)
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return (scaled < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
}
