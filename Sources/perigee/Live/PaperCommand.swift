import ArgumentParser
import Domain
import Glibc
import Live

/// What `paper` and `live` have in common.
struct LiveOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The strategy; without it the configuration's [[strategy]]s.", valueName: "strategy.lua"))
    var strategy: String?

    @Option(help: ArgumentHelp("The configuration: venues, limits, state folder.", valueName: "file.toml"))
    var config = "perigee.toml"

    @Option(name: .customLong("set"), help: ArgumentHelp("A parameter of the strategy, repeatable.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Stop after this long: 90s, 10m, 8h. Default: until it is interrupted.", valueName: "time"))
    var duration: String?

    @Option(help: ArgumentHelp("The run's folder. Default: runs/<UTC time>-<strategy>.", valueName: "dir"))
    var out: String?

    @Option(help: "text, or json: the run's summary.json on stdout.")
    var format: BacktestCommand.OutputFormat = .text

    @Flag(help: "Errors only on stderr.")
    var quiet = false

    func run(_ mode: LiveRunMode, yes: Bool = false) throws {
        var options = LiveRun.Options(mode: mode.planMode, strategy: strategy, config: config, set: set, out: out, format: format, quiet: quiet)
        if let duration {
            guard let span = Span(duration), span > .zero else {
                throw Failure(.usage, "--duration: found '\(duration)', expected a time above zero such as 90s, 10m or 8h")
            }
            options.duration = span
        }
        options.yes = yes
        try LiveRun(options).execute()
    }
}

/// `perigee paper`.
struct PaperCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paper",
        abstract: "Run a strategy on live market data, its orders filled by the exchange simulation.",
        discussion: """
            Market data comes from the configuration's venues; orders never leave: they are filled with the latency, queue and fee
            models of [simulation], as a backtest fills them. No order of a real venue can be built in this mode.

              perigee paper strategies/market_maker.lua --config perigee.toml --duration 10m

            Exit status: 0 done; 1 the run failed; 2 usage or configuration; 3 stopped by a limit; 4 venue unreachable; 130 interrupted.
            """)

    @OptionGroup var options: LiveOptions

    func run() throws { try options.run(.paper) }
}

/// `perigee live`.
struct LiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live",
        abstract: "Run a strategy with real orders.",
        discussion: """
            Refuses to start without the limits that protect an account, while the kill switch is latched, or while another run holds
            the state folder. SIGINT, SIGTERM and the end of --duration stop: no new order, every order cancelled, and verified.

              perigee live strategies/market_maker.lua --config perigee.toml

            Exit status: 0 done; 1 the run failed; 2 usage or configuration; 3 stopped by a limit or the kill switch, or latched;
            4 venue unreachable or authentication refused; 130 interrupted, orders cancelled and verified.
            """)

    @OptionGroup var options: LiveOptions

    @Flag(help: "Do not ask for the typed confirmation, nor for that of limits looser than the last run's.")
    var yes = false

    func run() throws {
        try confirm()
        try options.run(.live, yes: yes)
    }

    private func confirm() throws {
        if yes { return }
        guard isatty(0) == 1, isatty(2) == 1 else {
            throw Failure(.usage, "live trades with real money and asks for a typed confirmation; there is no terminal here, so --yes is expected")
        }
        CommandLineMain.say("This run sends real orders (\(options.config)). Type 'live' to go on:")
        guard readLine() == "live" else { throw Failure(.usage, "not confirmed; nothing was started") }
    }
}

enum LiveRunMode {
    case paper, live
    var planMode: DeskPlan.Mode { self == .paper ? .paper : .live }
}
