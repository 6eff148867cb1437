import Testing
import Trading

@Suite struct DefinitionTests {
    static let refusals: [(String, [Double], String)] = [
        ("sma", [2.5], "ta.sma: expected a whole number of at least 1 for n, got 2.5"),
        ("sma", [0], "ta.sma: expected a whole number of at least 1 for n, got 0"),
        ("ema", [-3], "ta.ema: expected a whole number of at least 1 for n, got -3"),
        ("ema", [.nan], "ta.ema: expected a whole number of at least 1 for n, got nan"),
        ("macd", [12, .infinity, 9], "ta.macd: expected a whole number of at least 1 for slow, got inf"),
        ("wma", [1_000_001], "ta.wma: expected a whole number of at most 1000000 for n, got 1000001"),
        ("sma", [], "ta.sma: expected 1 argument (n), got 0"),
        ("bollinger", [20], "ta.bollinger: expected 2 arguments (n, k), got 1"),
        ("bollinger", [20, .nan], "ta.bollinger: expected a finite number for k, got nan"),
        ("stochastic", [14, 3, 0], "ta.stochastic: expected a whole number of at least 1 for d, got 0"),
        ("vwap", [1, 2], "ta.vwap: expected at most 1 argument (n), got 2"),
        ("obv", [1], "ta.obv: expected 0 arguments, got 1"),
    ]

    @Test("a refusal says what was expected and what was found", arguments: refusals)
    func refusal(name: String, arguments: [Double], wanted: String) {
        #expect {
            try IndicatorDefinition(name: name, arguments: arguments)
        } throws: { "\($0)" == wanted }
    }

    @Test func unknownName() {
        #expect {
            try IndicatorDefinition(name: "smaa", arguments: [3])
        } throws: { "\($0)".hasPrefix("ta.smaa: no such indicator; there are sma, wma, ema,") }
    }

    @Test func namesOfTheContract() {
        let names = "sma wma highest lowest ema stddev zscore rsi bollinger keltner macd donchian atr adx stochastic roc obv vwap cross"
        #expect(Set(IndicatorDefinition.names) == Set(names.split(separator: " ").map(String.init)))
    }

    @Test func memoryIsKnownBeforeItIsTaken() throws {
        let sma = try IndicatorDefinition(name: "sma", arguments: [1_000_000])
        #expect(sma.byteCount >= 16_000_000)
        let set = IndicatorSet()
        let handle = set.add(sma)
        #expect(set.byteCount == sma.byteCount)
        set.remove(handle)
        #expect(set.byteCount == 0)
    }

    @Test func handlesStayGood() throws {
        let set = IndicatorSet()
        let handles = try (1...100).map { set.add(try IndicatorDefinition(name: "sma", arguments: [Double($0)])) }
        for value in 1...100 {
            for handle in handles { _ = set.update(handle, .number(Double(value))) }
        }
        #expect(handles.map { set.value($0).v0 } == (1...100).map { 100.5 - Double($0) / 2 })
        set.remove(handles[7])
        let replaced = set.add(try IndicatorDefinition(name: "highest", arguments: [2]))
        #expect(replaced == handles[7] && set.value(replaced) == .none)
        #expect(set.update(replaced, .number(3)) == .none && set.update(replaced, .number(2)).v0 == 3)
        set.reset(handles[99])
        #expect(set.value(handles[99]) == .none && set.value(handles[98]).v0 == 51)
        #expect(!set.accepts(replaced, .number(.nan)) && set.definition(replaced).kind == .highest)
    }
}
