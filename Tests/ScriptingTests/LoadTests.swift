import Domain
import Testing
import Trading

@testable import Scripting

/// "A strategy is one file that returns a table": names, parameters, errors at load.
struct LoadTests {
    @Test func theFileReturnsATable() {
        #expect(loadError("return {}") == "loaded")
        #expect(loadError("") == "the file returned nothing; a strategy is a file that returns a table: `return S`")
        #expect(loadError("return 5").hasPrefix("the file returned number"))
        #expect(loadError("return {}\nx = = 1").hasPrefix("test.lua:2: "))
        #expect(loadError("local x = nil\nlocal y = x.z\nreturn {}").hasPrefix("test.lua:2: attempt to index a nil value"))
        #expect(loadError("\u{1b}Lua").contains("binary chunk"))
    }

    @Test func anUnknownCallbackIsAnErrorWithTheNearestName() {
        #expect(loadError("return {on_tick = function() end}").contains("unknown callback 'on_tick'; the nearest one is 'on_"))
        #expect(loadError("return {on_bra = function() end}").contains("'on_bra'; the nearest one is 'on_bar'"))
        #expect(loadError("return {on_trades = function() end, on_fills = 1}").contains("'on_fills'; the nearest one is 'on_fill'"))
        #expect(loadError("return {on_bar = 5}").contains("on_bar is a number; a callback is a function"))
        #expect(loadError("return {helper = function() end, data = {}}") == "loaded")
    }

    @Test func callbacksMayBeInherited() throws {
        let bench = try Bench("local B = {on_start = function() print('base') end} return setmetatable({}, {__index = B})")
        #expect(bench.start() == ["base"])
    }

    @Test func whatIsMissingIsNeverEntered() throws {
        let bench = try Bench("return {}")
        #expect(bench.strategy.callbacks == .order)
        #expect(try Bench("return {on_bar = function() end, on_quote = function() end}").strategy.callbacks == [.order, .bar, .quote])
        #expect(bench.strategy.name == "test")
        #expect(try Bench("return {name = 'mine'}").strategy.name == "mine")
    }

    static let four = "return {params = {fast = 10, qty = 0.5, on = true, text = 'a'}, on_start = function() print(params.fast, math.type(params.fast), params.qty, math.type(params.qty), params.on, params.text) end}"

    private func bound(_ pairs: (String, String)...) throws -> String {
        try Bench(LoadTests.four) { $0.parameters = pairs.map { ($0.0, $0.1) } }.start().joined()
    }

    @Test func parametersKeepTheTypeOfTheirDefault() throws {
        #expect(try bound() == "10\tinteger\t0.5\tfloat\ttrue\ta")
        #expect(try bound(("fast", "20"), ("qty", "2"), ("on", "false"), ("text", "20")) == "20\tinteger\t2.0\tfloat\tfalse\t20")
        #expect(try bound(("fast", "-3"), ("qty", "1e-3"), ("text", "")) == "-3\tinteger\t0.001\tfloat\ttrue\t")
        let bench = try Bench(LoadTests.four) { $0.parameters = [("qty", "3"), ("qty", "4")] }
        #expect(bench.strategy.parameters.map(\.name) == ["fast", "on", "qty", "text"])
        #expect(bench.strategy.parameters.map(\.value) == [.integer(10), .boolean(true), .number(4), .text("a")])
    }

    @Test func anotherKeyOrTypeIsAnErrorThatListsTheParameters() {
        let list = "fast (integer, 10), on (boolean, true), qty (float, 0.5), text (string, a)"
        for (key, value) in [("fast", "1.5"), ("fast", "x"), ("fast", "0x10"), ("fast", "99999999999999999999"), ("qty", "x"), ("qty", "nan"), ("on", "yes"), ("slow", "1")] {
            let error = loadError(LoadTests.four) { $0.parameters = [(key, value)] }
            #expect(error.contains("'\(key)'") && error.hasSuffix(list), "\(error)")
        }
        #expect(loadError("return {}") { $0.parameters = [("a", "1")] }.hasSuffix("the parameters are: there are none"))
        #expect(loadError("return {params = {a = {}}}").contains("params.a is a table"))
        #expect(loadError("return {params = {1}}").contains("params has a number as a key"))
        #expect(loadError("return {params = 3}").contains("params is a number"))
    }

    @Test func parametersAreReadOnly() throws {
        #expect(try say("print(pcall(function() params.x = 1 end))").contains("params.x cannot be set: it is read-only"))
        #expect(try say("print(params.unknown, pcall(rawset, params, 'a', 1))").contains("nil\tfalse"))
        #expect(loadError("local x = params.fast return {}").contains("params.fast is read before the parameters are bound"))
        let source = "local S = {params = {b = 2, a = 1}} function S.on_start() for k, v in pairs(params) do print(k, v) end S.params.a = 9 print(params.a) end return S"
        #expect(try Bench(source).start() == ["a\t1", "b\t2", "1"])
    }

    @Test func theDeskIsNotThereWhileTheFileIsRead() throws {
        #expect(loadError("market.instrument():buy(1) return {}").contains("inst:buy cannot be called while the file is being read"))
        #expect(loadError("clock.after('1s', print) return {}").contains("clock.after cannot be called"))
        let bench = try Bench("print('hello') local i = market.instrument() local s = ta.sma(2) return {on_start = function() print(i.symbol, s:update(1)) end}")
        #expect(bench.start() == ["hello", "BTC_USDT\tnil"])
    }
}

struct LintTests {
    private func warnings(_ source: String) throws -> [String] {
        ScriptLint(try Bench(source).strategy, source: Array(source.utf8)).warnings
    }

    @Test func slipsAreTold() throws {
        #expect(try warnings("return {on_bar = function() end}") == ["on_bar is there, but nothing subscribes to \"bars\": it would never be called"])
        #expect(try warnings("local S = {on_start = function() market.instrument():subscribe('quotes') end} return S") == ["\"quotes\" is subscribed to, but there is no on_quote"])
        #expect(try warnings("return {params = {n = 1}, on_save = function() end}") == ["on_save is there without on_load", "the parameter n is never read as params.n"])
        #expect(try warnings("return {params = {n = 1}, on_start = function() print(params.n) end}") == [])
    }

    @Test func theSameSeedSaysTheSameInEveryProcess() throws {
        // Written down from another process, and checked against xoshiro256** worked out by hand in Python.
        #expect(try say("print(math.random(1, 1000000), math.random(1, 1000000), math.random(0))") { $0.seed = 1 } == "463046\t412907\t-7856363154187860716")
    }
}
