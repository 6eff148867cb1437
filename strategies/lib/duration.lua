-- Lengths of time as a person writes them ("250us", "100ms", "10s", "5m", "2h", "1d") in nanoseconds, the unit of `clock.now()`.

local unit = { us = 1000, ms = 1000000, s = 1000000000, m = 60000000000, h = 3600000000000, d = 86400000000000 }

--- Raises where `text` is no length of time above zero.
---@return integer nanoseconds
return function(text)
  local number, name = text:match("^(%d+)(%l+)$")
  local size = name and unit[name]
  if not size or tonumber(number) == 0 then
    error(string.format('"%s" is no length of time such as "100ms", "10s", "5m"', text), 2)
  end
  return tonumber(number) * size
end
