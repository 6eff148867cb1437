import CLua
import Domain
import Testing
import Trading

@testable import Scripting

/// F71: memory runs out at each growth in turn, through every callback and every function of the host: an error, nothing left,
/// no crash. Under the address and leak sanitizers: `swift test --sanitize=address --filter ShortageTests`.
struct ShortageTests {
    static let everything = """
        local S = {params = {n = 1, s = "x"}}
        local function touch(inst)
          local _ = inst:bid(), inst:ask(), inst:mid(), inst:spread(), inst:microprice(), inst:level("buy", 1), inst:depth("sell", 3), inst:imbalance(2)
          local _ = inst:last(), inst:time(), inst:round(100.005, "down"), inst:round_qty(0.12345), inst:position(), inst:avg_price(), inst:pnl(), inst.symbol
          for _, o in ipairs(inst:open_orders()) do local _ = tostring(o) .. o.id .. tostring(o.venue_id) .. o.state for k, v in pairs(o) do end end
          local o = inst:buy(0.01, 90, {tif = "GTD", expire = clock.now() + 1e9 // 1, tag = "a"})
          inst:sell(0.01, 110, {post_only = true, tag = "b"}) inst:buy(0.01, nil, {reduce_only = true}) inst:buy(0.013, 1.2345)
          if o then o:amend{price = 91} o:cancel() o:is_open() end
          pcall(inst.buy, inst, 1, 2, {nonsense = 1}) inst:cancel_all() inst:request_quote{side = "buy", qty = 1}
        end
        function S.on_start()
          local inst = market.instrument()
          market.instrument("NONE") market.instruments() market.instrument("BTC_USDT")
          inst:subscribe("quotes") inst:subscribe("book") inst:subscribe("trades") inst:subscribe("bars", "1m") inst:unsubscribe("bars", "5m")
          S.t = {ta.sma(3), ta.ema(3), ta.macd(2, 3, 2), ta.atr(2), ta.vwap(), ta.cross(), ta.bollinger(2, 2)}
          pcall(ta.sma, -1)
          for _, t in ipairs(S.t) do pcall(t.update, t, 1, 2) pcall(t.update, t, "x") t:value() t:reset() end
          clock.every("1s", function() touch(inst) end) clock.after("2s", print):cancel() clock.at(clock.now(), function() log.info("at") end)
          clock.date() clock.format() clock.format(0, "%Y") os.date("*t") os.time() os.time{year = 2024, month = 1, day = 1} os.clock()
          account.balance("USDT") account.equity() account.drawdown() plot("p", 1) log.warn("%s %d", {}, params.n) print(params.s, params)
          for k, v in pairs(params) do end for k in pairs(_G) do end next({a = 1})
          touch(inst)
        end
        function S.on_quote(inst) touch(inst) end
        function S.on_book(inst) touch(inst) end
        function S.on_trade(inst, price, qty, side, time) touch(inst) end
        function S.on_order(o) log.info("%s %s", o, o.state) end
        function S.on_fill(o, fill) for k, v in pairs(fill) do log.info("%s", k) end end
        function S.on_status(i, s) log.info("%s %s", i, s) end
        function S.on_reconcile(r) for k, v in pairs(r) do log.info("%s", k) end end
        function S.on_save() return {a = 1, b = {"x", true, {2.5}}} end
        function S.on_load(t) for k, v in pairs(t) do log.info("%s", k) end end
        function S.on_stop(reason) log.info(reason) touch(market.instrument()) end
        return S
        """

    /// One callback, after all that goes before it went well.
    private static let callbacks: [(String, @Sendable (Bench) -> Void)] = [
        ("on_start", { _ in }),
        ("on_quote", { $0.level(.buy, 10_001, 50) }),
        ("on_trade", { $0.trade(.buy, 10_005, 50) }),
        ("timer", { $0.wait(1_000_000_000) }),
        ("on_order", { $0.report(1, .accepted) }),
        ("on_fill", { $0.fill(1, 7, ticks: 9000, lots: 10) }),
        ("on_status", { _ = $0.strategy.onStatus(.stale, of: InstrumentID(index: 0), &$0.engine.desk) }),
        ("on_status of a venue", { _ = $0.strategy.onStatus(.stale, ofVenue: "file", &$0.engine.desk) }),
        ("on_reconcile", { _ = $0.strategy.onReconcile(ReconcileReport(), &$0.engine.desk) }),
        ("on_save", { _ = $0.strategy.save(&$0.engine.desk) }),
        ("on_load", { if let saved = $0.saved { _ = $0.strategy.restore(saved, &$0.engine.desk) } }),
        ("on_stop", { $0.step(.stop(reason: "end")) }),
    ]

    @Test(arguments: 0..<12) func everyAllocationOfEveryCallbackMayFail(_ index: Int) throws {
        let (name, call) = ShortageTests.callbacks[index]
        var failures = 0
        for nth in 1...5000 {
            let bench = try Bench(ShortageTests.everything)
            if name != "on_start" {
                bench.start()
                bench.level(.buy, 10_000, 100)
                bench.level(.sell, 10_010, 100)
                bench.saved = bench.strategy.save(&bench.engine.desk)
                #expect(bench.strategy.lastError == nil, "\(bench.strategy.lastError?.message ?? "")")
            }
            clua_fail_allocation(bench.strategy.state, UInt64(nth))
            if name == "on_start" { bench.start() } else { call(bench) }
            clua_fail_allocation(bench.strategy.state, 0)
            guard let error = bench.strategy.lastError else { break }
            #expect(error.kind == .memory, "\(name) \(nth): \(error.message)")
            #expect(bench.strategy.memoryUsed == 0)
            failures += 1
        }
        #expect(failures < 5000, "\(name)")
        if name != "on_reconcile", name != "on_status" { #expect(failures > 0, "\(name)") }
        #expect(clua_panics() == 0)
    }

    @Test func everyAllocationOfALoadMayFail() throws {
        var host = ScriptHost(instruments: [], options: LuaOptions())
        defer { host.grids.deallocate() }
        try withUnsafeMutablePointer(to: &host) { host in
            var failures = 0
            for nth in 1...3000 as ClosedRange<UInt64> {
                var table = ScriptHost.table(UnsafeMutableRawPointer(host))
                let state = try #require(clua_open(64 << 20, 0, &table, nil, 0))
                clua_fail_allocation(state, nth)
                let text = ShortageTests.everything
                let status = text.withCString { clua_load(state, clua_text(bytes: $0, count: text.utf8.count), "x.lua", nil, nil, 0) }
                #expect(clua_close(state) == 0)
                if status == CLUA_OK { break }
                #expect(status == CLUA_MEMORY)
                failures += 1
            }
            #expect(failures > 100 && failures < 3000)
        }
    }
}
