-- Imbalance taker: when one side of the book far outweighs the other, takes the best price of the thin side, and is out again
-- within seconds.
--
-- Idea    Over short times the mid moves towards the thin side, about in proportion to the imbalance of what is shown near the
--         best prices. A taker who acts on it pays the spread and the fee twice, so only strong readings can be worth it.
-- Params  symbol      instrument; "" for the only one of the run
--         levels      of the book that count on each side
--         smooth      updates of the book in the exponential mean of the imbalance; 1 for none
--         threshold   act when (bids − asks) / (bids + asks) is beyond it, 0 to 1
--         exit        leave when it has come back to this
--         hold        leave after this time in any case
--         pause       time between leaving and the next entry
--         max_spread  ticks; no entry where the spread is wider
--         qty, value  one entry in base units; or, with qty = 0, in quote currency
-- Source  R. Cont, A. Kukanov & S. Stoikov, "The price impact of order book events", Journal of Financial Econometrics 12
--         (2014); M. Gould & J. Bonart, "Queue imbalance as a one-tick-ahead price predictor" (2016).
-- Loses   whenever fees exceed the move it foresees, which is a tick or so: with usual taker fees, always. What is shown may
--         also be gone before an order arrives: set --latency before believing a result.

local duration = require "duration"
local sizing = require "sizing"

---@type perigee.Strategy
local S = {
  name = "imbalance_taker",
  params = {
    symbol = "", levels = 3, smooth = 3, threshold = 0.8, exit = 0.0, hold = "10s", pause = "5s", max_spread = 1,
    qty = 0.0, value = 500.0,
  },
}

local inst, smooth, size, hold, pause
local order            -- in flight; there is never a second one
local entered, left    -- when the position was opened, and when it was closed, ns

function S.on_start()
  if params.exit >= params.threshold then error("exit must be less than threshold") end
  inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  smooth, hold, pause = ta.ema(params.smooth), duration(params.hold), duration(params.pause)
  inst:subscribe("book")
end

-- Takes what is shown at the best price; what is not there at once is not waited for.
local function enter(side)
  local price, shown
  if side == "buy" then price, shown = inst:ask() else price, shown = inst:bid() end
  local qty = inst:round_qty(math.min(size, shown))
  if qty < sizing.smallest(inst) then return end
  local send, why = side == "buy" and inst.buy or inst.sell, nil
  order, why = send(inst, qty, price, { tif = "IOC", tag = "entry" })
  if not order then log.warn("entry: %s", why) end
end

local function leave(why)
  local position = inst:position()
  local send, problem = position > 0 and inst.sell or inst.buy, nil
  order, problem = send(inst, math.abs(position), nil, { reduce_only = true, tag = why })
  if not order then log.warn("exit: %s", problem) end
end

local function look(imbalance)
  if order then return end
  local position, now = inst:position(), clock.now()
  if position ~= 0 then
    entered = entered or now  -- after a restart
    if imbalance * (position > 0 and 1 or -1) <= params.exit then
      leave("imbalance gone")
    elseif now - entered >= hold then
      leave("time is up")
    end
    return
  end
  local spread = inst:spread()
  if math.abs(imbalance) < params.threshold or not spread or spread > (params.max_spread + 0.5) * inst.tick then return end
  if left and now - left < pause then return end
  size = size or sizing.order(inst, inst:mid(), params.qty, params.value)
  if size then enter(imbalance > 0 and "buy" or "sell") end
end

function S.on_book()
  local imbalance = inst:imbalance(params.levels)
  if not imbalance then return end
  imbalance = smooth:update(imbalance)
  if imbalance then look(imbalance) end
end

function S.on_order(changed)
  if changed ~= order or changed:is_open() then return end
  order = nil
  if changed.state == "rejected" then log.warn("%s: %s", changed.tag, changed.reason) end
  local now = clock.now()
  if inst:position() == 0 then
    if changed.tag ~= "entry" then left = now end
    entered = nil
  elseif not entered then
    entered = now
    clock.after(params.hold, S.time_is_up)  -- also where the book stands still
  end
end

function S.time_is_up()
  if not order and entered and clock.now() - entered >= hold and inst:position() ~= 0 then leave("time is up") end
end

return S
