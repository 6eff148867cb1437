import Domain
import Tape

/// What an order costs: a round trip in simulation, and one look of the gate.
enum OrderBench {
    /// On a tenth of the tape: an order costs as much as some hundred events.
    static func roundTrips(_ whole: Runner, repetitions: Int, into results: Results) throws {
        guard let first = whole.tape.firstLocalTime, let last = whole.tape.lastLocalTime else { return }
        var tenth = whole
        tenth.end = first + Span(nanoseconds: (last - first).nanoseconds / 10)
        let runner = tenth
        let count = try sent(runner.run("churn").lastWords)
        let with = Case(name: "with", count: count) { try runner.run("churn").elapsed }
        let without = Case(name: "without", count: count) { try runner.run("churn", [("orders", "false")]).elapsed }
        let pair = try Interleaved([with, without], repetitions: repetitions)
        results.section("orders", unit: "ns an order")
        results.add(
            Figure(
                name: "round trip in simulation, from Lua", unit: "ns/order", value: pair["with"].best - pair["without"].best,
                median: pair["with"].median - pair["without"].median))
        results.note("round trip", "placed, acknowledged, cancelled, acknowledged: two messages each way, on_order twice; \(Int(count)) orders")
    }

    private static func sent(_ words: String) throws -> Double {
        let parts = words.split(separator: " ")
        guard parts.count > 1, let count = Double(parts[1]), count > 0 else { throw BenchError("churn.lua sent nothing: '\(words)'") }
        return count
    }

    static func riskChecks(repetitions: Int, into results: Results) throws {
        var checks = try RiskChecks()
        let count = 1_000_000
        var series = Series()
        _ = try checks.run(count)
        for _ in 0..<max(repetitions, 5) {
            checks = try RiskChecks()
            series.add(try checks.run(count), per: Double(count))
        }
        results.section("risk", unit: "ns an order")
        results.add("risk check, all controls on", "ns/order", series, goal: .value(200))
    }
}
