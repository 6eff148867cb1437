-- Cross venue: quotes both sides on one venue around the price of another, and hedges there what is filled here.
--
-- Idea    The hedge venue's touch is what a fill can be turned into at once. A bid stands `edge` below its bid and an ask `edge`
--         above its ask, so that a fill and its hedge together earn the edge less two fees and what the touch moves meanwhile.
--         The sum of both positions is brought back to zero with one IOC order at a time, a few ticks through the touch. While
--         the hedge venue cannot be reached, or its book is doubted, nothing is quoted: what cannot be hedged is not offered.
-- Params  quote, hedge     the two instruments; "" for the first and the second of the run
--         qty, value       one quote in base units; or, with qty = 0, in quote currency
--         edge             distance from the hedge venue's touch, as a fraction of the price
--         inventory_limit  quotes that may be held unhedged, either way
--         slack            ticks through the touch that a hedge may pay
--         refresh          time between two looks
--         patience         ticks a quote may be off before it is moved and loses its place in the queue
-- Source  The classical hedged quote; how far from the hedge: M. Avellaneda & S. Stoikov, Quantitative Finance 8 (2008), with a
--         second venue instead of time to get rid of the inventory.
-- Loses   when the hedge venue moves first and the quote is hit before it could follow; when the two prices part for good (the
--         positions on both venues grow until somebody moves balances); and wherever the edge is less than both fees.

local duration = require "duration"
local sizing = require "sizing"

---@type perigee.Strategy
local S = {
  name = "cross_venue",
  params = {
    quote = "", hedge = "", qty = 0.0, value = 500.0, edge = 0.0015, inventory_limit = 2, slack = 5, refresh = "200ms", patience = 2,
  },
}

local Q, H, size           -- the instruments, and what one quote is
local quotes = {}          -- our live order a side: quotes.buy, quotes.sell
local hedging              -- the hedge that is under way
local down = {}            -- venues and instruments that cannot be believed now

local function instrument(symbol, place)
  if symbol ~= "" then return assert(market.instrument(symbol)) end
  return market.instruments()[place] or error("cross_venue needs two instruments; name them with quote and hedge")
end

function S.on_start()
  if params.edge <= 0 or params.inventory_limit < 1 then error("edge > 0 and inventory_limit >= 1 expected") end
  Q, H = instrument(params.quote, 1), instrument(params.hedge, 2)
  if Q == H then error("quote and hedge are the same instrument, " .. Q.symbol) end
  if Q.base ~= H.base then error("a position in " .. Q.base .. " cannot be hedged with " .. H.base) end
  for _, order in ipairs(Q:open_orders()) do  -- left by an earlier run and adopted
    if order.tag == "quote" and not quotes[order.side] then quotes[order.side] = order end
  end
  H:subscribe("quotes")
  assert(duration(params.refresh) > 0)
  clock.every(params.refresh, S.refresh)
end

-- What both venues hold together: to be zero.
local function net() return Q:position() + H:position() end

local function usable(inst) return not down[inst] and not down[inst.venue] end

-- One hedge at a time; what it leaves is looked at again when it has ended.
function S.balance()
  if hedging or not usable(H) then return end
  local open = net()
  local qty = H:round_qty(math.abs(open))
  if qty < sizing.smallest(H) then return end
  local options, why = { tif = "IOC", tag = "hedge" }, nil
  if open > 0 then
    local bid = H:bid()
    if not bid then return end
    hedging, why = H:sell(qty, H:round(math.max(bid - params.slack * H.tick, H.tick), "nearest"), options)
  else
    local ask = H:ask()
    if not ask then return end
    hedging, why = H:buy(qty, H:round(ask + params.slack * H.tick, "nearest"), options)
  end
  if why then log.warn("hedge of %.10g: %s", qty, why) end
end

-- The prices to quote at; nil where there is nothing to hedge with.
local function prices()
  if not usable(Q) or not usable(H) then return nil end
  local bid, ask = H:bid(), H:ask()
  if not bid or not ask then return nil end
  local below, above = Q:round(bid * (1 - params.edge), "down"), Q:round(ask * (1 + params.edge), "up")
  local best_bid, best_ask = Q:bid(), Q:ask()
  if best_ask then below = math.min(below, Q:round(best_ask - Q.tick, "nearest")) end
  if best_bid then above = math.max(above, Q:round(best_bid + Q.tick, "nearest")) end
  return below, above
end

-- Brings one side's order to `price`, one order at a time: cancel first, and the next is sent when the venue has confirmed.
local function quote(side, price)
  local order = quotes[side]
  if order then
    local is_off = not price or math.abs(order.price - price) > (params.patience + 0.5) * Q.tick
    if is_off and (order.state == "open" or order.state == "partially_filled") then order:cancel() end
    return
  end
  local unhedged = side == "buy" and net() or -net()
  local qty = Q:round_qty(math.min(size, math.max(params.inventory_limit * size - unhedged, 0)))
  if not price or price <= 0 or qty < sizing.smallest(Q) then return end
  local send = side == "buy" and Q.buy or Q.sell
  local why
  quotes[side], why = send(Q, qty, price, { post_only = true, tag = "quote" })
  if why then log.warn("%s %.10g at %.10g: %s", side, qty, price, why) end
end

function S.refresh()
  S.balance()
  local mid = H:mid()
  if not size and not mid then return end
  size = size or sizing.order(Q, mid, params.qty, params.value)
  if not size then return end
  local bid, ask = prices()
  quote("buy", bid)
  quote("sell", ask)
end

-- The touch that our quotes lean on has moved.
function S.on_quote(inst)
  if inst == H and size then S.refresh() end
end

function S.on_order(order)
  if order:is_open() then return end
  if order == hedging then
    hedging = nil
    -- What was refused waits for the next look; what was filled in part goes on at once.
    if order.state ~= "rejected" then S.balance() end
  elseif quotes[order.side] == order then
    quotes[order.side] = nil
  end
end

function S.on_fill(order)
  if order.inst == Q then S.balance() end
end

function S.on_status(what, status)
  if status == "connected" or status == "resynced" then
    down[what] = nil
  else
    down[what] = true
    S.refresh()
  end
end

return S
