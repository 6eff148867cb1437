import Domain
import Testing
import Trading

@testable import Scripting

/// `on_save` and `on_load`: strategy state across restarts.
struct StateTests {
    private func saved(_ table: String) throws -> (bytes: [UInt8]?, error: String?) {
        let bench = try Bench("return {on_save = function() return \(table) end}")
        bench.start()
        let bytes = bench.strategy.save(&bench.engine.desk)
        return (bytes, bench.strategy.lastError?.message)
    }

    private func restored(_ bytes: [UInt8], _ chunk: String) throws -> (lines: [String], result: CallbackResult) {
        let bench = try Bench("local S = {} function S.on_load(t) \(chunk) end function S.on_start() print('start') end return S")
        let result = bench.strategy.restore(bytes, &bench.engine.desk)
        return (bench.take(), result)
    }

    @Test func whatIsSavedComesBack() throws {
        let bytes = try #require(try saved("{1, 2.5, 'a\\0b', true, nested = {x = {y = -7}}, [0.5] = false, big = math.mininteger, inf = 1/0}").bytes)
        let back = try restored(bytes, "print(t[1], math.type(t[1]), t[2], #t[3], t[4], t.nested.x.y, t[0.5], t.big, t.inf)")
        #expect(back.lines == ["1\tinteger\t2.5\t3\ttrue\t-7\tfalse\t-9223372036854775808\tinf"])
        #expect(back.result == .clean)
    }

    @Test func equalStateIsEqualBytes() throws {
        #expect(try saved("{a = 1, b = 2, c = {3, 2, 1}}").bytes == saved("(function() local t = {} t.c = {3, 2, 1} t.b = 2 t.a = 1 return t end)()").bytes)
    }

    @Test func whatCannotBeKeptIsSaid() throws {
        #expect(try saved("{f = print}").error?.contains("returned a function as a value") == true)
        #expect(try saved("{market.instrument()}").error?.contains("returned a instrument as a value") == true)
        #expect(try saved("(function() local t = {} t.t = t return t end)()").error?.contains("nested more than 64 deep") == true)
        #expect(try saved("{('x'):rep(1 << 20)}").error?.contains("more than 1 MiB") == true)
        #expect(try saved("5").error?.contains("returned a number") == true)
        #expect(try saved("nil").error == nil)
        #expect(try saved("nil").bytes == nil)
    }

    @Test func damagedStateIsRefused() throws {
        let bytes = try #require(try saved("{1, a = 'text', {true, {false}}}").bytes)
        for length in 0..<bytes.count {
            #expect(try restored(Array(bytes.prefix(length)), "print('loaded')").result == .failed)
        }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x5A
            _ = try restored(changed, "")  // any answer, no crash
        }
        #expect(try restored(bytes + [0], "").result == .failed)
    }

    @Test func theSameScriptSaysTheSameEverywhere() throws {
        let chunk = """
            local t = {}
            for i = 1, 50 do t["k" .. math.random(1000)] = math.random() end
            for k, v in pairs(t) do print(k, v) end
            print(tostring(t), tostring(print), next(t))
            table.sort(t)
            """
        let first = try run(chunk) { $0.seed = 3 }
        for _ in 0..<5 { #expect(try run(chunk) { $0.seed = 3 } == first) }
    }
}
