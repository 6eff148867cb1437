import CLua
import Domain
import StockLua
import Testing
import Trading

@testable import Scripting

/// The count of work, and what our own libraries share with the standard ones.
struct BudgetTests {
    static func file(_ name: String) throws -> String {
        try String(contentsOf: ReachTests.file.deletingLastPathComponent().appendingPathComponent(name), encoding: .utf8)
    }

    /// Instructions that a chunk takes in `on_start`, beyond an empty one.
    private func work(_ chunk: String) throws -> Int {
        func count(_ chunk: String) throws -> UInt64 {
            let bench = try Bench("local S = {} function S.on_start() \(chunk) end return S") { $0.instructionBudget = 0 }
            bench.start()
            return bench.strategy.work
        }
        return try Int(count(chunk)) - Int(count(""))
    }

    @Test func everyInstructionIsCounted() throws {
        // One FORLOOP a round, and four instructions before it.
        for rounds in [1, 2, 100, 127, 128, 129, 1000, 123_457] {
            let counted = try work("for i = 1, \(rounds) do end")
            #expect(abs(counted - (rounds + 4)) <= 1, "\(rounds): \(counted)")
        }
        #expect(try work("for i = 1, 1000 do local x = i + 1 end") - work("for i = 1, 1000 do end") == 1000)
    }

    @Test func libraryLoopsAreCounted() throws {
        #expect(try work("local s = ('a'):rep(1 << 20)") > 60_000)
        #expect(try work("local s = ('a'):rep(300) s:find(('.-'):rep(3) .. 'b')") > 100_000)
        #expect(try work("table.concat({}, ',', 1, 0)") < 20)
        #expect(try work("local t = {} for i = 1, 1000 do t[i] = i end table.insert(t, 1, 0)") > 2500)
        #expect(try work("table.sort({5, 3, 1}, function(a, b) return a < b end)") > 10)
    }

    @Test func theSameWorkIsTheSameNumberAgain() throws {
        let source = try BudgetTests.file("differential.lua")
        let one = try work("local SEED = 3 \(source.replacing("return string.format", with: "S = string.format"))")
        #expect(try work("local SEED = 3 \(source.replacing("return string.format", with: "S = string.format"))") == one)
    }

    @Test func aBudgetEndsTheStrategyAtTheSamePlace() throws {
        for caught in ["%s", "pcall(function() %s end)", "('x'):gsub('x', function() pcall(function() %s end) end)"] {
            let loop = caught.replacing("%s", with: "while true do n = n + 1 end")
            func end() throws -> (String, UInt64) {
                let bench = try Bench("n = 0 local S = {} function S.on_start() \(loop) end return S") { $0.instructionBudget = 100_000 }
                bench.start()
                #expect(bench.strategy.lastError?.kind == .budget)
                #expect(bench.strategy.isDead)
                #expect(bench.strategy.memoryUsed == 0)
                return (bench.strategy.lastError?.message ?? "", bench.strategy.work)
            }
            let first = try end()
            #expect(first.0.contains("used up its budget of 100000 instructions"))
            #expect(try end() == first)
        }
    }

    @Test func aBudgetIsEachCallsOwn() throws {
        let bench = try Bench(
            "local S = {} function S.on_start() for i = 1, 40 do clock.after('1s', function() for i = 1, 50000 do end end) end end return S"
        ) { $0.instructionBudget = 60_000 }
        bench.start()
        bench.wait(2_000_000_000)
        #expect(bench.strategy.lastError == nil)
        #expect(bench.strategy.work > 40 * 50_000)
    }

    @Test(arguments: 1...60) func ourLibrariesAnswerAsTheStandardOnes(_ seed: Int) throws {
        let text = "local SEED = \(seed * 1_000_003) " + (try BudgetTests.file("differential.lua"))
        var expected = [CChar](repeating: 0, count: 256)
        #expect(stock_run(text, text.utf8.count, &expected, expected.count) == 1)
        let bench = try Bench("return {}")
        let status = text.withCString { clua_run(bench.strategy.state, clua_text(bytes: $0, count: text.utf8.count), "differential.lua") }
        #expect(status == CLUA_OK, "\(String(cString: clua_error_message(clua_last_error(bench.strategy.state))))")
        let shown = String(decoding: expected.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(String(cString: clua_result(bench.strategy.state)) == shown, "seed \(seed * 1_000_003); SHOW = true before the text shows every call")
    }

    @Test func textsLongerThanTheCapAreAnErrorThatCanBeCaught() throws {
        let said = try say("local s = ('x'):rep(1 << 20) local good, why = pcall(function() return s .. s end) print(good, why)")
        #expect(said.contains("false\ttest.lua:3: a string would have about 20971") && said.contains("the most is 1048576"), "\(said)")
        #expect(try say("local s = ('x'):rep(1 << 20) print(#s, #(s:sub(2) .. 'y'))") == "1048576\t1048576")
    }
}

/// Chapters 6.4 and 6.6 of the manual, in cases of our own, through the standard libraries and through ours.
struct ManualTests {
    @Test func bothDoWhatTheManualSays() throws {
        let text = try BudgetTests.file("manual.lua")
        var said = [CChar](repeating: 0, count: 512)
        let ran = stock_run(text, text.utf8.count, &said, said.count)
        #expect(ran == 1 && said.prefix(4) == [97, 108, 108, 0], "standard: \(String(decoding: said.map { UInt8(bitPattern: $0) }, as: UTF8.self))")
        let bench = try Bench("return {}")
        _ = text.withCString { clua_run(bench.strategy.state, clua_text(bytes: $0, count: text.utf8.count), "manual.lua") }
        #expect(String(cString: clua_result(bench.strategy.state)) == "all", "\(String(cString: clua_error_message(clua_last_error(bench.strategy.state))))")
    }
}
