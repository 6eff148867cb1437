-- Brings a position to a target with market orders, one at a time: what is in flight is never sent again, and what was refused or
-- only partly filled is tried again at the next `set`.

local sizing = require "sizing"

local Target = {}
Target.__index = Target

function Target.new(inst)
  return setmetatable({ inst = inst, want = inst:position() }, Target)
end

--- Call it as often as you like, for instance on every bar. `position` is signed; `tag` says why, in fills.csv.
function Target:set(position, tag)
  self.want, self.tag = position, tag
  self:work()
end

--- From the strategy's own `on_order`.
function Target:on_order(order)
  if order ~= self.order or order:is_open() then return end
  self.order = nil
  if order.state == "filled" then
    self:work()  -- the target may have moved meanwhile
  else
    log.warn("%s: %s of %.10g %s (%s)", self.inst.symbol, order.side, order.qty, order.state, order.reason or "no reason given")
  end
end

function Target:work()
  if self.order then return end
  local inst = self.inst
  local gap = self.want - inst:position()
  local qty = inst:round_qty(math.abs(gap))
  if qty < sizing.smallest(inst) then return end
  local options = { tag = self.tag }
  local order, why
  if gap > 0 then order, why = inst:buy(qty, nil, options) else order, why = inst:sell(qty, nil, options) end
  if not order then log.warn("%s: %s", inst.symbol, why) end
  self.order = order
end

return Target
