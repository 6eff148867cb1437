import ArgumentParser

/// How simulated orders fill: flags of `backtest`, keys of `[simulation]`.
struct SimulationOptions: ParsableArguments {
    @Option(
        name: .customLong("maker-fee"), parsing: .unconditional,
        help: "Fee of a resting fill, a fraction of notional; negative is a rebate (--maker-fee=-0.0001). Default: the tape's.")
    var makerFee: String?

    @Option(name: .customLong("taker-fee"), parsing: .unconditional, help: "Fee of a taking fill. Default: the tape's.")
    var takerFee: String?

    @Option(
        help: ArgumentHelp(
            "ENTRY/RESPONSE (5ms/5ms), feed:FACTOR,OFFSET (of each record's own delay), or a CSV of time_ns,entry_ns,response_ns.",
            valueName: "model"))
    var latency: String?

    @Option(help: ArgumentHelp("risk-averse, power:N, log, or fifo (level-3 tapes). Default: risk-averse.", valueName: "model"))
    var queue: String?

    @Option(help: ArgumentHelp("partial or full. Default: partial.", valueName: "model"))
    var fills: String?

    @Option(help: ArgumentHelp("What a taker pays beyond the recorded price: 1tick, 5bps. Default: nothing.", valueName: "amount"))
    var slippage: String?

    @Option(name: .customLong("max-bar-share"), help: ArgumentHelp("Largest part of a bar's volume that is ours: 10%.", valueName: "share"))
    var maxBarShare: String?

    @Flag(help: "Spot rules: no balance goes below zero.")
    var spot = false

    @Option(help: ArgumentHelp("Price at which positions are valued: mid, last or adverse. Default: mid.", valueName: "price"))
    var mark: String?

    @Option(help: ArgumentHelp("Time between two samples of the equity. Default: 1s, on bar tapes the bar.", valueName: "time"))
    var sample: String?

    @Option(help: ArgumentHelp("crypto (365 days a year) or equity (252 sessions). Default: crypto.", valueName: "name"))
    var calendar: String?

    @Option(help: ArgumentHelp("Starting cash, repeatable. Default: 10000 of the quote currency.", valueName: "CUR=AMOUNT"))
    var balance: [String] = []

    @Option(help: "Seed of the script's math.random. Default: 1.")
    var seed: UInt64?
}
