-- Pairs: two instruments that move together. When the gap between them is unusually wide, sells the dear one and buys the cheap
-- one, and closes both when the gap is usual again.
--
-- Idea    With hedge ratio β, the spread log(A) − β·log(B) is measured against its own mean and deviation over `window` bars.
--         A position of value V in A and −β·V in B earns the change of the spread and, as far as β holds, nothing else: the
--         market as a whole may go where it likes.
-- Params  a, b      the two instruments; "" for the two of the run
--         interval  of the bars
--         window    bars over which mean, deviation and β are measured
--         beta      hedge ratio; 0 to measure it (least squares of log A on log B over the window)
--         entry     open when the z-score is beyond this
--         exit      close when it is back within this
--         stop      close when it is beyond this, and wait for `exit` before the next entry
--         value     of A, in quote currency; B is worth β times as much
-- Source  E. Gatev, W. Goetzmann & K. G. Rouwenhorst, "Pairs trading: performance of a relative-value arbitrage rule", Review
--         of Financial Studies 19 (2006); R. Engle & C. Granger (1987) for the regression.
-- Loses   when the two part for good: then the widest gap is not a chance but news. And on pairs too close to pay two spreads
--         and four fees.

local sizing = require "sizing"
local Target = require "target"

---@type perigee.Strategy
local S = {
  name = "pairs",
  params = { a = "", b = "", interval = "5m", window = 576, beta = 0.0, entry = 2.0, exit = 0.5, stop = 4.0, value = 2500.0 },
}

local A, B                     -- { inst, target, time, x }: x is the log of the close, less that of the first
local mean_a, mean_b, mean_bb, mean_ab, mean_aa
local side, waits = 0, false   -- 1 long the spread, -1 short; waits for `exit` after a stop

local function leg(symbol, place)
  local inst = symbol ~= "" and assert(market.instrument(symbol)) or market.instruments()[place]
  if not inst then error("pairs needs two instruments; name them with a and b, or run it on a tape of two") end
  inst:subscribe("bars", params.interval)
  return { inst = inst, target = Target.new(inst) }
end

function S.on_start()
  if not (params.exit < params.entry and params.entry < params.stop) then error("exit < entry < stop expected") end
  A, B = leg(params.a, 1), leg(params.b, 2)
  if A.inst == B.inst then error("a and b are the same instrument, " .. A.inst.symbol) end
  local n = params.window
  mean_a, mean_b, mean_aa, mean_bb, mean_ab = ta.sma(n), ta.sma(n), ta.sma(n), ta.sma(n), ta.sma(n)
  local position = A.inst:position()
  side = position > 0 and 1 or position < 0 and -1 or 0  -- what an earlier run left
end

-- Hedge ratio and z-score of the newest pair of closes, over the window that ends with it; nil until there are enough.
local function measure()
  local a, b = mean_a:update(A.x), mean_b:update(B.x)
  local aa, bb, ab = mean_aa:update(A.x * A.x), mean_bb:update(B.x * B.x), mean_ab:update(A.x * B.x)
  if not ab then return nil end
  local var_a, var_b, cov = aa - a * a, bb - b * b, ab - a * b
  if var_b <= 0 then return nil end
  local beta = params.beta ~= 0 and params.beta or cov / var_b
  local variance = var_a - 2 * beta * cov + beta * beta * var_b
  if beta <= 0 or variance <= 0 then return nil end
  return beta, ((A.x - a) - beta * (B.x - b)) / math.sqrt(variance)
end

-- The side to be on, and why.
local function decide(z)
  if waits and math.abs(z) <= params.exit then waits = false end
  if side ~= 0 and math.abs(z) >= params.stop then
    waits = true
    return 0, "stop"
  end
  if side * z >= -params.exit and side ~= 0 then return 0, "closed" end
  if side == 0 and not waits and math.abs(z) >= params.entry and math.abs(z) < params.stop then
    return z > 0 and -1 or 1, "wide"
  end
  return side
end

local function trade(beta, z)
  local wanted, why = decide(z)
  if wanted == side then
    A.target:work()  -- what was refused or partly filled
    B.target:work()
    return
  end
  local qty_a, qty_b = 0, 0
  if wanted ~= 0 then
    qty_a = sizing.order(A.inst, A.close, 0, params.value)
    qty_b = sizing.order(B.inst, B.close, 0, params.value * beta)
    if not qty_a or not qty_b then return end
  end
  side = wanted
  A.target:set(side * qty_a, why)
  B.target:set(-side * qty_b, why)
end

function S.on_bar(inst, bar)
  local leg = inst == A.inst and A or B
  leg.first = leg.first or bar.close
  leg.close, leg.time, leg.x = bar.close, bar.time, math.log(bar.close / leg.first)
  if A.time ~= B.time then return end  -- the other one's bar of this time comes next, or is missing
  local beta, z = measure()
  if not beta then return end
  plot("z", z)
  plot("beta", beta)
  trade(beta, z)
end

function S.on_order(order)
  local leg = order.inst == A.inst and A or B
  leg.target:on_order(order)
end

return S
