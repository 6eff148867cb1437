-- Does what the module `flow` beside it lists, at the listed times: compare_random.py draws the list once, so that two engines
-- are asked for the same things whatever they answer. An order's number is its tag.
-- The list comes in modules of a few thousand actions: flow1, flow2, …
local flow = {}
for i = 1, require "flow" do
  for _, action in ipairs(require("flow" .. i)) do flow[#flow + 1] = action end
end
local S = { name = "replay", params = {} }
local inst
local orders = {}
local place = 1

local function act(a)
  if a.what == "new" then
    local options = { tag = tostring(a.id), tif = a.tif, post_only = a.post, reduce_only = a.reduce, expire = a.expire }
    if a.stop then options.stop = a.stop * inst.tick end
    local price
    if a.ticks then price = a.ticks * inst.tick end
    local order, message = inst[a.side](inst, a.lots * inst.lot, price, options)
    if not order then error(message) end
    orders[a.id] = order
    return
  end
  local order = orders[a.id]
  if order == nil or not order:is_open() then return end
  if order.state ~= "open" and order.state ~= "partially_filled" then return end
  if a.what == "cancel" then order:cancel() return end
  order:amend { price = a.ticks and a.ticks * inst.tick, qty = a.lots and a.lots * inst.lot }
end

local function step()
  local now = flow[place].time
  while flow[place] and flow[place].time == now do
    act(flow[place])
    place = place + 1
  end
  if flow[place] then clock.at(flow[place].time, step) end
end

function S.on_start()
  inst = market.instrument()
  clock.at(flow[1].time, step)
end

return S
