import Foundation
import Testing

/// `--strict-budget` and `--compute-cost`: counted work is a limit and simulated time.
struct StrictBudgetTests {
    private func tape(in scratch: Scratch) throws -> String {
        var lines = ["type,exch_ts_ns,local_ts_ns,side,price,qty"]
        for second in 0..<60 {
            let time = 1_700_000_000_000_000_000 + second * 1_000_000_000
            lines.append("D,\(time),\(time + 1000),B,\(100 + second % 3),5")
            lines.append("D,\(time + 500_000),\(time + 501_000),S,\(110 + second % 3),5")
        }
        let csv = try scratch.write("book.csv", lines.joined(separator: "\n") + "\n")
        let import_ = try Binary.run(
            ["data", "import", "--format", "csv", csv, "-o", scratch.path("book.tape"), "--instrument", "file:BTC_USDT", "--tick", "0.01", "--lot", "0.0001"])
        #expect(import_.status == 0, "\(import_.errors)")
        return scratch.path("book.tape")
    }

    private static func script(_ loop: Int) -> String {
        """
        local S = {}
        function S.on_start() market.instrument():subscribe("quotes") end
        function S.on_quote(inst)
          if #inst:open_orders() > 0 or not inst:ask() then return end
          for i = 1, \(loop) do end
          inst:buy(0.01, 90)
        end
        return S
        """
    }

    /// ns from the making of the first order to the word that it is open.
    private func delay(_ script: String, _ flags: [String], in scratch: Scratch, _ tape: String) throws -> Int {
        let out = "run-\(UUID().uuidString)"
        let file = try scratch.write("script.lua", script)
        let run = try Binary.run(["backtest", file, "--data", tape, "--latency", "1ms/1ms", "--out", scratch.path(out), "--quiet"] + flags)
        #expect(run.status == 0, "\(run.errors)")
        let row = try #require(try scratch.rows("\(out)/orders.csv").first)
        return try #require(Int(row["acked"] ?? "")) - #require(Int(row["created"] ?? ""))
    }

    @Test func slowCodeIsLate() throws {
        let scratch = try Scratch()
        let tape = try tape(in: scratch)
        func delay(_ loop: Int, _ flags: [String]) throws -> Int { try self.delay(StrictBudgetTests.script(loop), flags, in: scratch, tape) }
        #expect(try delay(100_000, []) == 2_000_000)
        let (fast, slow) = try (delay(1000, ["--strict-budget"]), delay(101_000, ["--strict-budget"]))
        #expect(slow - fast == 100_000)
        #expect(fast > 2_001_000 && fast < 2_002_000)
        #expect(try delay(101_000, ["--strict-budget", "--compute-cost", "10ns/instr"]) - delay(1000, ["--strict-budget", "--compute-cost", "10ns"]) == 1_000_000)
        #expect(try delay(101_000, ["--strict-budget", "--compute-cost", "0ns"]) == 2_000_000)
    }

    @Test func aCallbackOverItsBudgetEndsTheRun() throws {
        let scratch = try Scratch()
        let tape = try tape(in: scratch)
        let file = try scratch.write("loop.lua", StrictBudgetTests.script(1 << 40))
        let config = try scratch.write("perigee.toml", "[[strategy]]\nfile = \"loop.lua\"\nbudget = 100000\n")
        var said: Set<String> = []
        for _ in 0..<2 {
            let run = try Binary.run(["backtest", "--config", config, "--data", tape, "--strict-budget", "--out", scratch.path("run"), "--quiet"])
            #expect(run.status == 1, "\(run.errors)")
            #expect(run.errors.contains("loop.lua:5: the strategy used up its budget of 100000 instructions in one call"), "\(run.errors)")
            said.insert(run.errors)
        }
        #expect(said.count == 1)
        _ = file
    }

    @Test(arguments: [
        (["--compute-cost", "1ns"], "--strict-budget"), (["--strict-budget", "--compute-cost", "1s"], "--compute-cost: found '1s'"),
        (["--strict-budget", "--compute-cost=-1ns"], "--compute-cost: found '-1ns'"),
    ])
    func slipsAreTold(_ flags: [String], _ found: String) throws {
        let scratch = try Scratch()
        let file = try scratch.write("script.lua", StrictBudgetTests.script(1))
        let run = try Binary.run(["backtest", file, "--data", "nowhere.tape"] + flags)
        #expect(run.status == 2 && run.errors.contains(found), "\(run.errors)")
    }

    @Test func helpNamesThem() throws {
        let help = try Binary.run(["backtest", "--help"]).output
        #expect(help.contains("--strict-budget") && help.contains("--compute-cost"))
    }
}
