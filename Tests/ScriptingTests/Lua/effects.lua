-- Whatever might differ between two processes: orders that follow the order of tables, random numbers, texts of objects, times.
local S, seen = {}, {}
function S.on_start()
  local inst = market.instrument()
  inst:subscribe("quotes")
  clock.every("7ms", function() log.info("timer %d", clock.now()) end)
  S.ma = ta.ema(3)
  local t = { [true] = 1, [2.5] = 2, [inst] = 3, b = 4, a = 5, [10] = 6 }
  for i = 1, 50 do t["key" .. math.random(1000)] = i end
  for k, v in pairs(t) do log.info("%s=%s", k, v) end
  log.info("%s %s %s %s", {}, print, inst, S.ma)
  for k in pairs(_G) do log.info("%s", k) end
end
function S.on_quote(inst)
  local mid = inst:mid()
  if not mid then return end
  local ma = S.ma:update(mid)
  for i = 1, 3 do seen["s" .. math.random(20) .. (i % 2)] = mid end
  local names = {}
  for name, price in pairs(seen) do names[#names + 1] = name .. price end
  table.sort(names, function(a, b) return #a < #b end)
  log.info("%s %.17g %q", table.concat(names, " "), ma or 0, mid)
  if math.random() < 0.2 then inst:buy(0.01, inst:round(mid - math.random(5), "down"), { tag = names[1]:sub(1, 8) }) end
  if math.random() < 0.1 then inst:cancel_all() end
  for _, o in ipairs(inst:open_orders()) do log.info("%s %s %s", o, o.id, o.state) end
end
function S.on_order(o) log.info("order %s %s", o.id, o.state) end
function S.on_stop(reason) log.info("%s %s %s", reason, os.time(), os.date("%c")) end
return S
