-- TWAP, an execution algorithm: buys or sells one quantity in even slices over a given time, then ends the run.
--
-- Idea    A large order moves the price against itself; the same order spread evenly over time pays close to the average price
--         of that time. Each slice first waits in the queue at the best price of its own side, and takes the rest when
--         `patience` of its time is gone. What one slice does not get is added to the next.
-- Params  symbol      instrument; "" for the only one of the run
--         side        "buy" or "sell"
--         qty, value  all of it, in base units; or, with qty = 0, in quote currency at the first price
--         duration    from the first slice to the end
--         slices      how many
--         patience    part of a slice's time to wait as a maker before taking, 0 to 1 (not included); 0 takes at once
--         limit       never buys above, sells below this price; 0 for none
-- Source  R. Almgren & N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3 (2000): the even schedule
--         is the optimum of a trader who does not mind risk. D. Bertsimas & A. Lo (1998).
-- Loses   to the trend while it waits, and to anyone who sees the even beat. With a limit it may end unfilled, and says so.

local duration = require "duration"
local sizing = require "sizing"

---@type perigee.Strategy
local S = {
  name = "twap",
  params = { symbol = "", side = "buy", qty = 0.0, value = 5000.0, duration = "1h", slices = 12, patience = 0.5, limit = 0.0 },
}

local inst, child       -- the one order under way
local state             -- what survives a restart: start (ns), total, done, paid, arrival (price)
local step              -- ns of one slice
local due = 0           -- quantity that should be done by now
local takes = false     -- whether the rest of this slice may take
local over = false

function S.on_save() return state end
function S.on_load(saved) state = saved end

-- What it came to, against the price at the start.
local function result()
  local done = string.format("%s: %s %.10g of %.10g", inst.symbol, params.side == "buy" and "bought" or "sold", state.done, state.total)
  if state.done == 0 then return done end
  local average = state.paid / state.done
  local cost = (average / state.arrival - 1) * 1e4 * (params.side == "buy" and 1 or -1)
  return string.format("%s at %.10g on average, %.1f bps %s than at the start (%.10g)", done, average, math.abs(cost),
    cost < 0 and "better" or "worse", state.arrival)
end

local function finish(why)
  over = true
  if child then child:cancel() end
  log.info("%s", result())
  stop(why)
end

-- Sends what is missing, unless an order is under way.
local function work()
  if child or over then return end
  local qty = inst:round_qty(due - state.done)
  if qty < sizing.smallest(inst) then return end
  local limit = params.limit > 0 and params.limit or nil
  local buys = params.side == "buy"
  local near = buys and inst:bid() or not buys and inst:ask()
  local price, options = limit, { tif = limit and "IOC" or nil, tag = "take" }
  if near and not takes and params.patience > 0 then
    if limit then near = buys and math.min(near, limit) or not buys and math.max(near, limit) end
    price, options = near, { post_only = true, tag = "wait" }
  end
  local send, why = buys and inst.buy or inst.sell, nil
  child, why = send(inst, qty, price, options)
  if not child then log.warn("%s", why) end
end

-- The order under way makes room for the next one; `on_order` goes on from there.
local function rework()
  if child then child:cancel() else work() end
end

local function take()
  if over then return end
  takes = true
  rework()
end

local function slice()
  if over then return end
  local number = (clock.now() - state.start) // step + 1  -- 1 for the first
  if number > params.slices then return finish("the time is up") end
  due = number == params.slices and state.total or inst:round_qty(state.total * number / params.slices)
  takes = false
  clock.at(state.start + number * step, slice)
  if params.patience > 0 then clock.at(state.start + math.floor((number - 1 + params.patience) * step), take) end
  rework()
end

-- Waits for a first price, which decides what `value` buys and what the result is measured against.
local function begin()
  if not state then
    local price = inst:mid() or inst:last()
    if not price then return clock.after("1s", begin) end
    local total = sizing.order(inst, price, params.qty, params.value)
    if not total then return end
    state = { start = clock.now(), total = total, done = 0, paid = 0, arrival = price }
  end
  slice()
end

function S.on_start()
  if params.side ~= "buy" and params.side ~= "sell" then error('side = "buy" or "sell" expected, got "' .. params.side .. '"') end
  if params.slices < 1 or params.patience < 0 or params.patience >= 1 then error("slices >= 1 and 0 <= patience < 1 expected") end
  inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  step = duration(params.duration) // params.slices
  for _, order in ipairs(inst:open_orders()) do  -- left by an earlier run and adopted
    if order.tag == "wait" or order.tag == "take" then child = order end
  end
  clock.after("0s", begin)
end

function S.on_fill(_, fill)
  state.done = state.done + fill.qty
  state.paid = state.paid + fill.qty * fill.price
  plot("done", state.done)
  plot("average price", state.paid / state.done)
end

function S.on_order(order)
  if order ~= child or order:is_open() then return end
  child = nil
  if not over and state.total - state.done < inst.lot / 2 then return finish("all done") end
  -- Refused or expired: the next slice tries again, so that a limit out of reach is not hammered at.
  if order.state == "filled" or order.state == "cancelled" then work() end
  if order.state == "rejected" and order.reason ~= "post_only" then log.warn("%s", order.reason) end
end

return S
