-- Donchian breakout: goes with the first close beyond the highest high or the lowest low of the last `entry` bars, and leaves
-- at the opposite edge of a shorter channel.
--
-- Idea    A price nobody has paid for a long time is news. The position is cut by volatility, so that a usual bar moves the
--         account by the same fraction in quiet and in wild markets.
-- Params  symbol    instrument; "" for the only one of the run
--         interval  of the bars
--         entry     bars of the channel that must break; the bar that breaks it does not count
--         exit      bars of the channel on whose far edge the position is closed
--         short     false: only upward breaks
--         risk      fraction of the equity that a move of two average true ranges may cost
--         atr       bars of the average true range
--         leverage  the position is worth at most this many times the equity
--         qty       position in base units; above 0 it takes the place of `risk`
-- Source  Richard Donchian's four-week rule (1960s); the channel of two lengths and the size by volatility as the Turtles
--         traded it: Curtis Faith, "Way of the Turtle" (2007).
-- Loses   when breaks fail, which is most of the time: expect fewer than half of the trades to gain, and long droughts.

local sizing = require "sizing"
local Target = require "target"

---@type perigee.Strategy
local S = {
  name = "donchian_breakout",
  params = { symbol = "", interval = "4h", entry = 20, exit = 10, short = true, risk = 0.01, atr = 20, leverage = 1.0, qty = 0.0 },
}

local outer, inner, range, target
local upper, lower, high, low, atr  -- the channels as they stood before this bar
local side = 0

function S.on_start()
  if params.exit > params.entry then error("exit = " .. params.exit .. " must not be more than entry = " .. params.entry) end
  local inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  inst:subscribe("bars", params.interval)
  outer, inner, range, target = ta.donchian(params.entry), ta.donchian(params.exit), ta.atr(params.atr), Target.new(inst)
  local position = inst:position()
  side = position > 0 and 1 or position < 0 and -1 or 0  -- what an earlier run left
end

local function decide(close)
  if close > upper then return 1, "break up" end
  if close < lower and params.short then return -1, "break down" end
  if side > 0 and close < low or side < 0 and close > high then return 0, "channel exit" end
  return side
end

local function size(inst, close)
  local equity = account.equity()
  local value = math.min(params.risk * equity * close / (2 * atr), params.leverage * equity)
  return sizing.order(inst, close, params.qty, value)
end

local function trade(inst, close)
  local wanted, why = decide(close)
  if wanted == side then return target:work() end  -- what was refused or partly filled
  local qty = wanted == 0 and 0 or size(inst, close)
  if not qty then return end
  side = wanted
  target:set(side * qty, why)
end

function S.on_bar(inst, bar)
  if upper and atr and atr > 0 then
    plot("upper", upper)
    plot("lower", lower)
    trade(inst, bar.close)
  end
  upper, lower = outer:update(bar)
  high, low = inner:update(bar)
  atr = range:update(bar)
end

function S.on_order(order) target:on_order(order) end

return S
