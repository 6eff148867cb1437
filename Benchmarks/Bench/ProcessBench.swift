import Domain
import Tape

/// Whole processes of the command: start-up, the bundled tape, memory.
struct ProcessBench {
    let perigee: String
    let scratch: ScratchFolder

    private func backtest(_ script: String, _ tape: String, _ flags: [String] = []) -> [String] {
        [perigee, "backtest", script, "--data", tape, "--out", scratch.path + "/run", "--quiet"] + flags
    }

    private func own(_ name: String) -> String { "\(BenchFiles.strategies)/\(name).lua" }

    static let makerFlags = ["--latency", "5ms/5ms", "--fills", "full"]

    func startUp(repetitions: Int, into results: Results) throws {
        let tiny = scratch.path + "/tiny.tape"
        try SyntheticTape.ensure(tiny, events: 200)
        let bundled = "\(BenchFiles.bundled)/btc-l2.tape"
        let commands: [(name: String, command: [String], goal: Figure.Goal?)] = [
            ("perigee --help", [perigee, "--help"], nil),
            ("a backtest of 200 events, with its report", backtest(own("count"), tiny), nil),
            ("bundled tape, market maker", backtest("strategies/market_maker.lua", bundled, ["--latency", "20ms/20ms"]), .value(500)),
            ("bundled tape, S0", backtest(own("count"), bundled), .value(500)),
            ("bundled tape of bars, SMA cross", backtest("strategies/sma_cross.lua", "\(BenchFiles.bundled)/eth-1m.tape"), .value(500)),
        ]
        let cases = commands.map { one in
            Case(name: one.name, count: 1e6) {
                let child = try Child.run(one.command)
                return Elapsed(wall: child.wall, cpu: child.cpu)
            }
        }
        let all = try Interleaved(cases, repetitions: max(repetitions, 5))
        results.section("whole processes", unit: "ms of wall time")
        for one in commands {
            results.add(Figure(name: one.name, unit: "ms", value: all[one.name].bestWall, median: all[one.name].medianWall, goal: one.goal))
        }
    }

    /// The same strategy on 1, 10 and 100 parts of the tape.
    func memory(events: Int, longest: String, bars: String?, into results: Results) throws {
        results.section("peak memory", unit: "MiB, beside the mapped tape; VmHWM of the process in brackets")
        func measure(_ name: String, _ command: [String], floor: Double? = nil, goal: [Figure.Goal] = []) throws -> Double {
            let child = try Child.run(command, watched: true)
            let own = Double(child.peakOwn) / 1024
            results.add(Figure(name: "\(name) [\(decimal(Double(child.peak) / 1024, 1))]", unit: "MiB", value: own, floor: floor, goal: goal.first))
            for other in goal.dropFirst() { results.add(Figure(name: "\(name), bound", unit: "MiB", value: own, goal: other)) }
            return own
        }
        var first: Double?
        for part in [1, 10, 100] {
            let tape = part == 100 ? longest : "\(scratch.path)/part\(part).tape"
            if part < 100 { try SyntheticTape.ensure(tape, events: events / 100 * part) }
            let own = try measure(
                "S1, \(part)× events", backtest(self.own("maker"), tape, ProcessBench.makerFlags), floor: first,
                goal: part == 100 ? [.ratio(1.1), .value(64)] : [])
            first = first ?? own
        }
        _ = try measure("S0, 100× events", backtest(own("count"), longest), goal: [.value(64)])
        if let bars { _ = try measure("B0", backtest(own("cross"), bars), goal: [.value(64)]) }
    }
}

enum SyntheticTape {
    static let seed: UInt64 = 42
    static let barSeed: UInt64 = 7

    static func ensure(_ path: String, events: Int) throws {
        if !BenchFiles.exists(path) { try SyntheticMarket.write(to: path, events: events, seed: seed) }
    }
}
