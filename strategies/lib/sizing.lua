-- How much one order is: strategies offer `qty` (base units) and `value` (quote currency), so that one script fits any instrument.

local sizing = {}

--- The least an order may be, in base units.
function sizing.smallest(inst)
  return math.max(inst.lot, inst.min_qty or 0)
end

--- `qty` where it is above zero, else what `value` buys at `price`, on the lot.
--- Where that is too small for the venue: one line in the log, the strategy ends, and the answer is nil.
---@return number?
function sizing.order(inst, price, qty, value)
  local wanted = qty > 0 and qty or value / price
  local rounded = inst:round_qty(wanted)
  local least, cash = sizing.smallest(inst), inst.min_notional or 0
  if rounded < least or rounded * price < cash then
    local bound = string.format("%g %s", least, inst.base) .. (cash > 0 and string.format(", worth %g %s", cash, inst.quote) or "")
    local why = string.format("%s: %g %s is less than one order may be (%s); raise qty or value", inst.symbol, wanted, inst.base, bound)
    log.error("%s", why)
    stop(why)
    return nil
  end
  log.debug("%s: one order is %.10g %s", inst.symbol, rounded, inst.base)
  return rounded
end

return sizing
