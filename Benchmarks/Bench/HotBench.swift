import Domain
import Tape

/// The work that peers are given too, and nothing else.
enum HotBench {
    static func measure(_ level2: Runner?, _ bars: Runner?, repetitions: Int, into results: Results) throws {
        var cases: [Case] = []
        func add(_ name: String, _ runner: Runner, _ script: String) {
            cases.append(Case(name: name, count: Double(runner.tape.recordCount)) { try runner.run(script).elapsed })
        }
        if let level2 {
            add("S0", level2, "count")
            add("S1", level2, "maker")
        }
        if let bars { add("B0", bars, "cross") }
        let all = try Interleaved(cases, repetitions: repetitions)
        results.section("hot", unit: "ns an event or bar")
        for one in cases { results.add(one.name, "ns", all[one.name]) }
        if let level2 { try level2.tell("S1 did", level2.run("maker"), results) }
        if let bars { try bars.tell("B0 did", bars.run("cross"), results) }
    }
}

extension Runner {
    /// What a run did, to hold against a peer's.
    func tell(_ name: String, _ outcome: Outcome, _ results: Results) {
        let position = instruments[0].decimal(lots: outcome.position)
        results.note(
            name,
            "\(outcome.lastWords) fills \(outcome.fills) position \(position) balance \(outcome.balance) fee \(outcome.fee) refused \(outcome.refused)")
    }
}
