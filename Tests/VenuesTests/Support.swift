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

/// - Parameter native: The venue's own spelling, the same where nil.
func instrument(
    _ symbol: String, tick: String = "0.01", lot: String = "0.000001", venue: String = "cryptocom", native: String? = nil
) throws -> Instrument {
    let parts = symbol.split(separator: "_").map(String.init)
    return try Instrument(
        venue: venue, symbol: symbol, nativeSymbol: native ?? symbol, base: parts[0], quote: parts[1], tick: ExactDecimal(tick), lot: ExactDecimal(lot))
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

    /// A payload with random bytes changed, cut, doubled.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0...below(4) where !result.isEmpty {
            let place = below(result.count)
            switch below(6) {
            case 0: result[place] = UInt8(below(256))
            case 1: result.remove(at: place)
            case 2: result.insert(pick(Array("{}[]\",:0-9.eE\\nu\u{0}".utf8)), at: place)
            case 3: result.removeSubrange(place..<min(result.count, place + below(20)))
            case 4: result.insert(contentsOf: result[place..<min(result.count, place + below(40))], at: place)
            default: result.replaceSubrange(place..<place, with: Array(pick(["1e400", "9223372036854775807", "null", "-0", "1e-40", "[[[["]).utf8))
            }
        }
        return result
    }
}

/// How many rounds a fuzz test makes: short in the suite, `PERIGEE_FUZZ` (or `FUZZ_ITERATIONS`) for a long run.
func fuzzIterations(_ short: Int) -> Int {
    let environment = ProcessInfo.processInfo.environment
    return (environment["PERIGEE_FUZZ"] ?? environment["FUZZ_ITERATIONS"]).flatMap(Int.init) ?? short
}
