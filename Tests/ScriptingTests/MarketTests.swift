import Domain
import Testing
import Trading

@testable import Scripting

/// "Instruments": names, constants, reads, subscriptions.
struct MarketTests {
    /// A script that says what `expression` is on every trade.
    private func teller(_ expression: String) -> String {
        "local S = {} function S.on_start() S.i = market.instrument() S.i:subscribe('trades') end function S.on_trade(inst) print(\(expression)) end return S"
    }

    private func told(_ expression: String, _ prepare: (Bench) -> Void) throws -> String {
        let bench = try Bench(teller(expression))
        bench.start()
        prepare(bench)
        bench.trade(.buy, 10050, 150)
        return bench.take().joined(separator: "\n")
    }

    private func book(_ bench: Bench) {
        bench.level(.buy, 10000, 100)
        bench.level(.buy, 9999, 300)
        bench.level(.sell, 10003, 200)
        bench.level(.sell, 10005, 20)
    }

    @Test func symbolsAreFoundInEverySpelling() throws {
        let two = try [Bench.btc(venue: "cryptocom"), Bench.btc(venue: "valr"), Bench.eth()]
        #expect(try say("local a = market.instrument('BTC_USDT') print(a == market.instrument('BTCUSDT'), a == market.instrument('file:BTC_USDT'), a == market.instrument(), #market.instruments(), market.instruments()[1] == a)") == "true\ttrue\ttrue\t1\ttrue")
        #expect(try run("print(market.instrument('valr:BTC_USDT'), market.instrument('valr:BTCUSDT'), market.instrument('ETH_USDT'))", instruments: two) == ["valr:BTC_USDT\tvalr:BTC_USDT\tfile:ETH_USDT"])
        #expect(try run("print(market.instrument('BTC_USDT'))", instruments: two)[0].contains("traded at several venues; write one of cryptocom:BTC_USDT, valr:BTC_USDT"))
        #expect(try run("print(market.instrument('XRP_USDT'))", instruments: two)[0].hasPrefix("nil\tno instrument \"XRP_USDT\"; this run has"))
        #expect(try run("print(market.instrument())", instruments: two)[0].hasPrefix("nil\tmarket.instrument() needs a symbol"))
        #expect(try say("print(market.instrument('BTC'))") { $0.currency = "USDT" } == "file:BTC_USDT")
        #expect(try say("print(market.instrument('BTC'))").hasPrefix("nil\t"))
        #expect(try say("print(select('#', market.instrument('X')))") == "2")
    }

    @Test func constantsAreThere() throws {
        #expect(try say("local i = market.instrument() print(i.symbol, i.venue, i.base, i.quote, i.tick, i.lot, i.min_qty, i.min_notional, i.maker_fee, i.taker_fee)") == "BTC_USDT\tfile\tBTC\tUSDT\t0.01\t0.0001\t0.0001\t0.0\t0.0002\t0.0005")
        #expect(try say("print(pcall(function() market.instrument().tick = 1 end))").contains("instrument.tick cannot be set: it is read-only"))
        #expect(try say("print(market.instrument().nothing)") == "nil")
    }

    @Test func readsWorkWithoutASubscription() throws {
        #expect(try told("inst:bid()", book) == "100.0\t0.001")
        #expect(try told("inst:ask()", book) == "100.03\t0.002")
        #expect(try told("inst:mid(), inst:spread()", book) == "100.015\t0.03")
        #expect(try told("inst:microprice()", book) == "100.01")
        #expect(try told("inst:level('buy', 1)", book) == "100.0\t0.001")
        #expect(try told("inst:level('ask', 2)", book) == "100.05\t0.0002")
        #expect(try told("inst:level('sell', 3)", book) == "nil")
        #expect(try told("#inst:depth('bid', 5), inst:depth('bid', 5)[2].price, inst:depth('bid', 1)[1][2], inst:depth('sell', 2)[1].qty", book) == "2\t99.99\t0.001\t0.002")
        #expect(try told("inst:imbalance(1), inst:imbalance(2), inst:imbalance()", book) == "-0.33333333333333\t0.29032258064516\t-0.33333333333333")
        #expect(try told("inst:position(), inst:avg_price(), inst:pnl()", book) == "0.0\tnil\t0.0\t0.0")
        #expect(try told("inst == S.i, inst == market.instrument('BTC_USDT'), rawequal(inst, S.i)", book) == "true\ttrue\ttrue")
    }

    @Test func emptySidesAreNil() throws {
        #expect(try told("inst:bid(), inst:ask()") { _ in } == "nil\tnil")
        #expect(try told("inst:mid(), inst:spread(), inst:microprice(), inst:imbalance(3), inst:level('buy', 1)") { _ in } == "nil\tnil\tnil\tnil\tnil")
        #expect(try told("#inst:depth('buy', 3)") { _ in } == "0")
        #expect(try told("inst:bid()") { $0.level(.sell, 5, 5) } == "nil")
    }

    @Test func theLastTradeAndTheTime() throws {
        let bench = try Bench(teller("inst:last()"))
        #expect(try say("print(market.instrument():last())") == "nil")
        bench.start()
        bench.trade(.sell, 10050, 150)
        let time = bench.now - 5
        #expect(bench.take() == ["100.5\t0.0015\tsell\t\(time)"])
        bench.trade(nil, 10051, 1)
        #expect(bench.take() == ["100.51\t1e-05\tnil\t\(bench.now - 5)"])
        #expect(try told("inst:time() < clock.now(), math.type(inst:time())") { _ in } == "true\tinteger")
    }

    @Test func readsAreWrongCallsToldPlainly() throws {
        #expect(try say("local i = market.instrument() print(pcall(i.bid))").contains("instrument expected, got no value; methods are called with a colon"))
        #expect(try say("local i = market.instrument() print(pcall(i.bid, ta.sma(1)))").contains("instrument expected, got indicator"))
        #expect(try say("print(pcall(market.instrument().level, market.instrument(), 'middle', 1))").contains("invalid option 'middle'"))
        #expect(try say("print(pcall(market.instrument().depth, market.instrument(), 'buy', 1e9))").contains("0 to 10000 levels"))
    }

    @Test func roundingGoesToTheGrid() throws {
        #expect(try say("local i = market.instrument() print(i:round(1.239, 'down'), i:round(1.231, 'up'), i:round(1.236, 'nearest'), i:round(1.234), i:round(0.1 + 0.2, 'up'), i:round(5))") == "1.23\t1.24\t1.24\t1.23\t0.3\t5.0")
        #expect(try say("local i = market.instrument() print(i:round_qty(0.12345), i:round_qty(1.1 * 3), i:round_qty(-0.00019), i:round_qty(0.00001), i:round_qty(0.00019, 'up'))") == "0.1234\t3.3\t-0.0001\t0.0\t0.0002")
        #expect(try say("print(market.instrument():round(0/0))").contains("nil\tnan cannot be rounded to a tick of BTC_USDT\tbad_price"))
        #expect(try say("print(market.instrument():round_qty('1'))").hasSuffix("bad_qty"))
    }

    @Test func subscriptionsDecideWhatIsHeard() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start() S.i = market.instrument() print(S.i:subscribe("quotes")) end
            function S.on_quote(inst) print("quote", inst:bid()) end
            function S.on_book(inst) print("book") end
            function S.on_trade(inst, price, qty, side, time)
              print("trade", price, qty, side, math.type(time))
              inst:unsubscribe("trades")
            end
            return S
            """)
        #expect(bench.start() == ["true"])
        bench.level(.buy, 10000, 100)
        bench.level(.buy, 9000, 100)
        bench.trade(.buy, 1, 1)
        #expect(bench.take() == ["quote\t100.0\t0.001"])
        #expect(try say("print(pcall(market.instrument().subscribe, market.instrument(), 'everything'))").contains("invalid option 'everything'"))
        #expect(try say("print(pcall(market.instrument().subscribe, market.instrument(), 'bars'))").contains("bars need an interval above zero"))
        #expect(try say("print(pcall(market.instrument().subscribe, market.instrument(), 'bars', '99999999999999999999d'))").contains("bars need an interval"))
    }

    @Test func tradesComeAsScalars() throws {
        let bench = try Bench("local S = {} function S.on_start() market.instrument():subscribe('trades') end function S.on_trade(...) print(select('#', ...), select(2, ...)) end return S")
        bench.start()
        bench.trade(.sell, 12345, 7)
        #expect(bench.take() == ["5\t123.45\t7e-05\tsell\t\(bench.now - 5)"])
        bench.trade(nil, 12345, 7)
        #expect(bench.take() == ["5\t123.45\t7e-05\tnil\t\(bench.now - 5)"])
    }

    @Test func theBookIsHeardOncePerBatch() throws {
        let bench = try Bench("local S = {n = 0} function S.on_start() market.instrument():subscribe('book') end function S.on_book(i) print(i:bid()) end return S")
        bench.start()
        bench.level(.buy, 10000, 10, ends: false)
        bench.level(.buy, 10001, 10, ends: false)
        bench.level(.buy, 10002, 10)
        #expect(bench.take() == ["100.02\t0.0001"])
    }
}
