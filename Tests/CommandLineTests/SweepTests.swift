import Foundation
import Testing

/// `perigee sweep`: every combination once, ranked, the same whatever the number of jobs.
struct SweepTests {
    private let scratch: Scratch
    private let tape: String
    private let script: String

    init() throws {
        scratch = try Scratch()
        var rows = ["time,open,high,low,close,volume"]
        var price = 1000
        for minute in 0..<300 {
            let step = (minute * 7919 + minute / 13 * 31) % 23 - 11
            rows.append("\(minute * 60),\(price),\(max(price, price + step) + 2),\(min(price, price + step) - 2),\(price + step),100")
            price += step
        }
        tape = scratch.path("x.tape")
        let made = try Binary.run([
            "data", "import", "--format", "ohlcv", try scratch.write("x.csv", rows.joined(separator: "\n") + "\n"), "-o", tape, "--instrument",
            "mine:BTC_USDT", "--tick", "1", "--lot", "0.001", "--time-unit", "s", "--interval", "1m", "--header",
        ])
        #expect(made.status == 0, "\(made.errors)")
        script = try scratch.write(
            "s.lua",
            """
            local S = { name = "s", params = { n = 3, qty = 1.0, way = "both" } }
            function S.on_start() S.i = market.instrument() S.i:subscribe("bars", "1m") S.top, S.low = ta.highest(params.n), ta.lowest(params.n) end
            function S.on_bar(i, bar)
              if params.n == 13 then error("unlucky") end
              local top, low = S.top:update(bar.close), S.low:update(bar.close)
              if not top then return end
              local want = bar.close >= top and params.qty or bar.close <= low and params.way == "both" and -params.qty or 0
              local d = want - i:position()
              if d > 0 then i:buy(d) elseif d < 0 then i:sell(-d) end
            end
            return S
            """)
    }

    private func sweep(_ name: String, _ flags: [String]) throws -> Binary.Outcome {
        try Binary.run(["sweep", script, "--data", tape, "--out", scratch.path(name)] + flags, in: scratch.url)
    }

    @Test func theSameWhateverTheJobs() throws {
        let grid = ["--grid", "n=2:8:2", "--grid", "qty=0.5,1", "--taker-fee=0.0001", "--seed", "4"]
        let one = try sweep("deep/one", grid + ["--jobs", "1"])
        #expect(one.status == 0, "\(one.errors)")
        let three = try sweep("three", grid + ["--jobs", "3", "--keep-runs"])
        #expect(three.status == 0, "\(three.errors)")
        #expect(one.output == three.output)
        for file in ["sweep.csv", "sweep.json"] { #expect(try scratch.read("deep/one/\(file)") == scratch.read("three/\(file)")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("deep/one")).sorted() == ["sweep.csv", "sweep.json"])
        let rows = try scratch.rows("deep/one/sweep.csv")
        #expect(rows.map { $0["rank"] } == (1...8).map(String.init) && Set(rows.map { $0["combination"] }).count == 8)
        let returns = rows.compactMap { $0["total_return"].flatMap(Double.init) }
        #expect(returns.count == 8 && returns == returns.sorted(by: >) && Set(returns).count > 2)
        // A row is what the run alone would have told.
        let best = rows[0]
        let alone = try Binary.run([
            "backtest", script, "--data", tape, "--set", "n=\(best["n"] ?? "")", "--set", "qty=\(best["qty"] ?? "")", "--taker-fee=0.0001", "--seed", "4",
            "--out", scratch.path("alone"), "--quiet",
        ])
        #expect(alone.status == 0, "\(alone.errors)")
        let kept = "three/runs/\(best["combination"] ?? "")"
        for file in ["summary.json", "fills.csv"] { #expect(try scratch.read("alone/\(file)") == scratch.read("\(kept)/\(file)")) }
        #expect(try scratch.read("alone/summary.json").contains("\"final_equity\": \"\(best["final_equity"] ?? "none")\""))
    }

    @Test func shardsAreEvenAndMakeTheWhole() throws {
        var combinations: [String] = []
        for shard in 1...3 {
            let run = try sweep("s\(shard)", ["--grid", "n=2:9:1", "--shard", "\(shard)/3", "--rank-by", "max_drawdown"])
            #expect(run.status == 0, "\(run.errors)")
            let rows = try scratch.rows("s\(shard)/sweep.csv")
            #expect((2...3).contains(rows.count))
            let falls = rows.compactMap { $0["max_drawdown"].flatMap(Double.init) }
            #expect(falls == falls.sorted())
            combinations += rows.compactMap { row in row["combination"].map { "\($0) \(row["n"] ?? "")" } }
        }
        #expect(combinations.sorted() == (0..<8).map { "\($0) \($0 + 2)" })
    }

    @Test func aRunThatFailsIsARowAndAnExitStatusIfAllDo() throws {
        let run = try sweep("out", ["--grid", "n=12:14:1"])
        #expect(run.status == 0 && run.errors.contains("1 of 3 runs failed, the first in the table with n=13") && run.errors.contains("unlucky"), "\(run.errors)")
        let rows = try scratch.rows("out/sweep.csv")
        #expect(rows.count == 3 && rows[2]["n"] == "13" && rows[2]["outcome"] == "error" && rows[2]["final_equity"] == "")
        #expect(try sweep("out", ["--grid", "n=13,13.0"]).status == 2)
        #expect(try sweep("out", ["--grid", "n=13"]).status == 1)
    }

    @Test(arguments: [
        ([], "no --grid"), (["--grid", "n=5:50"], "found 2 parts"), (["--grid", "n=5:50:0"], "a step of 0"), (["--grid", "n=5:1:1"], "leads away from 1"),
        (["--grid", "n=1:x:1"], "found 'x'"), (["--grid", "n=1,,2"], "an empty value"), (["--grid", "n=1,1"], "a value twice"), (["--grid", "=1"], "no NAME="),
        (["--grid", "n="], "no values"), (["--grid", "n=1:2:1", "--grid", "n=3:4:1"], "a second grid of n"),
        (["--grid", "n=1:9999999:1"], "more than 1,000,000"), (["--grid", "n=2:3:1", "--set", "n=2"], "--set n=2: n has a --grid too"),
        (["--grid", "m=1:2:1"], "--grid m=1"), (["--grid", "n=0.5:1:0.5"], "--grid n=0.5"), (["--grid", "n=2:3:1", "--shard", "4/3"], "--shard: found '4/3'"),
        (["--grid", "n=2:3:1", "--jobs", "0"], "--jobs: found 0"), (["--grid", "n=2:3:1", "--rank-by", "luck"], "--rank-by: found 'luck'"),
        (["--grid", "n=2:3:1", "--queue", "lifo"], "--queue: found 'lifo'"),
    ])
    func whatIsWrongIsTold(_ flags: [String], _ words: String) throws {
        let run = try sweep("bad", flags)
        #expect(run.status == 2 && run.errors.contains(words), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("bad/sweep.csv")))
    }
}
