import Domain
import Tape
import Testing

/// Nothing is ever silently wrong: every flipped byte and every cut of a small tape is found.
@Suite struct DamageTests {
    /// A tape of five blocks, one of them variable.
    static func makeTape(_ folder: TemporaryFolder, _ encoding: TapeEncoding) throws -> (path: String, records: [MarketRecord]) {
        var random = SplitMix(seed: 7)
        let records = Samples.disordered(&random, count: 22, instruments: 2)
        let path = folder.path("whole.tape")
        let writer = try TapeWriter(
            path: path, instruments: Samples.instruments(2), metadata: [("source", "test")], encoding: encoding, recordsPerBlock: 6)
        for (place, record) in records.enumerated() {
            try writer.append(record)
            if place == 8 { try writer.appendVariable(type: 3, time: Timestamp(nanoseconds: 9), [1, 2, 3, 4, 5]) }
            if place == 9 { try writer.flush() }
        }
        try writer.finish(durably: false)
        return (path, records)
    }

    static func readAll(_ path: String) throws -> (records: [MarketRecord], reader: TapeReader) {
        let reader = try TapeReader(path: path)
        try reader.verify()
        var records: [MarketRecord] = []
        try reader.forEachRecord { records.append(copy $0) }
        _ = try reader.variableRecords()
        return (records, reader)
    }

    @Test(arguments: [TapeEncoding.plain, .packed])
    func everyFlippedByteIsFound(encoding: TapeEncoding) throws {
        let folder = try TemporaryFolder()
        let (path, records) = try DamageTests.makeTape(folder, encoding)
        let bytes = TemporaryFolder.read(path)
        let blocks = try TapeReader(path: path).blocks
        #expect(blocks.count == 5)
        let dataEnd = blocks[4].offset + blocks[4].bytes
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= UInt8(1 << (place % 8))
            let copyPath = folder.write(damaged, to: "damaged.tape")
            do throws(TapeError) {
                let found = try Result { try DamageTests.readAll(copyPath) }.mapError { $0 as? TapeError ?? .noTapes }.get()
                // Only the index and the footer may be lost without loss of records; and it is told.
                #expect(place >= dataEnd && found.reader.tornTail?.offset == dataEnd, "byte \(place) was flipped silently")
                #expect(found.records == records)
            } catch .damaged(let named, let block, let offset, _) {
                #expect(named == copyPath)
                if let number = block {
                    #expect(place >= blocks[number].offset && place < blocks[number].offset + blocks[number].bytes, "byte \(place)")
                    #expect(offset == blocks[number].offset)
                } else {
                    #expect(place < blocks[0].offset)
                }
            } catch .notATape {
                #expect(place < 8)
            }
        }
    }

    @Test(arguments: [TapeEncoding.plain, .packed])
    func everyCutIsToldAndKeepsWholeBlocks(encoding: TapeEncoding) throws {
        let folder = try TemporaryFolder()
        let (path, records) = try DamageTests.makeTape(folder, encoding)
        let bytes = TemporaryFolder.read(path)
        let blocks = try TapeReader(path: path).blocks
        for length in bytes.indices {
            let copyPath = folder.write(bytes[..<length], to: "cut.tape")
            if length < blocks[0].offset {
                #expect(throws: TapeError.self) { try TapeReader(path: copyPath) }
                continue
            }
            let (read, reader) = try DamageTests.readAll(copyPath)
            let kept = blocks.filter { $0.offset + $0.bytes <= length }
            let tail = try #require(reader.tornTail, "a cut at \(length) was silent")
            #expect(tail.blocks == kept.count && reader.blocks == kept)
            #expect(tail.offset == kept.last.map { $0.offset + $0.bytes } ?? blocks[0].offset)
            #expect(tail.offset + tail.bytes == length)
            #expect(read == Array(records.prefix(kept.reduce(0) { $0 + ($1.encoding == nil ? 0 : $1.count) })))
            #expect(reader.recordCount == read.count)
        }
    }

    @Test func damageBeforeTheTailOfAnUnfinishedTapeIsAnError() throws {
        let folder = try TemporaryFolder()
        let (path, _) = try DamageTests.makeTape(folder, .plain)
        var bytes = TemporaryFolder.read(path)
        let blocks = try TapeReader(path: path).blocks
        bytes.removeLast(64)
        bytes[blocks[1].offset + 20] ^= 1
        let copyPath = folder.write(bytes, to: "damaged.tape")
        let error = #expect(throws: TapeError.self) { try TapeReader(path: copyPath) }
        guard case .damaged(copyPath, 1, blocks[1].offset, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func textIsNotATape() throws {
        let folder = try TemporaryFolder()
        for text in ["", "hello", String(repeating: "type,exch_ts_ns\n", count: 100)] {
            let path = folder.write(Array(text.utf8), to: "text.tape")
            let error = #expect(throws: TapeError.self) { try TapeReader(path: path) }
            guard case .notATape(path, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(throws: TapeError.self) { try TapeReader(path: folder.path("absent.tape")) }
        #expect(throws: TapeError.self) { try TapeReader(path: folder.root) }
    }
}
