-- Grid: a ladder of resting orders around a price; every purchase is offered again one line higher, every sale bought back one
-- line lower.
--
-- Idea    Where a price swings without going anywhere, each swing through a line and back earns the distance of two lines. The
--         space between two neighbouring lines is a rung, and a rung always has exactly one order: to buy at its lower line
--         until that is filled, then to sell at its upper line, and so on. Rungs above the centre begin with the sale.
-- Params  symbol      instrument; "" for the only one of the run
--         rungs       on each side of the centre; the position never exceeds rungs · qty, either way
--         spacing     distance of two lines as a fraction of the centre (at least a tick)
--         center      price of the middle line; 0 for the mid at the start
--         short       true: sales above the centre come first (the position may go below zero);
--                     false: only rungs below the centre
--         qty, value  one order in base units; or, with qty = 0, in quote currency
-- Source  an old practice of dealers without a founding paper. What it bets on, that swings return, is examined in
--         A. Lo & A. C. MacKinlay, "Stock market prices do not follow random walks", Review of Financial Studies 1 (1988).
-- Loses   when the price leaves the grid: then it holds all rungs on the wrong side, and the loss on them grows without end
--         while the many small gains have stopped. It has no stop; limit it with [risk] max_position and daily_loss.

local sizing = require "sizing"

---@type perigee.Strategy
local S = {
  name = "grid",
  params = { symbol = "", rungs = 10, spacing = 0.0005, center = 0.0, short = true, qty = 0.0, value = 250.0 },
}

local inst
local state          -- what survives a restart: center, spacing (price), qty, rungs[i] = { side, left }
local orders = {}    -- the live order of each rung
local first, last    -- rung i lies between line i and line i + 1

function S.on_save() return state end
function S.on_load(saved) state = saved end

local function price_of(line)
  return inst:round(state.center + line * state.spacing, "nearest")
end

-- Sends the order that a rung lacks. A refusal (two rungs that meet, a price that has run past) is tried again at the next look.
local function arm(i)
  if orders[i] then return end
  local rung = state.rungs[i - first + 1]
  local buys = rung.side == "buy"
  local price = price_of(buys and i or i + 1)
  if price <= 0 or rung.left < sizing.smallest(inst) then return end
  local send, why = buys and inst.buy or inst.sell, nil
  orders[i], why = send(inst, inst:round_qty(rung.left), price, { post_only = true, tag = "rung " .. i })
  if not orders[i] then log.warn("rung %d: %s", i, why) end
end

local function look()
  for i = first, last do arm(i) end
end

local function build(mid)
  local center = params.center > 0 and params.center or mid
  local qty = sizing.order(inst, center, params.qty, params.value)
  if not qty then return end
  local spacing = math.max(params.spacing * center, inst.tick)
  state = { center = inst:round(center, "nearest"), spacing = spacing, qty = qty, rungs = {} }
  for i = first, last do state.rungs[i - first + 1] = { side = i < 0 and "buy" or "sell", left = qty } end
end

local function begin()
  local mid = inst:mid() or inst:last()
  if not state and mid then build(mid) end
  if not state then return end
  for _, order in ipairs(inst:open_orders()) do  -- left by an earlier run and adopted
    local i = tonumber((order.tag or ""):match("^rung (-?%d+)$"))
    if i and i >= first and i <= last then orders[i] = order end
  end
  clock.every("1s", look)
  look()
  return true
end

function S.on_start()
  if params.rungs < 1 or params.rungs > 45 then error("rungs from 1 to 45 expected, got " .. params.rungs) end
  inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  first, last = -params.rungs, params.short and params.rungs - 1 or -1
  local timer
  timer = clock.every("1s", function() if begin() then timer:cancel() end end)
end

function S.on_fill(order, fill)
  local i = tonumber((order.tag or ""):match("^rung (-?%d+)$"))
  local rung = i and state.rungs[i - first + 1]
  if not rung then return end
  rung.left = rung.left - fill.qty
  if rung.left < inst.lot / 2 then
    rung.side, rung.left = rung.side == "buy" and "sell" or "buy", state.qty
  end
  plot("position", inst:position())
end

function S.on_order(order)
  if order:is_open() then return end
  local i = tonumber((order.tag or ""):match("^rung (-?%d+)$"))
  if not i or orders[i] ~= order then return end
  orders[i] = nil
  if order.state == "filled" then arm(i) end
end

return S
