import Foundation
import Testing

/// `perigee backtest --journal`, then `perigee replay`.
struct ReplayTests {
    private static let script = BacktestBarsTests.cross.replacingOccurrences(
        of: "local S = {", with: "local half = require(\"half\")\nlocal S = {")
    private static let config = "[risk]\nmax_order_qty = { ABC = \"1.5\" }\n"

    /// A journal with a module, a limit and parameters of its own, and the folder it is in.
    private func journal(_ name: String = "run", in scratch: Scratch, _ flags: [String] = []) throws -> String {
        let tape = try BacktestBarsTests.tape(BacktestBarsTests.bars(300, seed: 4), in: scratch)
        let script = try scratch.write("cross.lua", ReplayTests.script)
        try scratch.write("half.lua", "return function(x) return x / 2 end\n")
        let config = try scratch.write("limits.toml", ReplayTests.config)
        let run = try Binary.run(
            ["backtest", script, "--data", tape, "--config", config, "--set", "fast=4", "--journal", "--out", scratch.path(name), "--quiet"] + flags)
        #expect(run.status == 0, "\(run.errors)")
        return scratch.path("\(name)/journal.tape")
    }

    @Test func aJournalIsAllThatAReplayNeeds() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        #expect(try !scratch.rows("run/fills.csv").isEmpty)
        for name in ["cross.lua", "half.lua", "limits.toml", "bars.tape", "bars.csv"] { try FileManager.default.removeItem(atPath: scratch.path(name)) }
        let replay = try Binary.run(["replay", journal, "--verify"])
        #expect(replay.status == 0, "\(replay.output)\(replay.errors)")
        let words = replay.output.split(separator: " ")
        #expect(replay.output.hasPrefix("verified: ") && words.count == 5 && Int(words[1]) ?? 0 > 300 && Int(words[3]) ?? 0 > 20, "\(replay.output)")
        #expect(replay.errors.isEmpty)
    }

    @Test func twoRunsWriteTheSameJournal() throws {
        let scratch = try Scratch()
        let (one, two) = (try journal("one", in: scratch), try journal("two", in: scratch))
        #expect(try Data(contentsOf: URL(fileURLWithPath: one)) == Data(contentsOf: URL(fileURLWithPath: two)))
        let plain = try Binary.run(["backtest", scratch.path("cross.lua"), "--data", scratch.path("bars.tape"), "--config", scratch.path("limits.toml"), "--set", "fast=4", "--out", scratch.path("plain"), "--quiet"])
        #expect(plain.status == 0)
        for file in ["fills.csv", "orders.csv", "equity.csv"] { #expect(try scratch.read("plain/\(file)") == scratch.read("one/\(file)"), "a journal changes \(file)") }
    }

    @Test func anotherVersionOfTheScriptIsFoundAtItsFirstDifference() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        let other = try scratch.write("other.lua", ReplayTests.script.replacingOccurrences(of: "slow = 8", with: "slow = 9"))
        let replay = try Binary.run(["replay", journal, "--strategy", other, "--verify"])
        #expect(replay.status == 1)
        #expect(replay.output.hasPrefix("first difference: input ") && replay.output.contains("expected: submit order 1: ") && replay.output.contains("\ngot: "))
        #expect(replay.errors.contains("other.lua is not the script of the run: SHA-256"), "\(replay.errors)")
        let free = try Binary.run(["replay", journal, "--strategy", other, "--format", "json"])
        #expect(free.status == 0, "without --verify it is a question, not a test: \(free.errors)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(free.output.utf8)) as? [String: Any])
        #expect(json["verified"] is NSNull && json["difference"] is [String: Any] && json["inputs"] as? Int ?? 0 > 300)
        let same = try Binary.run(["replay", journal, "--strategy", scratch.path("cross.lua"), "--verify"])
        #expect(same.status == 0 && same.errors.isEmpty, "\(same.errors)")
    }

    @Test(arguments: [
        (["replay"], 2, "tape"),
        (["replay", "nowhere.tape"], 1, "nowhere.tape"),
        (["replay", "TAPE"], 1, "not a journal"),
        (["replay", "JOURNAL", "--strategy", "nowhere.lua"], 2, "nowhere.lua"),
        (["replay", "DAMAGED", "--verify"], 1, "damaged in block"),
    ])
    func errorsNameWhatWasFound(_ arguments: [String], _ status: Int, _ found: String) throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: journal))
        bytes[bytes.count * 2 / 3] ^= 4
        try bytes.write(to: URL(fileURLWithPath: scratch.path("damaged.tape")))
        let names = ["TAPE": scratch.path("bars.tape"), "JOURNAL": journal, "DAMAGED": scratch.path("damaged.tape")]
        let replay = try Binary.run(arguments.map { names[$0] ?? $0 })
        #expect(replay.status == Int32(status) && replay.errors.contains(found), "\(arguments): \(replay.errors)")
    }

    @Test func aTornJournalIsReplayedAsFarAsItGoes() throws {
        let scratch = try Scratch()
        let journal = try journal(in: scratch)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: journal))
        try bytes.prefix(bytes.count - 1_000).write(to: URL(fileURLWithPath: journal))
        let replay = try Binary.run(["replay", journal, "--verify"])
        #expect(replay.status == 0 && replay.errors.contains("the tape was not finished"), "\(replay.output)\(replay.errors)")
    }
}
