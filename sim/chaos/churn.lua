-- Orders without an idea: every 150 ms everything is cancelled and asked for anew, now and then at a price that trades at once.
local S = { name = "churn", params = { qty = 0.002, every = "150ms" } }
local turn = 0

function S.on_start()
  S.i = market.instrument("BTC_USDT")
  S.i:subscribe("quotes")
  clock.every(params.every, S.turn)
end

function S.turn()
  local bid, ask = S.i:bid(), S.i:ask()
  if not bid or not ask then return end
  turn = turn + 1
  for _, order in ipairs(S.i:open_orders()) do order:cancel() end
  local position = S.i:position()
  if turn % 4 == 0 then
    if position > 0 then S.i:sell(params.qty, bid) else S.i:buy(params.qty, ask) end
  else
    S.i:buy(params.qty, bid)
    S.i:sell(params.qty, ask)
  end
end

return S
