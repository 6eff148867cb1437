import Foundation
import Testing

/// A `[[venue]]` brings its kind's profile into a backtest, wherever that runs, below everything that is said.
struct VenueProfileRunTests {
    private let scratch: Scratch
    private let tape: String
    private let script: String

    init() throws {
        scratch = try Scratch()
        var rows = ["type,exch_ts_ns,local_ts_ns,side,price,qty", "D,1000000000,1000000000,B,99,50", "D,1000000000,1000000000,S,100,50"]
        for second in 2...6 { rows.append("T,\(second)000000000,\(second)000000000,B,100,1") }
        tape = scratch.path("x.tape")
        let made = try Binary.run([
            "data", "import", "--format", "csv", try scratch.write("x.csv", rows.joined(separator: "\n") + "\n"), "-o", tape, "--instrument", "mine:BTC_USDT",
            "--tick", "1", "--lot", "0.001",
        ])
        #expect(made.status == 0, "\(made.errors)")
        script = try scratch.write(
            "s.lua",
            """
            local S, n = {}, 0
            function S.on_start() S.i = market.instrument() S.i:subscribe("trades") end
            function S.on_trade() n = n + 1 if n == 1 then S.i:buy(1) elseif n == 3 then S.i:sell(2) end end
            return S
            """)
    }

    private func run(_ venue: String, simulation: String = "", flags: [String] = []) throws -> (fills: [[String: String]], orders: [[String: String]]) {
        let config = try scratch.write("p.toml", "[[venue]]\nname = \"mine\"\n\(venue)\n[simulation]\n\(simulation)\n")
        let outcome = try Binary.run(
            ["backtest", script, "--data", tape, "--config", config, "--out", scratch.path("run"), "--quiet"] + flags, in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return (try scratch.rows("run/fills.csv"), try scratch.rows("run/orders.csv"))
    }

    @Test func theProfileSaysWhatNobodySays() throws {
        let (fills, orders) = try run("kind = \"valr\"")
        #expect(fills.map { $0["fee"] } == ["0.1"])
        // 60 ms there, and the second order would make a balance negative.
        #expect(fills.first?["exchange_time"] == "2060000000" && fills.first?["time"] == "2120000000")
        #expect(orders.map { $0["reason"] } == ["", "insufficient_balance"])
    }

    @Test func everythingElseComesBeforeIt() throws {
        #expect(try run("kind = \"valr\"\nfees = { taker = \"0.002\" }").fills.map { $0["fee"] } == ["0.2"])
        #expect(try run("kind = \"valr\"\nfees = { taker = \"0.002\" }", simulation: "taker_fee = \"0.003\"").fills.map { $0["fee"] } == ["0.3"])
        let flagged = try run("kind = \"valr\"", simulation: "latency = \"5ms/5ms\"\nspot = false", flags: ["--taker-fee=0.004", "--latency", "1ms/2ms"])
        #expect(flagged.fills.map { $0["fee"] } == ["0.4", "0.792"])
        #expect(flagged.fills.first?["exchange_time"] == "2001000000" && flagged.fills.first?["time"] == "2003000000")
        #expect(try run("kind = \"valr\"", simulation: "latency = \"5ms/5ms\"").fills.first?["time"] == "2010000000")
    }

    @Test func aProfileOfOnesOwnAndNone() throws {
        try scratch.write("own.toml", "venue = \"mine\"\n[fees]\ntaker = \"0.0123456\"\nplaces = 2\n[rules]\norder_types = [\"limit\"]\n")
        #expect(try run("kind = \"sim\"\nprofile = \"own.toml\"").orders.map { $0["reason"] } == ["unsupported", "unsupported"])
        let plain = try run("kind = \"sim\"")
        #expect(plain.fills.map { $0["fee"] } == ["0", "0"] && plain.fills.first?["time"] == "2000000000")
    }
}
