-- One run of random calls of the string and table functions, the same in any Lua: what came back is folded into a number.
-- The host puts `local SEED = …` before this text and compares what the standard functions and ours make of it.
local state = SEED * 2654435761 + 12345
local function draw(n)
  state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
  return (state >> 24) % n + 1
end
local function any(list) return list[draw(#list)] end

-- Arguments --------------------------------------------------------------------------------------------------------------

local pieces = { "a", "b", "ab", "aa", "x=1", " ", ".", "%", "()", "[", "]", "-", "\0", "\n", "\255", "\200z", "é", "1", "12", "_", "key", "," }
local function text(most)
  local parts = {}
  for i = 1, draw(most or 8) - 1 do parts[i] = any(pieces) end
  return table.concat(parts)
end

local singles = { "a", "b", ".", "%a", "%d", "%s", "%w", "%p", "%x", "%c", "%g", "%l", "%u", "%A", "%D", "%S", "%W", "%.", "%%", "[ab]", "[^ab]",
  "[a-c]", "[%w_]", "[^%s]", "[]a]", "[^]]", "[a-]", "[%a-z]", "[%-x]", "\0", "[\0-\31]", "%z", "x", "1", "=", "-", "]", "," , "[%d%.]" }
local odd = { "%", "[", "[a", "[^", "%f", "%b", "%ba", ")", "(", "()", "%1", "%2", "%0", "^", "$", "%f[%w]", "%f[^%w]", "%f[\0]", "%b()", "%baa", "%bxy",
  "*", "+", "?", "[%", "[a-%]", "[a-%a]", "(()", "())", "%g(", "[]", "[^]" }
local function pattern()
  local parts, open = {}, 0
  if draw(5) == 1 then parts[1] = "^" end
  for _ = 1, draw(5) do
    local kind = draw(12)
    if kind == 1 then parts[#parts + 1] = any(odd)
    elseif kind == 2 then parts[#parts + 1] = "(" open = open + 1
    elseif kind == 3 and open > 0 then parts[#parts + 1] = ")" open = open - 1
    else parts[#parts + 1] = any(singles) .. any({ "", "", "", "*", "+", "-", "?" }) end
  end
  if draw(10) > 1 then parts[#parts + 1] = (")"):rep(open) end
  if draw(6) == 1 then parts[#parts + 1] = "$" end
  return table.concat(parts)
end

local numbers = { 0, 1, -1, 2, 3, -2, 5, 7, 100, -100, math.maxinteger, math.mininteger, 1.0, 2.5, -0.0, 1e15, 1e100, 1 / 0, -1 / 0, 255, 256, 65 }
local function place() return any({ 0, 1, 2, 3, 4, 5, -1, -2, -3, 10, -10, 100, math.maxinteger, math.mininteger, 2.0, 1.5, "2", nil }) end
local function value() return any({ text(), any(numbers), true, false, "10", "0x10", "nil" }) end
local function replacement()
  local kind = draw(4)
  if kind == 1 then return any({ "", "x", "%0", "<%1>", "%2", "%%", "%", "%x", "%1%1", "a%", "%9" }) end
  if kind == 2 then return { a = "A", ab = 1, ["1"] = false, x = 2.5, [" "] = "", b = true } end
  if kind == 3 then return function(...) local n = select("#", ...) return any({ n, (...), nil, false, "r" }) end end
  return any({ text(4), 5, 2.5 })
end
local directives = { "%d", "%5d", "%-5d", "%05d", "%+d", "% d", "%.3d", "%i", "%u", "%o", "%x", "%X", "%#x", "%08x", "%c", "%-5c", "%e", "%E", "%.2e", "%f",
  "%.0f", "%10.3f", "%-10.2f|", "%g", "%G", "%.14g", "%a", "%.3a", "%s", "%10s", "%-10s|", "%.2s", "%q", "%%", "%", "%y", "%5", "%100d", "%.100f", "%#d",
  "%0s", "%5q", "%.c", "%F", "%99d", "%.99f", "% -+#0d", "text", "%ld", "%-+ #0x" }
local function format()
  local parts = {}
  for i = 1, draw(4) do parts[i] = any(directives) .. any({ "", " ", "a", "\0" }) end
  return table.concat(parts)
end
local packs = { "b", "B", "h", "H", "i", "I", "i3", "I5", "i8", "i16", "I16", "i0", "i17", "l", "L", "j", "J", "T", "f", "d", "n", "s", "s1", "s2", "z", "x", "c",
  "c0", "c3", "c10", "<", ">", "=", "!", "!2", "!8", "!16", "!3", " ", "Xi", "Xd", "X", "Xs", "Xx", "y", "Xc1", "i7" }
local function packing()
  local parts = {}
  for i = 1, draw(5) do parts[i] = any(packs) end
  return table.concat(parts)
end
local function list()
  local t, n = {}, draw(10) - 1
  local kind = draw(4)
  for i = 1, n do
    t[i] = kind == 1 and draw(20) or kind == 2 and text(3) or kind == 3 and draw(40) / 4 or any({ 1, 2, "a", 3.5, "b" })
  end
  if draw(8) == 1 then
    local inner = t
    return setmetatable({}, { __index = inner, __len = function() return n end, __newindex = function(_, k, v) rawset(inner, k, v) end }), inner
  end
  return t, t
end
local function byOrder(a, b) return tostring(a) > tostring(b) end

-- What comes back --------------------------------------------------------------------------------------------------------

local digest = 0
local log
local function fold(s)
  for i = 1, #s do digest = (digest * 31 + s:byte(i)) & 0x7fffffffffff end
  if log then log[#log + 1] = s end
end
local function show(v, depth)
  if type(v) == "table" and depth < 3 then
    local keys, parts = {}, {}
    for k in pairs(v) do keys[#keys + 1] = k end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for i, k in ipairs(keys) do parts[i] = tostring(k) .. ":" .. show(v[k], depth + 1) end
    return "{" .. table.concat(parts, ",") .. "}"
  end
  if type(v) == "number" then return math.type(v) .. ":" .. (v ~= v and "nan" or tostring(v)) end
  if type(v) == "function" or type(v) == "table" then return type(v) end
  return type(v) .. ":" .. tostring(v)
end
local function keep(name, ok, ...)
  local parts = { name, tostring(ok) }
  if ok then
    for i = 1, select("#", ...) do parts[#parts + 1] = show((select(i, ...)), 0) end
  end
  fold(table.concat(parts, "|") .. ";")
end

local calls = {
  function() keep("len", pcall(string.len, value())) end,
  function() keep("sub", pcall(string.sub, text(), place(), place())) end,
  function() keep("byte", pcall(string.byte, text(), place(), place())) end,
  function() keep("char", pcall(string.char, any(numbers), any(numbers))) end,
  function() keep("upper", pcall(string.upper, text())) end,
  function() keep("lower", pcall(string.lower, "AbÉ" .. text())) end,
  function() keep("reverse", pcall(string.reverse, value())) end,
  function() keep("rep", pcall(string.rep, text(4), any({ 0, 1, 2, 7, -1, 300, 2.0, 1.5 }), any({ nil, "", ",", "--" }))) end,
  function() keep("find", pcall(string.find, text(12), pattern(), place(), any({ nil, nil, false, true }))) end,
  function() keep("match", pcall(string.match, text(12), pattern(), place())) end,
  function() keep("find", pcall(string.find, text(30), any(singles) .. any({ "+", "*", "-" }) .. any(singles), place())) end,
  function() keep("plain", pcall(string.find, text(30), text(3), place(), true)) end,
  function()
    keep("gmatch", pcall(function(s, p, i)
      local all, n = {}, 0
      for a, b, c in string.gmatch(s, p, i) do
        n = n + 1
        all[n] = show(a, 0) .. show(b, 0) .. show(c, 0)
        if n > 40 then break end
      end
      return table.concat(all, " ")
    end, text(12), pattern(), place()))
  end,
  function() keep("gsub", pcall(string.gsub, text(12), pattern(), replacement(), any({ nil, nil, nil, 0, 1, 2, -1 }))) end,
  function() keep("format", pcall(string.format, format(), value(), value(), value())) end,
  function() keep("format", pcall(string.format, any(directives), any(numbers))) end,
  function() keep("quote", pcall(string.format, "%q", any({ text(12), any(numbers), true, 1 / 3, {}, "a\r\n\0001" }))) end,
  function() keep("pack", pcall(string.pack, packing(), value(), value(), value(), value(), value())) end,
  function() keep("pack", pcall(string.pack, any({ "<i4", ">I2", "!8 bd", "s1z", "=jn", "<f>d" }), any(numbers), any(numbers))) end,
  function() keep("packsize", pcall(string.packsize, packing())) end,
  function() keep("unpack", pcall(string.unpack, packing(), text(20) .. ("\1\2\3\4"):rep(6), place())) end,
  function() local t, inner = list() keep("insert", pcall(table.insert, t, any({ 1, 2, 3, 0, -1, 20, "x" }), "new")) fold(show(inner, 0)) end,
  function() local t, inner = list() keep("append", pcall(table.insert, t, value())) fold(show(inner, 0)) end,
  function() local t, inner = list() keep("remove", pcall(table.remove, t, any({ 1, 2, 3, 0, -1, 20, 11, 10, 4 }))) fold(show(inner, 0)) end,
  function() local t, inner = list() keep("pop", pcall(table.remove, t)) fold(show(inner, 0)) end,
  function() local t, inner = list() keep("move", pcall(table.move, t, draw(6) - 2, draw(8) - 2, any({ 1, 2, 5, -3, 20, math.maxinteger }))) fold(show(inner, 0)) end,
  function() keep("move", pcall(table.move, list(), 1, draw(6), draw(6), { 9, 8, 7 })) end,
  function() keep("concat", pcall(table.concat, list(), any({ nil, "", ", ", 1 }), any({ nil, 1, 2, 0 }), any({ nil, 1, 3, 5 }))) end,
  function() keep("unpack", pcall(table.unpack, list(), any({ nil, 1, 2, -1 }), any({ nil, 1, 4, 7, 1e8, math.maxinteger }))) end,
  function() keep("pack", pcall(table.pack, value(), nil, value())) end,
  function() local t, inner = list() keep("sort", pcall(table.sort, t, any({ nil, nil, byOrder }))) fold(tostring(#inner)) end,
  function()
    local t = {}
    local kind = draw(3)
    for i = 1, draw(200) do t[i] = kind == 1 and draw(1000) or kind == 2 and draw(1000) / 8 or text(6) end
    keep("sorted", pcall(table.sort, t, any({ nil, byOrder, function(a, b) return a > b end })))
    fold(show(t, 0))
  end,
  function() keep("utf8", pcall(utf8.len, text(12), any({ nil, 1, 2, -1 }))) end,
  function() keep("offset", pcall(utf8.offset, text(12), any({ 1, 2, -1, 0, 3 }))) end,
  function() keep("points", pcall(utf8.codepoint, "aé€😀" .. text(3), 1, any({ 1, 2, 4, 20 }))) end,
  function() keep("uchar", pcall(utf8.char, any(numbers), 8364)) end,
  function() keep("method", pcall(function(s) return s:upper():lower():len(), #s, s < "b", s .. 1 end, text())) end,
  function() keep("arithmetic", pcall(function(a, b) return a + 1, a * b, -b, a // 1 end, any({ "10", "0x1p4", " 5 ", "1e2", "x", "" }), any({ "3", "2.5", 4 }))) end,
}

if SHOW then log = {} end
for _ = 1, 400 do calls[draw(#calls)]() end
if log then return table.concat(log, "\n") end
return string.format("%x", digest)
