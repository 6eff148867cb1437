import Domain
import Foundation
import Tape
import Testing
import Trading

@testable import Recording

/// A journal keeps the order of everything, also across blocks, and after a crash it is a beginning of what was written.
struct JournalOrderTests {
    struct Written: Hashable {
        var seat: Int?
        var time: Int64
        var event: JournalEvent
    }

    private func place() -> String { FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString).tape").path }

    /// Mostly market records, some for one seat only, some at a time that steps back, with other events between them.
    private func write(_ path: String, seed: UInt64, count: Int, finishes: Bool) throws -> [Written] {
        var chance = Chance(seed)
        let writer = try JournalWriter(path: path, instruments: try Chance.instruments(), head: try chance.head())
        var written: [Written] = []
        var time: Int64 = 1_000
        for index in 0..<count {
            time += Int64(chance.below(3))
            if chance.below(3_000) == 0 { try writer.flush() }
            let stepsBack = chance.below(500) == 0
            let at = stepsBack ? time - 700 : time
            let seat = chance.below(50) == 0 ? chance.below(2) : nil
            if chance.below(10) > 0 {
                let record = MarketRecord(kind: .trade, instrument: InstrumentID(index: index % 2), localTime: at, exchangeTime: at - 5, a: Int64(index), b: 1)
                try withUnsafePointer(to: record) {
                    try writer.input(.market($0, instrument: index % 2), seat: seat, at: Timestamp(nanoseconds: at))
                }
                written.append(Written(seat: seat, time: at, event: .market(record)))
            } else {
                let input: Input = chance.flag() ? .timer : .report(chance.report(chance.below(8)))
                try writer.input(input, seat: seat, at: Timestamp(nanoseconds: at))
                switch input {
                case .report(let report): written.append(Written(seat: seat, time: at, event: .report(report)))
                default: written.append(Written(seat: seat, time: at, event: .timer))
                }
            }
        }
        if finishes { try writer.finish(durably: false) } else { try writer.flush() }
        return written
    }

    private func read(_ path: String) throws -> [Written] {
        let reader = try JournalReader(path: path)
        var read: [Written] = []
        while let step = try reader.next() {
            #expect(step.number == read.count + 1)
            read.append(Written(seat: step.seat, time: step.time.nanoseconds, event: step.event))
        }
        return read
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func theOrderOfEverythingIsKept(seed: UInt64) throws {
        let path = place()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let written = try write(path, seed: seed, count: 30_000, finishes: true)
        #expect(try read(path) == written, "seed \(seed)")
        #expect(try TapeReader(path: path).recordCount > 20_000, "market records do not stand among the tape's own")
    }

    @Test(arguments: [4, 5] as [UInt64]) func aTornJournalIsABeginning(seed: UInt64) throws {
        let path = place()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let written = try write(path, seed: seed, count: 20_000, finishes: false)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        var chance = Chance(seed)
        var lengths: Set<Int> = []
        for _ in 0..<25 {
            let cut = place()
            defer { try? FileManager.default.removeItem(atPath: cut) }
            try bytes.prefix(20_000 + chance.below(bytes.count - 20_000)).write(to: URL(fileURLWithPath: cut))
            let reader = try JournalReader(path: cut)
            #expect(reader.isCutShort)
            let beginning = try read(cut)
            #expect(beginning == Array(written.prefix(beginning.count)), "seed \(seed): a record is missing in the middle")
            lengths.insert(beginning.count)
        }
        #expect(lengths.count > 2 && lengths.max() ?? 0 > 5_000, "seed \(seed): the cuts show nothing: \(lengths.sorted())")
    }

    @Test func damageNamesItsBlock() throws {
        let path = place()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try write(path, seed: 6, count: 20_000, finishes: true)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: path))
        do {
            _ = try read(path)
            Issue.record("the damage went unnoticed")
        } catch let error as TapeError {
            #expect("\(error)".contains("damaged in block") && "\(error)".contains("at byte"))
        }
    }

    @Test func aTapeIsNoJournal() throws {
        let path = place()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try TapeWriter(path: path, instruments: try Chance.instruments(), metadata: []).finish(durably: false)
        #expect(throws: JournalError.self) { _ = try JournalReader(path: path) }
    }
}
