-- Orders drawn from a seeded generator on every bar; compare_backtesting.py holds its twin. kinds = 2: market and stop orders
-- (what backtesting.py fills as we do); kinds = 4: limits and stop-limits too, amended and with an end of life.
-- No two alike and, with limits, 200 bars on one side and then on the other: a desk refuses duplicates and trades with itself.
local S = {
  name = "orders",
  params = { seed = 1, kinds = 2, interval = "1m", reach = 40, busy = 30, seconds = 60 },
}
local inst, state
local number = 0
local bars = -1

local function draw(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n
end

local function send(ticks, seconds)
  local side = draw(2) == 0 and "buy" or "sell"
  if params.kinds == 4 then side = bars // 200 % 2 == 0 and "buy" or "sell" end
  local kind = draw(params.kinds)
  local a, b = draw(2 * params.reach + 1) - params.reach, draw(2 * params.reach + 1) - params.reach
  local life = draw(8)
  number = number + 1
  local lots = 1 + number % 97
  local options = { tag = tostring(number) }
  local price
  if kind == 1 or kind == 3 then options.stop = (ticks + a) * inst.tick end
  if kind == 2 then price = (ticks + a) * inst.tick end
  if kind == 3 then price = (ticks + b) * inst.tick end
  if life == 0 and kind == 2 then
    options.tif, options.expire = "GTD", clock.now() + 11 * seconds * 500000000
  end
  local order, message = inst[side](inst, lots * inst.lot, price, options)
  if not order then error(message) end
end

function S.on_start()
  inst = market.instrument()
  inst:subscribe("bars", params.interval)
  state = params.seed
end

function S.on_bar(_, bar)
  bars = bars + 1
  if bars < 1 then return end
  if params.kinds == 4 and bars % 200 == 199 then inst:cancel_all() return end
  local ticks = math.floor(bar.close / inst.tick + 0.5)
  if draw(100) < params.busy then
    send(ticks, params.seconds)
    if draw(3) == 0 then send(ticks, params.seconds) end
  end
  if draw(10) == 0 then
    local open = inst:open_orders()
    if #open > 0 then open[1 + draw(#open)]:cancel() end
  end
  if params.kinds == 4 and draw(10) == 0 then
    local limits = {}
    for _, order in ipairs(inst:open_orders()) do
      if order.price and order.state == "open" and order.stop == nil then limits[#limits + 1] = order end
    end
    if #limits > 0 then
      local order = limits[1 + draw(#limits)]
      order:amend { price = (ticks + draw(2 * params.reach + 1) - params.reach) * inst.tick }
    end
  end
end

return S
