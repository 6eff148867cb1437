-- Moving-average crossover: long while the short mean of closes is above the long one, short (or flat) while it is below.
--
-- Idea    A trend shows first in the mean of the latest closes. Where prices go on in the direction in which they have gone,
--         a rule that is always on the side of the fast mean keeps the large moves and pays for them with many small losses.
-- Params  symbol    instrument; "" for the only one of the run
--         interval  of the bars: "1m", "15m", "1h", …
--         fast      closes in the short mean
--         slow      closes in the long mean
--         short     true: sell short below; false: stand aside
--         qty       position in base units; 0 to have it from `value`
--         value     position in quote currency, at the first price traded on
-- Source  Brock, Lakonishok & LeBaron, "Simple technical trading rules and the stochastic properties of stock returns",
--         Journal of Finance 47 (1992).
-- Loses   in markets that go sideways: each turn of the means costs the spread, the fee and the lag of half a window.

local sizing = require "sizing"
local Target = require "target"

---@type perigee.Strategy
local S = {
  name = "sma_cross",
  params = { symbol = "", interval = "1h", fast = 24, slow = 96, short = true, qty = 0.0, value = 5000.0 },
}

local fast, slow, target, size

function S.on_start()
  if params.fast >= params.slow then error("fast = " .. params.fast .. " must be less than slow = " .. params.slow) end
  local inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  inst:subscribe("bars", params.interval)
  fast, slow, target = ta.sma(params.fast), ta.sma(params.slow), Target.new(inst)
end

function S.on_bar(inst, bar)
  local f, s = fast:update(bar.close), slow:update(bar.close)
  if not s then return end  -- not warm yet
  plot("fast", f)
  plot("slow", s)
  size = size or sizing.order(inst, bar.close, params.qty, params.value)
  if not size or f == s then return end
  if f > s then
    target:set(size, "above")
  else
    target:set(params.short and -size or 0, "below")
  end
end

function S.on_order(order) target:on_order(order) end

return S
