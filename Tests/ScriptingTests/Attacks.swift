import Testing

/// Hostile chunks, by the number they have in the list L1–L30 of `docs/sandbox.md`; from A1 on our own.
struct Attack: Sendable, CustomTestStringConvertible {
    enum End: Sendable {
        /// Stopped by the hang guard; or by the memory cap, whichever comes first.
        case stopped, memory, either
        /// An error of its own stops it.
        case fails(String)
        /// Nothing comes of it: the chunk goes on, and says this.
        case harmless(String)
        /// The file itself is refused, or stopped while it is read.
        case refused(String)
    }

    let name: String
    let end: End
    let chunk: String
    var deadline = 100
    var memory = 64
    var testDescription: String { name }

    init(_ name: String, _ end: End, deadline: Int = 100, memory: Int = 64, _ chunk: String) {
        (self.name, self.end, self.chunk, self.deadline, self.memory) = (name, end, chunk, deadline, memory)
    }

    var atLoad: Bool { if case .refused = end { true } else { false } }
}

extension Attack {
    static let listed: [Attack] = [
        Attack("L1", .stopped, "while true do end"),
        Attack("L1 goto", .stopped, "::again:: goto again"),
        Attack("L2", .harmless("more than 1048576 bytes"), "log.info(select(2, pcall(string.rep, 'x', 1 << 62))) log.info(#(''):rep(1 << 62))"),
        Attack("L3", .stopped, "local s = ('a'):rep(3000) s:find((('.-'):rep(8)) .. 'b')"),
        Attack("L3 greedy", .stopped, "local s = ('a'):rep(3000) s:match('^' .. (('a*'):rep(12)) .. 'b')"),
        Attack("L4", .stopped, "local s = ('a'):rep(1 << 20) local p = ('a'):rep(1 << 19) .. 'b' while true do s:find(p, 1, true) end"),
        Attack("L4 long", .fails("a string would have about 2097"), "local s = ('a'):rep(1 << 20) local _ = (s .. s):find('b')"),
        Attack("L5 insert", .stopped, "table.insert(setmetatable({}, {__len = function() return 1 << 53 end}), 1, 1)"),
        Attack("L5 remove", .stopped, "table.remove(setmetatable({}, {__len = function() return 1 << 53 end}), 1)"),
        Attack("L5 move", .either, "table.move({}, 1, 1 << 53, 2)"),
        Attack("L5 concat", .stopped, "table.concat(setmetatable({}, {__len = function() return 1 << 53 end, __index = function() return '' end}))"),
        Attack("L5 sort", .either, "table.sort(setmetatable({}, {__len = function() return (1 << 31) - 2 end, __index = function() return 1 end}))"),
        Attack("L5 unpack", .fails("too many results"), "table.unpack({}, 1, 1 << 53)"),
        Attack("L6", .stopped, "local t = {} for i = 1, 6000000 do table.insert(t, 1, i) end"),
        Attack("L7", .fails("setmetatable refuses"), "setmetatable({}, {__gc = function() while true do end end})"),
        Attack("L7 later", .harmless("survived"), "local m = {} setmetatable({}, m) m.__gc = function() while true do end end for i = 1, 1e4 do local _ = {} end"),
        Attack("L8", .stopped, "while true do pcall(function() while true do end end) end"),
        Attack("L8 error", .stopped, "while true do pcall(error, setmetatable({}, {__tostring = error})) end"),
        Attack("L9", .fails("attempt to call a nil value"), "xpcall(function() while true do end end, function() while true do end end)"),
        Attack("L10", .harmless("nil"), "log.info(coroutine) for k, v in pairs(_G) do assert(type(v) ~= 'thread') end"),
        Attack("L11 gsub", .stopped, "('x'):gsub('x', function() while true do pcall(function() while true do end end) end end)"),
        Attack("L11 tostring", .stopped, "tostring(setmetatable({}, {__tostring = function() while true do end end}))"),
        Attack("L11 print", .stopped, "print(setmetatable({}, {__tostring = function() while true do end end}))"),
        Attack("L11 format", .stopped, "string.format('%s', setmetatable({}, {__tostring = function() while true do end end}))"),
        Attack("L11 close", .stopped, "local c <close> = nil pcall(function() while true do end end)"),
        Attack("L11 sort", .stopped, "pcall(table.sort, {3, 2, 1}, function() while true do end end)"),
        Attack("L11 index", .stopped, "pcall(table.concat, setmetatable({}, {__len = function() return 3 end, __index = function() while true do end end}))"),
        Attack("L11 pairs", .stopped, "pcall(pairs, setmetatable({}, {__pairs = function() while true do end end}))"),
        Attack("L11 metatable close", .harmless("got a non-closable value"), "log.info(select(2, pcall(function() local c <close> = setmetatable({}, {}) end)))"),
        Attack("L12 upper", .stopped, "local s = ('a'):rep(1 << 20) while true do pcall(string.upper, s) end"),
        Attack("L12 utf8", .stopped, "local s = ('a'):rep(1 << 20) while true do pcall(utf8.len, s) end"),
        Attack("L12 tonumber", .stopped, "local s = ('1'):rep(1 << 20) while true do pcall(tonumber, s) end"),
        Attack("L12 concat", .stopped, "local s = ('a'):rep(1 << 19) while true do pcall(function() return s .. s end) end"),
        Attack("L12 less", .stopped, "local a, b = ('a'):rep(1 << 20), ('a'):rep(1 << 20) .. '' while true do local _ = a < b end"),
        Attack("L12 rep", .stopped, "while true do pcall(string.rep, 'a', 1 << 20) end"),
        Attack("L13 rep", .harmless("more than 1048576"), "log.info(select(2, pcall(string.rep, 'x', 1 << 30)))"),
        Attack("L13 doubling", .fails("a string would have about"), "local s = 'x' while true do s = s .. s end"),
        Attack("L13 table", .memory, deadline: 10_000, memory: 8, "local t = {} for i = 1, 1e9 do t[i] = {i} end"),
        Attack("L13 caught", .memory, deadline: 10_000, memory: 8, "while true do pcall(function() local t = {} for i = 1, 1e9 do t[i] = {i} end end) end"),
        Attack("L14 gsub", .fails("overflow"), "local function f(s) return (s:gsub('.', f)) end f('x')"),
        Attack("L14 tostring", .fails("overflow"), "local m = {} m.__tostring = function(v) return tostring(v) end tostring(setmetatable({}, m))"),
        Attack("L14 pcall", .harmless("survived"), "local function f() return pcall(f) end f()"),
        Attack("L14 sort", .fails("overflow"), "local function f() table.sort({2, 1}, f) return true end f()"),
        Attack("L15", .memory, deadline: 10_000, "local function f() return 1 + f() end f()"),
        Attack("L15 tail", .stopped, "local function f() return f() end f()"),
        Attack("L16", .harmless("nil nil"), "log.info('%s %s', load, string.dump)"),
        Attack("L17", .fails("error called with a table"), "error(setmetatable({}, {__tostring = function() error('again') end}))"),
        Attack("L18", .fails("more than 1048576"), "error(('x'):rep(1 << 21))"),
        Attack("L18 long", .fails("xxx"), "error(('x'):rep(1 << 20))"),
        Attack("L19 nil", .fails("error called with a nil"), "error()"),
        Attack("L19 table", .fails("error called with a table"), "error({})"),
        Attack("L20", .harmless("false"), "log.info('%s', getmetatable('')) string.format = nil string.rep = error log.info('%d', 5)"),
        Attack("L21", .harmless("nil nil nil nil nil nil"), "log.info('%s %s %s %s %s %s', debug, io, package, dofile, loadfile, os.execute)"),
        Attack("L21 require", .fails("module name"), "require('../../etc/passwd')"),
        Attack("L21 absolute", .fails("module name"), "require('/etc/passwd')"),
        Attack("L22", .harmless("nil"), "log.info('%s', collectgarbage)"),
        Attack("L23", .harmless("nil"), "log.info('%s', math.randomseed) local a = os.time() for i = 1, 1e5 do end assert(os.time() == a and os.clock() == os.clock())"),
        Attack("L24", .harmless("nil"), "log.info('%s', os.setlocale)"),
        Attack("L25", .harmless("table function userdata"), "log.info('%s %s userdata', {}, print) assert(not pcall(string.format, '%p', {}))"),
        Attack("L26", .fails("table expected"), "rawset(inst, 'symbol', 'x')"),
        Attack("L26 get", .fails("table expected"), "rawget(inst, 'buy')"),
        Attack("L26 next", .fails("table expected"), "next(inst)"),
        Attack("L26 write", .fails("read-only"), "inst.symbol = 'x'"),
        Attack("L27", .harmless("survived"), "if not _G then return end local keep, g = log, _G g.log = nil g._G = nil _ENV.market = nil rawset(g, 'pairs', nil) S.on_quote = error log = keep"),
        Attack("L28", .fails("order expected"), "local o = inst:open_orders()[1] o.cancel(inst)"),
        Attack("L28 method", .fails("instrument expected"), "inst.buy(params, 1, 2)"),
        Attack("L28 self", .fails("indicator expected"), "ta.sma(3).update(inst.bid)"),
        Attack("L29 orders", .harmless("too_many"), "local code for i = 1, 1e4 do local _, _, c = inst:buy(0.01, 50 + i / 100) code = c end log.info(code)"),
        Attack("L29 log", .harmless("is dropped"), "for i = 1, 3000 do log.info(('x'):rep(100)) end"),
        Attack("L29 timers", .fails("at most 64 timers"), "for i = 1, 1e6 do clock.every('1s', print) end"),
        Attack("L29 plots", .harmless("is dropped"), "for i = 1, 5000 do plot('p' .. i, i) end"),
        Attack("L29 amends", .harmless("pending|survived"), "local o = inst:open_orders()[1] for i = 1, 1e4 do o:amend{price = 90 + i / 100} end"),
        Attack("L30", .fails("a\\x1b[31mb"), "error('a\\27[31mb\\0c')"),
        Attack("L30 long", .fails("(cut)"), "error(('y'):rep(100000))"),
    ]
}

extension Attack {
    /// Found by looking for them.
    static let own: [Attack] = [
        // Keys that lie apart in a table of one size and all in one place in the next: one instruction that lasts for minutes.
        Attack("A1 keys that meet", .stopped, deadline: 400,
            "local k = 18 local m = (1 << (k + 1)) - 1 local t = {} for i = 1, 1 << k do t[i * m] = true end t[((1 << k) + 1) * m] = true"),
        Attack("A1 caught", .stopped, deadline: 400,
            "local k = 18 local m = (1 << (k + 1)) - 1 local t = {} pcall(function() for i = 1, (1 << k) + 1 do t[i * m] = true end end) pcall(pcall, pcall)"),
        Attack("A2 collections of a full heap", .either, memory: 64,
            "local t = {} pcall(function() for i = 1, 4e5 do t[i] = {} end end) local s = ('x'):rep(1 << 20) while true do pcall(function() return s .. s end) end"),
        Attack("A3 %b without end", .stopped, "local s = ('('):rep(1 << 19) for i = 1, 1e9 do s:find('%b()') end"),
        Attack("A3 frontier", .stopped, "local s = ('a '):rep(1 << 18) while true do s:gsub('%f[%w]%w*%f[%W]', '%0') end"),
        Attack("A4 long pattern", .either, "local s = ('a'):rep(1 << 18) s:find(('a?'):rep(1 << 17) .. ('a'):rep(1 << 17) .. 'b')"),
        Attack("A5 gsub anchors", .harmless("survived"), "assert(('aaa'):gsub('^a', 'b') == 'baa') assert(('aaa'):gsub('^', 'x') == 'xaaa') assert(('abc'):gsub('$', 'x') == 'abcx')"),
        Attack("A5 gsub grows", .fails("string.gsub would make more than"), "local s = ('a'):rep(1 << 10) while true do s = s:gsub('a', 'aa') end"),
        Attack("A6 format width", .fails("invalid conversion"), "string.format('%99999d', 1)"),
        Attack("A6 format grows", .fails("string.format would make more than"), "local s = ('x'):rep(1 << 18) string.format('%s%s%s%s%s', s, s, s, s, s)"),
        Attack("A7 concat deep", .fails("a string would have about"), "local s = ('x'):rep(1 << 18) local _ = s..s..s..s..s..s..s..s"),
        Attack("A8 error chain", .fails("overflow"), "local function f(n) local good, e = pcall(f, n + 1) error(e, 0) end f(1)"),
        Attack("A9 index chain", .stopped, "local t = {} for i = 1, 1500 do t = setmetatable({}, {__index = t}) end while true do local _ = pcall(function() return t.x end) end"),
        Attack("A9 index loop", .fails("loop"), "local a, b = {}, {} setmetatable(a, {__index = b}) setmetatable(b, {__index = a}) local _ = a.x"),
        Attack("A10 pairs over many", .either, "local t = {} for i = 1, 2e5 do t['key' .. i] = i end while true do for k in pairs(t) do break end end"),
        Attack("A10 next over many", .either, "local t = {} for i = 1, 1e5 do t['key' .. i] = i end for i = 1, 1e9 do next(t, 'key' .. (i % 1000 + 1)) end"),
        Attack("A11 order options", .stopped, "inst:buy(0.01, 95, setmetatable({}, {__index = function() while true do end end}))"),
        Attack("A11 amend options", .stopped, "inst:open_orders()[1]:amend(setmetatable({price = 91}, {__index = function() while true do end end}))"),
        Attack("A12 save", .harmless("survived"), "local t = {} for i = 1, 60 do t = {t, t} end S.on_save = function() return t end"),
        Attack("A13 indicators", .fails("more than"), "local t = {} for i = 1, 1e6 do t[i] = ta.sma(100000) end"),
        Attack("A14 instrument name", .harmless("no instrument has a name of 1048576 bytes"), "log.info(select(2, market.instrument(('x'):rep(1 << 20)))) pcall(account.balance, ('x'):rep(1 << 20))"),
        Attack("A15 stop reason", .harmless("survived"), "stop(('x'):rep(1 << 20))"),
        Attack("A16 series name", .fails("at most 128 bytes"), "plot(('x'):rep(1 << 20), 1)"),
        Attack("A17 unpack and call", .stopped, "local t = {} for i = 1, 250 do t[i] = i end local function f(...) return select('#', ...) end while true do f(table.unpack(t)) end"),
        Attack("A18 byte of much", .either, "local s = ('x'):rep(1 << 20) while true do pcall(function() return s:byte(1, -1) end) end"),
        Attack("A19 pack", .fails("string.pack would make more than"), "local t = {} for i = 1, 20 do t[i] = 'x' end string.pack(('c100000'):rep(20), table.unpack(t))"),
        Attack("A19 pack format", .stopped, "local f = ('!16Xd'):rep(1 << 17) while true do string.packsize(f) end"),
        Attack("A20 float keys", .stopped, "local t = {} for i = 1, 1e9 do t[i + 0.5] = true t[i + 0.5] = nil end"),
        Attack("A21 environment", .harmless("survived"), "local _ENV = setmetatable({}, {__index = _ENV, __newindex = error}) log.info('x')"),
        Attack("A22 many texts", .memory, deadline: 10_000, memory: 16, "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100) .. i end"),
        Attack("A22 one block a slab", .memory, deadline: 10_000, memory: 16,
            "local kept = {} for round = 1, 64 do local all = {} for i = 1, 2000 do all[i] = ('x'):rep(round * 8) .. i end for i = 1, 2000, 40 do kept[#kept + 1] = all[i] end end local t = {} for i = 1, 1e9 do t[i] = {} end"),
        Attack("A23 closures", .memory, deadline: 10_000, memory: 16, "local f = print while true do local g = f f = function() return g() end end"),
        Attack("A24 load", .refused("ran over its deadline"), "while true do end"),
        Attack("A24 load caught", .refused("ran over its deadline"), "pcall(function() while true do end end) return {}"),
        // The compiler walks a list of jumps anew for every `or`.
        Attack("A25 jumps", .refused("ran over its deadline"), deadline: 200, "local x = " + String(repeating: "a or ", count: 200_000) + "b return {}"),
        Attack("A25 labels", .refused("C stack overflow"), (1...60_000).map { "::l\($0)::" }.joined() + " return {}"),
        Attack("A26 nesting", .refused("C stack overflow"), "return " + String(repeating: "(", count: 10_000)),
        Attack("A26 long name", .refused("returned nothing"), "local " + String(repeating: "n", count: 500_000) + " = 1"),
        Attack("A26 constants", .refused("returned nothing"), "local t = {" + (1...100_000).map { "\($0).5" }.joined(separator: ",") + "}"),
        Attack("A27 require itself", .fails("no module 'script'"), "require('script')"),
        Attack("A28 setmetatable on a text", .fails("table expected"), "setmetatable('', {})"),
        Attack("A29 sort that changes the list", .harmless("survived"), "local t = {} for i = 1, 100 do t[i] = -i end table.sort(t, function(a, b) for i = 1, 100 do t[i] = nil end return a < b end)"),
        Attack("A30 gsub that sorts that matches", .stopped, "local function f() table.sort({3, 1, 2}, function(a, b) ('x'):gsub('x', function() while true do end end) return a < b end) end pcall(f)"),
    ]
}
