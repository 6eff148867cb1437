import Domain
import Glibc
import Tape
import Testing

/// Records written are the records read, whatever they are and however they are stored.
@Suite struct TapeRoundTripTests {
    @Test(arguments: [TapeEncoding.plain, .packed], [1, 2, 3, 4, 5])
    func randomRecordsComeBack(encoding: TapeEncoding, seed: Int) throws {
        let folder = try TemporaryFolder()
        var random = SplitMix(seed: UInt64(seed))
        let instruments = try Samples.instruments(1 + seed)
        let records = Samples.disordered(&random, count: 700 + 137 * seed, instruments: instruments.count, extreme: seed == 5)
        let path = folder.path("a.tape")
        let writer = try TapeWriter(
            path: path, instruments: instruments, metadata: [("source", "test"), ("notes", "tick from the data: ε")],
            encoding: encoding, recordsPerBlock: 100)
        for record in records { try writer.append(record) }
        #expect(access(path, F_OK) != 0, "the file must not appear before it is complete")
        try writer.finish(durably: false)
        let reader = try TapeReader(path: path)
        #expect(reader.instruments == instruments)
        #expect(reader.metadata.map(\.key) == ["source", "notes"])
        #expect(reader.metadata.map(\.value) == ["test", "tick from the data: ε"])
        #expect(reader.recordCount == records.count)
        #expect(reader.tornTail == nil)
        #expect(reader.encodings == [encoding])
        var read: [MarketRecord] = []
        try reader.forEachRecord { read.append(copy $0) }
        #expect(read == records, "seed \(seed), \(encoding)")
        try reader.verify()
        #expect(access(path + ".partial", F_OK) != 0)
    }
}
