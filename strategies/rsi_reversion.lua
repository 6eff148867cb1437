-- RSI reversion: buys what has fallen too fast, sells what has risen too fast, and leaves when the move has calmed down.
--
-- Idea    Wilder's relative strength index is the share of the rises in all recent movement, 0 to 100. Below `oversold` nearly
--         everything of late was a fall; short-lived pressure tends to come back. The position is closed at the middle.
-- Params  symbol      instrument; "" for the only one of the run
--         interval    of the bars
--         period      bars in Wilder's average
--         oversold    buy below this
--         overbought  sell short above this
--         exit        a long is closed at or above this, a short at or below it
--         short       false: only the long half
--         max_bars    a position older than this is closed whatever the index says; 0 for never
--         qty, value  position in base units; or, with qty = 0, in quote currency at the price of the entry
-- Source  J. Welles Wilder, "New Concepts in Technical Trading Systems" (1978), section VI.
-- Loses   in a trend: the index stays beyond its threshold while the price goes on, and `max_bars` is the only stop.

local sizing = require "sizing"
local Target = require "target"

---@type perigee.Strategy
local S = {
  name = "rsi_reversion",
  params = {
    symbol = "", interval = "1h", period = 14, oversold = 30.0, overbought = 70.0, exit = 50.0, short = true, max_bars = 48,
    qty = 0.0, value = 5000.0,
  },
}

local rsi, target
local side, held = 0, 0  -- 1 long, -1 short, 0 flat; bars since the entry
local blocked = 0        -- side left by max_bars: not entered again before the index has been at `exit`

function S.on_start()
  if not (params.oversold < params.exit and params.exit < params.overbought) then
    error(string.format("oversold < exit < overbought expected, got %g, %g, %g", params.oversold, params.exit, params.overbought))
  end
  local inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  inst:subscribe("bars", params.interval)
  rsi, target = ta.rsi(params.period), Target.new(inst)
  local position = inst:position()
  side = position > 0 and 1 or position < 0 and -1 or 0  -- what an earlier run left
end

-- The side to be on, and why.
local function decide(r)
  if blocked > 0 and r >= params.exit or blocked < 0 and r <= params.exit then blocked = 0 end
  if side > 0 and r >= params.exit or side < 0 and r <= params.exit then return 0, "calm" end
  if side ~= 0 and params.max_bars > 0 and held >= params.max_bars then
    blocked = side
    return 0, "too old"
  end
  if side == 0 and r < params.oversold and blocked == 0 then return 1, "oversold" end
  if side == 0 and r > params.overbought and blocked == 0 and params.short then return -1, "overbought" end
  return side
end

function S.on_bar(inst, bar)
  local r = rsi:update(bar.close)
  if not r then return end
  plot("rsi", r)
  held = held + 1
  local wanted, why = decide(r)
  if wanted ~= side then
    local size = wanted == 0 and 0 or sizing.order(inst, bar.close, params.qty, params.value)
    if not size then return end
    side, held = wanted, 0
    target:set(side * size, why)
  else
    target:work()  -- what was refused or partly filled
  end
end

function S.on_order(order) target:on_order(order) end

return S
