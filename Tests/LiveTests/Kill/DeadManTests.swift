import Domain
import Foundation
import Glibc
import NIOCore
import Synchronization
import Testing
import VenueSim

@testable import Live

/// The dead-man process, as a process.
@Suite(.serialized) struct DeadManTests {
    /// `cat` between the test and the dead-man process stands for the live process: it can be killed and stopped.
    private struct Relay {
        let relay: Process
        let beats: FileHandle
        let guardian: Process
    }

    private func start(_ config: String, _ folder: TemporaryFolder, silence: Span, hash: String? = nil) throws -> (Relay, answer: String?) {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let guardian = Process()
        guardian.executableURL = URL(fileURLWithPath: Program.path)
        guardian.arguments = ["dead-man", "--config", config]
        guardian.environment = ProcessInfo.processInfo.environment.merging(Program.environment) { $1 }
        guardian.standardInput = FileHandle(fileDescriptor: ends[1])
        let log = folder.path + "/dead-man.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        guardian.standardOutput = FileHandle(forWritingAtPath: log)
        guardian.standardError = guardian.standardOutput
        try guardian.run()
        close(ends[1])
        let own = try #require(hash ?? (try? Self.binary(Program.path)))
        _ = DeadManLink.send(DeadManLink.hello(hash: own, silence: silence).utf8, to: ends[0])
        let answer = DeadManLink.line(from: ends[0], until: KillRunner.now + 20_000_000_000)
        let relay = Process()
        relay.executableURL = URL(fileURLWithPath: "/bin/cat")
        let pipe = Pipe()
        relay.standardInput = pipe
        relay.standardOutput = FileHandle(fileDescriptor: ends[0])
        try relay.run()
        close(ends[0])
        return (Relay(relay: relay, beats: pipe.fileHandleForWriting, guardian: guardian), answer)
    }

    private static func binary(_ path: String) throws -> String { try BinaryHash.of(path) }

    private func end(_ relay: Relay) {
        kill(relay.relay.processIdentifier, SIGCONT)
        try? relay.beats.close()
        relay.relay.terminate()
        relay.guardian.terminate()
        kill(relay.guardian.processIdentifier, SIGKILL)
    }

    @Test(arguments: [SIGKILL, SIGSTOP])
    func whenTheLiveProcessEndsOrStopsTheOrdersAreGone(_ number: Int32) async throws {
        let server = try await SimServer.start(orders: 6)
        let folder = try TemporaryFolder()
        let silence = Span(nanoseconds: 1_000_000_000)
        let (relay, answer) = try start(try server.configure(folder), folder, silence: silence)
        defer { end(relay) }
        #expect(answer == "armed")
        try relay.beats.write(contentsOf: Data("b".utf8))
        #expect(try await server.open == 6, "while the live process beats, nothing is touched")
        let moment = Date()
        kill(relay.relay.processIdentifier, number)
        #expect(try await server.isEmpty(within: 20))
        print("dead-man: account empty \(Int(Date().timeIntervalSince(moment) * 1_000)) ms after signal \(number)")
        await blocking { relay.guardian.waitUntilExit() }
        #expect(relay.guardian.terminationStatus == 0)
        let log = try String(contentsOfFile: folder.path + "/dead-man.log", encoding: .utf8)
        #expect(log.contains("cryptocom clean"), "\(log)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/state/kill.latch"), "it does not latch")
        #expect(!log.contains("secretKey"))
        try await server.stop()
    }

    @Test func aGoodByeEndsItWithoutAction() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let (relay, answer) = try start(try server.configure(folder), folder, silence: Span(nanoseconds: 30_000_000_000))
        defer { end(relay) }
        #expect(answer == "armed")
        try relay.beats.write(contentsOf: Data("bbq".utf8))
        await blocking { relay.guardian.waitUntilExit() }
        #expect(relay.guardian.terminationStatus == 0)
        #expect(try await server.open == 2)
        try await server.stop()
    }

    @Test func anotherBinaryIsNotArmed() async throws {
        let server = try await SimServer.start(orders: 2)
        let folder = try TemporaryFolder()
        let (relay, answer) = try start(
            try server.configure(folder), folder, silence: Span(nanoseconds: 1_000_000_000), hash: String(repeating: "0", count: 64))
        defer { end(relay) }
        #expect(answer?.hasPrefix("refused another binary") == true, "\(answer ?? "nothing")")
        await blocking { relay.guardian.waitUntilExit() }
        #expect(try await server.open == 2, "who was not armed does nothing")
        try await server.stop()
    }

    @Test func anUnreachableVenueIsNotArmed() async throws {
        let server = try await SimServer.start()
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        try await server.stop()
        let (relay, answer) = try start(config, folder, silence: Span(nanoseconds: 1_000_000_000))
        defer { end(relay) }
        #expect(answer?.hasPrefix("refused not every venue could be reached: cryptocom unreachable") == true, "\(answer ?? "nothing")")
    }

    @Test func aDeskThatHangsIsSilent() async throws {
        // The child is a script that says what the real one would, and writes down the beats that it hears.
        let folder = try TemporaryFolder()
        let script = folder.path + "/child.sh"
        try "#!/bin/sh\nread hello\nset -- $(cat /proc/$$/stat)\n[ $6 = $$ ] && echo own > \(folder.path)/session\necho armed >&0\nhead -c 3 > \(folder.path)/beats\n".write(toFile: script, atomically: true, encoding: .utf8)
        #expect(chmod(script, 0o700) == 0)
        let path = folder.path
        let shared = GoneFlag()
        let result = await blocking { () -> String in
            do {
                let made = try DeadMan.spawn(
                    executable: script, arguments: ["x"], silence: Span(nanoseconds: 100_000_000), logFile: path + "/log", onGone: { _ in shared.isGone.withLock { $0 = true } })
                // Alive for three beats, the child ends by itself, and that is heard.
                let deadline = NIODeadline.now() + .seconds(20)
                while !shared.isGone.withLock({ $0 }), NIODeadline.now() < deadline {
                    made.beat()
                    Thread.sleep(forTimeInterval: 0.005)
                }
                made.dismiss()
                return (try? String(contentsOfFile: path + "/beats", encoding: .utf8)) ?? "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(result == "bbb")
        #expect(try String(contentsOfFile: folder.path + "/session", encoding: .utf8) == "own\n", "a SIGINT to the group passes it by")
        #expect(shared.isGone.withLock { $0 })
    }

    @Test func spawningRefusesAnotherBinaryAndLeavesNothingBehind() async throws {
        let server = try await SimServer.start(orders: 1)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder)
        let path = folder.path
        // The test runner is not perigee: the handshake must say so.
        let why = await blocking { () -> String in
            do {
                _ = try DeadMan.spawn(
                    executable: Program.path, arguments: ["dead-man", "--config", config], silence: Span(nanoseconds: 1_000_000_000),
                    logFile: path + "/log", onGone: { _ in })
                return "armed"
            } catch {
                return "\(error)"
            }
        }
        #expect(why.contains("refused another binary"), "\(why)")
        #expect(try await server.open == 1)
        try await server.stop()
    }

    final class GoneFlag: Sendable { let isGone = Mutex(false) }
}
