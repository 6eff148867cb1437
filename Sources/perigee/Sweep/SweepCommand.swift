import ArgumentParser
import Domain
import Glibc
import Report

/// `perigee sweep`.
struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Backtest a strategy with every combination of parameters, and rank them.",
        discussion: """
            Each combination is a run of its own, as `perigee backtest` would do it. DIR/sweep.csv and DIR/sweep.json have a row for each,
            the best first, and are the same whatever --jobs is. --shard 2/4 does the second quarter, on a machine of its own.

              perigee sweep strategies/sma_cross.lua --data backtest-data/eth-1m.tape --grid fast=5:50:5 --grid slow=20:200:10 --out sweeps/sma
              perigee sweep maker.lua --data btc.tape --grid width=2,5,10 --rank-by sharpe --jobs 4 --out sweeps/maker

            Exit status: 0 done (a run that failed has a row that says error); 1 all runs failed; 2 usage or configuration; 130 interrupted.
            """)

    @Argument(help: ArgumentHelp("The strategy: a Lua file that returns a table.", valueName: "strategy.lua"))
    var strategy: String?

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Tapes, merged by time.", valueName: "tape"))
    var data: [String] = []

    @Option(help: ArgumentHelp("Values of a parameter: NAME=FROM:TO:STEP, ends included, or NAME=VALUE,VALUE. Repeatable.", valueName: "grid"))
    var grid: [String] = []

    @Option(help: ArgumentHelp("Do the I-th of N equal parts of the combinations.", valueName: "i/n"))
    var shard: String?

    @Option(help: ArgumentHelp("Runs at a time. Default: one a processor.", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("The figure of summary.json that ranks.", valueName: "figure"))
    var rankBy = "total_return"

    @Flag(help: "Keep the folder of every run, as DIR/runs/<combination>.")
    var keepRuns = false

    @Option(help: ArgumentHelp("Configuration, for [simulation], [risk] and [[venue]].", valueName: "file.toml"))
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("A parameter that is the same in all runs (qty=2), repeatable.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Start here; earlier records build the book only. RFC 3339, a date, or ns.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("End before this; as --from.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("What a symbol without '_' is quoted in, in market.instrument.", valueName: "code"))
    var currency: String?

    @OptionGroup(title: "Simulation") var simulation: SimulationOptions

    @Option(help: ArgumentHelp("The folder of the results.", valueName: "dir"))
    var out: String?

    @Option(help: "What stdout is: the best rows for people, or sweep.json.")
    var format: BacktestCommand.OutputFormat = .text

    @Flag(help: "No progress, no log lines on stderr.")
    var quiet = false

    mutating func run() throws {
        if strategy == nil, let index = data.lastIndex(where: { $0.hasSuffix(".lua") }) { strategy = data.remove(at: index) }
        guard let strategy else { throw Failure(.usage, "sweep: no strategy; expected one STRATEGY.lua on the command line") }
        guard !data.isEmpty else { throw Failure(.usage, "sweep: no tape; expected --data TAPE, as `perigee data import` makes them") }
        guard let out, !out.isEmpty else { throw Failure(.usage, "sweep: no --out DIR; expected a folder for the results") }
        if let jobs, !(1...1024).contains(jobs) { throw Failure(.usage, "--jobs: found \(jobs), expected 1 to 1024") }
        guard SweepTable.figures.contains(rankBy) else {
            throw Failure(.usage, "--rank-by: found '\(rankBy)', expected one of \(SweepTable.figures.joined(separator: ", "))")
        }
        let grid = try SweepGrid(self.grid)
        for text in set {
            if let axis = grid.axes.first(where: { text.hasPrefix($0.name + "=") }) {
                throw Failure(.usage, "--set \(text): \(axis.name) has a --grid too; expected one of them")
            }
        }
        let combinations = try SweepShard(shard).combinations(of: grid.count)
        var sweep = SweepRun(
            strategy: strategy, data: data, grid: grid, combinations: combinations, out: out, keepsRuns: keepRuns,
            jobs: jobs ?? SweepWorkers.processors, arguments: arguments, isQuiet: quiet)
        try finish(sweep.execute(), out: out)
    }

    /// The flags that every run has.
    private var arguments: [String] {
        var words = set.flatMap { ["--set", $0] }
        for (name, value) in [("config", config), ("from", from), ("to", to), ("currency", currency)] {
            if let value { words += ["--\(name)", value] }
        }
        return words + simulation.arguments
    }

    private func finish(_ result: SweepRun.Result, out: String) throws {
        let table = SweepTable(names: result.names, rankedBy: rankBy, rows: result.rows)
        let head = [
            JSON.Member(key: "strategy", value: result.first?["strategy"] ?? .null), JSON.Member(key: "inputs", value: result.first?["inputs"] ?? .null),
            JSON.Member(key: "grid", value: .array(grid.map { .string($0) })), JSON.Member(key: "shard", value: .string(shard ?? "1/1")),
            JSON.Member(key: "seed", value: result.first?["seed"] ?? .null), JSON.Member(key: "models", value: result.first?["models"] ?? .null),
            JSON.Member(key: "engine_version", value: .string(Perigee.engineVersion)),
        ]
        let json = table.json(head).pretty
        try SweepRun.save(table.csv, to: "\(out)/sweep.csv")
        try SweepRun.save(json, to: "\(out)/sweep.json")
        switch format {
        case .text: print(table.text(best: 20))
        case .json: print(json, terminator: "")
        }
        if !quiet { CommandLineMain.say("\(DataVerb.counted(table.rows.count, "run")), ranked by \(rankBy): \(out)/sweep.csv") }
        if let failed = table.failures.first {
            let words = zip(result.names, failed.values).map { "\($0)=\($1)" }.joined(separator: " ")
            let message = "\(table.failures.count) of \(table.rows.count) runs failed, the first in the table with \(words): \(failed.problem)"
            // A strategy may refuse some combinations (`fast` above `slow`): their rows say so, and the others stand.
            guard table.failures.count < table.rows.count else { throw Failure(.runFailed, message) }
            CommandLineMain.say("warning: \(message)")
        }
    }
}

extension SimulationOptions {
    /// As they stood on the command line.
    fileprivate var arguments: [String] {
        let named = [
            ("maker-fee", makerFee), ("taker-fee", takerFee), ("latency", latency), ("queue", queue), ("fills", fills), ("slippage", slippage),
            ("max-bar-share", maxBarShare), ("mark", mark), ("sample", sample), ("calendar", calendar), ("seed", seed.map { String($0) }),
        ]
        return named.compactMap { name, value in value.map { "--\(name)=\($0)" } } + (spot ? ["--spot"] : []) + balance.map { "--balance=\($0)" }
    }
}
