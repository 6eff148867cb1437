import Domain
import Foundation
import Testing

@testable import Live

struct LedgerTests {
    static func entries() throws -> [LedgerEntry] {
        let key = FillKey(venue: "cryptocom", symbol: "BTC_USDT", tradeID: "371303044218155296", order: "77", side: .sell)
        return [
            .intent(LedgerIntent(
                clientID: "abc000100000a1", strategy: "maker", venue: "cryptocom", symbol: "BTC_USDT", side: .sell, type: .limit,
                timeInForce: .goodTillCancel, isPostOnly: true, isReduceOnly: false, price: try decimal("50000.01"), stop: .zero,
                quantity: try decimal("0.0100"), tag: "ütag", limitVersion: 3, cause: 42, run: "f00d", sent: time(1).wall)),
            .venueID(clientID: "abc000100000a1", venueID: "77"),
            .cancelWanted(clientID: "abc000100000a1"),
            .unknown(clientID: "abc000100000a1"),
            .fill(LedgerFill(
                key: key, clientID: "abc000100000a1", strategy: "maker", price: try decimal("50000.01"), quantity: try decimal("0.004"),
                fee: try decimal("-0.0123456789"), feeCurrency: "CRO", time: time(2).wall, source: .reconciliation)),
            .baseline(venue: "cryptocom", currency: "USDT", total: try decimal("1000.5")),
            .limits(version: 2, text: "[risk]\n"),
            .note("started"),
            .closed(clientID: "abc000100000a1", outcome: .cancelled),
        ]
    }

    func write(_ entries: [LedgerEntry], to path: String) throws {
        let (file, _) = try LedgerFile.open(path: path, durability: .process)
        for entry in entries { try file.append([entry], wall: time(1).wall, monotonic: 1, mustLast: true) }
        try file.synchronize()
    }

    @Test("Every entry comes back as it was written", arguments: try! LedgerTests.entries())  // house-ok: constants
    func roundTrip(_ entry: LedgerEntry) throws {
        let (kind, payload) = LedgerCodec.encode(entry)
        #expect(try LedgerCodec.decode(kind, payload) == entry)
        for cut in 0..<payload.count { #expect(throws: (any Error).self) { try LedgerCodec.decode(kind, Array(payload[..<cut])) } }
    }

    @Test("The fold: an open order, its fills, its end")
    func fold() throws {
        let folder = try TemporaryFolder()
        let entries = try LedgerTests.entries()
        try write(Array(entries.dropLast()), to: folder.path + "/ledger")
        let (_, state) = try LedgerFile.open(path: folder.path + "/ledger", durability: .process)
        let order = try #require(state.openOrders.first)
        let filled = try decimal("0.004")
        #expect(order.venueID == "77" && order.isUnknown && order.isCancelWanted && order.filled == filled)
        #expect(state.fillSequence.count == 1 && state.limitsVersion == 2)
        try write([entries[entries.count - 1]], to: folder.path + "/ledger")
        let (_, after) = try LedgerFile.open(path: folder.path + "/ledger", durability: .process)
        #expect(after.openOrders.isEmpty && after.fills.count == 1)
    }

    @Test("F45: cut at any byte it is a tail; any flipped bit is a tail at the end and damage before, never silent")
    func damage() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/ledger"
        let entries = try LedgerTests.entries()
        try write(entries, to: path)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let (_, _, count) = try LedgerFile.replay(whole, path)
        #expect(count == UInt64(entries.count))
        var ends: [Int] = []
        for cut in LedgerFile.magic.count..<whole.count {
            let (state, sound, sequence) = try LedgerFile.replay(Array(whole[..<cut]), path)
            #expect(sound <= cut && state.entries == sequence)
            if ends.last != sound { ends.append(sound) }
        }
        let lastStart = try #require(ends.last)
        for place in 0..<whole.count {
            var bytes = whole
            bytes[place] ^= 0x10
            do {
                let (state, sound, _) = try LedgerFile.replay(bytes, path)
                #expect(place >= lastStart && sound == lastStart && state.entries == UInt64(entries.count - 1), "a flip at \(place) went unseen")
            } catch {
                #expect(place < lastStart, "a flip at \(place) of the last record is a tail")
            }
        }
    }

    @Test("A torn tail is cut, and writing goes on behind it")
    func goesOn() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/ledger"
        try write([.note("one"), .note("two")], to: path)
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.truncate(atOffset: try handle.seekToEnd() - 3)
        try handle.close()
        let (file, state) = try LedgerFile.open(path: path, durability: .power)
        #expect(state.entries == 1 && file.cutBytes > 0)
        try file.append([.note("three")], wall: time(1).wall, monotonic: 1, mustLast: true)
        let (_, after) = try LedgerFile.open(path: path, durability: .power)
        #expect(after.entries == 2)
    }
}

struct StateFolderTests {
    @Test("F48: a second process on one state folder is refused; epochs rise and the instance stays")
    func identity() throws {
        let temporary = try TemporaryFolder()
        let folder = try StateFolder(path: temporary.path + "/state")
        var first: AccountIdentity? = try AccountIdentity(folder)
        let instance = first?.instance
        #expect(first?.epoch == 1)
        #expect(throws: StateError.self) { try AccountIdentity(folder) }
        first = nil
        let second = try AccountIdentity(folder)
        #expect(second.epoch == 2 && second.instance == instance)
    }

    @Test("A state folder that others may enter is refused")
    func mode() throws {
        let temporary = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: temporary.path + "/open", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        #expect(throws: StateError.self) { try StateFolder(path: temporary.path + "/open") }
    }

    @Test("The kill latch survives, tells why, and an unreadable one is one")
    func latch() throws {
        let temporary = try TemporaryFolder()
        let folder = try StateFolder(path: temporary.path + "/state")
        #expect(KillLatch.read(from: folder) == nil)
        let latch = KillLatch(reason: "daily loss\n500 of 500", source: "daily_loss", time: time(1).wall)
        try latch.write(to: folder)
        #expect(KillLatch.read(from: folder)?.reason == "daily loss 500 of 500")
        try folder.remove("kill.latch")
        #expect(KillLatch.read(from: folder) == nil)
        try FileManager.default.createDirectory(atPath: folder.latch, withIntermediateDirectories: false)
        #expect(KillLatch.read(from: folder) != nil)
    }
}
