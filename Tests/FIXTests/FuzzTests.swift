import Domain
import Foundation
import Testing

@testable import FIX

/// F67: whatever comes, no trap, and memory stays bounded. `FUZZ_ITERATIONS=10000000` for a long run.
struct FIXFuzzTests {
    @Test func mutatedMessagesNeverTrapNorGrow() {
        let seed = UInt64(ProcessInfo.processInfo.environment["FUZZ_SEED"] ?? "") ?? 42
        let result = FIXFuzz.run(rounds: fuzzIterations(20_000), seed: seed)
        #expect(result.mostWaiting <= (1 << 18) + (1 << 16) + 4_096, "seed \(seed)")
        #expect(result.mostQueued <= 2_048, "seed \(seed)")
        #expect(result.mostActions < 200, "one message, \(result.mostActions) actions, seed \(seed)")
        #expect(result.reached == ["active", "applications", "gaps", "rejects"], "seed \(seed)")
    }
}
