import Domain
import Foundation
import Glibc
import Testing
import VenueSim
import Venues

@testable import Live

/// `perigee kill`, `perigee arm` and the dead-man process where the run that sent orders can say nothing any more: the ledger speaks for it.
struct KillInFlightTests {
    /// A ledger as a run left it that sent these orders so long ago and heard nothing.
    private func ledger(_ folder: TemporaryFolder, _ names: [String], age: Int64 = 0) throws {
        let state = try StateFolder(path: folder.path + "/state")
        let (file, _) = try LedgerFile.open(path: state.ledger, durability: .process)
        let wall = Int64(Date().timeIntervalSince1970 * 1e9) - age
        try file.append(
            try names.map(LedgerTailTests.intent), wall: Timestamp(nanoseconds: wall), monotonic: LiveClock().now.monotonic - age, mustLast: false)
    }

    @Test func anOrderInFlightIsWaitedForAndCancelled() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        try ledger(folder, ["late"])
        server.placeAfter(milliseconds: 2_300)
        let outcome = try await Program.run(["kill", "--config", config, "--timeout", "30s"], in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try await server.open == 0)
        #expect(try await server.count("create-order") == 0)
        try await server.stop()
    }

    @Test func whatIsUnprovenInTimeIsNamed() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        let text = try String(contentsOfFile: config, encoding: .utf8).replacingOccurrences(of: "request_ttl = \"2s\"", with: "request_ttl = \"60s\"")
        try text.write(toFile: config, atomically: true, encoding: .utf8)
        try ledger(folder, ["gone7"])
        let outcome = try await Program.run(["kill", "--config", config, "--timeout", "3s"], in: folder)
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.output.contains("0 left, not proven: order gone7 has no answer and may still be executed for "), "\(outcome)")
        #expect(try await server.open == 0, "what could be done is done")
        let armed = try await Program.run(["arm", "--config", config, "--timeout", "3s"], in: folder)
        #expect(armed.status == 1 && armed.output.contains("gone7"), "\(armed)")
        try await server.stop()
    }

    @Test func anOldOrderIsNoDoubt() async throws {
        let server = try await SimServer.start(orders: 1)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        try ledger(folder, ["old1"], age: 3_600_000_000_000)
        let outcome = try await Program.run(["kill", "--config", config], in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        try await server.stop()
    }

    @Test func aDamagedLedgerStopsNothingAndMakesItCareful() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        try ledger(folder, ["a1", "a2"], age: 3_600_000_000_000)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/state/ledger"))
        bytes[20] ^= 1
        try bytes.write(to: URL(fileURLWithPath: folder.path + "/state/ledger"))
        server.placeAfter(milliseconds: 2_300)
        let outcome = try await Program.run(["kill", "--config", config, "--timeout", "30s"], in: folder)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try await server.open == 0, "what the damage hid may have been sent just now: only time proves anything")
        let armed = try await Program.run(["arm", "--config", config], in: folder)
        #expect(armed.status == 0, "\(armed)")
        try await server.stop()
    }
}
