import Testing
import Trading

@Suite struct IndicatorTests {
    static let specimens = [
        "sma 1", "sma 7", "wma 1", "wma 8", "ema 1", "ema 9", "highest 6", "lowest 6", "stddev 1", "stddev 7", "zscore 7",
        "roc 1", "roc 5", "rsi 1", "rsi 2", "rsi 14", "bollinger 20 2", "keltner 10 1.5", "macd 5 11 4", "macd 11 5 1",
        "donchian 1", "donchian 9", "atr 1", "atr 14", "adx 1", "adx 7", "stochastic 1 1 1", "stochastic 9 3 4", "obv",
        "vwap", "vwap 3",
    ]

    @Test("every indicator follows its definition at every update", arguments: specimens, [UInt64(1), 2])
    func twin(text: String, seed: UInt64) throws {
        let bars = randomBars(160, seed: seed)
        let tested = try indicator(text)
        let definition = tested.definition
        for count in 1...bars.count {
            let got = tested.update(bars[count - 1].input).values
            let wanted = Naive(Array(bars[..<count])).last(definition.kind.rawValue, definition.arguments).map { Double($0) }
            try #require(got.count == wanted.count, "\(text), seed \(seed), update \(count): \(got), naive \(wanted)")
            for (value, naive) in zip(got, wanted) {
                try #require(close(value, naive, scale: 1e-13), "\(text), seed \(seed), update \(count): \(got), naive \(wanted)")
            }
        }
    }

    /// The bars of the golden values: eighths of a point, from a linear congruential generator.
    static func goldenBars() -> [TestBar] {
        var state = 20_240_601
        func draw(_ bound: Int) -> Int {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31)
            return (state >> 16) % bound
        }
        var close = 8_000
        var bars: [(high: Int, low: Int, close: Int, volume: Int)] = []
        for index in 0..<60 {
            close += draw(161) - 80
            if (20...22).contains(index) { close = bars[index - 1].close }
            let (high, low) = (close + draw(50), close - draw(50))
            bars.append((high, low, close, draw(900) + 1))
        }
        return bars.map {
            TestBar(high: Double($0.high) / 8, low: Double($0.low) / 8, close: Double($0.close) / 8, volume: Double($0.volume))
        }
    }

    /// Computed in Python with exact fractions from the textbook forms (Wilder's running sums, 100 − 100 / (1 + RS)).
    static let golden: [(String, [Double])] = [
        ("sma 9", [1008.1527777777778]),
        ("ema 9", [1007.4168675742546]),
        ("wma 9", [1008.1472222222222]),
        ("stddev 9", [3.5063324548523087]),
        ("zscore 9", [-1.6834620943057181]),
        ("bollinger 9 2.5", [1008.1527777777778, 1016.9186089149085, 999.386946640647]),
        ("highest 9", [1014.125]),
        ("lowest 9", [1002.25]),
        ("roc 9", [-0.011344019728729964]),
        ("rsi 9", [46.79026652343195]),
        ("atr 9", [8.513208673743605]),
        ("keltner 9 1.5", [1007.4168675742546, 1020.18668058487, 994.6470545636392]),
        ("macd 5 11 4", [0.22050335517151154, 1.505056897988083, -1.2845535428165713]),
        ("donchian 9", [1017.625, 999.5, 1008.5625]),
        ("stochastic 9 3 4", [30.16189298408552, 41.541945552261076]),
        ("adx 9", [27.73509858101795, 21.420013256142077, 25.05918721317178]),
        ("obv", [4000.0]),
        ("vwap", [990.7627422185608]),
        ("vwap 9", [1008.3889168681171]),
    ]

    @Test("golden values", arguments: golden)
    func goldenValues(text: String, wanted: [Double]) throws {
        let tested = try indicator(text)
        for bar in IndicatorTests.goldenBars() { _ = tested.update(bar.input) }
        let got = tested.value.values
        #expect(got.count == wanted.count && zip(got, wanted).allSatisfy { close($0, $1, within: 1e-14) }, "\(got)")
    }

    /// The closes of StockCharts' worked example of Wilder's RSI (QQQQ, 14 periods), and its figures to two decimals.
    @Test func publishedRSI() throws {
        let closes = [
            44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328,
            45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439,
        ]
        let rsi = try indicator("rsi 14")
        let got = closes.map { rsi.update(.number($0)) }
        #expect(got[..<14].allSatisfy { $0 == .none })
        let wanted = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]
        #expect(zip(got[14...], wanted).allSatisfy { ($0.v0 - $1).magnitude < 0.01 }, "\(got[14...].map(\.v0))")
    }

    @Test("the first answer comes when the definition says", arguments: specimens)
    func warmUp(text: String) throws {
        let tested = try indicator(text)
        let bars = randomBars(80, seed: 9).map { TestBar(high: $0.high, low: $0.low, close: $0.close, volume: 1) }
        let first = bars.firstIndex { tested.update($0.input).count > 0 }
        #expect(first == tested.definition.warmUp - 1)
        #expect(tested.value.count == tested.definition.kind.outputs.count)
    }

    @Test("a reset indicator is a new one", arguments: specimens)
    func reset(text: String) throws {
        let used = try indicator(text)
        let fresh = try indicator(text)
        for bar in randomBars(57, seed: 3, offset: 1e9) { _ = used.update(bar.input) }
        used.reset()
        #expect(used.value == .none)
        for bar in randomBars(90, seed: 4) {
            #expect(used.update(bar.input) == fresh.update(bar.input))
        }
    }

    @Test("what is not finite changes nothing", arguments: specimens)
    func rejects(text: String) throws {
        let tested = try indicator(text)
        let clean = try indicator(text)
        for bar in randomBars(60, seed: 5) {
            for bad in [Double.nan, .infinity, -.infinity, 1e101] {
                let before = tested.value
                let inputs: [IndicatorInput] = [
                    .number(bad), .bar(high: bad, low: 1, close: 1, volume: 1), .bar(high: 1, low: bad, close: 1, volume: 1),
                    .bar(high: 1, low: 1, close: bad, volume: 1), .bar(high: 1, low: 1, close: 1, volume: bad),
                ]
                for input in inputs {
                    #expect(!tested.accepts(input) && tested.update(input) == .none)
                }
                #expect(tested.value == before)
            }
            #expect(tested.update(bar.input) == clean.update(bar.input))
        }
    }

    @Test func shapes() throws {
        let obv = try indicator("obv")
        #expect(obv.definition.kind.requiresBar && !obv.accepts(.number(1)) && obv.update(.number(1)) == .none)
        #expect(!obv.accepts(.bar(high: 1, low: 1, close: 1, volume: -1)))
        let vwap = try indicator("vwap")
        #expect(!vwap.accepts(.number(1)) && !vwap.accepts(.pair(1, -1)))
        #expect(vwap.update(.pair(10, 0)) == .none)
        #expect(vwap.update(.pair(10, 1)).v0 == 10 && vwap.update(.pair(13, 2)).v0 == 12)
        // A number is a bar without range.
        let atr = try indicator("atr 2")
        #expect([5.0, 8, 7].map { atr.update(.number($0)).values } == [[], [1.5], [1.25]])
        // A bar stands for its close where the definition knows no high and low.
        let highest = try indicator("highest 1")
        #expect(highest.update(.bar(high: 9, low: 1, close: 5, volume: 0)).v0 == 5)
    }

    @Test func crossing() throws {
        let cross = try indicator("cross")
        let spread: [Double] = [0, -1, 0, 1, 1, 0, 1, 0, -1, 2, -2, 0]
        #expect(spread.map { cross.update(.pair(10 + $0, 10)).v0 } == [0, 0, 0, 1, 0, 0, 0, 0, -1, 1, -1, 0])
        #expect(!cross.accepts(.number(1)))
    }

    @Test func degenerateCases() throws {
        let rsi = try indicator("rsi 3")
        #expect((0..<4).map { _ in rsi.update(.number(7)).values } == [[], [], [], [50]])
        #expect(rsi.update(.number(8)).v0 == 100)
        let zscore = try indicator("zscore 3")
        #expect([0.1, 0.1, 0.1].map { zscore.update(.number($0)).values } == [[], [], [0]])
        let stochastic = try indicator("stochastic 2 1 1")
        #expect([4.0, 4].map { stochastic.update(.number($0)).values } == [[], [50, 50]])
        let roc = try indicator("roc 1")
        #expect([0.0, 5, 6].map { roc.update(.number($0)).values } == [[], [], [0.2]])
        let adx = try indicator("adx 2")
        #expect((0..<4).map { _ in adx.update(.number(7)).values }.last == [0, 0, 0])
    }
}
