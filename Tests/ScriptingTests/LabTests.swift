import Foundation
import Testing

/// A short run of what is run for an hour by hand, and the same effects in one process as in another.
struct LabTests {
    @Test func grammaticalNonsenseCrashesNothing() throws {
        let outcome = try Lab.run(["fuzz-source", "--seed", "77000", "--runs", "300"], seconds: 60)
        #expect(outcome.status == 0 && outcome.output.contains("300 runs, no crash"), "\(outcome.output)")
    }

    @Test func nonsensicalArgumentsCrashNothing() throws {
        let outcome = try Lab.run(["fuzz-arguments", "FILE", "--seed", "88000", "--runs", "150"], text: BudgetTests.file("arguments.lua"), seconds: 60)
        #expect(outcome.status == 0 && outcome.output.contains("150 runs, no crash"), "\(outcome.output)")
    }

    @Test func aThousandStrategiesLeaveNothingBehind() throws {
        let outcome = try Lab.run(["states"], seconds: 60)
        #expect((Int(outcome["peak"].trimmingCharacters(in: .whitespacesAndNewlines)) ?? .max) < 64, "MiB at most: \(outcome.output)")
    }

    @Test func everyProcessHasTheSameEffects() throws {
        let text = try BudgetTests.file("effects.lua")
        let first = try Lab.run(["effects", "FILE"], text: text).output
        #expect(first.contains("running") || first.contains("ended"), "\(first)")
        for _ in 0..<5 { #expect(try Lab.run(["effects", "FILE"], text: text).output == first) }
        #expect(try Lab.run(["effects", "FILE", "--seed", "2"], text: text).output != first)
    }
}
