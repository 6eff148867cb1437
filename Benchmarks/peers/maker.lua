-- A market maker that looks at nothing but the clock and the best prices, so that two engines send the same orders
-- whatever they think of the position. compare_hftbacktest.py holds its twin; the tag is the order's number.
local S = {
  name = "maker",
  params = { start = 0, step_ns = 100000000, hold = 10, offsets = 3, lots = 10, sizes = 7, taker = 20, inventory = 0 },
}
local inst
local steps, number = 0, 0

local function send(side, ticks, lots, options)
  number = number + 1
  options.tag = tostring(number)
  local order, message = inst[side](inst, lots * inst.lot, ticks * inst.tick, options)
  if not order then error(message) end
end

local function quote(round, bid, ask)
  local offset = round % params.offsets
  local lots = params.lots * (1 + round % params.sizes)
  local limit = params.inventory
  local position = inst:position() / inst.lot
  if limit == 0 or position < limit - 0.5 then send("buy", bid - offset, lots, { post_only = true }) end
  if limit == 0 or position > -limit + 0.5 then send("sell", ask + offset, lots, { post_only = true }) end
end

-- Alone in its round, a step after the cancels: a desk refuses to trade with itself, a simulator of queues does not look.
local function take(round, bid, ask)
  if round // params.taker % 2 == 0 then
    send("buy", ask, params.lots, { tif = "IOC" })
  else
    send("sell", bid, params.lots, { tif = "IOC" })
  end
end

local function step()
  steps = steps + 1
  local phase, round = steps % params.hold, steps // params.hold
  local takes = params.taker > 0 and round % params.taker == 0
  if phase > 1 or phase == 1 and not takes then return end
  local bid, ask = inst:bid(), inst:ask()
  if not bid or not ask then return end
  bid, ask = math.floor(bid / inst.tick + 0.5), math.floor(ask / inst.tick + 0.5)
  if bid >= ask then return end
  if phase == 1 then return take(round, bid, ask) end
  for _, order in ipairs(inst:open_orders()) do
    if order.state == "open" or order.state == "partially_filled" then order:cancel() end
  end
  if not takes then quote(round, bid, ask) end
end

function S.on_start()
  inst = market.instrument()
  clock.at(params.start, function()
    step()
    clock.every(params.step_ns // 1000 .. "us", step)
  end)
end

return S
