import Foundation
import Testing

/// `perigee data import` as a user types it.
struct ImportTests {
    @Test func columnsMayBeginWithOneThatIsSkipped() throws {
        let scratch = try Scratch()
        try scratch.write("b.csv", "x,1700000000,1,2,1,2,5\nx,1700000060,2,3,2,3,6\n")
        let done = try Binary.run(
            ["data", "import", "--format", "ohlcv", "b.csv", "-o", "b.tape", "--columns", "-,time,open,high,low,close,volume", "--summary", "json"], in: scratch.url)
        #expect(done.status == 0, "\(done.errors)")
        let text = try #require(done.output.data(using: .utf8))
        let summary = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        let inputs = try #require(summary["inputs"] as? [[String: Any]])
        #expect(inputs.count == 1 && inputs[0]["file"] as? String == "b.csv" && inputs[0]["lines"] as? Int == 2)
    }

    @Test func aRefusedImportLeavesNothingBehind() throws {
        let scratch = try Scratch()
        try scratch.write("b.csv", "1700000000,1,2,1,2,5\n1700000060,2,3,2,nan,6\n1700000120,2,3,2,3,6\n")
        let done = try Binary.run(["data", "import", "--format", "ohlcv", "b.csv", "-o", "b.tape"], in: scratch.url)
        #expect(done.status == 1)
        #expect(done.errors == "perigee: b.csv:2: expected close as a decimal of at most 18 digits, found “nan”\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["b.csv"])
    }
}
