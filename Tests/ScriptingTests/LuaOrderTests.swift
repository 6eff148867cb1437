import Domain
import Risk
import Testing
import Trading

@testable import Scripting

/// Orders: their form, their codes, their life.
struct LuaOrderTests {
    private func refusal(_ call: String) throws -> String {
        let said = try say("local i = market.instrument() local o, message, code = \(call) print(o, code) print(message)")
        return said.split(separator: "\n").first.map(String.init) ?? said
    }

    /// F72: whatever is no size is `bad_qty`, whatever is no price `bad_price`; nothing is rounded in silence.
    @Test func badNumbersAreRefusedWithTheirCode() throws {
        for bad in ["0/0", "1/0", "-1/0", "-1", "0", "-0.0", "1e308", "1e-30", "'0x10'", "'1e-9'", "'1'", "{}", "nil", "true", "print", "0.00015", "0.00010001", "math.maxinteger", "i"] {
            #expect(try refusal("i:buy(\(bad), 100)") == "nil\tbad_qty", "\(bad)")
            #expect(try refusal("i:sell(\(bad))") == "nil\tbad_qty", "\(bad)")
        }
        for bad in ["0/0", "1/0", "-1/0", "-1", "0", "-0.0", "1e308", "1e-30", "'0x10'", "'1e-9'", "{}", "true", "print", "100.005", "100.0001", "math.maxinteger"] {
            #expect(try refusal("i:buy(0.01, \(bad))") == "nil\tbad_price", "\(bad)")
            #expect(try refusal("i:buy(0.01, 100, {stop = \(bad)})") == "nil\tbad_price", "\(bad)")
        }
        #expect(try refusal("i:buy(100000000, 1000000)") == "nil\tbad_qty")
    }

    @Test func whatIsMeantIsAccepted() throws {
        for good in ["0.1 + 0.2", "1", "1.0", "0.29 * 100", "100.01", "1e2", "123456.78", "99.99 + 1e-9"] {
            #expect(try refusal("i:buy(0.01, \(good))").hasPrefix("order bt0"), "\(good)")
        }
        for good in ["1", "0.1 * 3", "0.0001", "1e-4", "3 * 0.0001"] { #expect(try refusal("i:buy(\(good))").hasPrefix("order bt0"), "\(good)") }
    }

    @Test func optionsAreJudgedByForm() throws {
        #expect(try say("print(pcall(function() return market.instrument():buy(1, 100, {tiff = 'IOC', zzz = 1}) end))").contains("unknown option 'tiff' of an order (nearest: 'tif')"))
        for bad in ["{tif = 'DAY'}", "{tif = 1}", "{expire = 5}", "{tif = 'GTD'}", "{tif = 'GTD', expire = 'x'}", "{post_only = 1}", "{reduce_only = 'yes'}", "{tag = 5}", "{tag = ('x'):rep(33)}", "{tag = 'a\\nb'}", "{post_only = true, tif = 'IOC'}", "{post_only = true, stop = 99}"] {
            #expect(try refusal("i:buy(1, 100, \(bad))") == "nil\tbad_options", "\(bad)")
        }
        #expect(try refusal("i:buy(1, nil, {post_only = true})") == "nil\tbad_options")
        #expect(try say("print(pcall(function() return market.instrument():buy(1, 100, 'IOC') end))").contains("table expected, got string"))
    }

    /// Plain tables of options are read in one walk, others field by field: what is said must not depend on which.
    @Test func optionsMeanTheSameHoweverTheyAreKept() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start()
              local i = market.instrument()
              local said = {post_only = true, reduce_only = false, tag = "deep", allow_duplicate = true}
              i:buy(0.5, 99, said)
              i:buy(0.5, 99, setmetatable({}, {__index = said}))
              i:buy(0.5, 99, {post_only = true, reduce_only = false, tag = "deep", allow_duplicate = true, tif = "GTC"})
            end
            return S
            """)
        bench.start()
        #expect(bench.requests.count == 3)
        for request in bench.requests {
            #expect(request.isPostOnly && !request.isReduceOnly && request.allowsDuplicate)
            #expect(request.tag == bench.requests[0].tag && request.tag != OrderTag.none)
        }
    }

    @Test func aRequestSaysWhatTheScriptSaid() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start()
              local i = market.instrument()
              i:buy(0.5)
              i:sell(0.25, 101.5, {tif = "GTD", expire = 2000000000000000000, post_only = true, reduce_only = false, tag = "exit"})
              i:buy(1, nil, {stop = 120})
              i:buy(1, 121, {stop = 120, tif = "IOC"})
            end
            return S
            """)
        bench.start()
        let requests = bench.requests
        #expect(requests.map(\.type) == [.market, .limit, .stop, .stopLimit])
        #expect(requests.map(\.side) == [.buy, .sell, .buy, .buy])
        #expect(requests.map(\.quantity.lots) == [5000, 2500, 10000, 10000])
        #expect(requests.map(\.timeInForce) == [.goodTillCancel, .goodTillDate, .goodTillCancel, .immediateOrCancel])
        #expect(requests[1].price == Price(ticks: 10150) && requests[1].isPostOnly && !requests[1].isReduceOnly)
        #expect(requests[1].expire.nanoseconds == 2_000_000_000_000_000_000)
        #expect(bench.engine.desk.text(of: requests[1].tag) == "exit")
        #expect(requests[2].stop == Price(ticks: 12000) && requests[3].price == Price(ticks: 12100))
    }

    @Test func onlyAHundredInOneCallback() throws {
        #expect(try say("local i = market.instrument() local n, c = 0 for k = 1, 200 do local o, m, code = i:buy(0.0001 * k, 100) if o then n = n + 1 else c = code end end print(n, c)") == "100\ttoo_many")
    }

    static let life = """
        local S = {}
        function S.on_start()
          S.i = market.instrument()
          S.o = S.i:buy(0.5, 100, {tag = "t"})
          print(S.o.state, S.o:is_open(), #S.i:open_orders(), S.i:open_orders()[1] == S.o)
        end
        function S.on_order(order)
          print("order", order == S.o, order.state, order.filled, order.remaining, order.avg_price, order:is_open())
        end
        function S.on_fill(order, fill)
          print("fill", order == S.o, order.filled, fill.price, fill.qty, fill.fee, fill.fee_currency, fill.liquidity, math.type(fill.time), fill.id)
        end
        return S
        """

    @Test func anOrderLives() throws {
        let bench = try Bench(LuaOrderTests.life)
        #expect(bench.start() == ["pending_new\ttrue\t1\ttrue"])
        bench.report(1, .accepted)
        #expect(bench.take() == ["order\ttrue\topen\t0.0\t0.5\tnil\ttrue"])
        bench.fill(1, 7, ticks: 9990, lots: 2000, maker: true)
        #expect(bench.take() == ["fill\ttrue\t0.2\t99.9\t0.2\t1.5\tUSDT\tmaker\tinteger\t7", "order\ttrue\tpartially_filled\t0.2\t0.3\t99.9\ttrue"])
        bench.fill(1, 8, ticks: 10000, lots: 3000)
        #expect(bench.take().last == "order\ttrue\tfilled\t0.5\t0.0\t99.96\tfalse")
    }

    @Test func anOrdersFieldsAreThere() throws {
        let bench = try Bench("local S = {} function S.on_start() S.o = market.instrument():sell(0.5, 100, {tag = 't', stop = 99}) end function S.on_order(o) print(o.id, o.venue_id, o.inst, o.side, o.price, o.qty, o.stop, o.type, o.tif, o.reason, o.tag, o.time, o.nothing) for k in pairs(o) do assert(type(k) == 'string') end end return S")
        bench.start()
        let placed = bench.now
        bench.report(1, .accepted)
        #expect(bench.take() == ["bt000000000001\t1\tfile:BTC_USDT\tsell\t100.0\t0.5\t99.0\tstop_limit\tGTC\tnil\tt\t\(placed)\tnil"])
        #expect(try say("print(pcall(function() market.instrument():buy(1).price = 5 end))").contains("order.price cannot be set"))
        #expect(try say("local o = market.instrument():buy(1) print(o.price, o.avg_price, o.venue_id, o.reason, o.tag)") == "nil\tnil\tnil\tnil\tnil")
    }

    /// Also where the script has no `on_order`, and long after the desk forgot it.
    @Test func anOrderMayBeKeptForEver() throws {
        let bench = try Bench("local S = {} function S.on_start() S.i = market.instrument() S.i:subscribe('trades') S.first = S.i:buy(0.5, 100) end function S.on_trade() print(S.first.state, S.first.filled, S.first.reason) end return S")
        bench.start()
        bench.report(1, .accepted)
        bench.fill(1, 1, ticks: 10000, lots: 100)
        bench.report(1, .cancelled)
        bench.trade(.buy, 1, 1)
        #expect(bench.take() == ["cancelled\t0.01\tnil"])
    }

    @Test func aRefusalByTheGateIsARejectedOrder() throws {
        var limits = RiskLimits()
        limits.account.maxOrderQuantity = try ["BTC": ExactDecimal("0.001")]
        let bench = try Bench("local S = {} function S.on_start() S.o = market.instrument():buy(1, 100) print(S.o.state) end function S.on_order(o) print(o == S.o, o.state, o.reason) end return S", limits: limits)
        #expect(bench.start() == ["pending_new", "true\trejected\tmax_order_qty"])
        #expect(bench.requests.isEmpty)
    }

    @Test func cancelsAndAmendments() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start()
              S.i = market.instrument()
              S.i:subscribe("trades")
              S.a, S.b, S.c = S.i:buy(0.5, 100), S.i:buy(0.5, 99), S.i:buy(0.5, 98)
            end
            function S.on_trade()
              print(S.a:cancel(), S.a.state, S.a:cancel())
              print(S.b:amend{price = 99.5}, S.b:amend{qty = 0.1, price = 99.4})
              print(S.i:cancel_all(), S.c.state, S.i:cancel_all())
              print(pcall(S.b.amend, S.b, {size = 1}))
              print(S.b:amend{price = -1})
              print(S.b:amend{qty = "x"})
            end
            return S
            """)
        bench.start()
        for id in 1...3 { bench.report(UInt64(id), .accepted) }
        _ = bench.takeEffects()
        bench.trade(.buy, 1, 1)
        let lines = bench.take()
        #expect(lines[0] == "true\tpending_cancel\tnil\tthe order is being cancelled\tpending_cancel")
        #expect(lines[1] == "true\ttrue")
        #expect(lines[2] == "2\tpending_cancel\t0")
        #expect(lines[3].contains("it knows no 'size'"))
        #expect(lines[4].hasSuffix("bad_price"))
        #expect(lines[5].hasSuffix("bad_qty"))
    }

    /// C16: the same again while the first is live is refused, unless the script says that it is meant.
    @Test func aDuplicateIsRefusedUnlessItIsMeant() throws {
        let bench = try Bench("""
            local S = {}
            function S.on_start()
              S.i = market.instrument() S.i:subscribe('trades')
              S.i:buy(0.5, 100)
              S.twin, S.meant = S.i:buy(0.5, 100), S.i:buy(0.5, 100, {allow_duplicate = true})
            end
            function S.on_trade() print(S.twin.state, S.twin.reason, S.meant.state) end
            return S
            """)
        bench.start()
        bench.trade(.buy, 1, 1)
        #expect(bench.take() == ["rejected\tduplicate\tpending_new"])
    }

    @Test func amendmentsReachTheVenue() throws {
        let bench = try Bench("local S = {} function S.on_start() S.i = market.instrument() S.i:subscribe('trades') S.a = S.i:buy(0.5, 100) end function S.on_trade() S.a:amend{qty = 0.2} end return S")
        bench.start()
        bench.report(1, .accepted)
        _ = bench.takeEffects()
        bench.trade(.buy, 1, 1)
        let amended = bench.takeEffects().compactMap { if case .amend(let cleared, _) = $0 { cleared.amendment } else { nil } }
        #expect(amended == [AmendRequest(id: OrderID(1), price: Price(ticks: 10000), quantity: Quantity(lots: 2000), keepsPrice: true)])
    }

    @Test func positionsAreAsTold() throws {
        let bench = try Bench("local S = {} function S.on_start() S.i = market.instrument() S.i:buy(0.5, 100) print(S.i:position()) end function S.on_fill(o) print(S.i:position(), S.i:avg_price(), S.i:pnl()) print(account.balance('USDT')) print(account.balance('BTC')) print(account.equity(), account.drawdown() > 0) end return S")
        #expect(bench.start() == ["0.0"])
        bench.level(.buy, 9900, 100)
        bench.level(.sell, 10100, 100)
        bench.fill(1, 1, ticks: 10000, lots: 1000)
        #expect(bench.take() == ["0.1\t100.0\t0.0\t-1.5", "9988.5\t9948.5", "0.1\t0.1", "9998.5\ttrue"])
    }
}
