-- Market maker after Avellaneda & Stoikov: quotes both sides around a price that leans against its own inventory.
--
-- Idea    With q units in hand, price variance σ² a second and a horizon τ, a dealer of risk aversion γ is indifferent at the
--         reservation price r = mid − q·γ·σ²·τ. If fills at a distance δ from the mid come at a rate proportional to e^(−κδ),
--         the best quotes stand (γ·σ²·τ)/2 + ln(1 + γ/κ)/γ on either side of r. Here τ rolls on instead of ending with the day,
--         σ² is measured from the mid, κ from the distance of public trades to the mid (its maximum-likelihood estimate is
--         1 / mean), and γ = risk · κ, so that one setting fits any instrument.
-- Params  symbol           instrument; "" for the only one of the run
--         qty, value       one quote in base units; or, with qty = 0, in quote currency
--         inventory_limit  the position never exceeds this many quotes, either way
--         risk             γ / κ with inventory counted in quotes: higher leans more and holds less
--         horizon          τ
--         memory           time over which σ² and κ are averaged
--         refresh          time between two looks at the quotes
--         patience         ticks a quote may be off before it is moved and loses its place in the queue
-- Source  M. Avellaneda & S. Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8 (2008), eq. 2.9
--         and 3.18. Limits on inventory: O. Guéant, C.-A. Lehalle & J. Fernandez-Tapia (2013).
-- Loses   to traders who know more (a fill is bad news: see the markouts of the report), in trends until the limit stops it,
--         and wherever the maker's fee is more than the half-spread it can earn.

local duration = require "duration"
local sizing = require "sizing"

---@type perigee.Strategy
local S = {
  name = "market_maker",
  params = {
    symbol = "", qty = 0.0, value = 500.0, inventory_limit = 5, risk = 0.1, horizon = "10s", memory = "2m", refresh = "200ms",
    patience = 1,
  },
}

local WARM_TRADES, WARM_CHANGES = 20, 60

local inst, size
local quotes = {}                          -- our live order a side: quotes.buy, quotes.sell
local horizon, memory                      -- ns
local variance, changes, last_mid = 0, 0   -- of the mid, a second
local depth, trades = 0, 0                 -- mean distance of a trade from the mid, 1/κ

function S.on_start()
  if params.inventory_limit < 1 or params.risk <= 0 then error("inventory_limit >= 1 and risk > 0 expected") end
  inst = assert(market.instrument(params.symbol ~= "" and params.symbol or nil))
  horizon, memory = duration(params.horizon), duration(params.memory)
  for _, order in ipairs(inst:open_orders()) do  -- left by an earlier run and adopted
    if order.tag == "quote" and not quotes[order.side] then quotes[order.side] = order end
  end
  inst:subscribe("trades")
  clock.every("1s", S.measure)
  clock.every(params.refresh, S.refresh)
  clock.every("10s", S.draw)
end

-- Exponential means that start as plain ones, so that the first values do not weigh for ever.
local function mean(old, new, count, window)
  return old + (new - old) / math.min(count, window)
end

function S.on_trade(_, price)
  local mid = inst:mid()
  if not mid then return end
  trades = trades + 1
  depth = mean(depth, math.max(math.abs(price - mid), inst.tick / 2), trades, 500)
end

function S.measure()
  local mid = inst:mid()
  if mid and last_mid then
    changes = changes + 1
    variance = mean(variance, (mid - last_mid) ^ 2, changes, memory / 1e9)
  end
  last_mid = mid
end

-- The prices to quote at: bid, ask, reservation price. Nil while a side of the book is empty or the estimates are young.
local function prices()
  local best_bid, best_ask = inst:bid(), inst:ask()
  if not best_bid or not best_ask or trades < WARM_TRADES or changes < WARM_CHANGES then return nil end
  local mid = (best_bid + best_ask) / 2
  local gamma = params.risk / depth
  local risk = gamma * variance * horizon / 1e9
  local reservation = mid - inst:position() / size * risk
  local half = risk / 2 + math.log(1 + params.risk) / gamma + math.max(inst.maker_fee, 0) * mid
  local bid = math.min(inst:round(reservation - half, "down"), best_ask - inst.tick)
  local ask = math.max(inst:round(reservation + half, "up"), best_bid + inst.tick)
  return inst:round(bid, "nearest"), inst:round(ask, "nearest"), reservation
end

-- Brings one side's order to `price`, one order at a time: cancel first, and the next is sent when the venue has confirmed.
local function quote(side, price)
  local order = quotes[side]
  if order then
    local is_off = not price or math.abs(order.price - price) > params.patience * inst.tick + inst.tick / 2
    if is_off and (order.state == "open" or order.state == "partially_filled") then order:cancel() end
    return
  end
  local held = side == "buy" and inst:position() or -inst:position()
  local qty = inst:round_qty(math.min(size, math.max(params.inventory_limit * size - held, 0)))
  if not price or price <= 0 or qty < sizing.smallest(inst) then return end
  local send = side == "buy" and inst.buy or inst.sell
  local why
  quotes[side], why = send(inst, qty, price, { post_only = true, tag = "quote" })
  if why then log.warn("%s %.10g at %.10g: %s", side, qty, price, why) end
end

function S.refresh()
  local mid = inst:mid()
  size = size or mid and sizing.order(inst, mid, params.qty, params.value)
  if not size then return end
  local bid, ask = prices()
  quote("buy", bid)
  quote("sell", ask)
end

function S.on_order(order)
  if order:is_open() or quotes[order.side] ~= order then return end
  quotes[order.side] = nil
  -- A quote that was filled or cancelled is followed at once; one that was refused waits for the next look.
  if order.state == "filled" or order.state == "cancelled" then S.refresh() end
end

function S.draw()
  if not size then return end
  local bid, ask, reservation = prices()
  if not bid then return end
  plot("bid", bid)
  plot("ask", ask)
  plot("reservation", reservation)
  plot("inventory", inst:position())
end

return S
