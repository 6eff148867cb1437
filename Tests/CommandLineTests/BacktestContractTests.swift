import Foundation
import Testing

/// `docs/cli.md`: exit codes, errors that name what was found, files that are the same byte for byte.
struct BacktestContractTests {
    private func prepared() throws -> (scratch: Scratch, tape: String, script: String) {
        let scratch = try Scratch()
        let tape = try BacktestBarsTests.tape(BacktestBarsTests.bars(200, seed: 9), in: scratch)
        return (scratch, tape, try scratch.write("cross.lua", BacktestBarsTests.cross))
    }

    @Test func twoRunsWriteTheSameBytes() throws {
        let (scratch, tape, script) = try prepared()
        for out in ["one", "two"] {
            let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path(out), "--quiet"])
            #expect(run.status == 0, "\(run.errors)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path("one")).sorted()
        #expect(names == ["charts.json", "equity.csv", "fills.csv", "log.jsonl", "orders.csv", "report.html", "summary.json"])
        for name in names {
            let (first, second) = try (scratch.read("one/\(name)"), scratch.read("two/\(name)"))
            #expect(first == second, "\(name) differs between two runs")
        }
    }

    @Test func jsonOnStdoutIsTheSummary() throws {
        let (scratch, tape, script) = try prepared()
        let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path("run"), "--format", "json"])
        #expect(run.status == 0, "\(run.errors)")
        let summary = try scratch.read("run/summary.json")
        #expect(run.output.trimmingCharacters(in: .newlines) == summary.trimmingCharacters(in: .newlines))
        #expect(!run.errors.contains("\u{1B}"), "an escape sequence in a pipe")
    }

    @Test(arguments: [
        (["backtest"], 2, "--data"),
        (["backtest", "nowhere.lua", "--data", "nowhere.tape"], 1, "nowhere.tape"),
        (["backtest", "SCRIPT"], 2, "--data"),
        (["backtest", "nowhere.lua", "--data", "TAPE"], 2, "nowhere.lua"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--queue", "lifo"], 2, "lifo"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--latency", "fast"], 2, "--latency"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--from", "yesterday"], 2, "yesterday"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--from", "2099-01-01"], 2, "--from"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--to", "1999-01-01"], 2, "--to"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--balance", "USD"], 2, "USD"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--set", "slow=many"], 2, "slow"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--set", "slwo=5"], 2, "slwo"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--set", "slow=1.5"], 2, "slow"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--maker-fee=2"], 2, "--maker-fee"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--unknown"], 2, "--unknown"),
        (["backtest", "SCRIPT", "--data", "TAPE", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["frobnicate"], 2, "frobnicate"),
    ])
    func errorsNameWhatWasFound(_ arguments: [String], _ status: Int, _ found: String) throws {
        let (scratch, tape, script) = try prepared()
        var arguments = arguments.map { $0 == "TAPE" ? tape : $0 == "SCRIPT" ? script : $0 }
        if arguments.contains(tape) { arguments += ["--out", scratch.path("run")] }
        let run = try Binary.run(arguments)
        #expect(run.status == Int32(status), "\(arguments): \(run.errors)")
        #expect(run.errors.contains(found), "\(arguments): \(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test func aStrategyErrorNamesFileLineCallbackAndEvent() throws {
        let (scratch, tape, _) = try prepared()
        let script = try scratch.write("bad.lua", """
            local S = {}
            function S.on_start() market.instrument():subscribe("bars", "1m") end
            function S.on_bar(inst, bar)
              local x = nil
              inst:buy(1)
              x.y = 1
            end
            return S
            """)
        let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path("run")])
        #expect(run.status == 1)
        #expect(run.errors.contains("bad.lua:6") && run.errors.contains("on_bar"), "\(run.errors)")
        #expect(try scratch.rows("run/orders.csv").isEmpty, "a failed callback sent an order")
        #expect(try scratch.read("run/log.jsonl").contains("bad.lua:6"))
    }

    @Test func stopEndsTheRunInGoodOrder() throws {
        let (scratch, tape, _) = try prepared()
        let script = try scratch.write("stop.lua", """
            local S, n = {}, 0
            function S.on_start() S.i = market.instrument(); S.i:subscribe("bars", "1m") end
            function S.on_bar(inst, bar)
              n = n + 1
              if n == 1 then inst:buy(1, inst:round(bar.close / 2)) end
              if n == 5 then stop("enough") end
              log.info("bar %d", n)
            end
            function S.on_stop(reason) log.info("stopped: %s", reason) end
            return S
            """)
        let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path("run")])
        #expect(run.status == 0, "\(run.errors)")
        #expect(try scratch.rows("run/orders.csv").map { $0["state"] } == ["cancelled"])
        let log = try scratch.read("run/log.jsonl")
        #expect(log.contains("bar 5") && !log.contains("bar 6") && log.contains("stopped: enough"))
    }
}

/// `docs/lua-api.md`, errors and limits; `on_error = "continue"` never hides a script that is gone for good.
struct BacktestFaultTests {
    private func run(_ body: String, _ flags: [String], in scratch: Scratch) throws -> Binary.Outcome {
        let tape = try BacktestBarsTests.tape(BacktestBarsTests.bars(20, seed: 9), in: scratch)
        let script = try scratch.write("fault.lua", """
            local S, n = {}, 0
            function S.on_start() S.i = market.instrument(); S.i:subscribe("bars", "1m") end
            function S.on_bar(inst, bar)
              n = n + 1
              \(body)
            end
            return S
            """)
        let config = try scratch.write("run.toml", "[run]\non_error = \"continue\"\n")
        return try Binary.run(["backtest", script, "--data", tape, "--config", config, "--out", scratch.path("run")] + flags)
    }

    @Test func continueLogsTheErrorAndCarriesOn() throws {
        let scratch = try Scratch()
        let run = try run("if n == 3 then error('boom') end log.info('bar %d', n)", [], in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        let log = try scratch.read("run/log.jsonl")
        #expect(log.contains("fault.lua:5: boom") && log.contains("traceback") && log.contains("bar 4") && !log.contains("bar 3"))
    }

    @Test func aScriptThatOutgrewItsMemoryEndsTheRun() throws {
        let scratch = try Scratch()
        let run = try run("log.info('bar %d', n) local t = {} while n == 3 do t[#t + 1] = ('x'):rep(500000) .. #t end", [], in: scratch)
        #expect(run.status == 1, "\(run.errors)")
        #expect(run.errors.contains("fault.lua:5") && run.errors.contains("memory"), "\(run.errors)")
        #expect(try !scratch.read("run/log.jsonl").contains("bar 4"))
    }

    @Test(arguments: [([], "t:ABC_USD"), (["--currency", "EUR"], "nil")])
    func aSymbolWithoutAQuoteIsQuotedInTheCurrency(_ flags: [String], _ found: String) throws {
        let scratch = try Scratch()
        let run = try run("print('found ' .. tostring((market.instrument('ABC'))))", flags, in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains("found \(found)"), "\(run.errors)")
    }

    /// A bar tape has no book, yet a market order has a price it can be held to: the last close.
    @Test(arguments: [([] as [String], "[risk]\nmax_order_value = \"5000\"\n"), (["--spot"], "")])
    func marketOrdersOnBarsAreJudgedByTheClose(_ flags: [String], _ limits: String) throws {
        let scratch = try Scratch()
        let tape = try BacktestBarsTests.tape(BacktestBarsTests.bars(20, seed: 9), in: scratch)
        let config = try scratch.write("limits.toml", limits)
        let script = try scratch.write("buy.lua", """
            local S, n = {}, 0
            function S.on_start() market.instrument():subscribe("bars", "1m") end
            function S.on_bar(inst)
              n = n + 1
              if n == 2 then inst:buy(10) elseif n == 4 then inst:buy(200) elseif n == 6 then inst:sell(10) end
            end
            return S
            """)
        let run = try Binary.run(["backtest", script, "--data", tape, "--config", config, "--out", scratch.path("run")] + flags)
        #expect(run.status == 0, "\(run.errors)")
        let reason = flags.isEmpty ? "max_order_value" : "insufficient_balance"
        #expect(try scratch.rows("run/orders.csv").map { ($0["state"] ?? "") + ($0["reason"] ?? "") } == ["filled", "rejected" + reason, "filled"])
    }

    @Test func startingBalancesInOtherCurrenciesAreNoGain() throws {
        let scratch = try Scratch()
        let run = try run("", ["--balance", "USD=1000", "--balance", "ABC=10", "--format", "json"], in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        let first = try #require(try scratch.rows("run/equity.csv").first?["equity"])
        #expect(run.output.contains("\"starting_equity\": \"\(first)\""))
        #expect(first != "1000")
    }
}
