import Domain
import Foundation
import Market
import Tape
import Testing

/// The tapes in `backtest-data/` are what the generator makes of their scenarios, bit for bit, in any build.
@Suite struct BundledTapesTests {
    private struct Entry {
        var fields: [String: String] = [:]
        func text(_ key: String) throws -> String { try #require(fields[key], "MANIFEST has no \(key)") }
    }

    private static let folder = root.appending(path: "backtest-data")

    private func manifest() throws -> [Entry] {
        let text = try String(contentsOf: Self.folder.appending(path: "MANIFEST"), encoding: .utf8)
        return text.components(separatedBy: "\n\n").compactMap { block in
            var entry = Entry()
            for line in block.split(separator: "\n") where !line.hasPrefix("#") {
                let words = line.split(separator: " ", maxSplits: 1)
                entry.fields[String(words[0])] = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
            }
            return entry.fields.isEmpty ? nil : entry
        }
    }

    @Test func theyAreAllThereAndSmall() throws {
        let entries = try manifest()
        #expect(try entries.map { try $0.text("tape") } == ["btc-l2.tape", "eth-1m.tape", "pair-1m.tape"])
        var bytes = 0
        for entry in entries {
            let path = Self.folder.appending(path: try entry.text("tape")).path
            #expect(try SHA256.fileDigest(path: path) == entry.text("sha256"), "\(path) is not the file MANIFEST tells of")
            let reader = try TapeReader(path: path)
            try reader.verify()
            #expect("\(reader.recordCount)" == (try entry.text("records")))
            #expect("\(reader.firstLocalTime?.nanoseconds ?? 0)" == (try entry.text("first_time")))
            #expect("\(reader.lastLocalTime?.nanoseconds ?? 0)" == (try entry.text("last_time")))
            #expect(reader.instruments.map(\.name).joined(separator: " ") == (try entry.text("instruments")))
            bytes += reader.fileBytes
        }
        #expect(bytes <= 8_000_000)
    }

    @Test(arguments: ["btc-l2.tape", "eth-1m.tape", "pair-1m.tape"])
    func theyComeOutTheSameAgain(name: String) throws {
        let entry = try #require(try manifest().first { $0.fields["tape"] == name })
        let file = try entry.text("scenario")
        let scenario = try Scenario(try settings(of: scenarioText(file)))
        #expect("\(scenario.seed)" == (try entry.text("seed")))
        let folder = FileManager.default.temporaryDirectory.appending(path: "perigee-bundled-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: name).path
        let writer = try TapeWriter(
            path: path, instruments: scenario.instruments, metadata: GeneratedMarket.metadata(scenario, file: file),
            encoding: .packed)
        var market = GeneratedMarket(scenario)
        var records: [MarketRecord] = []
        var sum = SHA256()
        while market.next(into: &records) {
            for record in records { try writer.append(record) }
            records.withUnsafeBytes { sum.update($0) }
            records.removeAll(keepingCapacity: true)
        }
        try writer.finish()
        #expect(sum.finish() == (try entry.text("records_sha256")), "the generator makes other records than those bundled")
        #expect(try SHA256.fileDigest(path: path) == entry.text("sha256"), "the records are the same; the packing (or zlib) is not")
    }
}
