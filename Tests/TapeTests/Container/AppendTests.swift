import Domain
import Glibc
import Tape
import Testing

/// A recording goes on after a crash, wherever the crash cut it.
@Suite struct AppendTests {
    @Test(arguments: [TapeEncoding.plain, .packed])
    func appendingAfterACrashAtAnyByte(encoding: TapeEncoding) throws {
        let folder = try TemporaryFolder()
        var random = SplitMix(seed: 3)
        let records = Samples.disordered(&random, count: 40, instruments: 2)
        let path = folder.path("recording.tape")
        var bytes: [UInt8] = []
        do {
            let writer = try TapeWriter(
                path: path, instruments: Samples.instruments(2), metadata: [], encoding: encoding, target: .inPlace,
                recordsPerBlock: 8)
            for record in records[..<20] { try writer.append(record) }
            try writer.flush(durably: true)
            bytes = TemporaryFolder.read(path)
        }
        #expect(TemporaryFolder.read(path) == bytes, "a recording that is dropped stays as it was")
        let blocks = try TapeReader(path: path).blocks
        for length in stride(from: blocks[0].offset, through: bytes.count, by: 29) {
            let copyPath = folder.write(bytes[..<length], to: "crashed.tape")
            let (writer, cut) = try TapeWriter.reopen(path: copyPath, encoding: encoding)
            let kept = writer.recordCount
            #expect(kept == blocks.filter { $0.offset + $0.bytes <= length }.reduce(0) { $0 + $1.count })
            #expect(try #require(cut).offset + (cut?.bytes ?? 0) == length)
            for record in records[kept...] { try writer.append(record) }
            try writer.finish(durably: false)
            let (read, reader) = try DamageTests.readAll(copyPath)
            #expect(read == records)
            #expect(reader.tornTail == nil)
        }
    }

    @Test func aFinishedTapeCanGoOn() throws {
        let folder = try TemporaryFolder()
        let (path, records) = try DamageTests.makeTape(folder, .plain)
        let (writer, cut) = try TapeWriter.reopen(path: path)
        #expect(cut == nil)
        var next = try #require(records.last { $0.flags & MarketRecord.Flag.venueOnly == 0 })
        next.localTime -= 1
        #expect(throws: TapeError.self) { try writer.append(next) }
        next.localTime += 2
        try writer.append(next)
        try writer.finish(durably: false)
        let (read, reader) = try DamageTests.readAll(path)
        #expect(read == records + [next])
        #expect(try reader.variableRecords().map(\.payload) == [[1, 2, 3, 4, 5]])
    }

    @Test func aDamagedTapeIsNotAppendedTo() throws {
        let folder = try TemporaryFolder()
        let (path, _) = try DamageTests.makeTape(folder, .plain)
        var bytes = TemporaryFolder.read(path)
        let block = try TapeReader(path: path).blocks[1]
        bytes[block.offset + 150] ^= 4
        let copyPath = folder.write(bytes, to: "damaged.tape")
        let error = #expect(throws: TapeError.self) { try TapeWriter.reopen(path: copyPath) }
        guard case .damaged(copyPath, 1, block.offset, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(TemporaryFolder.read(copyPath) == bytes, "a refused tape is left alone")
    }

    @Test func onlyOneWriter() throws {
        let folder = try TemporaryFolder()
        let instruments = try Samples.instruments(1)
        let path = folder.path("a.tape")
        let first = try TapeWriter(path: path, instruments: instruments, metadata: [])
        #expect(throws: TapeError.busy(path: path + ".partial")) {
            try TapeWriter(path: path, instruments: instruments, metadata: [])
        }
        try first.finish()
        #expect(throws: TapeError.closed(path: path)) { try first.finish() }
        #expect(try TapeReader(path: path).recordCount == 0)
    }

    @Test func withoutFinishNothingAppears() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.tape")
        do {
            let writer = try TapeWriter(path: path, instruments: Samples.instruments(1), metadata: [], recordsPerBlock: 2)
            var random = SplitMix(seed: 1)
            for record in Samples.disordered(&random, count: 9, instruments: 1) { try writer.append(record) }
            #expect(access(path + ".partial", F_OK) == 0)
        }
        #expect(access(path + ".partial", F_OK) != 0)
        #expect(access(path, F_OK) != 0)
    }
}
