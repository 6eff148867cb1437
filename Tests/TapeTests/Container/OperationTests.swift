import Domain
import Tape
import Testing

/// Slices, merges and conversions keep what they must.
@Suite struct OperationTests {
    static func write(_ records: [MarketRecord], _ path: String, instruments: [Instrument]) throws {
        let writer = try TapeWriter(path: path, instruments: instruments, metadata: [("source", path)], recordsPerBlock: 16)
        for record in records { try writer.append(record) }
        try writer.finish(durably: false)
    }

    /// Levels and clears as a person would apply them, both sides of every instrument in one dictionary.
    static func book(_ records: some Sequence<MarketRecord>) -> [[Int64]: Int64] {
        var book: [[Int64]: Int64] = [:]
        for record in records where record.flags & MarketRecord.Flag.venueOnly == 0 {
            let instrument = Int64(record.instrument)
            if record.kind == .clear {
                book = book.filter { $0.key[0] != instrument || (record.side != nil && record.side?.sign != $0.key[1]) }
            } else if record.kind == .level, let side = record.side {
                book[[instrument, side.sign, record.a]] = record.b > 0 ? record.b : nil
            }
        }
        return book
    }

    static func depth(_ random: inout SplitMix, count: Int) -> [MarketRecord] {
        Samples.disordered(&random, count: count, instruments: 2).map { record in
            var record = record
            if ![1, 2, 3].contains(record.kindByte) { record.kindByte = 1 }
            if record.kind == .clear && !random.chance(20) { record.kindByte = 1 }
            record.a %= 30
            record.b = random.chance(3) ? 0 : record.b
            return record
        }
    }

    @Test(arguments: 1...12)
    func aSliceStandsWhereTheWholeTapeStands(seed: Int) throws {
        let folder = try TemporaryFolder()
        var random = SplitMix(seed: UInt64(seed))
        let records = OperationTests.depth(&random, count: 600)
        let path = folder.path("whole.tape")
        try OperationTests.write(records, path, instruments: Samples.instruments(2))
        let from = records[100 + random.below(300)].localTime
        let to = records[450 + random.below(100)].localTime
        let reader = try TapeReader(path: path)
        let out = folder.path("slice.tape")
        try TapeOperations.slice(
            reader, from: Timestamp(nanoseconds: from), to: Timestamp(nanoseconds: to), output: out, encoding: .packed)
        let (sliced, _) = try DamageTests.readAll(out)
        let kept = records.filter { $0.localTime >= from && $0.localTime < to }
        let snapshot = Array(sliced.prefix(sliced.count - kept.count))
        #expect(Array(sliced.suffix(kept.count)) == kept)
        #expect(OperationTests.book(snapshot) == OperationTests.book(records.filter { $0.localTime < from }), "seed \(seed)")
        #expect(OperationTests.book(sliced) == OperationTests.book(records.filter { $0.localTime < to }), "seed \(seed)")
        let first = try #require(kept.first { $0.flags & MarketRecord.Flag.venueOnly == 0 })
        #expect(snapshot.allSatisfy { $0.flags & MarketRecord.Flag.snapshot != 0 && $0.localTime == first.localTime })
        // First on the venue's clock too, or the snapshot would wipe what it should stand before.
        let venue = try LaneTests.drain(MergedTape(paths: [out]).venueLane()).map(\.record)
        #expect(Array(venue.prefix(snapshot.count)) == snapshot)
    }

    @Test func aSliceOfOrdersKeepsTheQueue() throws {
        let folder = try TemporaryFolder()
        func order(_ kind: MarketRecord.Kind, _ time: Int64, _ id: Int64, price: Int64 = 0, size: Int64 = 0) -> MarketRecord {
            MarketRecord(
                kind: kind, instrument: InstrumentID(index: 0), localTime: time, exchangeTime: time, side: .buy, a: price, b: size, e: id)
        }
        let records = [
            order(.orderAdd, 1, 10, price: 5, size: 9), order(.orderAdd, 2, 11, price: 5, size: 4),
            order(.orderAdd, 3, 12, price: 5, size: 2), order(.orderModify, 4, 11, price: 5, size: 3),
            order(.orderModify, 5, 10, price: 5, size: 12), order(.orderFill, 6, 11, price: 5, size: 1),
            order(.orderCancel, 7, 12), order(.orderAdd, 8, 13, price: 4, size: 1),
        ]
        try OperationTests.write(records, folder.path("a.tape"), instruments: Samples.instruments(1))
        try TapeOperations.slice(
            TapeReader(path: folder.path("a.tape")), from: Timestamp(nanoseconds: 8), output: folder.path("b.tape"), encoding: .plain)
        let (sliced, _) = try DamageTests.readAll(folder.path("b.tape"))
        #expect(sliced.map(\.kind) == [.clear, .orderAdd, .orderAdd, .orderAdd])
        #expect(sliced.map(\.e) == [0, 11, 10, 13])
        #expect(sliced.map(\.b) == [0, 2, 12, 1])
        #expect(sliced.map(\.endsBatch) == [false, false, true, false])
    }

    @Test(arguments: 1...8)
    func mergingOnDiskIsMergingAtReading(seed: Int) throws {
        let folder = try TemporaryFolder()
        var random = SplitMix(seed: UInt64(seed))
        let all = try Samples.instruments(3)
        var paths: [String] = []
        for tape in 0..<3 {
            let records = Samples.disordered(&random, count: 300, instruments: 1, disorder: 20)
            paths.append(folder.path("\(tape).tape"))
            try OperationTests.write(records, paths[tape], instruments: [all[tape]])
        }
        let merged = try MergedTape(paths: paths)
        let out = folder.path("merged.tape")
        try TapeOperations.merge(merged, to: out, encoding: seed % 2 == 0 ? .plain : .packed)
        let one = try MergedTape(paths: [out])
        try one.verify()
        #expect(one.instruments == merged.instruments)
        #expect(one.readers[0].metadata.map(\.value) == paths)
        func records(_ items: [LaneTests.Item]) -> [MarketRecord] {
            items.map { item in
                var record = item.record
                record.instrument = UInt16(item.instrument)
                return record
            }
        }
        #expect(try records(LaneTests.drain(one.deskLane())) == records(LaneTests.drain(merged.deskLane())), "seed \(seed)")
        #expect(one.recordCount == merged.recordCount)
    }

    @Test func convertingThereAndBackChangesNothing() throws {
        let folder = try TemporaryFolder()
        let (path, records) = try DamageTests.makeTape(folder, .plain)
        try TapeOperations.convert(TapeReader(path: path), to: folder.path("packed.tape"), encoding: .packed)
        try TapeOperations.convert(TapeReader(path: folder.path("packed.tape")), to: folder.path("plain.tape"), encoding: .plain)
        let (before, after) = (try TapeReader(path: path), try TapeReader(path: folder.path("plain.tape")))
        #expect(try DamageTests.readAll(folder.path("packed.tape")).records == records)
        #expect(try DamageTests.readAll(folder.path("plain.tape")).records == records)
        #expect(try before.variableRecords() == after.variableRecords())
        #expect(before.metadata.map(\.value) == after.metadata.map(\.value))
    }

    @Test func oneNameOneGrid() throws {
        let folder = try TemporaryFolder()
        func tape(_ name: String, tick: String = "0.01", kind: DataKind = .level2) throws -> TapeReader {
            let instrument = try Instrument(
                venue: "file", symbol: "A_B", nativeSymbol: "AB", base: "A", quote: "B", tick: ExactDecimal(tick),
                lot: ExactDecimal("0.1"), dataKind: kind)
            try OperationTests.write([], folder.path(name), instruments: [instrument])
            return try TapeReader(path: folder.path(name))
        }
        let first = try tape("1.tape")
        #expect(try MergedTape(readers: [first, tape("2.tape")]).instruments.count == 1)
        #expect(try MergedTape(readers: [tape("3.tape", kind: .trades), first]).instruments.map(\.dataKind) == [.level2])
        #expect(try MergedTape(readers: [first, tape("4.tape", kind: .trades)]).instruments.map(\.dataKind) == [.level2])
        #expect(throws: TapeError.noTapes) { try MergedTape(paths: []) }
        for other in [try tape("5.tape", tick: "0.02"), try tape("6.tape", kind: .bars)] {
            let error = #expect(throws: TapeError.self) { try MergedTape(readers: [first, other]) }
            guard case .conflictingInstruments("file:A_B", other.path, first.path, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
