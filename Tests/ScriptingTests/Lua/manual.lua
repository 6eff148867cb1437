-- What chapters 6.4 and 6.6 of the Lua 5.4 manual promise, sentence by sentence, in cases of our own. Runs in any Lua 5.4.
local function same(got, want, what)
  if got ~= want and not (got ~= got and want ~= want) then error(("%s: got %s, want %s"):format(what, tostring(got), tostring(want)), 2) end
end
local function list(...) local t = table.pack(...) for i = 1, t.n do t[i] = tostring(t[i]) end return table.concat(t, " ") end
local function fails(part, f, ...)
  local good, why = pcall(f, ...)
  if good or not tostring(why):find(part, 1, true) then error(("expected an error with '%s', got %s"):format(part, tostring(why)), 2) end
end

-- Indices: from 1, from the end below 0, corrected to the text.
same(("hello"):sub(2, 4), "ell", "sub") same(("hello"):sub(-3), "llo", "sub") same(("hello"):sub(-100, 2), "he", "sub")
same(("hello"):sub(0), "hello", "sub") same(("hello"):sub(4, 2), "", "sub") same(("hello"):sub(2, 1 << 62), "ello", "sub")
same(("hello"):sub(math.mininteger, math.maxinteger), "hello", "sub") same(("hello"):sub(6), "", "sub") same(("hello"):sub(3, -2), "ll", "sub")
same(list(("hello"):byte(1, -1)), "104 101 108 108 111", "byte") same(list(("hello"):byte(10)), "", "byte") same(("\0\255"):byte(2), 255, "byte")
same(("a"):byte(-1), 97, "byte") same(list((""):byte()), "", "byte") same(string.char(), "", "char") same(string.char(0, 255), "\0\255", "char")
fails("out of range", string.char, 256) fails("out of range", string.char, -1) fails("number expected", string.byte, "a", "x")
same(#("\0"):rep(5), 5, "len") same(("x"):rep(3, ", "), "x, x, x", "rep") same(("x"):rep(0), "", "rep") same((""):rep(1 << 10), "", "rep")
same(("aBc1é"):upper(), "ABC1é", "upper") same(("ABCÉ"):lower(), "abcÉ", "lower") same(("abc\0"):reverse(), "\0cba", "reverse")
same(("10"):len() + 1, 3, "len")

-- find: the first match, its captures after it; plain; init.
same(list(("hello world"):find("o")), "5 5", "find") same(list(("hello world"):find("o", 6)), "8 8", "find") same(list(("hello"):find("l+")), "3 4", "find")
same(list(("hello"):find("(l)(l)")), "3 4 l l", "find") same(list(("a.b"):find(".", 1, true)), "2 2", "find") same(list(("a+b"):find("+", 1, true)), "2 2", "find")
same(list(("abc"):find("")), "1 0", "find") same(list(("abc"):find("", 4)), "4 3", "find") same(list(("abc"):find("", 5)), "nil", "find")
same(list(("abc"):find("b", -1)), "nil", "find") same(list(("abc"):find("b", -2)), "2 2", "find") same(list(("a\0b"):find("\0")), "2 2", "find")
same(list((""):find("")), "1 0", "find") same(list((""):find("a")), "nil", "find") same(list(("aaab"):find("aab")), "2 4", "find") same(list(("aaa"):find("aaaa", 1, true)), "nil", "find")

-- Single characters, classes and sets.
for class, members in pairs({ a = "azAZ", d = "09", l = "az", u = "AZ", s = " \t\n\v\f\r", w = "a0Z", x = "09afAF", p = "!~-_", c = "\0\31\127", g = "!a0" }) do
  for c in members:gmatch(".") do
    same(c:match("%" .. class), c, "%" .. class) same(c:match("%" .. class:upper()), nil, "%" .. class:upper()) same(c:match("[%" .. class .. "]"), c, "set")
    same(c:match("[^%" .. class .. "]"), nil, "complement")
  end
end
same(("\200"):match("%w"), nil, "bytes beyond ASCII are in no class") same(("a.b"):match("%."), ".", "escape") same(("x"):match("."), "x", "any") same(("\0"):match("."), "\0", "any")
same(("b-]"):match("[]]"), "]", "bracket first") same(("-"):match("[a-]"), "-", "hyphen last") same(("-"):match("[-a]"), "-", "hyphen first") same(("b"):match("[a-c]"), "b", "range")
same(("^"):match("[a^]"), "^", "caret not first") same(("]"):match("[^]]"), nil, "all but a bracket") same(("%"):match("[%%]"), "%", "escape in a set") same(("]"):match("[%]]"), "]", "escape in a set")

-- Repetitions: longest, at least one, shortest, optional; and going back.
same(("aaa"):match("a*"), "aaa", "*") same(("baaa"):match("a*"), "", "*") same(("aaa"):match("a+"), "aaa", "+") same(("b"):match("a+"), nil, "+") same(("aaa"):match("a-"), "", "-")
same(("aaab"):match("a-b"), "aaab", "-") same(("ab"):match("a?b"), "ab", "?") same(("b"):match("a?b"), "b", "?") same(("aaa"):match("^a?a?a?aaa$"), "aaa", "back") same(("aXb"):match("a.*b"), "aXb", ".*")
same(("<a><b>"):match("<(.*)>"), "a><b", "greedy") same(("<a><b>"):match("<(.-)>"), "a", "lazy") same(("aaaa"):match("(a*)(a)"), "aaa", "back") same(list(("aaaa"):match("(a*)(a-)(a)$")), "aaa  a", "back")
same(("x*"):match("(x)*"), "x", "a capture is not repeated") same(("ab*"):match("b%*"), "b*", "escaped")

-- Captures: nested, of places, repeated, sixteen and thirty-two.
same(list(("abc"):match("((a)(b(c)))")), "abc a bc c", "nested") same(list(("flaaap"):find("()aa()")), "3 4 3 5", "places") same(list(("abab"):match("(ab)%1")), "ab", "%1")
same(("abba"):match("(.)(.)%2%1"), "a", "%2%1") same(("abcb"):match("(.)(.)%2%1"), nil, "%2%1") same(('say "it\'s"'):match('(["\'])(.-)%1'), '"', "quotes")
same(select("#", ("a"):rep(32):match(("(a)"):rep(32))), 32, "captures") fails("too many captures", string.match, ("a"):rep(40), ("(a)"):rep(33))
fails("unfinished capture", string.match, "a", "(a") fails("invalid pattern capture", string.match, "a", "a)") fails("invalid capture index", string.match, "a", "%1")
fails("malformed pattern (ends with '%')", string.match, "a", "%") fails("missing ']'", string.match, "a", "[a") fails("missing ']'", string.match, "a", "[]") fails("invalid capture index", string.match, "aa", "(a%1)")
same(("b"):match("a%"), nil, "what is wrong is told when a match comes to it") fails("ends with '%'", string.match, "a", "a%")

-- Anchors, balances, frontiers.
same(("hello"):match("^h"), "h", "^") same(("hello"):match("^e"), nil, "^") same(("hello"):match("o$"), "o", "$") same(("a$"):match("a$"), nil, "$") same(("a$b"):match("$b"), "$b", "$ inside")
same(("a^b"):match("a^b"), "a^b", "^ inside") same(("xab"):find("^ab", 2), 2, "anchored at init") same(("f(a(b)c)d"):match("%b()"), "(a(b)c)", "%b") same(("(a"):match("%b()"), nil, "%b") same(("xx"):match("%bxx"), "xx", "%b")
same(("((a)"):match("%b()"), "(a)", "%b") same(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), 1, "%f") same(("THE (quick) fox"):gsub("%f[%a]%a+", "w"), "w (w) w", "%f") same(("aba"):gsub("%f[\0]", "!"), "aba!", "%f at the end")
fails("missing '['", string.match, "a", "%fa") fails("missing arguments", string.match, "a", "%b") fails("missing arguments", string.match, "a", "%ba")

-- gmatch.
local words = {} for w in ("one two  three"):gmatch("%a+") do words[#words + 1] = w end same(table.concat(words, ","), "one,two,three", "gmatch")
local pairs_of = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do pairs_of[#pairs_of + 1] = k .. v end same(table.concat(pairs_of, ","), "a1,b2", "gmatch")
local places = {} for p in ("abc"):gmatch("()") do places[#places + 1] = p end same(table.concat(places, ","), "1,2,3,4", "gmatch of nothing")
local after = {} for w in ("abcd"):gmatch("%a", 3) do after[#after + 1] = w end same(table.concat(after), "cd", "gmatch from a place") same(("abc"):gmatch("^a")() , nil, "^ does not anchor gmatch")
local stars = {} for w in ("xaaxb"):gmatch("a*") do stars[#stars + 1] = "<" .. w .. ">" end same(table.concat(stars), "<><aa><><>", "gmatch of little")

-- gsub.
same(list(("hello world"):gsub("o", "0")), "hell0 w0rld 2", "gsub") same(list(("hello"):gsub("", "-")), "-h-e-l-l-o- 6", "gsub of nothing") same(list(("abc"):gsub("%w", "%0%0", 2)), "aabbc 2", "gsub n") same(list(("abc"):gsub("b", {})), "abc 1", "gsub table")
same(list(("hello world"):gsub("(%w+) (%w+)", "%2 %1")), "world hello 1", "gsub") same(list(("$a $b"):gsub("%$(%w)", { a = 1, b = false })), "1 $b 2", "gsub table") same(list(("abc"):gsub(".", function(c) if c == "b" then return "B" end end)), "aBc 3", "gsub function")
same(list(("abc"):gsub("b", "%%")), "a%c 1", "gsub") fails("invalid use of '%'", string.gsub, "abc", "b", "%x") fails("invalid capture index %2", string.gsub, "abc", "(b)", "%2") fails("invalid replacement value (a table)", string.gsub, "abc", "b", function() return {} end)
same(list(("aaa"):gsub("^a", "b")), "baa 1", "gsub ^") same(list(("abc"):gsub("$", "!")), "abc! 1", "gsub $") same(list(("abc"):gsub("b*", "-")), "-a-c- 3", "gsub of little") same(list(("abc"):gsub("()", "%1")), "1a2b3c4 4", "gsub places") same(("x"):gsub("x", 5), "5", "gsub number")
fails("string/function/table expected", string.gsub, "a", "a") same(list(("abc"):gsub("a", "x", 0)), "abc 0", "gsub 0") same(list(("abc"):gsub("a", "x", -1)), "abc 0", "gsub -1") same(list(("a b"):gsub("%w", "%1")), "a b 2", "%1 is all where there is no capture")

-- format.
same(("%d %5d|%-5d|%05d %+d"):format(3, 3, 3, 3, 3), "3     3|3    |00003 +3", "format") same(("%x %X %#x %o"):format(255, 255, 255, 8), "ff FF 0xff 10", "format") same(("%5.1f|%-8.3f|%e"):format(3.14159, 2.5, 12345.678), "  3.1|2.500   |1.234568e+04", "format")
same(("%g %g"):format(1e20, 0.1), "1e+20 0.1", "format") same(("%c%c"):format(72, 105), "Hi", "format") same(("%s %s %s"):format(nil, true, 1.5), "nil true 1.5", "format") same(("%10s|%-10s|%.2s"):format("ab", "ab", "abc"), "        ab|ab        |ab", "format") same(("%%"):format(), "%", "format")
same(("%q"):format('a "b"\n\\\0001'), '"a \\"b\\"\\\n\\\\\\0001"', "%q") same(("%q"):format(math.mininteger), "0x8000000000000000", "%q") same(("%q"):format(1 / 0), "1e9999", "%q") same(("%q"):format(0.5), "0x1p-1", "%q") same(("%a"):format(1), "0x1p+0", "%a")
fails("no literal form", string.format, "%q", {}) fails("number expected", string.format, "%d", "x") fails("no integer representation", string.format, "%d", 1.5) fails("no value", string.format, "%d") fails("invalid conversion", string.format, "%y", 1) fails("invalid conversion", string.format, "%123d", 1)
fails("cannot have modifiers", string.format, "%5q", 1) fails("contains zeros", string.format, "%5s", "a\0b") same(#("%s"):format("a\0b"), 3, "%s") same(("%.3d"):format(5), "005", "format") same(("%s"):format(setmetatable({}, { __tostring = function() return "mine" end })), "mine", "__tostring") same(("%d"):format("10"), "10", "format")
same(#("%.99f"):format(-1e308), 410, "widest") same(("%i"):format(3.0), "3", "%i")

-- pack, unpack, packsize.
same(("<i4"):pack(1), "\1\0\0\0", "pack") same((">i4"):pack(1), "\0\0\0\1", "pack") same((">I2 <I2"):pack(258, 258), "\1\2\2\1", "pack") same(("<i3"):pack(-2), "\254\255\255", "pack") same(list(("<i3"):unpack("\254\255\255")), "-2 4", "unpack") same(("z"):pack("ab"), "ab\0", "pack")
same(("s1"):pack("ab"), "\2ab", "pack") same(("c5"):pack("ab"), "ab\0\0\0", "pack") same(("<i16"):pack(-1), ("\255"):rep(16), "pack") same(list(("<i16"):unpack(("\255"):rep(16))), "-1 17", "unpack") same(("<!4 b i4"):pack(1, 2), "\1\0\0\0\2\0\0\0", "alignment") same(("<b Xh h"):pack(1, 2), "\1\2\0", "no alignment asked") same(("<!2 b Xh h"):pack(1, 2), "\1\0\2\0", "X")
same(string.packsize("!8 bd"), 16, "packsize") same(string.packsize("<i4 x i4"), 9, "packsize") same(list(("<d"):unpack(("<d"):pack(1.5))), "1.5 9", "double") same(list((">f"):unpack((">f"):pack(-2.5))), "-2.5 5", "float") same(list(("z s1 B"):unpack("ab\0\1c\255")), "ab c 255 7", "unpack") same(list(("b"):unpack("abc", -1)), "99 4", "unpack from a place")
fails("overflow", string.pack, "b", 128) fails("overflow", string.pack, "B", -1) fails("too short", string.unpack, "i4", "abc") fails("out of limits", string.pack, "i17", 1) fails("missing size", string.pack, "c", "x") fails("variable", string.packsize, "s") fails("unfinished string", string.unpack, "z", "abc") fails("does not fit", string.unpack, "<i16", ("\1"):rep(16))
fails("longer than", string.pack, "c1", "ab") fails("contains zeros", string.pack, "z", "a\0") fails("invalid format option 'y'", string.pack, "y", 1) fails("power of 2", string.pack, "!4 i3", 1) fails("out of string", string.unpack, "b", "a", 5) fails("invalid next option", string.pack, "X") fails("does not fit in given size", string.pack, "s1", ("x"):rep(256))

-- Texts in arithmetic, and compared.
same("10" + 5, 15, "arithmetic") same("0x10" * "2", 32, "arithmetic") same("3" // 2, 1, "arithmetic") same(-"2", -2, "arithmetic") same(10 .. 20, "1020", "concatenation") same("a" < "b", true, "order") same("a\0b" > "a\0a", true, "order") same("Z" < "a", true, "order") same("" < "a", true, "order")
fails("attempt to", function() return "x" + 1 end) fails("attempt to compare", function() return "1" < 2 end)

-- table.
local t = { 1, 2, 3 } table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 6, 5) same(table.concat(t, ","), "0,1,2,3,4,5", "insert") same(table.remove(t), 5, "remove") same(table.remove(t, 1), 0, "remove") same(table.remove(t, 5), nil, "remove past the end") same(table.concat(t, ","), "1,2,3,4", "remove")
same(table.remove({}), nil, "remove from nothing") same(table.remove({}, 0), nil, "remove 0 of nothing") same(table.remove({ [0] = "z" }, 0), "z", "remove 0") fails("out of bounds", table.insert, { 1 }, 3, 1) fails("out of bounds", table.insert, { 1 }, 0, 1) fails("out of bounds", table.remove, { 1, 2 }, 4) fails("out of bounds", table.remove, { 1 }, 0) fails("wrong number", table.insert, {}) fails("wrong number", table.insert, {}, 1, 2, 3)
same(table.concat({}), "", "concat") same(table.concat({ 1, 2.5, "x" }, "-"), "1-2.5-x", "concat") same(table.concat({ 1, 2, 3 }, ",", 2), "2,3", "concat") same(table.concat({ 1, 2, 3 }, ",", 2, 2), "2", "concat") same(table.concat({ 1, 2, 3 }, ",", 3, 2), "", "concat") fails("at index 2", table.concat, { 1, {}, 3 }) same(table.concat({ [math.maxinteger] = "x" }, ",", math.maxinteger, math.maxinteger), "x", "concat at the edge")
same(list(table.unpack({ 1, 2, 3 })), "1 2 3", "unpack") same(list(table.unpack({ 1, 2, 3 }, 2)), "2 3", "unpack") same(list(table.unpack({ 1, 2 }, 1, 3)), "1 2 nil", "unpack") same(list(table.unpack({}, 1, 0)), "", "unpack") fails("too many results", table.unpack, {}, 0, math.maxinteger) same(list(table.unpack({ [math.maxinteger] = 7 }, math.maxinteger, math.maxinteger)), "7", "unpack at the edge")
same(table.pack(1, nil, 3).n, 3, "pack") same(table.pack().n, 0, "pack") same(table.concat(table.move({ 1, 2, 3 }, 1, 3, 2), ","), "1,1,2,3", "move up") same(table.concat(table.move({ 1, 2, 3 }, 2, 3, 1), ","), "2,3,3", "move down") same(table.concat(table.move({ 1, 2, 3 }, 1, 3, 1, {}), ","), "1,2,3", "move over") same(#table.move({ 1 }, 1, 0, 5, {}), 0, "move nothing") fails("too many elements", table.move, {}, math.mininteger, 0, 1) fails("wrap around", table.move, {}, 1, math.maxinteger, 2)
local sorted = { 5, 2, 8, 1 } table.sort(sorted) same(table.concat(sorted, ","), "1,2,5,8", "sort") table.sort(sorted, function(a, b) return a > b end) same(table.concat(sorted, ","), "8,5,2,1", "sort") local texts = { "b", "a", "c" } table.sort(texts) same(table.concat(texts), "abc", "sort") local mixed = { 3, 1.5, 2 } table.sort(mixed) same(table.concat(mixed, ","), "1.5,2,3", "sort") fails("attempt to compare", table.sort, { 1, "a" }) fails("function expected", table.sort, { 2, 1 }, 5)
local proxy = {} local shown = setmetatable({}, { __len = function() return 3 end, __index = function(_, i) return proxy[i] or i * 10 end, __newindex = function(_, i, v) proxy[i] = v end }) same(table.concat(shown, ","), "10,20,30", "__index") table.insert(shown, 1, "x") same(proxy[1] .. "," .. proxy[4], "x,30", "__newindex") same(list(table.unpack(shown)), "x 10 20", "__len")
fails("table expected", table.insert, "x", 1) fails("table expected", table.concat, 5) fails("length is not an integer", table.concat, setmetatable({}, { __len = function() return "x" end }))
for n = 0, 40 do
  local big = {} for i = 1, n do big[i] = (i * 7919) % 31 end table.sort(big) for i = 2, n do same(big[i - 1] <= big[i], true, "sort") end
  local tables = {} for i = 1, n do tables[i] = { (i * 7919) % 5, i } end table.sort(tables, function(a, b) return a[1] < b[1] end) for i = 2, n do same(tables[i - 1][1] <= tables[i][1], true, "sort") end
end
return "all"
