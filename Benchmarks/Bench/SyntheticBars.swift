import Domain
import Tape

/// A tape of 1-minute bars: eight steps of a walk in each, drawn back to 60,000 where it has gone far.
enum SyntheticBars {
    static func write(to path: String, bars: Int, seed: UInt64) throws {
        let instrument = try Instrument(
            venue: "bench", symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT", tick: ExactDecimal("0.1"),
            lot: ExactDecimal("0.001"), takerFee: ExactDecimal("0.0007"), barInterval: Span(nanoseconds: 60_000_000_000), dataKind: .bars)
        let writer = try TapeWriter(path: path, instruments: [instrument], metadata: [("generator", "PerigeeBench, seed \(seed)")])
        var chance = SplitMix64(seed)
        var price: Int64 = 600_000
        var time: Int64 = 1_672_531_200_000_000_000
        for _ in 0..<bars {
            let open = price
            var (high, low) = (open, open)
            for _ in 0..<8 {
                price += chance.below(401) - 200 - (price - 600_000) / 5_000
                (high, low) = (max(high, price), min(low, price))
            }
            try writer.append(
                MarketRecord(
                    kind: .bar, instrument: InstrumentID(index: 0), localTime: time + 60_000_000_000, exchangeTime: time,
                    flags: MarketRecord.Flag.endOfBatch, a: open, b: high, c: low, d: price, e: 1 + chance.below(40_000), aux: 8))
            time += 60_000_000_000
        }
        try writer.finish(durably: false)
    }
}
