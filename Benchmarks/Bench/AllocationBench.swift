import Domain
import Tape

/// Allocations an event: those of a whole run less those of half of it, so that beginning and end cancel out.
enum AllocationBench {
    static func measure(_ level2: Runner?, _ bars: Runner?, into results: Results) throws {
        results.section("allocations", unit: "calls of malloc and its kin an event")
        if let level2 {
            try measure("S0: a Lua callback on every event", level2, into: results, goal: .value(0.0001)) { try $0.run("count") }
            try measure("quote changes in Lua", level2, into: results, goal: .value(0.0001)) { try $0.run("quotes") }
            try measure("20 resting orders, no Lua", level2, into: results) { try $0.run(Rester()) }
            try measure("S1: a Lua market maker every 100 ms", level2, into: results) { try $0.run("maker") }
        }
        if let bars { try measure("B0: SMA cross on bars", bars, into: results) { try $0.run("cross") } }
    }

    private static func measure(
        _ name: String, _ runner: Runner, into results: Results, goal: Figure.Goal? = nil, _ run: (Runner) throws -> Outcome
    ) throws {
        guard let first = runner.tape.firstLocalTime, let last = runner.tape.lastLocalTime else { return }
        var half = runner
        half.end = first + Span(nanoseconds: (last - first).nanoseconds / 2)
        let (short, long) = (try run(half), try run(runner))
        let extra = Double(long.allocations - short.allocations) / Double(max(1, long.events - short.events))
        results.add(Figure(name: name, unit: "allocations/event", value: max(0, extra), goal: goal))
    }
}
