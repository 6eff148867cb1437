---@type perigee.Strategy
-- S1: a market maker that, every 100 ms from the first exchange time on, cancels what the venue has acknowledged and quotes five
-- ticks from the middle on both sides while its position allows. docs/performance.md has the whole rule; peers/ its twins.
local S = { name = "maker", params = { qty = 0.01, limit = 0.05, distance = 5, step = 100000000 } }
local inst
local sent, cancelled = 0, 0
local post_only = { post_only = true }

local function step()
  local bid, ask = inst:bid(), inst:ask()
  if not bid or not ask or bid >= ask then return end
  for _, order in ipairs(inst:open_orders()) do
    local state = order.state
    if state == "open" or state == "partially_filled" then
      order:cancel()
      cancelled = cancelled + 1
    end
  end
  local tick, qty = inst.tick, params.qty
  local sum = (bid / tick + 0.5) // 1 + (ask / tick + 0.5) // 1
  local position = inst:position()
  if position < params.limit - 1e-9 then
    assert(inst:buy(qty, (sum - 2 * params.distance) // 2 * tick, post_only))
    sent = sent + 1
  end
  if position > -params.limit + 1e-9 then
    assert(inst:sell(qty, (sum + 2 * params.distance + 1) // 2 * tick, post_only))
    sent = sent + 1
  end
end

function S.on_start()
  inst = market.instrument()
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
