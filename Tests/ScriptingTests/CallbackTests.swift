import Domain
import Testing
import Trading

@testable import Scripting

/// The table of callbacks: when each comes, and what happens when it fails.
struct CallbackTests {
    @Test func barsCloseByTheDesksClock() throws {
        let minute: Int64 = 60_000_000_000
        let source = """
            local S = {}
            function S.on_start() S.i = market.instrument() S.i:subscribe("bars", "60s") S.sma = ta.sma(2) end
            function S.on_bar(inst, bar)
              print(bar.time % 60000000000, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades, bar.interval, bar.nothing)
              print(S.sma:update(bar), S.sma:update(bar.close), S.sma:value())
              local n = 0 for k, v in pairs(bar) do n = n + 1 end print(n)
              S.bar = bar
            end
            function S.on_stop() print(pcall(function() return S.bar.close end)) print(pcall(function() bar.close = 1 end)) end
            return S
            """
        let bench = try Bench(source)
        bench.start()
        bench.trade(.buy, 10000, 100)
        bench.trade(.buy, 10300, 50)
        bench.trade(.sell, 9900, 50)
        bench.step(.barClose, after: minute)
        #expect(bench.take() == ["0\t100.0\t103.0\t99.0\t99.0\t0.002\t3\t60s\tnil", "nil\t99.0\t99.0", "8"])
        bench.step(.stop(reason: "end"))
        #expect(bench.take()[0].contains("bar.close is read after its on_bar has returned"))
    }

    /// Fields that were read once are answered without a call: they must be those of the bar at hand, and of none in any other callback.
    @Test func fieldsReadBeforeAreThoseOfTheBarAtHand() throws {
        let minute: Int64 = 60_000_000_000
        let source = """
            local S = {}
            local kept
            function S.on_start() market.instrument():subscribe("bars", "1m") end
            function S.on_bar(inst, bar)
              kept = bar
              if bar.close > 102 then print(bar.close, bar.close, bar.high, bar.time, bar.nothing) else print(bar.close, bar.interval) end
            end
            function S.on_trade() end
            function S.on_stop() for _, f in ipairs{"close", "high", "low"} do print((select(2, pcall(function() return kept[f] end)))) end end
            return S
            """
        let bench = try Bench(source)
        bench.start()
        for ticks in [10000, 10300, 10500, 10100] as [Int64] {
            bench.trade(.buy, ticks, 100)
            bench.step(.barClose, after: minute)
        }
        let said = bench.take()
        #expect(said.count == 4)
        #expect(said[0] == "100.0\t1m" && said[3] == "101.0\t1m")
        #expect(said[1].hasPrefix("103.0\t103.0\t103.0\t") && said[2].hasPrefix("105.0\t105.0\t105.0\t"))
        bench.step(.stop(reason: "end"))
        #expect(bench.take().filter { $0.contains("is read after its on_bar has returned") }.count == 3)
    }

    @Test func timersRunWhenDue() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start()
              local t0 = clock.now()
              local every = clock.every("100ms", function() print("every", clock.now() - t0) end)
              clock.after("250ms", function() print("after", clock.now() - t0, every:cancel(), every:cancel()) end)
              clock.at(t0 + 50000000, function() print("at", clock.now() - t0) end)
              local never = clock.after("60ms", function() print("never") end)
              print(never:cancel(), never, pcall(clock.every, "0s", print))
              print(pcall(clock.after, 5, print))
              print(pcall(clock.after, "1x", print))
            end
            return S
            """)
        let lines = bench.start()
        #expect(lines[0].hasPrefix("true\ttimer 4\tfalse\tbad argument #1"))
        #expect(lines[1].contains("a length of time such as") && lines[2].contains("got 1x"))
        bench.wait(1_000_000_000)
        #expect(bench.take() == ["at\t50000000", "every\t100000000", "every\t200000000", "after\t250000000\ttrue\tfalse"])
    }

    @Test func timersAreCapped() throws {
        #expect(try say("for i = 1, 65 do clock.after('1s', print) end").contains("one callback may set at most 64 timers"))
    }

    @Test func spansAreExact() throws {
        let spans = ["250us": "250000", "100ms": "100000000", "1.5s": "1500000000", "2h": "7200000000000", "1d": "86400000000000", "0.5ns": nil, "1": nil, "": nil, "-1s": nil, "1e3s": nil, "9999999999d": nil]
        for (text, expected) in spans {
            let said = try say("local ok, t = pcall(clock.after, '\(text)', print) print(ok)")
            #expect(said == (expected == nil ? "false" : "true"), "\(text)")
        }
        let bench = try Bench("return {on_start = function() local t = clock.now() clock.after('1.5s', function() print(clock.now() - t) end) end}")
        bench.start()
        bench.wait(2_000_000_000)
        #expect(bench.take() == ["1500000000"])
    }

    @Test func statusAndStop() throws {
        let bench = try Bench("local S = {} function S.on_start() S.i = market.instrument() end function S.on_status(what, status) print(what, what == S.i, status) end function S.on_stop(reason) print(reason, S.i:buy(1)) end return S")
        bench.start()
        _ = bench.strategy.onStatus(.disconnected, of: InstrumentID(index: 0), &bench.engine.desk)
        #expect(bench.take() == ["file:BTC_USDT\ttrue\tdisconnected"])
        bench.step(.stop(reason: "the tape ended"))
        #expect(bench.take()[0].hasPrefix("the tape ended\tnil\t") && bench.take().isEmpty)
    }

    @Test func stopEndsInGoodOrder() throws {
        let bench = try Bench("local S = {} function S.on_start() market.instrument():subscribe('trades') end function S.on_trade(i) stop('enough') print(i:buy(1)) end return S")
        bench.start()
        bench.trade(.buy, 1, 1)
        #expect(bench.engine.life == .ending(reason: "enough"))
        #expect(bench.take()[0].hasSuffix("stopping"))
    }

    @Test func plotAndLogReachTheRun() throws {
        #expect(try run("plot('line', 1.5) plot('gap', 0/0) log.debug('%d', 3) log.warn('%s', {}) log.error('x') log.info('100%%') log.info(5)") == ["plot line 1.5", "debug: 3", "warn: table", "error: x", "100%", "5"])
        #expect(try say("plot('x', '1')").contains("number expected, got string"))
    }

    /// `on_stop` is the last call after an error too: it is told why, can ask for nothing, and is not called twice.
    @Test func theLastCallComesAfterAnErrorToo() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start() S.i = market.instrument() S.i:subscribe('trades') S.order = S.i:buy(0.5, 50) end
            function S.on_trade() error('boom') end
            function S.on_order(order) print(order.state) end
            function S.on_stop(reason) print(reason:match('on_trade failed'), reason:match('boom'), S.order.state, S.i:buy(1, 50)) end
            return S
            """)
        bench.start()
        bench.report(1, .accepted)
        #expect(bench.take() == ["open"])
        bench.trade(.buy, 10000, 100)
        let told = bench.take()
        #expect(told.count == 1 && told[0].hasPrefix("on_trade failed\tboom\tpending_cancel\tnil\t") && told[0].hasSuffix("\tstopping"), "\(told)")
        bench.report(1, .cancelled)
        bench.step(.stop(reason: "end"))
        #expect(bench.take().isEmpty)
    }

    /// What fails in `on_stop` then is told, but the first failure is why the run ended.
    @Test func anErrorInTheLastCallDoesNotHideTheFirst() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start() market.instrument():subscribe('trades') end
            function S.on_trade() error('first') end
            function S.on_stop() error('second') end
            return S
            """)
        bench.start()
        bench.trade(.buy, 10000, 100)
        guard case .failed(let message) = bench.engine.life else {
            Issue.record("it did not fail: \(bench.engine.life)")
            return
        }
        #expect(message.contains("on_trade failed") && message.contains("first") && !message.contains("second"))
        #expect(bench.strategy.faultMessage == message)
        let told = bench.take()
        #expect(told.count == 1 && told[0].contains("on_stop failed") && told[0].contains("second"), "\(told)")
    }

    /// F69: an error in each callback is told with file, line, callback and event, and what the callback asked for is not sent.
    @Test(arguments: ["on_start", "on_quote", "on_book", "on_trade", "on_bar", "on_order", "on_fill", "on_stop", "timer"])
    func anErrorInACallbackIsToldAndSendsNothing(_ callback: String) throws {
        let start = callback == "on_start" ? "" : "function S.on_start() S.i = market.instrument() for _, f in ipairs{'quotes', 'book', 'trades'} do S.i:subscribe(f) end S.i:subscribe('bars', '1m') clock.after('1ms', S.timer) S.i:buy(0.5, 50) end"
        let source = "local S = {}\nfunction S.\(callback)() market.instrument():buy(1, 100)\nlocal x = nil; x() end\n\(start)\nfunction S.timerless() end if not S.timer then S.timer = function() end end return S"
        let bench = try Bench(source)
        bench.start()
        if callback != "on_start" {
            bench.wait(2_000_000)
            bench.report(1, .accepted)
            bench.fill(1, 1, ticks: 5000, lots: 5)
            bench.level(.buy, 10000, 100)
            bench.trade(.buy, 10000, 100)
            bench.step(.barClose, after: 60_000_000_000)
            bench.step(.stop(reason: "end"))
        }
        guard case .failed(let message) = bench.engine.life else {
            Issue.record("\(callback) did not fail: \(bench.engine.life)")
            return
        }
        let title = callback == "timer" ? "a timer" : callback
        #expect(message.hasPrefix("\(title) failed while handling "), "\(message)")
        #expect(message.contains("test.lua:3: attempt to call a nil value (local 'x')"), "\(message)")
        #expect(message.contains("traceback:"), "\(message)")
        #expect(bench.requests.allSatisfy { $0.price == Price(ticks: 5000) })
    }

    @Test func aFailedCallbacksOrdersWereNeverSent() throws {
        let bench = try Bench("local S = {} function S.on_start() S.i = market.instrument() S.i:subscribe('trades') end function S.on_trade(i) if S.o then print(S.o.state, S.o.reason, #i:open_orders()) return end S.o = i:buy(1, 100) error('no') end return S", policy: .carryOn)
        bench.start()
        bench.trade(.buy, 1, 1)
        let errors = bench.take()
        #expect(errors.count == 1 && errors[0].hasPrefix("error: on_trade failed while handling") && errors[0].contains("test.lua:"), "\(errors)")
        bench.trade(.buy, 1, 1)
        #expect(bench.take() == ["rejected\tcallback_failed\t0"])
        #expect(bench.engine.toleratedFaults == 1)
    }

    @Test func indicatorsAnswerAsDocumented() throws {
        #expect(try say("local s = ta.sma(2) print(s:update(1), s:value()) print(s:update(3), s:value()) s:reset() print(s:value())") == "nil\tnil\n2.0\t2.0\nnil")
        #expect(try say("local b = ta.bollinger(2, 2) b:update(1) print(b:update(3))") == "2.0\t4.0\t0.0")
        #expect(try say("print(ta.vwap():update(10, 2), ta.vwap(3):update(1, 1)) local c = ta.cross() c:update(1, 2) print(c:update(2, 1), c:update(3, 1), c:update(0, 1))") == "10.0\tnil\n1.0\t0.0\t-1.0")
        #expect(try say("print(pcall(ta.sma))").contains("ta.sma: expected 1 argument (n), got 0"))
        #expect(try say("print(pcall(ta.sma, 1.5))").contains("a whole number of at least 1"))
        #expect(try say("print(pcall(ta.sma, '3'))").contains("number expected, got string"))
        #expect(try say("local s = ta.sma(2) print(pcall(s.update, s, nil))").contains("number or bar expected, got nil"))
        #expect(try say("local s = ta.sma(2) print(pcall(s.update, s, 0/0))").contains("ta.sma: update takes a finite number or a bar"))
        #expect(try say("local s = ta.obv() print(pcall(s.update, s, 5))").contains("ta.obv: update takes a bar"))
        #expect(try say("for i = 1, 3000 do ta.sma(1000) end print('ok')") == "ok")
    }
}
