import Domain
import Foundation
import NIOCore
import Synchronization
import Testing
import VenueSim
import Venues

@testable import Live

/// The switch inside the process.
struct KillSwitchTests {
    final class Heard: Sendable {
        let pulls = Mutex<[KillLatch]>([])
        let lines = Mutex<[String]>([])
    }

    private func make(_ server: SimServer, _ folder: StateFolder, _ latch: Latch, _ heard: Heard, _ registry: LiveOrderRegistry = .init()) throws -> KillSwitch {
        let made = KillSwitch(
            folder: folder, latch: latch, venues: [try server.target()], registry: registry,
            log: { line in heard.lines.withLock { $0.append(line) } }, onPull: { cause in heard.pulls.withLock { $0.append(cause) } })
        made.start()
        return made
    }

    private func until(_ condition: @escaping @Sendable () -> Bool) async -> Bool {
        await blocking {
            let deadline = NIODeadline.now() + .seconds(30)
            while NIODeadline.now() < deadline {
                if condition() { return true }
                Thread.sleep(forTimeInterval: 0.002)
            }
            return false
        }
    }

    @Test func pullingLatchesCancelsWritesAndStaysPulled() async throws {
        let server = try await SimServer.start(orders: 10)
        let folder = try StateFolder(path: TemporaryState().path)
        let (latch, heard, registry) = (Latch(), Heard(), LiveOrderRegistry())
        let venueID = try await server.loop.submit { server.placeNow("known") }.get()
        registry.add(VenueOrderReference(clientID: "known", venueID: venueID, symbol: "BTC_USDT"), venue: "cryptocom")
        let made = try make(server, folder, latch, heard, registry)
        #expect(await until { made.isReady })
        made.pull(reason: "first", source: "test")
        #expect(!latch.admitsNew, "the latch is closed when pull returns")
        made.pull(reason: "second", source: "test")
        #expect(await until { made.isComplete })
        #expect(made.report.exitStatus == 0, "\(made.report.outcomes.map(\.text))")
        #expect(try await server.open == 0)
        #expect(await until { KillLatch.read(from: folder)?.reason == "first" }, "the latch is on disk, with the first reason")
        #expect(heard.pulls.withLock { $0.map(\.reason) } == ["first"])
        print("in process: \(made.report.outcomes[0].text)")
        await blocking { made.stop() }
        #expect(throws: KillLatched.self) { try KillLatch.refuseIfLatched(folder) }
        try await server.stop()
    }

    @Test func aFileThatAppearsPulls() async throws {
        let server = try await SimServer.start(orders: 3)
        let folder = try StateFolder(path: TemporaryState().path)
        let (latch, heard) = (Latch(), Heard())
        let made = try make(server, folder, latch, heard)
        try KillLatch(reason: "by hand", source: "operator", time: Timestamp(nanoseconds: 5)).write(to: folder)
        #expect(await until { made.isComplete })
        #expect(!latch.admitsNew && made.pulled?.reason == "by hand" && made.pulled?.source == "operator")
        #expect(KillLatch.read(from: folder)?.time == Timestamp(nanoseconds: 5), "the file is not written anew")
        #expect(try await server.open == 0)
        await blocking { made.stop() }
        try await server.stop()
    }

    @Test func aDiskThatTakesNothingHoldsUpNoCancel() async throws {
        let server = try await SimServer.start(orders: 3)
        let state = TemporaryState()
        let folder = try StateFolder(path: state.path)
        let (latch, heard) = (Latch(), Heard())
        let made = try make(server, folder, latch, heard)
        #expect(await until { made.isReady })
        // The folder is gone: nothing can be written.
        try FileManager.default.removeItem(atPath: state.path)
        made.pull(reason: "no disk", source: "test")
        #expect(await until { made.isComplete })
        #expect(try await server.open == 0)
        #expect(await until { heard.lines.withLock { $0.contains { $0.contains("not on disk") } } })
        await blocking { made.stop() }
        try await server.stop()
    }

    @Test func aCutConnectionAtTheMomentOfThePullIsMadeAnew() async throws {
        let server = try await SimServer.start(orders: 3)
        let folder = try StateFolder(path: TemporaryState().path)
        let made = try make(server, folder, Latch(), Heard())
        #expect(await until { made.isReady })
        try await server.cutAll()
        made.pull(reason: "cut", source: "test")
        #expect(await until { made.isComplete })
        #expect(try await server.open == 0)
        await blocking { made.stop() }
        try await server.stop()
    }
}

/// A path for a state folder, in a folder that is gone with the process's temporary files.
final class TemporaryState {
    let path: String
    init() { path = NSTemporaryDirectory() + "perigee-state-\(UUID().uuidString)" }
}
