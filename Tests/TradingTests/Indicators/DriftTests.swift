import Testing
import Trading

/// Figures hold after a million updates, whatever has been in the window before.
@Suite struct DriftTests {
    static let updates = 1_000_000
    /// Without a wider type the twin would know less than what it judges.
    static let hasWiderTwin = MemoryLayout<Wide>.size > MemoryLayout<Double>.size

    @Test("windows: small noise on an offset, after outliers", .enabled(if: hasWiderTwin), arguments: ["sma 50", "wma 20", "stddev 50", "zscore 50"])
    func windows(text: String) throws {
        let tested = try indicator(text)
        let definition = tested.definition
        let count = Int(definition.arguments[0])
        var random = SeriesRandom(11)
        var recent = [TestBar](repeating: TestBar(high: 0, low: 0, close: 0, volume: 0), count: count)
        for index in 0..<DriftTests.updates {
            // Levels that change by fourteen orders of magnitude, and an outlier now and then.
            let level = [1e9, 1e-3, 1e12, 1][index / 4_000 % 4]
            let outlier = random.below(3_000) == 0 ? 1e15 : 0
            let value = level + random.unit() * level * 1e-6 + outlier
            let got = tested.update(.number(value)).v0
            recent[index % count] = TestBar(high: value, low: value, close: value, volume: 0)
            guard index >= count, index % 499 < 2 || index > DriftTests.updates - 20 else { continue }
            let start = (index + 1) % count
            let naive = Naive(Array(recent[start...] + recent[..<start])).last(definition.kind.rawValue, definition.arguments)
            // The wide twin itself knows a deviation of 1e-6 of the level to 1e-13 of it.
            try #require(close(got, Double(naive[0])), "\(text), update \(index): \(got), naive \(naive)")
        }
    }

    /// Wilder's and the usual exponential averages against the same recursion in wide arithmetic, step by step.
    @Test(.enabled(if: hasWiderTwin)) func recursions() throws {
        let ema = try indicator("ema 26"), macd = try indicator("macd 12 26 9")
        let rsi = try indicator("rsi 14"), atr = try indicator("atr 14"), obv = try indicator("obv")
        var twin = RecursiveTwin()
        var random = SeriesRandom(12)
        var price = 1e6
        for index in 0..<DriftTests.updates {
            if index % 10_000 < 8_000 { price += random.unit() }
            let input = IndicatorInput.bar(high: price + 0.25, low: price - 0.5, close: price, volume: 1 + random.unit() * 1e-3)
            twin.update(input)
            let got = [ema.update(input), macd.update(input), rsi.update(input), atr.update(input), obv.update(input)]
            guard index > 1_000, index % 499 == 0 || index > DriftTests.updates - 20 else { continue }
            try #require(close(got[0].v0, Double(twin.slow)), "ema, update \(index): \(got[0]), \(twin.slow)")
            let line = twin.fast - twin.slow
            // Near zero the twin's own digits end: 1e-19 of a price of a million.
            try #require(close(got[1].v0, Double(line), scale: 1e-11), "macd, update \(index): \(got[1]), \(line)")
            try #require(close(got[1].v1, Double(twin.signal), scale: 1e-11), "signal, update \(index): \(got[1]), \(twin.signal)")
            try #require(close(got[2].v0, Double(twin.rsi)), "rsi, update \(index): \(got[2]), \(twin.rsi)")
            try #require(close(got[3].v0, Double(twin.range)), "atr, update \(index): \(got[3]), \(twin.range)")
            try #require(close(got[4].v0, Double(twin.volume), scale: 1e-9), "obv, update \(index): \(got[4]), \(twin.volume)")
        }
    }

    /// No change for a million updates decays both of Wilder's averages to nothing, but not their ratio.
    @Test func quietForEver() throws {
        let rsi = try indicator("rsi 14"), adx = try indicator("adx 14")
        for bar in randomBars(50, seed: 13) {
            _ = rsi.update(bar.input)
            _ = adx.update(bar.input)
        }
        _ = rsi.update(.number(100))
        _ = adx.update(.number(100))
        let (strength, directions) = (rsi.value, adx.value)
        for _ in 0..<100_000 {
            _ = rsi.update(.number(100))
            _ = adx.update(.number(100))
        }
        #expect(rsi.value == strength && strength.v0 > 1 && strength.v0 < 99)
        #expect(adx.value.v1 == directions.v1 && adx.value.v2 == directions.v2 && directions.v1 > 0)
        let index = 100 * (directions.v1 - directions.v2).magnitude / (directions.v1 + directions.v2)
        #expect(close(adx.value.v0, index))
        // What was before weighs nothing against the first change after it.
        #expect(rsi.update(.number(101)).v0 == 100)
    }

    @Test func volumeWeightedForEver() throws {
        let all = try indicator("vwap"), window = try indicator("vwap 30")
        var random = SeriesRandom(14)
        // Thousandths of a point and whole sizes: sums in 128-bit integers are exact.
        var (value, quantity): (Int128, Int128) = (0, 0)
        var recent: [(Int128, Int128)] = Array(repeating: (0, 0), count: 30)
        for index in 0..<300_000 {
            let price = 1 << 40 + random.below(1 << 12), size = random.below(1_000) + 1
            let input = IndicatorInput.pair(Double(price) / 1_024, Double(size))
            let got = (all.update(input).v0, window.update(input).v0)
            value += Int128(price) * Int128(size)
            quantity += Int128(size)
            recent[index % 30] = (Int128(price) * Int128(size), Int128(size))
            guard index >= 30, index % 499 == 0 else { continue }
            try #require(close(got.0, Double(value) / Double(quantity) / 1_024, within: 1e-14))
            let (a, b) = recent.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
            try #require(close(got.1, Double(a) / Double(b) / 1_024, within: 1e-14))
        }
    }

    /// A window that does not vary has no deviation, to the last bit, whatever it held before.
    @Test func nothingIsLeftBehind() throws {
        let stddev = try indicator("stddev 7"), sma = try indicator("sma 7"), zscore = try indicator("zscore 7")
        var random = SeriesRandom(15)
        for _ in 0..<2_000 {
            for _ in 0..<random.below(9) {
                let input = IndicatorInput.number(random.unit() * 1e16)
                _ = (stddev.update(input), sma.update(input), zscore.update(input))
            }
            let value = random.unit()
            for _ in 0..<7 {
                let input = IndicatorInput.number(value)
                _ = (stddev.update(input), sma.update(input), zscore.update(input))
            }
            #expect(stddev.value.v0 == 0 && zscore.value.v0 == 0 && close(sma.value.v0, value, within: 3e-16))
        }
    }
}

/// EMAs, RSI, ATR and OBV by their recursions, in wide arithmetic; seeds left out, for after a thousand updates they are gone.
struct RecursiveTwin {
    var fast: Wide = 0, slow: Wide = 0, signal: Wide = 0, range: Wide = 0, volume: Wide = 0
    private var gain: Wide = 0, loss: Wide = 0
    private var previous: Wide?
    var rsi: Wide { 100 * gain / (gain + loss) }

    mutating func update(_ input: IndicatorInput) {
        let (x, high, low) = (Wide(input.close), Wide(input.high), Wide(input.low))
        guard let before = previous else {
            (fast, slow, previous) = (x, x, x)
            return
        }
        previous = x
        fast += (x - fast) * 2 / 13
        slow += (x - slow) * 2 / 27
        signal += (fast - slow - signal) * 2 / 10
        let truth = max(high, before) - min(low, before)
        range += (truth - range) / 14
        volume += x > before ? Wide(input.volume) : x < before ? -Wide(input.volume) : 0
        gain += (max(x - before, 0) - gain) / 14
        loss += (max(before - x, 0) - loss) / 14
    }
}
