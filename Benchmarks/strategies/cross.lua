---@type perigee.Strategy
-- B0: the cross of two moving averages on bars, one unit long or short, always in the market after the first cross.
local S = { name = "cross", params = { interval = "1m", fast = 10, slow = 30 } }
local fast, slow, update
local last = 0 / 0  -- the difference of the means a bar ago; before there was one, it compares with nothing
local position, crosses = 0, 0

function S.on_start()
  fast, slow = ta.sma(params.fast), ta.sma(params.slow)
  update = fast.update  -- the same for all indicators: kept, because it is called twice a bar
  market.instrument():subscribe("bars", params.interval)
end

local function turn(inst, side)
  local change = side - position
  position, crosses = side, crosses + 1
  if change > 0 then assert(inst:buy(change)) else assert(inst:sell(-change)) end
end

function S.on_bar(inst, bar)
  local f, s = update(fast, bar), update(slow, bar)
  if not s then return end
  local gap = f - s
  if gap > 0 then
    if last <= 0 and position <= 0 then turn(inst, 1) end
  elseif gap < 0 and last >= 0 and position >= 0 then
    turn(inst, -1)
  end
  last = gap
end

function S.on_stop() log.info("crosses %d", crosses) end

return S
