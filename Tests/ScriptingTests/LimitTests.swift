import CLua
import Domain
import Testing
import Trading

@testable import Scripting

/// "Errors and limits": what stops a script, and that nothing of it can be caught or crashes.
struct LimitTests {
    @Test func anEndlessLoopIsStoppedWhateverItCatches() throws {
        let loops = [
            "while true do end", "while true do pcall(function() while true do end end) end",
            "pcall(function() pcall(error) while true do end end)", "local function f() return f() end f()",
            "setmetatable({}, {__index = function() while true do end end}).x = nil; local _ = setmetatable({}, {__index = function() while true do end end}).x",
            "('x'):gsub('x', function() while true do end end)", "table.sort({1, 2, 3}, function() while true do end end)",
            "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
        ]
        for loop in loops {
            let lines = try run(loop + " print('survived')") { $0.deadline = Span(nanoseconds: 30_000_000) }
            #expect(lines.count == 1)
            #expect(lines[0].contains("ran over its deadline"), "\(loop): \(lines)")
        }
    }

    @Test func aFileThatHangsWhileItIsReadIsStopped() throws {
        var options = LuaOptions()
        options.deadline = Span(nanoseconds: 30_000_000)
        let error = #expect(throws: ScriptError.self) {
            try LuaStrategy(source: Array("pcall(function() while true do end end) return {}".utf8), file: "loop.lua", instruments: [], options: options)
        }
        #expect(error?.kind == .timeout)
    }

    @Test func aStoppedStateStaysStopped() throws {
        let bench = try Bench(
            "local S = {} function S.on_start() while true do end end function S.on_stop() print('no') end return S", policy: .carryOn
        ) { $0.deadline = Span(nanoseconds: 30_000_000) }
        bench.start()
        #expect(bench.strategy.lastError?.kind == .timeout)
        guard case .failed(let message) = bench.engine.life else {
            Issue.record("a dead script was carried on with: \(bench.engine.life)")
            return
        }
        #expect(message.contains("ran over its deadline"))
        #expect(bench.strategy.onStop("end", &bench.engine.desk) == .failed)
        #expect(bench.take().isEmpty)
        #expect(bench.strategy.lastError?.kind == .poisoned)
    }

    @Test func memoryIsCappedAndCannotBeCaught() throws {
        for hog in [
            "local t = {} for i = 1, 1e9 do t[i] = {i} end", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
            "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {i} end end) end",
        ] {
            let lines = try run(hog + " print('survived')") { $0.memoryLimit = 4 << 20 }
            #expect(lines.count == 1)
            #expect(lines[0].contains("outgrew its memory of 4096 KiB"), "\(lines)")
        }
        #expect(try say("print(pcall(ta.sma, 1000000))") { $0.memoryLimit = 4 << 20 }.contains("more than 4096 KiB"))
    }

    @Test func recursionIsAnOrdinaryError() throws {
        let deep = try say("local function f() return 1 + f() end print(select(2, pcall(f)))")
        #expect(deep.contains("stack overflow") || deep.contains("test.lua:3: the strategy outgrew its memory of 65536 KiB (a function calls itself without end)"), "\(deep)")
        #expect(try say("local t = {} for i = 1, 1000 do t = setmetatable({}, {__index = t}) end print(t.x)") == "nil")
        #expect(try say("local function f(s) return (s:gsub('.', f)) end print(select(2, pcall(f, 'x')))").contains("overflow"))
    }

    /// F71: memory runs out at each growth in turn; no crash, no leak, no panic.
    @Test func runningOutOfMemoryAnywhereIsAnError() throws {
        let source = """
            local S = {params = {n = 1}}
            function S.on_start()
              local inst = market.instrument()
              inst:subscribe("bars", "1m")
              local o = inst:buy(0.01, 100)
              S.s = ta.sma(3)
              clock.every("1s", function() end)
              print(string.format("%s %d", {}, 3), o.state)
              for k in pairs({a = 1, b = 2}) do print(k) end
              table.sort({3, 2, 1})
            end
            return S
            """
        var failures = 0
        for nth in 1...400 {
            let bench = try Bench(source)
            clua_fail_allocation(bench.strategy.state, UInt64(nth))
            bench.start()
            clua_fail_allocation(bench.strategy.state, 0)
            guard case .failed(let message) = bench.engine.life else { break }
            #expect(message.contains("outgrew its memory"))
            failures += 1
        }
        #expect(failures > 20 && failures < 400)
        #expect(clua_panics() == 0)
    }

    @Test func runningOutOfMemoryWhileLoadingIsAnError() throws {
        for kilobytes in stride(from: 1, through: 60, by: 1) {
            let error = loadError("local t = {} for i = 1, 3000 do t[i] = {} end return {}") { $0.memoryLimit = kilobytes << 10 }
            #expect(error.contains("memory") || error.contains("no memory"))
        }
        #expect(clua_panics() == 0)
    }

    @Test func nothingIsLeft() throws {
        var host = ScriptHost(instruments: [], options: LuaOptions())
        withUnsafeMutablePointer(to: &host) { host in
            var table = ScriptHost.table(UnsafeMutableRawPointer(host))
            guard let state = clua_open(1 << 20, 0, &table, nil, 0) else { return #expect(Bool(false), "no state") }
            #expect(clua_memory_used(state) > 10_000)
            #expect(clua_close(state) == 0)
            host.pointee.grids.deallocate()
        }
    }

    @Test func anyErrorValueIsShownSafely() throws {
        let hostile = "setmetatable({}, {__tostring = function() error('again') end})"
        #expect(try say("error()").contains("error called with a nil, not a text"))
        #expect(try say("error({})").contains("error called with a table, not a text"))
        #expect(try say("error(\(hostile))").contains("error called with a table, not a text"))
        #expect(try say("error(market.instrument())").contains("error called with a userdata"))
        #expect(try say("error(42)").contains("42"))
        #expect(try say("error(('x'):rep(100000))").utf8.count < 8000)
        #expect(try say("error('a\\27[31mb\\0c')").contains("a\\x1b[31mb"))
    }

    @Test func logLinesAreCutAndCannotSteerATerminal() throws {
        #expect(try say("print(('x'):rep(10000))").utf8.count == 4096)
        #expect(try say("log.info('a\\27[2Jb')") == "a\\x1b[2Jb")
    }
}
