---@type perigee.Strategy
-- B0: the cross of two moving averages on bars, one unit long or short, always in the market after the first cross.
local S = { name = "cross", params = { interval = "1m", fast = 10, slow = 30 } }
local fast, slow, previous
local position, crosses = 0, 0

function S.on_start()
  fast, slow = ta.sma(params.fast), ta.sma(params.slow)
  market.instrument():subscribe("bars", params.interval)
end

function S.on_bar(inst, bar)
  local f, s = fast:update(bar.close), slow:update(bar.close)
  if not s then return end
  local now, before = f - s, previous
  previous = now
  if not before then return end
  local want = position
  if now > 0 and before <= 0 then want = 1 elseif now < 0 and before >= 0 then want = -1 end
  if want == position then return end
  local change = want - position
  position, crosses = want, crosses + 1
  if change > 0 then assert(inst:buy(change)) else assert(inst:sell(-change)) end
end

function S.on_stop() log.info("crosses %d", crosses) end

return S
