import Foundation
import Testing

/// What users get wrong: told in one line that names it, before anything is run.
struct UserSlipTests {
    private func prepared() throws -> (scratch: Scratch, tape: String, script: String) {
        let scratch = try Scratch()
        let tape = try BacktestBarsTests.tape(BacktestBarsTests.bars(40, seed: 9), in: scratch)
        return (scratch, tape, try scratch.write("cross.lua", BacktestBarsTests.cross))
    }

    @Test(arguments: [
        (["bakctest"], "did you mean 'backtest'?"), (["help", "chekc"], "did you mean 'check'?"),
        (["data", "inof"], "did you mean 'info'?"), (["optimise"], "no verb 'optimise'"), (["data", "frobnicate"], "expected one of import"),
    ])
    func aMistypedVerbGetsTheNearest(_ arguments: [String], _ found: String) throws {
        let run = try Binary.run(arguments)
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(run.errors.contains(found), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }

    @Test(arguments: [["help"], ["help", "data"], ["help", "data", "slice"], ["data", "help"], ["data", "help", "slice"], ["--help"], ["data", "info", "--help"]])
    func helpIsStillHelp(_ arguments: [String]) throws {
        let run = try Binary.run(arguments)
        #expect(run.status == 0 && run.output.contains("perigee"), "\(run.errors)")
    }

    @Test(arguments: [
        (["--data", "TAPE"], "twice"), (["--balance", "USD=1", "--balance", "USD=2"], "a second amount of USD"),
        (["--max-bar-share", "10"], "up to 100%"), (["--max-bar-share", "101%"], "up to 100%"), (["--sample", "1ns"], "at most 200,000,000"),
        (["--latency", "feed:-1,5us"], "zero or more"), (["--latency", "measured"], "--latency"), (["--queue", "lifo"], "power:N"),
        (["--out", ""], "--out"), (["--from", "2030-01-02", "--to", "2030-01-01"], "2030-01-01T00:00:00Z is not after"),
    ])
    func aSlipInAFlagIsNamed(_ flags: [String], _ found: String) throws {
        let (scratch, tape, script) = try prepared()
        let out = flags.contains("--out") ? [] : ["--out", scratch.path("run")]
        let run = try Binary.run(["backtest", script, "--data", tape] + out + flags.map { $0 == "TAPE" ? tape : $0 })
        #expect(run.status == 2, "\(run.errors)")
        #expect(run.errors.contains(found), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("run")))
    }

    @Test func dataVerbsRefuseWhatMakesNoTape() throws {
        let (scratch, tape, _) = try prepared()
        let out = ["-o", scratch.path("out.tape")]
        for (arguments, found) in [
            (["merge", tape, tape] + out, "twice"), (["slice", tape, "--from", "2099-01-01"] + out, "the tape goes from"),
            (["slice", tape, "--to", "1999-01-01"] + out, "the tape goes from"), (["head", tape, "-n", "-1"], "expected 0 or more"),
        ] {
            let run = try Binary.run(["data"] + arguments)
            #expect(run.status == 2 && run.errors.contains(found), "\(arguments): \(run.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out.tape")))
    }

    @Test func whatTheConfigurationSaysIsToldAsTheConfigurations() throws {
        let (scratch, tape, script) = try prepared()
        let config = try scratch.write("run.toml", "[[strategy]]\nname = \"mine\"\nfile = \"cross.lua\"\nparams = { slwo = 5 }\n")
        let run = try Binary.run(["backtest", "--config", config, "--data", tape, "--out", scratch.path("run")])
        #expect(run.status == 2 && run.errors.contains("run.toml: strategy mine, params: slwo=5"), "\(run.errors)")
        let odd = try scratch.write("odd.toml", "[run]\nreporting_currency = \"EUR\"\n")
        let other = try Binary.run(["backtest", script, "--config", odd, "--data", tape, "--out", scratch.path("run")])
        #expect(other.status == 2 && other.errors.contains("run.reporting_currency: found \"EUR\""), "\(other.errors)")
    }

    /// The contract's own example of a configuration has `latency = "measured"`.
    @Test func aConfigurationForPaperRunsABacktest() throws {
        let (scratch, tape, script) = try prepared()
        let config = try scratch.write("run.toml", "[simulation]\nlatency = \"measured\"\n")
        let run = try Binary.run(["backtest", script, "--config", config, "--data", tape, "--out", scratch.path("run"), "--quiet"])
        #expect(run.status == 0 && run.errors.contains("measured"), "\(run.errors)")
    }

    @Test func aBalanceOfNoUseIsToldOf() throws {
        let (scratch, tape, script) = try prepared()
        let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path("run"), "--quiet", "--balance", "USDT=5"])
        #expect(run.status == 0 && run.errors.contains("balance of USDT is of no use"), "\(run.errors)")
    }

    @Test func whatIsPrintedWhileTheFileIsReadIsPrintedOnce() throws {
        let (scratch, tape, _) = try prepared()
        let script = try scratch.write("loud.lua", "print('read once') return {}")
        let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path("run")])
        #expect(run.errors.components(separatedBy: "read once").count == 2, "\(run.errors)")
    }

    @Test func aFaultInOnSaveShowsInABacktest() throws {
        let (scratch, tape, _) = try prepared()
        let good = try scratch.write("good.lua", "return { on_stop = function() print('stop') end, on_save = function() print('save') return {} end }")
        let run = try Binary.run(["backtest", good, "--data", tape, "--out", scratch.path("run")])
        #expect(run.status == 0, "\(run.errors)")
        let lines = try scratch.read("run/log.jsonl")
        #expect(lines.range(of: "\"stop\"").map { lines[$0.upperBound...].contains("\"save\"") } == true, "\(lines)")
        let bad = try scratch.write("bad.lua", "return { on_save = function() return { print } end }")
        let failed = try Binary.run(["backtest", bad, "--data", tape, "--out", scratch.path("run")])
        #expect(failed.status == 1 && failed.errors.contains("on_save returned a function"), "\(failed.errors)")
    }

    @Test(arguments: [("> /dev/full", Int32(1)), (">&-", 0), (">&- 2>&-", 0), ("2>&-", 0)])
    func aClosedOrFullStdoutHarmsNoFile(_ redirection: String, _ status: Int32) throws {
        let (scratch, tape, script) = try prepared()
        for (name, tail) in [("one", "> /dev/null 2>&1"), ("two", redirection)] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            let words = [Binary.path, "backtest", script, "--data", tape, "--quiet", "--out", scratch.path(name)]
            process.arguments = ["-c", words.map { "'\($0)'" }.joined(separator: " ") + " " + tail]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == (name == "one" ? 0 : status))
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.path("one")) {
            #expect(try scratch.read("one/\(name)") == scratch.read("two/\(name)"), "\(name)")
        }
    }

    @Test func aFolderIsNoStrategy() throws {
        let (scratch, tape, _) = try prepared()
        let run = try Binary.run(["backtest", scratch.url.path, "--data", tape])
        #expect(run.status == 2 && run.errors.contains("Is a directory"), "\(run.errors)")
        let check = try Binary.run(["check", scratch.path("nowhere.lua")])
        #expect(check.status == 2 && check.errors.contains("No such file"), "\(check.errors)")
    }
}
