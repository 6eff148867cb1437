import Domain
import Foundation
import Glibc
import NIOCore
import Synchronization
import Testing
import VenueSim

@testable import Live

/// `perigee kill`, `arm` and `status` as an operator runs them.
struct KillCommandTests {
    @Test func killsAloneStaysLatchedAndIsArmedAgain() async throws {
        let server = try await SimServer.start(orders: 5)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        let first = try await Program.run(["kill", "--config", config, "--reason", "trouble"], in: folder)
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.hasPrefix("cryptocom clean (first cancel after "))
        #expect(try await server.open == 0)
        let state = try StateFolder(path: folder.path + "/state")
        #expect(KillLatch.read(from: state)?.reason == "trouble")
        let again = try await Program.run(["kill", "--config", config, "--reason", "other"], in: folder)
        #expect(again.status == 0 && again.errors.contains("latched before, pulled by operator at 20"), "\(again.errors)")
        #expect(KillLatch.read(from: state)?.reason == "trouble", "the first reason stays")
        let status = try await Program.run(["status", "--config", config, "--format", "json"], in: folder)
        #expect(status.status == 4 && status.output.hasPrefix(#"{"running":false,"latched":{"source":"operator","reason":"trouble""#), "\(status.output)")
        // Not while something is open, nor while a run holds the folder.
        try await server.place(1)
        let refused = try await Program.run(["arm", "--config", config], in: folder)
        #expect(refused.status == 1 && refused.output.contains("cryptocom 1 left: BTC_USDT "), "\(refused)")
        #expect(KillLatch.read(from: state) != nil)
        _ = try await Program.run(["kill", "--config", config], in: folder)
        let armed = try await Program.run(["arm", "--config", config], in: folder)
        #expect(armed.status == 0 && armed.output.contains("pulled by operator at 20") && armed.output.hasSuffix("armed\n"), "\(armed)")
        #expect(KillLatch.read(from: state) == nil)
        for text in [first, again, refused, armed] { #expect(!(text.output + text.errors).contains("secretKey")) }
        try await server.stop()
    }

    @Test func aBrokenConfigurationIsAWarning() async throws {
        let server = try await SimServer.start(orders: 2)
        for rest in [
            "fees = { maker = \"much\" }\nwhatever = 3\n[risk]\nmax_order_value = []", "[risk]\nthis is = not [ TOML\n[[strategy]]\n\"\n",
            "[[strategy]]\nname = 5",
        ] {
            let folder = try TemporaryFolder()
            let config = try server.configure(folder, rest: rest)
            try await server.place(2, prefix: rest)
            let outcome = try await Program.run(["kill", "--config", config], in: folder)
            #expect(outcome.status == 0, "\(rest): \(outcome)")
            #expect(outcome.errors.contains("warning: \(config)"), "\(outcome.errors)")
            #expect(try await server.open == 0)
            #expect(access(folder.path + "/state/kill.latch", F_OK) == 0)
        }
        try await server.stop()
    }

    @Test func unreachableIsFourAndLatchesAllTheSame() async throws {
        let server = try await SimServer.start()
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        try await server.stop()
        let outcome = try await Program.run(["kill", "--config", config, "--timeout", "2s"], in: folder)
        #expect(outcome.status == 4 && outcome.output.hasPrefix("cryptocom unreachable: "), "\(outcome)")
        #expect(access(folder.path + "/state/kill.latch", F_OK) == 0)
        let armed = try await Program.run(["arm", "--config", config, "--timeout", "1s"], in: folder)
        #expect(armed.status == 4, "\(armed)")
        #expect(access(folder.path + "/state/kill.latch", F_OK) == 0)
        let missing = try await Program.run(["kill", "--config", folder.path + "/none.toml"], in: folder)
        #expect(missing.status == 2 && missing.errors.contains("none.toml"))
        let unknown = try await Program.run(["kill", "--config", config, "--venue", "kraken"], in: folder)
        #expect(unknown.status == 2 && unknown.errors.contains("'kraken'"))
    }

    @Test func aDrillTouchesNothing() async throws {
        let server = try await SimServer.start(orders: 3)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        let outcome = try await Program.run(["kill", "--config", config, "--drill"], in: folder)
        #expect(outcome.status == 0 && outcome.output.hasPrefix("drill: would cancel: cryptocom 3 left: "), "\(outcome)")
        #expect(try await server.open == 3)
        #expect(access(folder.path + "/state", F_OK) != 0)
        let lines = try String(contentsOfFile: config, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("endpoints") && !$0.hasPrefix("ca_file") }
        try lines.joined(separator: "\n").replacingOccurrences(of: "custom", with: "production").write(toFile: config, atomically: true, encoding: .utf8)
        let real = try await Program.run(["kill", "--config", config, "--drill"], in: folder)
        #expect(real.status == 2, "\(real)")
        try await server.stop()
    }

    @Test func aRunningProcessSeesIt() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        let state = try StateFolder(path: folder.path + "/state")
        let reasons = Seen()
        let board = StatusBoard()
        board.publish(
            StatusSnapshot(
                mode: "live", run: "r1", process: 1, phase: "running", tradingState: "active", started: Timestamp(nanoseconds: 0),
                time: Timestamp(nanoseconds: 9), binary: "x"))
        let desk = ControlDesk(board: board, folder: state, stop: {}, kill: { reason in reasons.list.withLock { $0.append(reason) } })
        let socket = try ControlSocket(folder: state, log: { _ in }, answer: desk.answer)
        let status = try await Program.run(["status", "--config", config], in: folder)
        #expect(status.status == 0 && status.output.hasPrefix("live r1, process 1: running"), "\(status)")
        let metrics = try await Program.run(["status", "--config", config, "--format", "metrics"], in: folder)
        #expect(metrics.status == 0 && metrics.output.contains("# TYPE perigee_info gauge"), "\(metrics)")
        let outcome = try await Program.run(["kill", "--config", config, "--reason", "over"], in: folder)
        #expect(outcome.status == 0)
        #expect(reasons.list.withLock { $0 } == ["over"])
        socket.stop()
        try await server.stop()
    }

    final class Seen: Sendable { let list = Mutex<[String]>([]) }

    @Test func aListenerThatHangsHoldsUpNothing() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        let state = try StateFolder(path: folder.path + "/state")
        // As a process under SIGSTOP: the system takes connections until its queue is full, and nobody answers.
        let listener = UnixAddress.socket()
        #expect(UnixAddress(state.socket)?.bind(listener) == true && listen(listener, 1) == 0)
        let status = try await Program.run(["status", "--config", config, "--timeout", "200ms"], in: folder)
        #expect(status.status == 1 && status.errors.contains("does not answer"), "\(status)")
        for _ in 0..<3 {
            let outcome = try await Program.run(["kill", "--config", config], in: folder)
            #expect(outcome.status == 0, "\(outcome)")
        }
        #expect(try await server.open == 0)
        close(listener)
        try await server.stop()
    }
}
