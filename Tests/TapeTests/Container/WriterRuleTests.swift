import Domain
import Tape
import Testing

/// What the writer refuses, and that it goes on afterwards.
@Suite struct WriterRuleTests {
    static func level(local: Int64, exchange: Int64, flags: UInt8 = 0, instrument: Int = 0) -> MarketRecord {
        MarketRecord(
            kind: .level, instrument: InstrumentID(index: instrument), localTime: local, exchangeTime: exchange, side: .buy,
            flags: flags, a: 100, b: 5)
    }

    @Test func timeMayNotStepBackForTheDesk() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.tape")
        let writer = try TapeWriter(path: path, instruments: Samples.instruments(2), metadata: [])
        try writer.append(WriterRuleTests.level(local: 100, exchange: 90))
        try writer.append(WriterRuleTests.level(local: 100, exchange: 20))
        #expect(
            throws: TapeError.outOfOrder(
                path: path, record: 2, instrument: "file:C1_USDT", clock: "local", time: 99, previous: 100)
        ) { try writer.append(WriterRuleTests.level(local: 99, exchange: 95, instrument: 1)) }
        let venueOnly = MarketRecord.Flag.venueOnly
        try writer.append(WriterRuleTests.level(local: 1, exchange: 50, flags: venueOnly))
        #expect(
            throws: TapeError.outOfOrder(
                path: path, record: 3, instrument: "file:C0_USDT", clock: "exchange", time: 49, previous: 50)
        ) { try writer.append(WriterRuleTests.level(local: 500, exchange: 49, flags: venueOnly)) }
        try writer.append(WriterRuleTests.level(local: 1, exchange: 10, flags: venueOnly, instrument: 1))
        try writer.append(WriterRuleTests.level(local: 101, exchange: 90))
        try writer.finish()
        let reader = try TapeReader(path: path)
        #expect(reader.recordCount == 5)
        #expect(reader.firstLocalTime?.nanoseconds == 100)
        #expect(reader.lastLocalTime?.nanoseconds == 101)
        try reader.verify()
    }

    @Test func recordsThatNoTapeMayHold() throws {
        let folder = try TemporaryFolder()
        let writer = try TapeWriter(path: folder.path("a.tape"), instruments: Samples.instruments(1), metadata: [])
        var unknownKind = WriterRuleTests.level(local: 1, exchange: 1)
        unknownKind.kindByte = 11
        let both = MarketRecord.Flag.deskOnly | MarketRecord.Flag.venueOnly
        let bad = [
            unknownKind, WriterRuleTests.level(local: 1, exchange: 1, instrument: 1), WriterRuleTests.level(local: .max, exchange: 1),
            WriterRuleTests.level(local: 1, exchange: .min), WriterRuleTests.level(local: 1, exchange: 1, flags: both),
        ]
        for record in bad {
            let error = #expect(throws: TapeError.self) { try writer.append(record) }
            guard case .badRecord(_, 0, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(writer.recordCount == 0)
    }

    @Test func variableRecordsKeepTheirPlace() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("journal.tape")
        let writer = try TapeWriter(path: path, instruments: Samples.instruments(1), metadata: [], recordsPerBlock: 3)
        var expected: [(UInt16, Int, [UInt8])] = []
        for step in 0..<20 {
            try writer.append(WriterRuleTests.level(local: Int64(step), exchange: Int64(step)))
            if step % 3 == 1 {
                let payload = [UInt8](repeating: UInt8(step), count: step * step)
                try writer.appendVariable(type: UInt16(step), time: Timestamp(nanoseconds: Int64(step)), payload)
                expected.append((UInt16(step), step + 1, payload))
            }
            if step == 10 { try writer.flush() }
        }
        try writer.finish()
        let reader = try TapeReader(path: path)
        let read = try reader.variableRecords()
        #expect(read.map(\.type) == expected.map(\.0))
        #expect(read.map(\.position) == expected.map(\.1))
        #expect(read.map(\.payload) == expected.map(\.2))
        #expect(read.map(\.time.nanoseconds) == expected.map { Int64($0.0) })
        #expect(reader.recordCount == 20)
        try reader.verify()
    }

    @Test func theIndexTellsTheTruth() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.tape")
        let writer = try TapeWriter(path: path, instruments: Samples.instruments(1), metadata: [], recordsPerBlock: 2)
        for (local, exchange) in [(10, 5), (20, 18), (30, 12), (40, 13), (50, 50), (60, 61)] {
            try writer.append(WriterRuleTests.level(local: Int64(local), exchange: Int64(exchange)))
        }
        try writer.finish()
        let blocks = try TapeReader(path: path).blocks
        #expect(blocks.map(\.isMonotone) == [true, false, true])
        #expect(blocks.map(\.firstLocalTime.nanoseconds) == [10, 30, 50])
        #expect(blocks.map(\.lastLocalTime.nanoseconds) == [20, 40, 60])
        #expect(blocks.map(\.minExchangeTime.nanoseconds) == [5, 12, 50])
        #expect(blocks.map(\.maxExchangeTime.nanoseconds) == [18, 13, 61])
        #expect(blocks.map(\.minimumLag.nanoseconds) == [2, 18, -1])
        let merged = try MergedTape(paths: [path])
        let early = try #require(try merged.firstEarlyRecord())
        #expect(early.number == 5 && early.record.localTime == 60 && early.shift == Span(nanoseconds: 1_000_000))
        #expect(early.instrument == "file:C0_USDT")
    }
}
