import Domain
import Testing

@testable import Tape

/// What each format makes of small inputs, record by record.
@Suite struct FormatTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func imported(_ format: ImportFormat, _ name: String, _ text: String, _ change: (inout ImportOptions) -> Void = { _ in }) throws -> Imported {
        try Imported(format, [folder.file(name, text)], change)
    }

    private func level(_ side: Side, _ price: Int64, _ size: Int64, _ local: Int64, _ exchange: Int64, _ flags: UInt8 = 0) -> MarketRecord {
        MarketRecord(
            kind: .level, instrument: InstrumentID(index: 0), localTime: local, exchangeTime: exchange, side: side, flags: flags, a: price, b: size)
    }

    private let end = MarketRecord.Flag.endOfBatch
    private let snapshot = MarketRecord.Flag.snapshot

    // MARK: csv

    @Test func csvRowsOfOneMomentAreOneMessage() throws {
        let found = try imported(.csv, "abc.csv", BadInputTests.rows)
        #expect(found.instruments[0].tick == (try ExactDecimal("0.1")))
        #expect(found.instruments[0].lot == (try ExactDecimal("0.01")))
        #expect(found.records[0] == level(.buy, 105, 125, 2000, 1000))
        #expect(found.records[1] == level(.sell, 106, 300, 2000, 1000, end))
        #expect(found.records[2].kind == .trade && found.records[2].side == .buy && found.records[2].b == 50)
    }

    @Test func theLotMayBeCoarserThanTheSizes() throws {
        let found = try imported(.csv, "abc.csv", BadInputTests.rows) { $0.lot = try? ExactDecimal("0.5") }
        #expect(found.instruments[0].sizeUnit == (try ExactDecimal("0.01")))
        #expect(found.instruments[0].unitsPerLot == 50)
        #expect(found.records[0].b == 125)
        let fine = try imported(.csv, "abc.csv", BadInputTests.rows) { $0.lot = try? ExactDecimal("0.001") }
        #expect(fine.instruments[0].sizeUnit == (try ExactDecimal("0.001")))
        #expect(fine.records[0].b == 1250)
    }

    @Test func csvComesBackFromItsExport() throws {
        var options = ImportOptions(format: .csv, inputs: [folder.file("a.csv", BadInputTests.rows)])
        options.instruments = ["test:ABC_USD"]
        let tape = folder.path("a.tape")
        _ = try Importer.run(options, output: tape)
        let result = try CSVExport.run(TapeReader(path: tape), instrument: InstrumentID(index: 0), to: folder.path("b.csv"))
        #expect(result.rows == 3)
        #expect(String(decoding: TemporaryFolder.read(folder.path("b.csv")), as: UTF8.self) == BadInputTests.rows)
    }

    @Test func anExactExportKeepsEveryRecord() throws {
        let tape = folder.path("b.tape")
        let source = folder.file("b.txt", Fixtures.binance.split(separator: "\n").filter { !$0.contains("bookTicker") }.joined(separator: "\n"))
        _ = try Importer.run(ImportOptions(format: .binanceWS, inputs: [source]), output: tape)
        let reader = try TapeReader(path: tape)
        _ = try CSVExport.run(reader, instrument: InstrumentID(index: 0), to: folder.path("b.csv"), isExact: true)
        let again = try Imported(.csv, [folder.path("b.csv")]) {
            $0.tick = reader.instruments[0].tick
            $0.lot = reader.instruments[0].lot
        }
        var records: [MarketRecord] = []
        try reader.forEachRecord { records.append(copy $0) }
        #expect(again.records == records)
        // Without the marks the book is the same: a clear is the deletion of what was there.
        _ = try CSVExport.run(reader, instrument: InstrumentID(index: 0), to: folder.path("c.csv"))
        let plain = try Imported(.csv, [folder.path("c.csv")])
        let before = try TapeStatistics.read(reader).instruments[0].bookSHA256
        #expect(try plain.statistics().bookSHA256 == before)
    }

    // MARK: Captures

    @Test func binanceBuffersThenSyncs() throws {
        let found = try imported(.binanceWS, "b.txt", Fixtures.binance)
        let kinds = found.records.map(\.kind)
        #expect(kinds == [.clear, .level, .level, .level, .level, .level, .level, .trade, .quote, .level])
        // The snapshot has no time: the latest seen. The buffered message follows it at the same moment.
        let (local, exchange): (Int64, Int64) = (1_000_000_000_000_000_300, 1_000_000_000_002_000_000)
        #expect(found.records[0].exchangeTime == exchange && found.records[0].localTime == local)
        #expect(found.records[1] == level(.buy, 14, 100, local, exchange, snapshot))
        #expect(found.records[4] == level(.sell, 17, 400, local, exchange, snapshot | end))
        #expect(found.records[5] == level(.buy, 15, 200, local, exchange))
        #expect(found.records[6] == level(.sell, 16, 0, local, exchange, end))
        #expect(found.records[7].side == .sell && found.records[7].exchangeTime == 1_000_000_000_003_000_000)
        #expect(found.records[8].exchangeTime == 1_000_000_000_003_000_000)
        #expect(found.note("depth messages dropped as stale") == 1)
        #expect(found.instruments[0].name == "file:ABC_USDT")
    }

    private static func depth(_ time: Int, _ first: Int, _ last: Int, _ price: String, pu: Int? = nil) -> String {
        let previous = pu.map { ",\"pu\":\($0)" } ?? ""
        return "\(time) {\"e\":\"depthUpdate\",\"E\":1000,\"s\":\"XUSD\",\"U\":\(first),\"u\":\(last)\(previous),\"b\":[[\"\(price)\",\"1\"]],\"a\":[]}\n"
    }

    @Test func gapsAreMarkedAndHealedByASnapshot() throws {
        let shot = { (time: Int, id: Int) in "\(time) {\"lastUpdateId\":\(id),\"bids\":[[\"5\",\"1\"]],\"asks\":[]}\n" }
        let text = shot(1, 10) + FormatTests.depth(2, 11, 12, "6") + FormatTests.depth(3, 14, 15, "7") + FormatTests.depth(4, 16, 17, "8") + shot(5, 16)
            + FormatTests.depth(6, 18, 19, "9")
        let found = try imported(.binanceWS, "x.txt", text)
        let gaps = found.records.filter { $0.flags & MarketRecord.Flag.gap != 0 }
        #expect(gaps.map(\.a) == [7])
        #expect(found.note("gaps") == 1)
        #expect(found.note("snapshots") == 2)
        // 8 came after the second snapshot's id and is applied again; 6 and 7 are in it or gone.
        #expect(try found.statistics().levels(.buy).map { found.instruments[0].decimal($0.price).description } == ["9", "8", "5"])
    }

    @Test func futuresChainByThePreviousID() throws {
        let shot = "1 {\"lastUpdateId\":10,\"bids\":[[\"5\",\"1\"]],\"asks\":[]}\n"
        let good = shot + FormatTests.depth(2, 8, 14, "6", pu: 7) + FormatTests.depth(3, 17, 20, "7", pu: 14)
        #expect(try imported(.binanceWS, "x.txt", good).note("gaps") == 0)
        let broken = shot + FormatTests.depth(2, 8, 14, "6", pu: 7) + FormatTests.depth(3, 17, 20, "7", pu: 15)
        #expect(try imported(.binanceWS, "x.txt", broken).note("gaps") == 1)
    }

    @Test func coinbaseSidesAndTimes() throws {
        let found = try imported(.cryptofeed, "c.txt", Fixtures.coinbase) { $0.instruments = ["coinbase:ABC_USD"] }
        #expect(found.instruments[0].name == "coinbase:ABC_USD")
        #expect(found.records.map(\.kind) == [.clear, .level, .level, .level, .level, .trade])
        #expect(found.records[0].localTime == 1_600_000_000_250_000_000)
        // Bids before asks within a message; the aggressor is opposite to the maker's side.
        #expect(found.records[3].side == .buy && found.records[4].side == .sell && found.records[4].endsBatch)
        #expect(found.records[5].side == .buy && found.records[5].exchangeTime == 1_600_000_002_700_001_000)
    }

    @Test func krakenChecksumIsVerified() throws {
        let book = { (sum: UInt32) in
            """
            1600000000.2: [1,{"as":[["2.5000","1.50000000","1600000000.1"]],"bs":[["2.4000","7.00000000","1600000000.05"]]},"book-10","ABC/EUR"]
            1600000000.3: [1,{"a":[["2.5000","1.00000000","1600000000.2"]],"c":"\(sum)"},"book-10","ABC/EUR"]

            """
        }
        // zlib.crc32(b"25000100000000" + b"24000700000000") by another program.
        let right: UInt32 = 3_840_861_326
        #expect(try imported(.cryptofeed, "k.txt", book(right)).note("checksums that agree") == 1)
        let path = folder.path("k.txt")
        _ = folder.file("k.txt", book(right + 1))
        #expect(refusal(.cryptofeed, [path]).hasPrefix("\(path):2: Kraken's checksum of ABC/EUR is \(right + 1), the book's is \(right)"))
        let skipped = try Imported(.cryptofeed, [path]) { $0.skipBad = 1 }
        #expect(skipped.records.count == 4 && skipped.records[3].flags & MarketRecord.Flag.gap != 0)
    }

    @Test func krakenBooksKeepTheirDepth() throws {
        var text = "1600000000.2: [1,{\"as\":[[\"5.0\",\"1.0\",\"1600000000.1\"],[\"6.0\",\"1.0\",\"1600000000.1\"]],\"bs\":[]},\"book-2\",\"A/B\"]\n"
        text += "1600000000.3: [1,{\"a\":[[\"5.5\",\"2.0\",\"1600000000.2\"]]},\"book-2\",\"A/B\"]\n"
        let found = try imported(.cryptofeed, "k.txt", text)
        #expect(try found.statistics().levels(.sell).map(\.price.ticks) == [50, 55])
    }

    @Test func instrumentsArePickedFromACapture() throws {
        let two = Fixtures.coinbase + Fixtures.coinbase.replacing("ABC-USD", with: "XYZ-EUR").replacing("16000000", with: "16000001")
        let path = folder.file("two.txt", two)
        #expect(try Imported(.cryptofeed, [path]).instruments.map(\.symbol) == ["ABC_USD", "XYZ_EUR"])
        let one = try Imported(.cryptofeed, [path]) { $0.instruments = ["cb:XYZ-EUR"] }
        #expect(one.instruments.map(\.name) == ["cb:XYZ_EUR"] && one.records.allSatisfy { $0.instrument == 0 })
        #expect(refusal(.cryptofeed, [path]) { $0.instruments = ["Q_USD"] } == "--instrument Q_USD: the input does not hold it; expected one of ABC_USD, XYZ_EUR")
        #expect(refusal(.cryptofeed, [path]) { $0.instruments = ["a:b:c"] }.contains("expected VENUE:SYMBOL"))
    }

    // MARK: Bars

    @Test func barsOpenAndArrive() throws {
        let found = try imported(.ohlcv, "abc.csv", Fixtures.bars)
        #expect(found.instruments[0].barInterval == Span("1m"))
        #expect(found.records[0].exchangeTime == 1_577_836_800_000_000_000)
        #expect(found.records[0].localTime == 1_577_836_860_000_000_000)
        #expect(try found.statistics().missingBars == 1)
        let shifted = try imported(.ohlcv, "abc.csv", "20200102 09:30,15000,20000,10000,17500,100\n20200102 09:31,17500,18000,17000,17000,3\n") {
            $0.priceScale = try? ExactDecimal("10000")
            $0.timeZone = "America/New_York"
        }
        #expect(TimeText.text(Timestamp(nanoseconds: shifted.records[0].exchangeTime)) == "2020-01-02T14:30:00Z")
        #expect(shifted.instruments[0].tick == (try ExactDecimal("0.01")))
    }

    @Test func badBarsAreNamed() throws {
        let path = folder.path("b.csv")
        func said(_ text: String, _ change: (inout ImportOptions) -> Void = { _ in }) -> String {
            _ = folder.file("b.csv", text)
            return refusal(.ohlcv, [path], change)
        }
        #expect(said("60,1,2,1,1,5\n120,1,0.5,1,1,5\n") == "\(path):2: expected low ≤ open, close ≤ high, found open 1, high 0.5, low 1, close 1")
        #expect(said("60,1,2,1,1,5\n60,1,2,1,1,5\n") == "\(path):2: time does not increase: expected later than 1970-01-01T00:01:00Z, found 1970-01-01T00:01:00Z")
        #expect(said("60,1,2,1,1,5\n120,1,2,1,1\n") == "\(path):2: expected 6 columns (time,open,high,low,close,volume), found 5 columns")
        #expect(said("60,1,2,1,1,5\n").contains("say --interval"))
        #expect(said("60,1,2,1,1,5\n") { $0.columns = ["time", "open"] }.contains("“high” is missing"))
        #expect(said("60,1,2,1,1,5\n") { $0.columns = ["time", "opn"] }.contains("“opn” is no column"))
        #expect(said("60,1,2,1,1,5\n") { $0.timeZone = "Mars/Base" }.hasPrefix("--time-zone “Mars/Base”: expected"))
        #expect(said("60,1,2,1,1,5\n") { $0.priceScale = try? ExactDecimal("3") }.contains("expected a power of ten"))
        #expect(said("60,1,2,1,nan,5\n120,1,2,1,1,5\n") == "\(path):1: expected close as a decimal of at most 18 digits, found “nan”")
    }

    // MARK: Ticks

    @Test func leanQuotesAreOneSided() throws {
        let found = try imported(.lean, "20200102_abc_Quote_Tick.csv", Fixtures.quotes)
        #expect(found.records.map(\.aux) == [1, 2, 3])
        #expect(found.records[0].a == 137_4 && found.records[0].c == 0)
        #expect(TimeText.text(Timestamp(nanoseconds: found.records[0].exchangeTime)) == "2020-01-02T09:00:00.527Z")
        #expect(found.instruments[0].name == "file:ABC_USD")
        let both = try Imported(.lean, [folder.file("20200102_abc_Quote_Tick.csv", Fixtures.quotes), folder.file("20200102_abc_Trade_Tick.csv", Fixtures.trades)])
        #expect(both.instruments.count == 1 && both.records.count == 5)
        #expect(both.records[4].flags & MarketRecord.Flag.offBook != 0)
        let path = folder.path("abc_Quote_Tick.csv")
        _ = folder.file("abc_Quote_Tick.csv", Fixtures.quotes)
        #expect(refusal(.lean, [path]) == "\(path): its name holds no date; say --date 2012-06-21")
    }

    @Test func lobsterWithoutItsBookIsTrades() throws {
        let found = try imported(.lobster, "ABC_2020-01-02_1_2_message_1.csv", Fixtures.lobster)
        #expect(found.instruments[0].dataKind == .trades)
        #expect(found.records.map(\.kind) == [.trade, .trade, .status])
        // A resting bid was executed: a seller came.
        #expect(found.records[0].side == .buy && found.records[1].side == .sell && found.records[2].a == -1)
        let message = folder.path("ABC_2020-01-02_1_2_message_1.csv")
        let book = folder.file("book.csv", "2239500,100,2231800,100\n")
        #expect(refusal(.lobster, [message, book]).contains("expected one for each message"))
        let dummy = folder.file("book.csv", "9999999999,0,2231800,100\n2239500,100,-9999999999,0\n2239500,100,2231800,5\n2239500,100,2231800,5\n")
        let whole = try Imported(.lobster, [message, dummy])
        #expect(whole.records.filter { $0.kind == .level }.map(\.b) == [100, 0, 100, 5])
    }

    /// Every format takes a name, and loses no record by it.
    @Test func instrumentsAreRenamedInEveryFormat() throws {
        for (format, name, text) in Fixtures.all {
            let path = folder.file(name, text)
            let plain = try Imported(format, [path]) { $0.date = "2020-01-02" }
            let named = try Imported(format, [path]) {
                $0.date = "2020-01-02"
                $0.instruments = ["venue:NEW_EUR"]
            }
            #expect(named.instruments.map(\.name) == ["venue:NEW_EUR"], "\(name)")
            #expect(named.records == plain.records, "\(name)")
        }
    }

    // MARK: hftbacktest

    private func npy(_ rows: [(UInt64, Int64, Int64, Double, Double)]) -> [UInt8] {
        let names = ["ev", "exch_ts", "local_ts", "px", "qty", "order_id", "ival", "fval"]
        let types = ["<u8", "<i8", "<i8", "<f8", "<f8", "<u8", "<i8", "<f8"]
        let fields = zip(names, types).map { "('\($0)', '\($1)')" }.joined(separator: ", ")
        var header = "{'descr': [\(fields)], 'fortran_order': False, 'shape': (\(rows.count),), }"
        while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
        header += "\n"
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
        func add(_ word: UInt64) { for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) } }
        for (event, exchange, local, price, size) in rows {
            for word in [event, UInt64(bitPattern: exchange), UInt64(bitPattern: local), price.bitPattern, size.bitPattern, 7, 0, 0] { add(word) }
        }
        return bytes
    }

    @Test func hftbacktestRowsAndFlags() throws {
        let (both, buy, sell): (UInt64, UInt64, UInt64) = (3 << 30, 1 << 29, 1 << 28)
        let rows: [(UInt64, Int64, Int64, Double, Double)] = [
            (both | buy | 4, 100, 200, 600_001 * 0.1, 1.5), (both | buy | 4, 100, 200, 60000.0, 2), (both | sell | 1, 110, 210, 60000.3, 0.001),
            (1 << 31 | sell | 1, 120, 400, 60000.4, 1), (1 << 30 | sell | 1, 90, 220, 60000.5, 1), (both | buy | 3, 130, 230, 60000.1, 0),
            (both | buy | 2, 140, 240, 60000.3, 0.25),
        ]
        let found = try Imported(.hftbacktest, [folder.write(zip([("data.npy", npy(rows))]), to: "abc.npz")])
        #expect(found.instruments[0].tick.description == "0.1")
        #expect(found.instruments[0].lot.description == "0.001")
        #expect(found.records.map(\.kind) == [.level, .level, .level, .level, .level, .level, .trade])
        #expect(found.records[0] == level(.buy, 600_001, 1500, 200, 100, snapshot))
        #expect(found.records[3].flags & MarketRecord.Flag.venueOnly != 0 && found.records[4].flags & MarketRecord.Flag.deskOnly != 0)
        // Cleared down to 60000.1: the level above goes, 60000.0 stays.
        #expect(found.records[5].a == 600_001 && found.records[5].b == 0)
        #expect(try found.statistics().levels(.buy).map(\.price.ticks) == [600_000])
        let path = folder.write(npy(rows).dropLast(3), to: "cut.npy")
        #expect(refusal(.hftbacktest, [path]) == "\(path): is cut short after row 6: 1 more rows were announced")
        #expect(refusal(.hftbacktest, [folder.write(npy([(both | buy | 1, 1, 2, .nan, 1)]), to: "nan.npy")]).contains("row:1: expected px as a finite number"))
        #expect(refusal(.hftbacktest, [folder.file("x.npy", "hello, this is text")]).contains("expected a numpy array"))
    }

    @Test(arguments: 0..<100) func mutatedArraysNeverTrap(_ seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed))
        var bytes = npy([(3 << 30 | 1 << 29 | 1, 100, 200, 10.5, 1), (3 << 30 | 1 << 28 | 2, 110, 210, 10.6, 2), (3 << 30 | 1 << 29 | 3, 120, 220, 10.5, 0)])
        for _ in 0...random.below(8) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        _ = refusal(.hftbacktest, [folder.write(bytes, to: "m.npy")])
    }

    // MARK: Clocks

    @Test func aLaggingClockIsToldWithWhatWouldDo() throws {
        let text = BadInputTests.header + "D,5000000000000,4000000000000,B,1,1\nD,5001234000000,4001000000000,B,1,2\n"
        let found = try imported(.csv, "l.csv", text)
        #expect(found.summary.earlyRecords == 2)
        let shift = try #require(found.summary.suggestedShift)
        #expect(shift.nanoseconds >= 1_000_234_000_000)
        let healed = try imported(.csv, "l.csv", text) { $0.shiftLocal = shift }
        #expect(healed.summary.earlyRecords == 0 && healed.summary.suggestedShift == nil)
    }
}
