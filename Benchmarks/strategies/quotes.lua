---@type perigee.Strategy
-- Counts the changes of the best bid and ask.
local S = { name = "quotes" }
local count = 0

function S.on_start() market.instrument():subscribe("quotes") end

function S.on_quote() count = count + 1 end

function S.on_stop() log.info("quotes %d", count) end

return S
