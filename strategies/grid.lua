-- Grid: a ladder of resting orders around a price; every purchase is offered again one line higher, every sale bought back one
-- line lower.
--
-- Idea    Where a price swings without going anywhere, each swing through a line and back earns the distance of two lines. The
--         space between two neighbouring lines is a rung, and a rung always has exactly one order: to buy at its lower line
--         until that is filled, then to sell at its upper line, and so on. Rungs above the price begin with the sale.
-- Params  symbol      instrument; "" for the only one of the run
--         rungs       on each side of the centre; each holds at most one order's quantity
--         spacing     distance of two lines as a fraction of the centre (at least a tick)
--         center      price of the middle line; 0 for the mid at the start
--         short       true: both sides, and the position may go below zero; false: only rungs below the centre, which buy first
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

-- The rung an order belongs to, by its tag.
local function rung_of(order)
  local i = tonumber((order.tag or ""):match("^rung (-?%d+)$"))
  return i and i >= first and i <= last and i or nil
end

local function price_of(line)
  return inst:round(state.center + line * state.spacing, "nearest")
end

local look

-- Refusals (a price that has run past) are tried again a little later, each time twice as late until an order stands.
local retry
local pause = 1
local function look_again()
  if retry then return end
  retry = clock.after(pause .. "s", function() retry = nil; look() end)
  pause = math.min(2 * pause, 64)
end

-- Whether the rung next door has its order on the same line, opposite: the two would trade with each other. It waits for that one's end.
local function is_taken(buys, i, price)
  local other = orders[buys and i - 1 or i + 1]
  return other and other.side ~= (buys and "buy" or "sell") and other.price == price
end

-- Sends the order that a rung lacks.
local function arm(i)
  if i < first or i > last or orders[i] then return end
  local rung = state.rungs[i - first + 1]
  local buys = rung.side == "buy"
  local price, qty = price_of(buys and i or i + 1), inst:round_qty(rung.left)
  if price <= 0 or qty < sizing.smallest(inst) or is_taken(buys, i, price) then return end
  local send, why = buys and inst.buy or inst.sell, nil
  orders[i], why = send(inst, qty, price, { post_only = true, tag = "rung " .. i })
  if not orders[i] then
    log.warn("rung %d: %s", i, why)
    look_again()
  end
end

function look()
  for i = first, last do arm(i) end
end

local function build(price)
  local center = params.center > 0 and params.center or price
  local qty = sizing.order(inst, center, params.qty, params.value)
  if not qty then return end
  local spacing = math.max(params.spacing * center, inst.tick)
  state = { center = inst:round(center, "nearest"), spacing = spacing, qty = qty, rungs = {} }
  for i = first, last do
    local is_above = params.short and state.center + (i + 0.5) * spacing > price
    state.rungs[i - first + 1] = { side = is_above and "sell" or "buy", left = qty }
  end
end

local function begin()
  local price = inst:mid() or inst:last()
  if state and #state.rungs ~= last - first + 1 then
    log.warn("the saved ladder has %d rungs, not %d: a new one is built", #state.rungs, last - first + 1)
    state = nil
  end
  if not state and price then build(price) end
  if not state then return clock.after("1s", begin) end
  for _, order in ipairs(inst:open_orders()) do  -- left by an earlier run and adopted
    local i = rung_of(order)
    if i then orders[i] = order end
  end
  look()
end

function S.on_start()
  if params.rungs < 1 or params.rungs > 45 then error("rungs from 1 to 45 expected, got " .. params.rungs) end
  inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  first, last = -params.rungs, params.short and params.rungs - 1 or -1
  clock.after("0s", begin)
end

function S.on_fill(order, fill)
  local i = rung_of(order)
  if not i then return end
  local rung = state.rungs[i - first + 1]
  rung.left = rung.left - fill.qty
  if rung.left < inst.lot / 2 then
    rung.side, rung.left = rung.side == "buy" and "sell" or "buy", state.qty
  end
  plot("position", inst:position())
end

function S.on_order(order)
  local i = rung_of(order)
  if not i or orders[i] ~= order then return end
  if order:is_open() then
    if order.state == "open" then pause = 1 end
    return
  end
  orders[i] = nil
  if order.state ~= "filled" then return look_again() end
  -- Its line is free now: the rung itself first, then the neighbours that waited for it.
  arm(i)
  arm(i - 1)
  arm(i + 1)
end

return S
