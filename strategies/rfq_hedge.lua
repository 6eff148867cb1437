-- Quotes on request as a hedge: buys and sells a little with passive orders on one venue, and once the position has grown to
-- `hedge_at` asks a dealer on another venue for a price for all of it. A price within `worst_bps` of the middle is taken.
--
-- Idea: an over-the-counter dealer takes the whole size at one price, without moving a book; what it costs is its spread, which
--       the quotes here must earn. A quote ends, so the answer is judged in the callback that brings it, or not at all.
-- Params: make, hedge (symbols; by default the first and the last instrument), qty, edge_bps (each quote's distance from the
--         middle), every (between two looks), hedge_at (position at which to hedge), worst_bps (dearest price that is taken),
--         patience (how long a request may stay without an answer).
-- Needs: quotes of both instruments, the same base currency, and a venue that quotes on request (or its simulation,
--        docs/rfq.md).
-- Risk: between a fill and its hedge the position is open, and a dealer may decline, or refuse at its last look; then the next
--       look asks again. The position may reach hedge_at + 2 × qty. At the end what is left is not hedged.

local S = {
  name = "rfq_hedge",
  params = { make = "", hedge = "", qty = 0.01, edge_bps = 8, every = "2s", hedge_at = 0.02, worst_bps = 15, patience = "10s" },
}

local function find(symbol, default)
  if symbol == "" then return default end
  local inst, message = market.instrument(symbol)
  return inst or error(message, 0)
end

--- What is open over both venues, in base units.
local function net() return S.make:position() + S.hedge:position() end

local function ask()
  local open = net()
  local qty = S.hedge:round_qty(math.abs(open))
  if S.request or S.acceptance or qty < math.max(params.hedge_at, S.hedge.lot) then return end
  local id, message = S.hedge:request_quote { side = open > 0 and "sell" or "buy", qty = qty }
  if not id then return log.warn("no request: %s", message) end
  S.request = id
  clock.after(params.patience, function() if S.request == id then S.request = nil end end)
end

local function quote_side(side, mid)
  local own = S[side]
  if own and own:is_open() then own:cancel() end
  -- A side that would take the position further than one quote beyond the hedge waits for the hedge.
  local ahead = side == "buy" and net() or -net()
  if ahead >= params.hedge_at + params.qty then return end
  local away = mid * params.edge_bps / 10000
  local price = side == "buy" and S.make:round(mid - away, "down") or S.make:round(mid + away, "up")
  S[side] = S.make[side](S.make, S.make:round_qty(params.qty), price, { post_only = true, tag = "make" })
end

local function look()
  local mid = S.make:mid()
  if not mid then return end
  quote_side("buy", mid)
  quote_side("sell", mid)
  ask()
end

function S.on_start()
  local all = market.instruments()
  S.make, S.hedge = find(params.make, all[1]), find(params.hedge, all[#all])
  if S.make.base ~= S.hedge.base then error(("%s and %s differ in what they trade"):format(S.make.symbol, S.hedge.symbol), 0) end
  clock.every(params.every, look)
end

function S.on_rfq(quote)
  if quote.request ~= S.request then return end
  S.request = nil
  local mid = S.hedge:mid() or S.make:mid()
  if not mid then return end
  local worse = (quote.side == "buy" and quote.price - mid or mid - quote.price) / mid * 10000
  plot("dealer, bps from the middle", worse)
  if worse > params.worst_bps then return log.info("a quote of %.1f bps is too dear", worse) end
  S.acceptance = quote:accept { tag = "hedge" }
end

function S.on_rfq_refused(request, _, reason)
  if request == S.request then S.request = nil end
  log.info("no quote: %s", reason)
end

function S.on_order(order)
  if order == S.acceptance and not order:is_open() then
    if order.state ~= "filled" then log.info("the hedge was %s: %s", order.state, order.reason or "") end
    S.acceptance = nil
  end
end

function S.on_fill(order)
  if order.tag == "make" then ask() end
end

return S
