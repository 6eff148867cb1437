---@type perigee.Strategy
-- S1: a market maker that, every 100 ms from the first exchange time on, cancels what the venue has acknowledged and quotes five
-- ticks from the middle on both sides while its position allows. docs/performance.md has the whole rule; peers/ its twins.
local S = { name = "maker", params = { qty = 0.01, limit = 0.05, distance = 5, step = 100000000 } }
local inst
local sent, cancelled = 0, 0
-- What a step asks for again and again is asked once, at the start.
local qty, least, most, apart, tick
local post_only = { post_only = true }
local buy, sell, bid, ask, position, open_orders, cancel

local function step()
  local high, low = bid(inst), ask(inst)
  if not high or not low or high >= low then return end
  local orders = open_orders(inst)
  for i = 1, #orders do
    local order = orders[i]
    local state = order.state
    if state == "open" or state == "partially_filled" then
      cancel(order)
      cancelled = cancelled + 1
    end
  end
  local sum, held = (high / tick + 0.5) // 1 + (low / tick + 0.5) // 1, position(inst)
  if held < most then
    local order, message = buy(inst, qty, (sum - apart) // 2 * tick, post_only)
    if not order then error(message) end
    cancel, sent = cancel or order.cancel, sent + 1
  end
  if held > least then
    local order, message = sell(inst, qty, (sum + apart + 1) // 2 * tick, post_only)
    if not order then error(message) end
    cancel, sent = cancel or order.cancel, sent + 1
  end
end

function S.on_start()
  inst = market.instrument()
  qty, least, most, apart = params.qty, -params.limit + 1e-9, params.limit - 1e-9, 2 * params.distance
  tick, buy, sell, bid, ask = inst.tick, inst.buy, inst.sell, inst.bid, inst.ask
  position, open_orders = inst.position, inst.open_orders
  inst:subscribe("book")
end

-- The first event tells the time from which to count.
function S.on_book()
  inst:unsubscribe("book")
  clock.at(inst:time() + params.step, function()
    clock.every(params.step // 1000 .. "us", step)
    step()
  end)
end

function S.on_stop() log.info("sent %d cancelled %d", sent, cancelled) end

return S
