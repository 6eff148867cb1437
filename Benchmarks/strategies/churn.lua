---@type perigee.Strategy
-- Every 10 ms: cancels its order and sends another far below the market, or, with orders = false, only looks.
-- The difference of the two is what an order's round trip costs: wish, risk, venue, report, callback, cancel, report, callback.
local S = { name = "churn", params = { orders = true, step = "10ms", away = 200, qty = 0.01 } }
local inst, order
local sent, heard = 0, 0

local function step()
  local bid = inst:bid()
  if not bid or not params.orders then return end
  if order then order:cancel() end
  order = assert(inst:buy(params.qty, inst:round(bid - params.away * inst.tick, "down"), { post_only = true }))
  sent = sent + 1
end

function S.on_start()
  inst = market.instrument()
  clock.every(params.step, step)
end

function S.on_order() heard = heard + 1 end

function S.on_stop() log.info("sent %d heard %d", sent, heard) end

return S
