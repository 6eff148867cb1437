import Domain
import Foundation
import JSON
import Transport

@testable import Venues

/// Files of real payloads beside the tests.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    static func names(_ folder: String) throws -> [String] {
        let base = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(folder)")
        return try FileManager.default.contentsOfDirectory(atPath: base.path).sorted().map { "\(folder)/\($0)" }
    }
}

func instrument(_ symbol: String, tick: String = "0.01", lot: String = "0.000001") throws -> Instrument {
    let parts = symbol.split(separator: "_").map(String.init)
    return try Instrument(
        venue: "cryptocom", symbol: symbol, nativeSymbol: symbol, base: parts[0], quote: parts[1], tick: ExactDecimal(tick), lot: ExactDecimal(lot))
}

func dec(_ text: String) -> ExactDecimal {
    guard let value = try? ExactDecimal(text) else { preconditionFailure("\(text) is no decimal") }
    return value
}

/// A small generator for tests, seeded; failures print the seed.
struct TestRandom {
    private var generator: SeededGenerator
    let seed: UInt64
    init(seed: UInt64) { (self.seed, generator) = (seed, SeededGenerator(seed: seed)) }
    mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
}

/// How many rounds a fuzz test makes: short in the suite, `FUZZ_ITERATIONS` for a long run.
func fuzzIterations(_ short: Int) -> Int { ProcessInfo.processInfo.environment["FUZZ_ITERATIONS"].flatMap(Int.init) ?? short }
