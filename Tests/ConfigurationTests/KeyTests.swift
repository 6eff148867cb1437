import Configuration
import Domain
import Risk
import Testing

@Suite("Every key of [risk]") struct RiskKeyTests {
    @Test("the keys of the contract's table") func all() throws {
        let limits = try decode(
            """
            [risk]
            max_order_qty = { BTC = "0.5", ETH = 3 }
            max_order_value = 5000
            price_collar = { aggressive = "100bps" }
            collar_over_time = { drift = "2%", slippage = "0.005", per = "1m" }
            market_data = { max_age = "3s", grace = "1s" }
            messages = { rate = 20, per = "1s", reserved_for_cancels = 5 }
            repeated_fills = { count = 10, per = "1s" }
            max_open_orders = 7
            max_open_value = "0.000000000000000000000001"
            max_position = { BTC = "1.0" }
            max_gross = "1"
            max_net = "2"
            balance_haircut = "5%"
            daily_loss = "500"
            max_drawdown = "20%"
            fill_tolerance = "50bps"
            duplicate_window = "1s"
            self_match = "cancel_resting"
            permit = { maker = ["sim:BTC_USDT"] }
            unknown = { max = 5, age = "60s" }
            break = { tolerance = "0", age = "30s" }
            quote_margin = "300ms"
            on_disconnect = "cancel"
            [risk.instrument."sim:BTC_USDT"]
            max_order_qty = "0.25"
            max_position = { BTC = "0.75" }
            max_open_orders = 2
            [risk.strategy.maker]
            max_order_value = "100"
            """
        ).limits
        let account = limits.account
        #expect(account.maxOrderQuantity == ["BTC": decimal("0.5"), "ETH": decimal("3")])
        #expect(account.maxOrderValue == amount("5000") && account.priceCollar?.aggressive == decimal("0.01"))
        #expect(account.maxOpenOrders == 7 && account.maxOpenValue == Amount(raw: 1))
        #expect(account.balanceHaircut == decimal("0.05") && account.duplicateWindow == seconds(1))
        #expect(limits.selfMatch == .cancelResting)
        let later = account.later
        #expect(later.collarOverTime?.drift == decimal("0.02") && later.collarOverTime?.slippage == decimal("0.005"))
        #expect(later.collarOverTime?.per == seconds(60) && later.marketData?.maxAge == seconds(3))
        #expect(later.marketData?.grace == seconds(1) && later.repeatedFills?.count == 10)
        #expect(later.maxGross == amount("1") && later.maxNet == amount("2") && later.dailyLoss == amount("500"))
        #expect(later.maxDrawdown == decimal("0.2") && later.fillTolerance == decimal("0.005"))
        #expect(limits.later.permit == ["maker": ["sim:BTC_USDT"]])
        #expect(limits.later.unknownMax == 5 && limits.later.unknownAge == seconds(60))
        #expect(limits.later.quoteMargin == Span(nanoseconds: 300_000_000))
        #expect(limits.later.breakTolerance == .zero && limits.later.breakAge == seconds(30))
        let own = try #require(limits.instruments["sim:BTC_USDT"])
        #expect(own.maxOrderQuantity == ["BTC": decimal("0.25")] && own.maxPosition == ["BTC": decimal("0.75")])
        #expect(own.maxOpenOrders == 2 && limits.strategies["maker"]?.maxOrderValue == amount("100"))
    }

    @Test("what is decoded is what the gate enforces") func enforced() throws {
        let limits = try decode("[risk]\nmax_order_value = \"100\"").limits
        let instrument = try Instrument(
            venue: "sim", symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT", tick: decimal("0.5"),
            lot: decimal("0.001"))
        var gate = Gate(instruments: [instrument], limits: limits)
        let request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 1001),
            price: Price(ticks: 200))
        #expect(throws: Breach.maxOrderValue(asked: amount("100.1"), limit: amount("100"))) {
            _ = try gate.clear(request, at: Timestamp(nanoseconds: 0), exposure: Exposure())
        }
    }

    @Test("on_disconnect may stand above the tables, but not twice") func onDisconnect() throws {
        #expect(try decode("on_disconnect = \"cancel\"\n[risk]").onDisconnect == .cancel)
        #expect(complaint("on_disconnect = \"cancel\"\n[risk]\non_disconnect = \"cancel\"").contains("a second time"))
    }
}

@Suite("Venues, strategies, simulation, dashboard") struct OtherKeyTests {
    @Test("each kind takes its own keys") func kinds() throws {
        let settings = try decode(
            """
            [[venue]]
            name = "a"
            kind = "apifiny"
            environment = "custom"
            endpoints = { rest = "https://localhost:1", fix = "localhost:2" }
            credentials = { account_id = "STA-1", key = "env:K", secret = "env:S" }
            venue = "BINANCE"
            orders = "fix"
            fix_tls = true
            [[venue.instrument]]
            symbol = "BTC_USDT"
            tick = "0.01"
            lot = "0.00001"
            min_qty = "0.0001"
            min_notional = 5
            [[venue]]
            name = "b"
            kind = "sim"
            endpoints = { scenario = "calm.toml" }
            [[venue]]
            name = "c"
            kind = "smartvalor"
            poll = "500ms"
            """)
        #expect(settings.venues.map(\.kind) == [.apifiny, .sim, .smartvalor])
        #expect(settings.venues[0].options == ["venue": "BINANCE", "orders": "fix", "fix_tls": "true"])
        #expect(settings.venues[0].credentials["account_id"] == .identifier("STA-1"))
        let rules = try #require(settings.venues[0].instrumentRules.first)
        #expect(rules.symbol == "BTC_USDT" && rules.tick == decimal("0.01") && rules.lot == decimal("0.00001"))
        #expect(rules.minQuantity == decimal("0.0001") && rules.minNotional == amount("5"))
        #expect(settings.venues[1].endpoints["scenario"] == "desk/calm.toml")
        #expect(settings.venues[2].options["poll"] == "500ms")
    }

    @Test("[simulation] in the flags' spelling") func simulation() throws {
        let simulation = try decode(
            """
            [simulation]
            latency = "5ms/2500us"
            queue = "power:3"
            fills = "full"
            slippage = "5bps"
            max_bar_share = "10%"
            spot = true
            mark = "last"
            sample = "1s"
            calendar = "equity"
            maker_fee = "-0.0001"
            taker_fee = "0.0007"
            balance = { USDT = "10000" }
            seed = 7
            """
        ).simulation
        #expect(simulation.latency == "5ms/2500us" && simulation.queue == "power:3" && simulation.slippage == "5bps")
        #expect(simulation.maxBarShare == "10%" && simulation.spot == true && simulation.sample == seconds(1))
        #expect(simulation.makerFee == decimal("-0.0001") && simulation.balance == ["USDT": decimal("10000")])
        #expect(simulation.seed == 7)
        #expect(try decode("[simulation]\nlatency = \"lat.tape\"").simulation.latency == "desk/lat.tape")
        #expect(try decode("[simulation]\nlatency = \"feed:0.5,1ms\"").simulation.latency == "feed:0.5,1ms")
    }

    @Test("bad values of [simulation]", arguments: [
        "latency = \"5\"", "latency = \"feed:1\"", "latency = \"-1ms/1ms\"", "queue = \"power:0\"", "queue = \"lifo\"",
        "fills = \"some\"", "slippage = \"5\"", "max_bar_share = \"x%\"", "mark = \"best\"", "calendar = \"lunar\"",
        "sample = \"0\"", "spot = 1", "seed = -1", "maker_fee = 0.1",
    ]) func badSimulation(line: String) {
        let key = line.prefix { $0 != " " }
        let message = complaint("[simulation]\n\(line)")
        #expect(message.hasPrefix("desk/perigee.toml:2: simulation.\(key): found ") && message.contains("expected "), "\(message)")
    }

    @Test("caps of a strategy, and their defaults") func caps() throws {
        let none = try decode("[[strategy]]\nfile = \"a.lua\"")
        #expect(none.watchdog.strategyMemory == 64 << 20 && none.watchdog.strategyBudget == 50_000_000 && none.strategies[0].deadline == nil)
        let some = try decode(
            "[watchdog]\nstrategy_memory = \"512KiB\"\nstrategy_budget = 7\n[[strategy]]\nfile = \"a.lua\"\ndeadline = \"20ms\"\nmemory = \"2MiB\"\nbudget = 9\non_error = \"kill\"")
        #expect(some.watchdog.strategyMemory == 512 << 10 && some.watchdog.strategyBudget == 7)
        let own = some.strategies[0]
        #expect(own.deadline == Span(nanoseconds: 20_000_000) && own.memory == 2 << 20 && own.budget == 9 && own.onError == .kill)
    }

    @Test("absolute paths stay, a strategy's name defaults to its file's") func paths() throws {
        let settings = try decode("[run]\nstate_dir = \"/var/lib/p\"\n[[strategy]]\nfile = \"s/cross.lua\"")
        #expect(settings.run.stateDirectory == "/var/lib/p" && settings.strategies[0].name == "cross")
        #expect(try Settings(toml: "", file: "perigee.toml").run.stateDirectory == "state")
    }

    @Test("the dashboard listens on loopback unless it is guarded") func dashboard() throws {
        #expect(complaint("[dashboard]\nlisten = \"0.0.0.0:1\"").contains("desk/perigee.toml:2: dashboard.listen"))
        #expect(complaint("[dashboard]\nlisten = \"0.0.0.0:1\"\nexpose = true").contains("tls"))
        let text = "[dashboard]\nlisten = \"0.0.0.0:1\"\nexpose = true\ntls = { certificate = \"c\", key = \"k\" }\ntoken = \"env:T\""
        #expect(try decode(text).dashboard.exposes)
        #expect(complaint("[dashboard]\nlisten = \"7780\"").contains("HOST:PORT"))
    }

    @Test("metrics are for this machine only, and off unless wanted") func metrics() throws {
        #expect(try decode("").metrics == nil)
        #expect(try decode("[metrics]").metrics?.listen == "127.0.0.1:9464")
        #expect(try decode("[metrics]\nlisten = \"[::1]:1\"").metrics?.listen == "[::1]:1")
        for wrong in ["0.0.0.0:1", "127.0.0.1", "example.org:1", "127.0.0.1:70000"] {
            #expect(complaint("[metrics]\nlisten = \"\(wrong)\"").contains("desk/perigee.toml:2: metrics.listen"), "\(wrong)")
        }
    }
}
