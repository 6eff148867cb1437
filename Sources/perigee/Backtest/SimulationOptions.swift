import ArgumentParser

/// How simulated orders fill: flags of `backtest`, keys of `[simulation]`.
struct SimulationOptions: ParsableArguments {
    @Option(
        name: .customLong("maker-fee"), parsing: .unconditional,
        help: ArgumentHelp(
            "Fee of a resting fill, a fraction of notional; negative is a rebate (--maker-fee=-0.0001). Default: the configuration's, else the tape's.", valueName: "rate"))
    var makerFee: String?

    @Option(
        name: .customLong("taker-fee"), parsing: .unconditional,
        help: ArgumentHelp("Fee of a taking fill, a fraction of notional (0.0005). Default: the configuration's, else the tape's.", valueName: "rate"))
    var takerFee: String?

    @Option(
        help: ArgumentHelp(
            "ENTRY/RESPONSE (5ms/5ms), feed:FACTOR,OFFSET (of each record's own delay), or a CSV of time_ns,entry_ns,response_ns. Default: the venue's profile (--config), else none.",
            valueName: "model"))
    var latency: String?

    @Option(help: ArgumentHelp("risk-averse, power:N, log, or fifo (level-3 tapes). Default: the venue's profile (--config), else risk-averse.", valueName: "model"))
    var queue: String?

    @Option(help: ArgumentHelp("partial or full. Default: partial.", valueName: "model"))
    var fills: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("What a taker pays beyond the recorded price: 1tick, 5bps. Default: nothing.", valueName: "amount"))
    var slippage: String?

    @Option(name: .customLong("max-bar-share"), help: ArgumentHelp("Largest part of a bar's volume that is ours: 10%. Default: no limit.", valueName: "share"))
    var maxBarShare: String?

    @Flag(
        name: .customLong("strict-budget"),
        help: "Count the strategy's instructions: a callback over its budget is stopped at the same one everywhere, and its work takes simulated time.")
    var strictBudget = false

    @Option(
        name: .customLong("compute-cost"),
        help: ArgumentHelp("Simulated time of an instruction, with --strict-budget: 1ns/instr, 0.5ns, 0ns. Default: 1ns.", valueName: "time"))
    var computeCost: String?

    @Flag(help: "Spot rules: no balance goes below zero. On too where the venue's profile (--config) says so.")
    var spot = false

    @Option(help: ArgumentHelp("Price at which positions are valued: mid, last or adverse. Default: mid.", valueName: "price"))
    var mark: String?

    @Option(help: ArgumentHelp("Time between two samples of the equity. Default: 1s, on bar tapes the bar.", valueName: "time"))
    var sample: String?

    @Option(help: ArgumentHelp("crypto (365 days a year) or equity (252 sessions). Default: crypto.", valueName: "name"))
    var calendar: String?

    @Option(help: ArgumentHelp("Starting cash (USDT=5000), once for each currency. Default: 10000 of the quote currency.", valueName: "CUR=AMOUNT"))
    var balance: [String] = []

    @Option(parsing: .unconditional, help: ArgumentHelp("Seed of the script's math.random, a whole number of 0 or more. Default: 1.", valueName: "n"))
    var seed: UInt64?
}
