import ArgumentParser
import Domain

/// `perigee backtest`.
struct BacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Run a Lua strategy on recorded data.",
        discussion: """
            The same inputs and seed give the same files, byte for byte. stdout is the summary, stderr the log and the progress.

              perigee backtest strategies/sma_cross.lua --data btc_1m.tape --set fast=20
              perigee backtest maker.lua --data day1.tape day2.tape --latency 5ms/5ms --queue power:3 --maker-fee=-0.0001

            Exit status: 0 done; 1 the run failed; 2 usage or configuration; 3 stopped by a limit; 130 interrupted.
            """)

    @Argument(help: ArgumentHelp("The strategy: a Lua file that returns a table.", valueName: "strategy.lua"))
    var strategy: String?

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Tapes, merged by time.", valueName: "tape"))
    var data: [String] = []

    @Option(help: ArgumentHelp("Configuration, for [simulation], [risk], [[strategy]] and [[venue]].", valueName: "file.toml"))
    var config: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("A parameter of the strategy (fast=20), repeatable.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Start here; earlier records build the book only. RFC 3339, a date, or ns. Default: the tape's start.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("End before this; as --from. Default: the tape's end.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("What a symbol without '_' is quoted in, in market.instrument.", valueName: "code"))
    var currency = "USD"

    @OptionGroup(title: "Simulation") var simulation: SimulationOptions

    @Option(help: ArgumentHelp("The run's folder. Default: runs/<UTC time>-<strategy>.", valueName: "dir"))
    var out: String?

    @Flag(help: "Write journal.tape too: every input in order, for `perigee replay`.")
    var journal = false

    @Option(help: "What stdout is: tables for people, or the run's summary.json.")
    var format: OutputFormat = .text

    @Flag(help: "No progress, no log lines on stderr.")
    var quiet = false

    enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

    mutating func run() throws {
        Interrupt.watch()
        // `--data a.tape b.tape strategy.lua` takes the strategy for a tape: it is the one that ends in .lua.
        if strategy == nil, let index = data.lastIndex(where: { $0.hasSuffix(".lua") }) { strategy = data.remove(at: index) }
        guard !data.isEmpty else { throw Failure(.usage, "backtest: no tape; expected --data TAPE, as `perigee data import` makes them") }
        if out?.isEmpty == true { throw Failure(.usage, "--out: found nothing, expected the name of a folder") }
        var run = try BacktestRun(self)
        try run.execute()
    }
}
