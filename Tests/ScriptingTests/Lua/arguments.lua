-- Calls everything that a strategy can reach with arguments that nobody would give it. The host puts `local SEED = …` before it.
local state = SEED * 2654435761 + 977
local function draw(n)
  state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
  return (state >> 24) % n + 1
end
local hostile = setmetatable({}, {
  __index = function(_, k) return k end, __newindex = function() error("no") end, __len = function() return 1 << 53 end,
  __tostring = function() return {} end, __call = function(...) return ... end, __eq = function() error({}) end, __lt = function() return true end,
  __le = function() return false end, __concat = function() return nil end, __pairs = function() return 1, 2, 3 end, __name = 5, __unm = error,
})
local deep = {}
for _ = 1, 100 do deep = { deep } end
local S, functions, pool = {}, {}, nil
local names = {}
local function walk(name, t, seen)
  if seen[t] then return end
  seen[t] = true
  for k, v in pairs(t) do
    local at = name .. "." .. tostring(k)
    if type(v) == "function" then functions[#functions + 1], names[#names + 1] = v, at
    elseif type(v) == "table" then walk(at, v, seen) end
  end
end
walk("_G", _G, {})
local function values(inst, order)
  local timer = clock.every("10s", function() end)
  return {
    true, false, 0, 1, -1, 7, 100, 2.5, -0.0, 0 / 0, 1 / 0, -1 / 0, 1e308, 1e-30, 100.005, math.maxinteger, math.mininteger, 1 << 53, (1 << 53) + 1,
    "", "a", "buy", "sell", "down", "quotes", "bars", "1m", "0s", "-1s", "999999999999d", "1e9s", "100ms", "GTC", "%s%d%q", "%99.99f", "(()", "%b", "BTC_USDT",
    "file:BTC_USDT", "nowhere:X", "\0\1\27[2J", ("x"):rep(5000), "é\255", "0x10", "1e-9", "USDT", "*t", "%Q", "!%c",
    {}, { 1, 2, 3 }, { tif = "IOC" }, { tif = 5 }, { post_only = 1 }, { stop = 0 / 0 }, { tag = ("t"):rep(40) }, { expire = 1, tif = "GTD" }, { nonsense = 1 },
    { price = 1 / 0 }, { qty = {} }, { price = 100, qty = 0.01 }, { side = "buy", qty = 1 }, { year = 1e9, month = 1, day = 1 }, deep, hostile,
    setmetatable({}, hostile), setmetatable({ tif = "GTC" }, { __index = hostile }), function() error("x") end, function(...) return ... end, print, pcall, error,
    inst, order, timer, ta.sma(3), ta.macd(3, 5, 2), params, inst.buy, order and order.cancel or 1, timer.cancel, _G, string, math,
  }
end
local function method(object)
  local list = {}
  for _, name in ipairs({ "bid", "ask", "mid", "spread", "microprice", "level", "depth", "imbalance", "last", "time", "round", "round_qty", "subscribe",
    "unsubscribe", "position", "avg_price", "pnl", "buy", "sell", "open_orders", "cancel_all", "request_quote", "cancel", "amend", "is_open", "update",
    "value", "reset", "symbol", "state", "id", "price", "accept" }) do
    local good, f = pcall(function() return object[name] end)
    if good and type(f) == "function" then list[#list + 1] = f end
  end
  return list
end
local function attack(inst)
  pool = pool or values(inst, inst:buy(0.01, 80))
  for _ = 1, 40 do
    local f
    if draw(2) == 1 then f = functions[draw(#functions)]
    else
      local list = method(pool[draw(#pool)])
      f = list[draw(math.max(#list, 1))] or pool[draw(#pool)]
    end
    local arguments, n = {}, draw(5) - 1
    for i = 1, n do if draw(8) > 1 then arguments[i] = pool[draw(#pool)] end end
    if draw(3) == 1 then arguments[1] = inst end
    if f ~= stop and f ~= setmetatable and f ~= rawset then pcall(f, table.unpack(arguments, 1, n)) end
  end
end
function S.on_start() local inst = market.instrument() inst:subscribe("quotes") attack(inst) end
function S.on_quote(inst) attack(inst) end
function S.on_order(order) for _, f in ipairs(method(order)) do pcall(f, order, pool and pool[draw(#pool)]) end end
function S.on_save() return pool and { pool[draw(#pool)], k = pool[draw(#pool)] } end
function S.on_stop() attack(market.instrument()) end
return S
