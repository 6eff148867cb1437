import Domain
import Foundation
import Glibc
import Testing
import Venues

@testable import Live

/// The ledger as somebody reads it who must not disturb its writer.
struct LedgerTailTests {
    static func intent(_ clientID: String) throws -> LedgerEntry {
        .intent(LedgerIntent(
            clientID: clientID, strategy: "s", venue: "cryptocom", symbol: "BTC_USDT", side: .buy, type: .limit, timeInForce: .goodTillCancel,
            isPostOnly: false, isReduceOnly: false, price: try decimal("1"), stop: .zero, quantity: try decimal("1"), tag: "", limitVersion: 1,
            cause: 0, run: "r", sent: Timestamp(nanoseconds: 0)))
    }

    private func write(_ file: LedgerFile, _ entries: [LedgerEntry], wall: Int64 = 0, boot: Int64 = 0) throws {
        try file.append(entries, wall: Timestamp(nanoseconds: wall), monotonic: boot, mustLast: true)
    }

    @Test("What was sent and has not ended, while it is being written")
    func follows() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/ledger"
        #expect(try LedgerTail(path: path) == nil, "no ledger: nothing was sent")
        let (file, _) = try LedgerFile.open(path: path, durability: .process)
        let tail = try #require(try LedgerTail(path: path))
        try tail.catchUp(path: path)
        #expect(tail.open.isEmpty)
        try write(file, [Self.intent("a1"), Self.intent("a2")], wall: 5, boot: 7)
        try tail.catchUp(path: path)
        #expect(tail.open.keys.sorted() == ["a1", "a2"])
        #expect(tail.open["a1"]?.wall == 5 && tail.open["a1"]?.boot == 7 && tail.open["a1"]?.reference.venueID == nil)
        try write(file, [.venueID(clientID: "a1", venueID: "9"), .closed(clientID: "a2", outcome: .cancelled)])
        try tail.catchUp(path: path)
        #expect(tail.open.count == 1 && tail.open["a1"]?.reference.venueID == "9")
        #expect(tail.skippedBytes == 0)
    }

    @Test("A record cut at every byte is waited for, and damage is skipped and told")
    func tornAndDamaged() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/ledger"
        let (file, _) = try LedgerFile.open(path: path, durability: .process)
        for name in ["a1", "a2", "a3"] { try write(file, [Self.intent(name)]) }
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let length = (whole.count - LedgerFile.magic.count) / 3
        for cut in (whole.count - length)..<whole.count {
            let cutPath = folder.path + "/cut"
            try Data(whole[..<cut]).write(to: URL(fileURLWithPath: cutPath))
            let tail = try #require(try LedgerTail(path: cutPath))
            try tail.catchUp(path: cutPath)
            #expect(tail.open.count == 2 && tail.skippedBytes == 0, "cut at \(cut)")
            let handle = try #require(FileHandle(forWritingAtPath: cutPath))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(whole[cut...]))
            try handle.close()
            try tail.catchUp(path: cutPath)
            #expect(tail.open.count == 3, "cut at \(cut)")
        }
        for place in stride(from: 0, to: LedgerFile.magic.count + 2 * length, by: 7) {
            var bytes = whole
            bytes[place] ^= 0x10
            let bad = folder.path + "/bad"
            try Data(bytes).write(to: URL(fileURLWithPath: bad))
            let tail = try #require(try LedgerTail(path: bad))
            try tail.catchUp(path: bad)
            #expect(tail.open["a3"] != nil && tail.open.count >= 2 && tail.skippedBytes > 0, "flipped at \(place)")
        }
    }

    @Test("An order's age is the lesser of two clocks")
    func ages() {
        let order = LedgerTail.Order(reference: VenueOrderReference(clientID: "a", venueID: nil, symbol: "X"), venue: "v", wall: 1_000, boot: 50)
        #expect(order.age(wall: 1_400, boot: 450).nanoseconds == 400)
        #expect(order.age(wall: 9_000_000, boot: 450).nanoseconds == 400, "the wall's clock was set ahead")
        #expect(order.age(wall: 10, boot: 450).nanoseconds == 0, "the wall's clock was set back")
        #expect(order.age(wall: 1_400, boot: 20).nanoseconds == 400, "the machine was started anew since")
    }

    @Test("A registry hears of the ledger, and of its end")
    func registry() async throws {
        let folder = try TemporaryFolder()
        let (file, _) = try LedgerFile.open(path: folder.path + "/ledger", durability: .process)
        let registry = LiveOrderRegistry()
        let follower = LedgerFollower(folder: folder.path, into: registry)
        #expect(await until { registry.coverage == .whole })
        try write(file, [Self.intent("a1")])
        #expect(await until { registry.count == 1 })
        try write(file, [.closed(clientID: "a1", outcome: .filled)])
        #expect(await until { registry.count == 0 })
        follower.stop()
        let none = LiveOrderRegistry()
        let other = LedgerFollower(folder: folder.path + "/none", into: none)
        #expect(await until { none.coverage == .whole }, "without a ledger nothing was sent")
        other.stop()
    }

    private func until(_ condition: @escaping @Sendable () -> Bool) async -> Bool {
        await blocking {
            for _ in 0..<5_000 {
                if condition() { return true }
                _ = poll(nil, 0, 2)
            }
            return false
        }
    }
}
