import CLua
import Domain
import Foundation
import Testing

@testable import Scripting

/// The last section of `docs/lua-api.md`, "Everything else": the globals and what differs from standard Lua.
struct SandboxTests {
    /// Everything that can be reached from `_G` by fields, sorted: nothing else is there.
    static let golden: [String] = [
        "_G", "_VERSION", "account", "account.balance", "account.drawdown", "account.equity", "assert", "clock", "clock.after",
        "clock.at", "clock.date", "clock.every", "clock.format", "clock.now", "error", "getmetatable", "ipairs", "log",
        "log.debug", "log.error", "log.info", "log.warn", "market", "market.instrument", "market.instruments", "math",
        "math.abs", "math.acos", "math.asin", "math.atan", "math.ceil", "math.cos", "math.deg", "math.exp", "math.floor",
        "math.fmod", "math.huge", "math.log", "math.max", "math.maxinteger", "math.min", "math.mininteger", "math.modf",
        "math.pi", "math.rad", "math.random", "math.sin", "math.sqrt", "math.tan", "math.tointeger", "math.type", "math.ult",
        "next", "os", "os.clock", "os.date", "os.time", "pairs", "params", "pcall", "plot", "print", "rawequal", "rawget",
        "rawlen", "rawset", "require", "select", "setmetatable", "stop", "string", "string.byte", "string.char", "string.find",
        "string.format", "string.gmatch", "string.gsub", "string.len", "string.lower", "string.match", "string.pack",
        "string.packsize", "string.rep", "string.reverse", "string.sub", "string.unpack", "string.upper", "ta", "ta.adx",
        "ta.atr", "ta.bollinger", "ta.cross", "ta.donchian", "ta.ema", "ta.highest", "ta.keltner", "ta.lowest", "ta.macd",
        "ta.obv", "ta.roc", "ta.rsi", "ta.sma", "ta.stddev", "ta.stochastic", "ta.vwap", "ta.wma", "ta.zscore", "table",
        "table.concat", "table.insert", "table.move", "table.pack", "table.remove", "table.sort", "table.unpack", "tonumber",
        "tostring", "type", "utf8", "utf8.char", "utf8.charpattern", "utf8.codepoint", "utf8.codes", "utf8.len", "utf8.offset",
    ]

    @Test func theGlobalsAreTheseAndNoOthers() throws {
        let lines = try run(
            """
            local seen = {}
            local function walk(prefix, t)
              if seen[t] then return end
              seen[t] = true
              for name, value in pairs(t) do
                print(prefix .. name)
                if type(value) == "table" and not seen[value] then walk(prefix .. name .. ".", value) end
                local mt = getmetatable(value)
                assert(mt == nil or mt == false, name)
              end
            end
            walk("", _G)
            """)
        #expect(lines.sorted() == SandboxTests.golden)
    }

    @Test func whatIsNotThereIsNil() throws {
        let names = "coroutine xpcall load loadstring loadfile dofile collectgarbage debug io package warn".split(separator: " ")
        for name in names { #expect(try say("print(\(name))") == "nil") }
        #expect(try say("print(math.randomseed, string.dump, os.getenv, os.execute, os.exit, os.setlocale, os.remove)") == "nil\tnil\tnil\tnil\tnil\tnil\tnil")
        #expect(try say("print(getmetatable(''), getmetatable(market.instrument()), getmetatable(params))") == "false\tfalse\tfalse")
        #expect(try say("print(_VERSION)") == "Lua 5.4")
    }

    @Test func setmetatableRefusesFinalizersClosersAndWeakTables() throws {
        for field in ["__gc", "__close", "__mode"] {
            #expect(try say("print(pcall(setmetatable, {}, {\(field) = 'k'}))").hasSuffix("refuses a metatable with \(field)"))
        }
        #expect(try say("print(getmetatable(setmetatable({}, {__index = {}})) ~= nil)") == "true")
        #expect(try say("print(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))").hasSuffix("protected metatable"))
    }

    @Test func pairsHasOneOrder() throws {
        let chunk = """
            local t = {[true] = 1, [false] = 2, b = 3, a = 4, [2.5] = 5, [-1.5] = 6, [10] = 7, [-3] = 8, aa = 9, ["a\\0"] = 10, [1] = 11}
            t[market.instrument("ETH_USDT")] = 12
            t[market.instrument("BTC_USDT")] = 13
            local out = {}
            for k in pairs(t) do out[#out + 1] = tostring(k):gsub("%z", "0") end
            print(table.concat(out, " "))
            """
        let expected = "-3 1 10 -1.5 2.5 a a0 aa b false true file:BTC_USDT file:ETH_USDT"
        #expect(try run(chunk, instruments: [Bench.btc(), Bench.eth()]) == [expected])
        let byNext = """
            local t = {x = 1, y = 2, 10, 20, [0.5] = 3}
            local out, k, v = {}, next(t)
            while k ~= nil do out[#out + 1] = k .. "=" .. v; k, v = next(t, k) end
            print(table.concat(out, " "), next({}), next(t, "x"), next(t, "aa"))
            """
        #expect(try say(byNext) == "1=10 2=20 0.5=3 x=1 y=2\tnil\ty\tx\t1")
    }

    @Test func tablesAndFunctionsAsKeysAreErrorsWhenIterated() throws {
        #expect(try say("local t = {[{}] = 1}; print(pcall(pairs, t))").contains("a table is a key here"))
        #expect(try say("local t = {[print] = 1}; print(pcall(next, t))").contains("a function is a key here"))
        #expect(try say("local t = {}; t[t] = 5; print(t[t])") == "5")
    }

    @Test func iterationSurvivesChangesOfWhatIsThere() throws {
        #expect(try say("local t = {a=1,b=2,c=3}; for k in pairs(t) do t[k] = nil end; print(next(t))") == "nil")
        #expect(try say("local t = {1,2,3}; for i in pairs(t) do t[i] = nil end; print(#t)") == "0")
        #expect(try say("local t = setmetatable({}, {__pairs = function() return function(_, k) if not k then return 1, 2 end end end}); for k, v in pairs(t) do print(k, v) end") == "1\t2")
        #expect(try say("local n = 0; for k, v in pairs({1, nil, 3}) do n = n + v end; print(n)") == "4")
    }

    @Test func tostringShowsNoAddress() throws {
        #expect(try say("print({}, print, tostring({}), string.format('%s', {}))") == "table\tfunction\ttable\ttable")
        #expect(try say("print(pcall(string.format, '%p', {}))").contains("no %p here"))
        #expect(try say("print(0/0, -(0/0), 1/0, 1e15, 2^53, 10 // 3, 3.0)") == "nan\tnan\tinf\t1e+15\t9.007199254741e+15\t3\t3.0")
        #expect(try say("print(string.format('%5.1f|%d|%q|%-4s|%%', 1.25, 3, 'x', 'ab'), string.format('%f', 0/0))") == "  1.2|3|\"x\"|ab  |%\tnan")
        #expect(try say("print(setmetatable({}, {__tostring = function() return 'mine' end}))") == "mine")
        #expect(try say("print(market.instrument(), params, ta.sma(3))") == "file:BTC_USDT\tparams\tindicator 0")
    }

    @Test func randomComesFromTheSeed() throws {
        let chunk = "print(math.random(), math.random(10), math.random(-5, 5), math.random(0))"
        let one = try say(chunk) { $0.seed = 7 }
        #expect(try say(chunk) { $0.seed = 7 } == one)
        #expect(try say(chunk) { $0.seed = 8 } != one)
        #expect(try say("for i = 1, 1000 do local x = math.random(3); assert(x >= 1 and x <= 3) end print(pcall(math.random, 0, -1))").contains("interval is empty"))
        #expect(try say("print(math.type(math.random(math.mininteger, math.maxinteger)))") == "integer")
    }

    @Test func sortIsStableAndSurvivesNonsense() throws {
        let chunk = """
            local t = {}
            for i = 1, 300 do t[i] = {key = i % 7, at = i} end
            table.sort(t, function(a, b) return a.key < b.key end)
            for i = 2, 300 do assert(t[i-1].key < t[i].key or t[i-1].at < t[i].at) end
            local n = {5, 3, 9, 1}; table.sort(n); print(table.concat(n, " "))
            table.sort(n, function() return true end)
            print(#n, pcall(table.sort, {1, "a"}))
            """
        let lines = try run(chunk)
        #expect(lines.first == "1 3 5 9")
        #expect(lines.last?.contains("attempt to compare") == true)
    }

    @Test func theClockIsTheEngines() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start()
              print(clock.now(), os.time(), os.clock(), os.date("%Y-%m-%d %H:%M:%S"))
              print(clock.format(clock.now()), clock.format(0), clock.format(1500000000123000000, "%d.%m.%y"))
              local d = clock.date(1723075200000000001)
              print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.ns, d.isdst)
              print(os.time{year = 2024, month = 8, day = 8, hour = 0}, os.time{year = 2024, month = 14, day = 0}, os.date("!*t", 0).year)
              print(pcall(os.date, "%Q"))
              clock.after("90s", function() print(os.clock()) end)
            end
            return S
            """)
        let lines = bench.start()
        #expect(lines[0] == "1700000000001000000\t1700000000\t0.0\t2023-11-14 22:13:20")
        #expect(lines[1] == "2023-11-14T22:13:20.001Z\t1970-01-01T00:00:00Z\t14.07.17")
        #expect(lines[2] == "2024\t8\t8\t0\t0\t0\t5\t221\t1\tfalse")
        #expect(lines[3] == "1723075200\t1738324800\t1970")
        #expect(lines[4].contains("invalid conversion specifier '%Q'"))
        bench.wait(90_000_000_000)
        #expect(bench.take() == ["90.0"])
    }

    @Test func datesAgreeWithTheCalendar() throws {
        for seconds in [0, -1, 951_782_400, 4_102_444_799, 68_169_600, -2_208_988_800, 1_709_164_799] as [Int64] {
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second, .weekday], from: Date(timeIntervalSince1970: Double(seconds)))
            let expected = [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second, parts.weekday].map { "\($0 ?? -1)" }
            let said = try say("local d = os.date('*t', \(seconds)); print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday)")
            #expect(said == expected.joined(separator: "\t"))
            #expect(try say("local d = os.date('*t', \(seconds)); print(os.time(d))") == "\(seconds)")
        }
    }

    @Test func stringsHaveACap() throws {
        #expect(try say("print(#string.rep('ab', 3, '-'), ('x'):rep(0), ('x'):rep(-1), #('x'):rep(1 << 20))") == "8\t\t\t1048576")
        #expect(try say("print(pcall(string.rep, 'x', 1 << 62))").contains("more than 1048576 bytes"))
        #expect(try say("print(pcall(string.rep, 'x', 3, ('y'):rep(1 << 20)))").contains("more than 1048576 bytes"))
        #expect(try say("print(pcall(string.rep, '', 1 << 62))") == "true\t")
    }
}
