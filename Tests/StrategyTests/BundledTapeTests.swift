import Domain
import Testing

/// Each strategy with its defaults on the beginning of the tape it is meant for: the same fills and the same money, in debug and in
/// release, on every machine. The figures are those of `perigee backtest --to`.
struct BundledTapeTests {
    @Test(arguments: [
        ("sma_cross", "eth-1m", 5_184_000, 15, "10202.350825"),
        ("rsi_reversion", "eth-1m", 5_184_000, 43, "9824.195515"),
        ("donchian_breakout", "eth-1m", 5_184_000, 16, "10317.83287"),
        ("pairs", "pair-1m", 864_000, 36, "10064.311398"),
        ("market_maker", "btc-l2", 1200, 316, "10000.1266"),
        ("grid", "btc-l2", 3600, 28, "10001.7232"),
        ("imbalance_taker", "btc-l2", 1200, 4, "9999.38153536"),
        ("twap", "btc-l2", 4000, 13, "10002"),
    ] as [(String, String, Int64, Int, String)])
    func defaultsComeToTheSame(name: String, tape: String, seconds: Int64, fills: Int, equity: String) throws {
        let trial = try Trial.run(name, on: bundled(tape), until: seconds)
        #expect(trial.fills.count == fills && trial.equity == equity, "\(name) on \(tape): \(trial.fills.count) fills, \(trial.equity)")
        let refused = trial.orders.filter { $0.isRefused && $0.reason != "post_only" && $0.reason != "self_match" }
        #expect(refused.isEmpty, "\(name): \(refused.map(\.reason))")
    }

    /// The wrong tape, or the wrong name, ends the run at its start with a message that says what there is.
    @Test(arguments: [
        ("sma_cross", "pair-1m", "", "market.instrument() needs a symbol: this run has 2 instruments, sim:AVAX_USDT, sim:SOL_USDT"),
        ("market_maker", "btc-l2", "XRP_USDT", "no instrument \"XRP_USDT\"; this run has sim:BTC_USDT"),
        ("grid", "pair-1m", "", "market.instrument() needs a symbol"),
        ("imbalance_taker", "pair-1m", "", "market.instrument() needs a symbol"),
        ("twap", "pair-1m", "", "market.instrument() needs a symbol"),
        ("rsi_reversion", "pair-1m", "", "market.instrument() needs a symbol"),
        ("donchian_breakout", "pair-1m", "", "market.instrument() needs a symbol"),
    ])
    func anInstrumentThatIsNotThereIsNamed(name: String, tape: String, symbol: String, said: String) throws {
        let trial = try Trial.run(name, on: bundled(tape), set: ["symbol": symbol], until: 60)
        guard case .strategyFailed(let message) = trial.ending else { return #expect(Bool(false), "\(name): \(trial.ending)") }
        #expect(message.contains(said), "\(message)")
    }

    @Test func pairsNeedsTwo() throws {
        let trial = try Trial.run("pairs", on: bundled("eth-1m"), until: 600)
        guard case .strategyFailed(let message) = trial.ending else { return #expect(Bool(false), "\(trial.ending)") }
        #expect(message.contains("pairs needs two instruments"), "\(message)")
    }
}
