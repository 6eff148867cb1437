---@type perigee.Strategy
-- S0: counts every event, a change of the book or a trade: what the engine and one Lua callback cost, and nothing else.
local S = { name = "count" }
local count = 0

function S.on_start()
  local inst = market.instrument()
  inst:subscribe("book")
  inst:subscribe("trades")
end

function S.on_book() count = count + 1 end

function S.on_trade() count = count + 1 end

function S.on_stop() log.info("events %d", count) end

return S
