import Configuration
import Testing

@Suite("Errors name file, line, key, what was found and what was expected") struct ErrorTests {
    @Test("an unknown key, with the nearest known one", arguments: [
        ("[risk]\n\nmax_ordr_value = \"1\"", "desk/perigee.toml:3: risk.max_ordr_value: unknown key; did you mean \"max_order_value\"?"),
        ("[rsk]\n", "desk/perigee.toml:1: rsk: unknown key; did you mean \"risk\"?"),
        (
            "[risk]\nprice_collar = { agressive = \"1%\" }",
            "desk/perigee.toml:2: risk.price_collar.agressive: unknown key; did you mean \"aggressive\"?"
        ),
        (
            "[risk.instrument.\"sim:BTC_USDT\"]\nmax_open_order = 1",
            "desk/perigee.toml:2: risk.instrument.\"sim:BTC_USDT\".max_open_order: unknown key; did you mean \"max_open_orders\"?"
        ),
        (
            "[[venue]]\nname = \"a\"\nkind = \"sim\"\n[[venue]]\nname = \"b\"\nkind = \"valr\"\n# note\n poll = \"1s\"",
            "desk/perigee.toml:8: venue[2].poll: unknown key; the keys here are"
        ),
        (
            "[[venue]]\nname = \"a\"\nkind = \"sim\"\n[[venue.instrument]]\nsymbol = \"A_B\"\n[[venue.instrument]]\nsymbol = \"C_D\"\ntik = 1",
            "desk/perigee.toml:8: venue[1].instrument[2].tik: unknown key; did you mean \"tick\"?"
        ),
        ("[risk.strategy.a]\nself_match = \"deny\"", "desk/perigee.toml:2: risk.strategy.a.self_match: unknown key"),
    ]) func unknown(text: String, start: String) {
        #expect(complaint(text).hasPrefix(start), "\(complaint(text))")
    }

    @Test("a wrong type or value", arguments: [
        ("[watchdog]\nstrategy_deadline = \"0s\"", "watchdog.strategy_deadline: found \"0s\"; expected a duration of 1ms or more"),
        ("[watchdog]\nstrategy_memory = 64", "watchdog.strategy_memory: found"),
        ("[[strategy]]\nfile = \"a.lua\"\nmemory = \"64MB\"", "strategy[1].memory: found \"64MB\"; expected a size from \"256KiB\" to \"16GiB\""),
        ("[[strategy]]\nfile = \"a.lua\"\ndeadline = \"10us\"", "strategy[1].deadline: found \"10us\"; expected a duration of 1ms or more"),
        ("[[strategy]]\nfile = \"a.lua\"\nbudget = 0", "strategy[1].budget: found"),
        ("[[strategy]]\nfile = \"a.lua\"\non_error = \"ignore\"", "strategy[1].on_error: found"),
        ("[risk]\nmax_order_value = 5000.5", "found the float 5000.5; expected an exact decimal: write it in quotes"),
        ("[risk]\nmax_order_value = \"much\"", "found \"much\"; expected a decimal such as \"0.5\""),
        ("[risk]\nmax_order_value = \"NaN\"", "expected a decimal"),
        ("[risk]\nmax_order_value = -1", "found -1; expected 0 or more"),
        ("[risk]\nmax_order_value = \"1e-25\"", "expected at most 24 places"),
        ("[risk]\nmax_order_value = true", "found true; expected a decimal in quotes"),
        ("[risk]\nmax_open_orders = \"20\"", "found \"20\"; expected a whole number of 0 or more"),
        ("[risk]\nmax_open_orders = -1", "found -1; expected a whole number"),
        ("[risk]\nmax_position = \"1\"", "expected a table by base currency"),
        ("[risk]\nmax_order_qty = { BTC = 0.5 }", "risk.max_order_qty.BTC: found the float 0.5"),
        ("[risk]\nprice_collar = \"1%\"", "found \"1%\"; expected a table"),
        ("[risk]\nprice_collar = { aggressive = \"x%\" }", "risk.price_collar.aggressive: found \"x%\""),
        ("[risk]\nprice_collar = { aggressive = 0.01 }", "write it in quotes"),
        ("[risk]\nbalance_haircut = \"101%\"", "expected a fraction of 0 to 1"),
        ("[risk]\nduplicate_window = 5", "found 5; expected a duration such as"),
        ("[risk]\nduplicate_window = \"-5s\"", "expected a duration"),
        ("[risk]\nself_match = \"allow\"", "expected one of \"deny\", \"cancel_resting\""),
        ("[risk]\npermit = { a = \"x\" }", "risk.permit.a: found \"x\"; expected an array of strings"),
        ("[risk.instrument.BTC_USDT]\nmax_open_orders = 1", "expected an instrument as \"venue:SYMBOL\""),
        ("[run]\ndurability = \"none\"", "run.durability: found \"none\"; expected one of \"process\", \"power\""),
        ("[run]\nstate_dir = 1", "found 1; expected a string"),
        ("run = 1", "desk/perigee.toml:1: run: found 1; expected a table"),
        ("[venue]\nname = \"a\"", "expected an array of tables, [[venue]]"),
        ("[[venue]]\nname = \"a\"", "kind is missing"),
        ("[[venue]]\nname = \"a\"\nkind = \"nyse\"", "venue[1].kind: found \"nyse\"; expected one of \"smartvalor\""),
        ("[[venue]]\nname = \"a\"\nkind = \"sim\"\n[[venue]]\nname = \"a\"\nkind = \"sim\"", "toml:5: venue[2].name: found \"a\" a second"),
        ("[[venue]]\nname = \"a\"\nkind = \"valr\"\nca_file = \"x\"", "expected environment = \"custom\""),
        (
            "[[venue]]\nname = \"a\"\nkind = \"valr\"\nendpoints = { rest = \"https://localhost.evil.example/x\" }\nca_file = \"x\"",
            "toml:5: venue[1].ca_file: found environment \"production\""
        ),
        ("[[venue]]\nname = \"a\"\nkind = \"valr\"\nenvironment = \"custom\"", "needs endpoints of its own"),
        ("[[strategy]]\nname = \"a\"", "file is missing"),
        ("[[strategy]]\nfile = \"a.lua\"\nparams = { x = [1] }", "strategy[1].params.x: found an array"),
        ("[watchdog]\ndead_man = \"soon\"", "watchdog.dead_man: found \"soon\""),
    ]) func wrong(text: String, part: String) {
        let message = complaint(text)
        #expect(message.hasPrefix("desk/perigee.toml:") && message.contains(part), "\(message)")
    }

    @Test("what is not TOML has its line and column") func syntax() {
        #expect(complaint("[run]\nstate_dir = \n").hasPrefix("desk/perigee.toml:2:"))
        #expect(complaint("a = 1\na = 2").hasPrefix("desk/perigee.toml:2:"))
    }

    @Test("a file that is not there") func missing() {
        #expect(throws: ConfigurationError.self) { try Settings.load("/nonexistent/perigee.toml") }
    }

    /// I24: whatever is wrong with a secret, it is in no message.
    @Test("a literal secret is refused and never shown", arguments: [
        "secret = \"CANARY-5d1f\"", "secret = \"env:\\nCANARY-5d1f\\q\"", "secret = CANARY-5d1f", "secret = 'CANARY-5d1f",
        "secret = [\"CANARY-5d1f\"]", "secret = { a = \"CANARY-5d1f\" }", "secret = \"CANARY-5d1f\" CANARY-5d1f",
        "secret = \"CANARY-5d1f\\", "secret: CANARY-5d1f", "user = 1\nsecret = \"CANARY-5d1f\"", "secret = 0xCANARY-5d1f",
        "secret = 1979-CANARY-5d1f", "secret = \"env:X\"\nsecret = \"CANARY-5d1f\"", "secret = tCANARY-5d1f",
    ]) func secret(line: String) {
        let message = complaint("[[venue]]\nname = \"v\"\nkind = \"valr\"\n[venue.credentials]\n\(line)\n")
        #expect(message != "no error")
        #expect(!message.contains("CANARY") && !message.contains("5d1f"), "\(message)")
    }
}
