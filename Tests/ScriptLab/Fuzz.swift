import CLua
import Domain
import Glibc
import Scripting
import Trading

/// Runs made-up scripts under small caps. Nothing is expected of them but that the process lives, and that the same seed says the
/// same twice.
struct Fuzz {
    let seed: UInt64
    let runs: Int
    let seconds: Int

    private func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe write(2, bytes, bytes.count)
    }

    private func each(_ body: (UInt64) throws -> Void) rethrows {
        let end = time(nil) + seconds
        var done = 0
        while done < max(runs, 1) || (seconds > 0 && time(nil) < end) {
            let one = seed &+ UInt64(done)
            if CommandLine.arguments.contains("--trace") { say("seed \(one)") }
            try body(one)
            done += 1
        }
        precondition(clua_panics() == 0, "Lua panicked")
        print("seeds \(seed) to \(seed &+ UInt64(done) &- 1): \(done) runs, no crash")
    }

    /// What a script said and how it ended, or why it was refused.
    private func outcome(_ source: String, _ seed: UInt64) -> String {
        var options = LuaOptions()
        options.memoryLimit = 4 << 20
        options.instructionBudget = 200_000
        options.deadline = Span(nanoseconds: 2_000_000_000)
        options.seed = seed
        guard let stand = try? Stand(source, options) else { return "refused" }
        stand.step(.start)
        for round in 0..<3 {
            stand.quote(.buy, 10_000 + Int64(round), 100)
            stand.quote(.sell, 10_100, 100)
            stand.accept()
            stand.wait(1_000_000_000)
        }
        stand.step(.stop(reason: "end"))
        return stand.takeNotes().joined(separator: "\n") + "\(stand.engine.life)"
    }

    func sources() throws {
        each { seed in
            var grammar = Grammar(seed: seed)
            let source = grammar.strategy()
            let first = outcome(source, seed)
            if seed % 16 == 0, outcome(source, seed) != first {
                print("seed \(seed) says different things:\n\(source)")
                exit(1)
            }
        }
    }

    func arguments() throws {
        let source = contents(path)
        each { seed in _ = outcome("local SEED = \(seed)\n" + source, seed) }
    }
}

/// Random numbers that are the same everywhere (SplitMix64).
struct Chance {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func draw(_ limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(limit))
    }

    mutating func pick(_ list: [String]) -> String { list[draw(list.count)] }
}

/// Lua as nobody writes it, most of it grammatical.
struct Grammar {
    private var chance: Chance
    private var depth = 0

    init(seed: UInt64) { chance = Chance(seed) }

    private static let names = ["a", "b", "c", "t", "s", "inst", "S", "_G", "_ENV", "params", "self"]
    private static let globals = [
        "string", "table", "math", "utf8", "os", "market", "clock", "account", "ta", "log", "plot", "stop", "print", "pairs", "next", "pcall",
        "error", "select", "setmetatable", "getmetatable", "rawset", "rawget", "tostring", "tonumber", "require", "assert", "ipairs", "type",
    ]
    private static let fields = [
        "rep", "find", "gsub", "format", "insert", "remove", "sort", "concat", "unpack", "buy", "sell", "bid", "cancel", "amend", "every", "after",
        "now", "instrument", "sma", "update", "x", "n", "__index", "__newindex", "__tostring", "__gc", "__close", "__len", "__call", "__eq", "__lt",
        "__concat", "__pairs", "__metatable", "__name", "__mode", "__unm", "equity", "info", "random", "gmatch", "pack", "char", "codes", "len",
    ]
    private static let constants = [
        "nil", "true", "false", "0", "1", "-1", "2.5", "1e308", "0/0", "1/0", "math.maxinteger", "math.mininteger", "''", "'a'", "'%d'", "'(.-)%1'",
        "'%b()'", "('x'):rep(1000)", "{}", "{1,2,3}", "0x7fffffffffffffff", "1e15", "'1m'", "'quotes'", "'100ms'", "...",
    ]
    private static let binary = ["+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or", "&", "|", "~", "<<", ">>"]

    mutating func strategy() -> String {
        let garbage = chance.draw(20) == 0 ? chance.pick(["}", "end", "\u{1b}Lua", "::x:: goto x", "goto nowhere", "[[", "--[==["]) : ""
        return """
            local S, a, b, c, t, s = {}, 1, 2.5, "c", {}, "s"
            \(block(2))
            function S.on_start(...) local inst = market.instrument() pcall(inst.subscribe, inst, "quotes") \(block(4)) end
            function S.on_quote(inst, ...) \(block(5)) end
            function S.on_order(inst, ...) \(block(2)) end
            function S.on_stop(...) \(block(2)) end
            function S.on_save(...) \(block(1)) return \(expression()) end
            \(garbage)
            return S
            """
    }

    private mutating func block(_ most: Int) -> String {
        (0..<chance.draw(most + 1)).map { _ in statement() }.joined(separator: " ")
    }

    private mutating func statement() -> String {
        depth += 1
        defer { depth -= 1 }
        if depth > 6 { return "a = 1" }
        switch chance.draw(16) {
        case 0: return "local \(chance.pick(Grammar.names)) = \(expression())"
        case 1: return "\(place()) = \(expression())"
        case 2: return "if \(expression()) then \(block(2)) else \(block(1)) end"
        case 3: return "for i = \(expression()), \(expression()), \(expression()) do \(block(2)) end"
        case 4: return "for k, v in pairs(\(expression())) do \(block(2)) end"
        case 5: return "for k in \(expression()) do \(block(1)) end"
        case 6: return "while \(expression()) do \(block(2)) break end"
        case 7: return "repeat \(block(2)) until \(expression())"
        case 8: return "do local z <close> = \(expression()) \(block(1)) end"
        case 9: return "pcall(function(...) \(block(3)) end, \(expression()))"
        case 10: return "setmetatable(t, {\(chance.pick(Grammar.fields)) = function(...) \(block(2)) return \(expression()) end})"
        case 11: return "local function f(...) \(block(2)) return f(\(expression())) end pcall(f)"
        case 12: return "while true do \(block(1)) end"
        case 13: return "error(\(expression()))"
        default: return "pcall(\(call()))"
        }
    }

    private mutating func place() -> String {
        chance.draw(3) == 0 ? chance.pick(Grammar.names) : "\(chance.pick(Grammar.names + Grammar.globals)).\(chance.pick(Grammar.fields))"
    }

    private mutating func call() -> String {
        let function = chance.draw(2) == 0 ? chance.pick(Grammar.globals) : "\(chance.pick(Grammar.globals + ["inst", "s", "t"])).\(chance.pick(Grammar.fields))"
        let arguments = (0..<chance.draw(5)).map { _ in expression() }
        return ([function] + arguments).joined(separator: ", ")
    }

    private mutating func expression() -> String {
        depth += 1
        defer { depth -= 1 }
        if depth > 7 { return chance.pick(Grammar.constants) }
        switch chance.draw(12) {
        case 0: return "(\(expression()) \(chance.pick(Grammar.binary)) \(expression()))"
        case 1: return "\(chance.pick(["-", "#", "not ", "~"]))(\(expression()))"
        case 2: return "{\(expression()), \(chance.pick(Grammar.fields)) = \(expression()), [\(expression())] = \(expression())}"
        case 3: return "function(...) \(block(2)) return \(expression()) end"
        case 4: return "select(2, pcall(\(call())))"
        case 5, 6: return chance.pick(Grammar.names)
        case 7: return place()
        case 8: return chance.pick(Grammar.globals)
        default: return chance.pick(Grammar.constants)
        }
    }
}
