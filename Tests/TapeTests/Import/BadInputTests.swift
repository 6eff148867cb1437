import CZlib
import Domain
import Synchronization
import Testing

@testable import Tape

/// Gzip bytes of a text, for tests.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 10 + 128)
    var input = bytes + [0]
    czlib_deflate_init(&stream, 9, 15 + 16)
    let room = output.count
    let count = input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(bytes.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(room)
            deflate(&stream, Z_FINISH)
            return room - Int(stream.avail_out)
        }
    }
    deflateEnd(&stream)
    return Array(output[..<count])
}

/// A zip of stored files.
func zip(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    func word(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var (result, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in files {
        let crc = bytes.withUnsafeBufferPointer { Int(crc32(0, $0.baseAddress, UInt32($0.count))) }
        let common = word(20, 2) + word(0, 2) + word(0, 2) + word(0, 4) + word(crc, 4) + word(bytes.count, 4) + word(bytes.count, 4) + word(name.utf8.count, 2) + word(0, 2)
        let offset = result.count
        result += word(0x0403_4B50, 4) + common + Array(name.utf8) + bytes
        directory += word(0x0201_4B50, 4) + word(20, 2) + common + word(0, 2) + word(0, 2) + word(0, 2) + word(0, 4) + word(offset, 4) + Array(name.utf8)
    }
    let start = result.count
    return result + directory + word(0x0605_4B50, 4) + word(0, 4) + word(files.count, 2) + word(files.count, 2) + word(directory.count, 4) + word(start, 4) + word(0, 2)
}

@Suite struct BadInputTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    static let header = "type,exch_ts_ns,local_ts_ns,side,price,qty\n"
    static let rows = header + "D,1000,2000,B,10.5,1.25\nD,1000,2000,S,10.6,3\nT,1500,2500,B,10.6,0.5\n"

    private func csv(_ text: String, _ change: (inout ImportOptions) -> Void = { _ in }) -> String {
        refusal(.csv, [folder.file("in.csv", text)], change)
    }

    @Test func rowsThatAreWrongAreNamed() {
        let h = BadInputTests.header
        let path = folder.path("in.csv")
        #expect(csv(h + "D,1,2,B,10\n") == "\(path):2: expected 6 columns (type,exch_ts_ns,local_ts_ns,side,price,qty), found 5 columns")
        #expect(csv("time,price\n1,2\n") == "\(path):1: expected the header “type,exch_ts_ns,local_ts_ns,side,price,qty”, found “time,price”")
        #expect(csv(h + "D,1,2,B,NaN,1\n") == "\(path):2: expected price as a decimal of at most 18 digits, found “NaN”")
        #expect(csv(h + "D,1,2,B,10,\n") == "\(path):2: expected qty as a decimal of at most 18 digits, found nothing")
        #expect(csv(h + "D,1,2,X,10,1\n") == "\(path):2: expected side B or S, found “X”")
        #expect(csv(h + "Z,1,2,B,10,1\n") == "\(path):2: expected type D (a level) or T (a trade), found “Z”")
        #expect(csv(h + "D,1.5,2,B,10,1\n") == "\(path):2: expected exch_ts_ns as a whole number, found “1.5”")
        #expect(csv(h + "D,1,2,B,-10,1\n") == "\(path):2: expected a price above zero, found -10")
        #expect(csv(h + "D,1,2,B,0,1\n") == "\(path):2: expected a price above zero, found 0")
        #expect(csv(h + "D,1,2,B,10,-1\n") == "\(path):2: expected a size of zero or more, found -1")
        #expect(csv(h + "D,0,2,B,10,1\n") == "\(path):2: expected times above zero, found 0")
        #expect(csv(h + "D,1,5000000000,B,10,1\nD,1,4000000000,B,10,1\n").hasPrefix("\(path):3: the local time runs backwards: expected 1970-01-01T00:00:05Z or later"))
        #expect(csv(h) == "\(path): holds no records; expected at least one")
        #expect(csv("") == "\(path): holds no records; expected at least one")
        #expect(csv(BadInputTests.rows) { $0.tick = try? ExactDecimal("0.25") } == "\(path):3: expected a price that is a multiple of the tick 0.25, found 10.6")
        #expect(refusal(.csv, [folder.path("absent.csv")]) == "\(folder.path("absent.csv")): cannot be opened: No such file or directory")
        #expect(refusal(.csv, ["/dev/null"]).contains("is not a regular file"))
        #expect(refusal(.csv, []).contains("expected at least one input"))
    }

    @Test func everyFormatSaysWhatItFound() {
        func said(_ format: ImportFormat, _ name: String, _ text: String) -> String {
            refusal(format, [folder.file(name, text)]).replacing(folder.root + "/", with: "")
        }
        let nan = Fixtures.binance.replacing("\"p\":\"1.50\"", with: "\"p\":\"NaN\"")
        #expect(said(.binanceWS, "b.txt", nan).hasPrefix("b.txt:4: expected a decimal at byte 89 of the JSON text, found “"))
        #expect(said(.binanceWS, "b.txt", nan).contains("NaN"))
        #expect(said(.binanceWS, "b.txt", "1000000000000000100 {\"e\":\"trade\"").hasSuffix("of the JSON text, found the end"))
        let match = Fixtures.coinbase.replacing("\"price\":\"2.6\"", with: "\"price\":\"NaN\"")
        #expect(said(.cryptofeed, "c.txt", match) == "c.txt:4: expected price as a decimal of at most 18 digits, found “NaN”")
        let trade = Fixtures.bitstamp.replacing("\"price_str\":\"1.6\"", with: "\"price_str\":\"inf\"")
        #expect(said(.cryptofeed, "e.txt", trade) == "e.txt:3: expected price_str as a decimal of at most 18 digits, found “inf”")
        #expect(said(.lean, "20200102_abc_trade_tick.csv", "25398866,137800,100,P,1,0\0\n") == "20200102_abc_trade_tick.csv:1: expected suspicious 0 or 1, found “0·”")
        #expect(said(.lean, "20200102_abc_quote_tick.csv", "14400527,137400,3100,0,0,P,1,x\n") == "20200102_abc_quote_tick.csv:1: expected suspicious 0 or 1, found “x”")
        for text in ["", "\n\n", "time,open,high,low,close,volume\n"] {
            #expect(said(.ohlcv, "f.csv", text) == "f.csv: holds no records; expected at least one")
            #expect(said(.lean, "abc_hour.csv", text.filter(\.isNewline)) == "abc_hour.csv: holds no records; expected at least one")
        }
    }

    @Test func whatTheInputsHeldIsTold() throws {
        let facts = try Imported(.binanceWS, [folder.file("b.txt", Fixtures.binance)]) { $0.shiftLocal = Span(nanoseconds: 5) }.summary
        #expect(facts.inputs.count == 1 && facts.inputs[0].lines == 6 && facts.inputs[0].messageCount == 6)
        let kinds = facts.inputs[0].messages.map { "\($0.kind) \($0.count)" }
        #expect(kinds == ["abcusdt@depth 3", "snapshot 1", "abcusdt@trade 1", "abcusdt@bookTicker 1"])
        // As the file has them, not as they were shifted.
        #expect(facts.inputs[0].firstReceived?.nanoseconds == 1_000_000_000_000_000_100)
        #expect(facts.inputs[0].lastReceived?.nanoseconds == 1_000_000_000_000_000_600)
        let sequence = facts.items[0].sequence
        #expect(sequence.firstTradeID == 7 && sequence.lastTradeID == 7 && sequence.snapshotID == 10)
        #expect(sequence.firstUpdateID == 10 && sequence.lastUpdateID == 13)
        // A capture that spells ever new names does not grow the list for ever, and a second writing pass does not count twice.
        let names = (0..<500).map { "1600000000.\($0): {\"type\":\"t\($0)\",\"product_id\":\"A-B\"}" }.joined(separator: "\n")
        let many = try Imported(.cryptofeed, [folder.file("c.txt", Fixtures.coinbase), folder.file("d.txt", names)]) { $0.skipBad = 1 }.summary
        #expect(many.inputs[0].messages.map(\.count) == [1, 1, 1] && many.inputs[0].lines == 4)
        #expect(many.inputs[1].messages.count == 101 && many.inputs[1].messageCount == 500)
    }

    @Test func skipBadCountsWhatItPassesOver() throws {
        let text = BadInputTests.rows + "D,1600,2600,B,oops,1\nD,1700,2700,B,10.4,2\nD,1800,2800,B,10.33,2\n"
        let path = folder.file("in.csv", text)
        let found = try Imported(.csv, [path]) {
            $0.skipBad = 2
            $0.tick = try? ExactDecimal("0.1")
        }
        #expect(found.records.count == 4)
        #expect(found.summary.skippedRows == 2)
        #expect(found.summary.firstSkipped?.hasPrefix("\(path):5: expected price") == true)
        #expect(found.metadata.contains { $0.key == "import.skipped_rows" && $0.value == "2" })
        let refused = refusal(.csv, [path]) {
            $0.skipBad = 1
            $0.tick = try? ExactDecimal("0.1")
        }
        #expect(refused == "\(path):7: expected a price that is a multiple of the tick 0.1, found 10.33 (after 1 bad rows that --skip-bad allows)")
    }

    @Test func theOutputAppearsOnlyWhenComplete() throws {
        let output = folder.path("out.tape")
        let bad = folder.file("bad.csv", BadInputTests.rows + "nonsense\n")
        #expect(throws: ImportError.self) { try Importer.run(ImportOptions(format: .csv, inputs: [bad]), output: output) }
        #expect(TemporaryFolder.read(output).isEmpty && TemporaryFolder.read(output + ".partial").isEmpty)
        let good = folder.file("good.csv", BadInputTests.rows)
        let summary = try Importer.run(ImportOptions(format: .csv, inputs: [good]), output: output)
        #expect(summary.records == 3)
        #expect(try TapeReader(path: output).recordCount == 3)
        #expect(throws: ImportError.self) { try Importer.run(ImportOptions(format: .csv, inputs: [good]), output: good) }
    }

    @Test func anInterruptedImportLeavesNothingBehind() throws {
        let row = { (index: Int) in "T,\(1000 + index),\(2000 + index),B,10.5,1\n" }
        let input = folder.file("in.csv", BadInputTests.header + (0..<9000).map(row).joined())
        let (output, stopAt) = (folder.path("out.tape"), 4)
        for asked in 0..<stopAt {
            let count = Atomic<Int>(0)
            var options = ImportOptions(format: .csv, inputs: [input])
            options.shouldStop = { count.wrappingAdd(1, ordering: .relaxed).oldValue == asked }
            #expect(throws: ImportError(.interrupted, "interrupted: no tape was written")) { try Importer.run(options, output: output) }
            #expect(TemporaryFolder.read(output).isEmpty && TemporaryFolder.read(output + ".partial").isEmpty)
        }
    }

    @Test func gzipIsReadInAnyNumberOfMembers() throws {
        let bytes = Array(BadInputTests.rows.utf8)
        let whole = try Imported(.csv, [folder.write(bytes, to: "plain.csv")])
        let parts = folder.write(gzip(Array(bytes[..<60])) + gzip(Array(bytes[60...])) + [0, 0, 0], to: "plain.csv.gz")
        #expect(try Imported(.csv, [parts]).records == whole.records)
        let zipped = folder.write(zip([("a/", []), ("plain.csv", bytes)]), to: "plain.zip")
        #expect(try Imported(.csv, [zipped]).records == whole.records)
        let crlf = folder.file("crlf.csv", "\u{feff}" + BadInputTests.rows.replacing("\n", with: "\r\n"))
        #expect(try Imported(.csv, [crlf]).records == whole.records)
    }

    @Test func aCutOrDamagedGzipIsRefusedWhereverItIsCut() throws {
        let packed = gzip(Array(BadInputTests.rows.utf8))
        for length in 0..<packed.count {
            let path = folder.write(packed[..<length], to: "cut.csv.gz")
            let said = refusal(.csv, [path])
            #expect(said.hasPrefix(path) && !said.contains("imported"), "cut at \(length): \(said)")
        }
        for index in packed.indices {
            var damaged = packed
            damaged[index] ^= 0x41
            let said = refusal(.csv, [folder.write(damaged, to: "bad.csv.gz")])
            // Only name, time and flags of the header may differ unseen.
            if index >= 10 { #expect(!said.hasPrefix("imported"), "byte \(index)") }
        }
    }

    @Test func aDamagedZipIsRefused() throws {
        let packed = zip([("in.csv", Array(BadInputTests.rows.utf8))])
        for length in 0..<packed.count {
            let said = refusal(.csv, [folder.write(packed[..<length], to: "cut.zip")])
            #expect(!said.hasPrefix("imported"), "cut at \(length)")
        }
        for index in packed.indices {
            var damaged = packed
            damaged[index] ^= 0xFF
            _ = refusal(.csv, [folder.write(damaged, to: "bad.zip")])
        }
        var wrongText = packed
        wrongText[30 + 6 + 60] ^= 1
        #expect(refusal(.csv, [folder.write(wrongText, to: "crc.zip")]).contains("CRC-32"))
    }

    @Test func endlessZerosEndInOneLine() throws {
        // 40 MiB of zeros pack to 40 KB; ten gigabytes of them take the same path.
        let zeros = gzip([UInt8](repeating: 0, count: 20 << 20))
        let path = folder.write(zeros + zeros, to: "zeros.csv.gz")
        for format in [ImportFormat.csv, .ohlcv, .binanceWS, .cryptofeed] {
            #expect(refusal(format, [path]) == "\(path):1: the line is longer than 16 MiB; expected lines of text")
        }
    }

    /// Every format survives mutated bytes: an error or a tape, never a trap.
    @Test(arguments: 0..<60) func mutatedFilesNeverTrap(_ seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed) &+ 77)
        for (format, name, text) in Fixtures.all {
            var bytes = Array(text.utf8)
            for _ in 0...random.below(5) {
                switch random.below(4) {
                case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
                case 1: bytes.remove(at: random.below(bytes.count))
                case 2: bytes[random.below(bytes.count)] = [44, 46, 48, 57, 45, 34, 91, 123, 10][random.below(9)]
                default: bytes.insert(bytes[random.below(bytes.count)], at: random.below(bytes.count))
                }
            }
            _ = refusal(format, [folder.write(bytes, to: name)]) {
                $0.skipBad = random.below(3)
                $0.date = "2020-01-02"
            }
        }
    }

    @Test func theFixturesThemselvesAreFine() throws {
        for (format, name, text) in Fixtures.all {
            let said = refusal(format, [folder.file(name, text)]) { $0.date = "2020-01-02" }
            #expect(said.hasPrefix("imported"), "\(name): \(said)")
        }
    }
}

/// Small inputs of each text format, made for these tests.
enum Fixtures {
    static let binance = """
        1000000000000000100 {"stream":"abcusdt@depth","data":{"e":"depthUpdate","E":1000000000001,"s":"ABCUSDT","U":5,"u":9,"b":[["1.00","9"]],"a":[]}}
        1000000000000000200 {"stream":"abcusdt@depth","data":{"e":"depthUpdate","E":1000000000002,"s":"ABCUSDT","U":10,"u":12,"b":[["1.50","2.0"]],"a":[["1.60","0"]]}}
        1000000000000000300 {"lastUpdateId":10,"bids":[["1.40","1"],["1.50","1"]],"asks":[["1.60","3"],["1.70","4"]]}
        1000000000000000400 {"stream":"abcusdt@trade","data":{"e":"trade","E":1000000000004,"s":"ABCUSDT","t":7,"p":"1.50","q":"0.25","T":1000000000003,"m":true}}
        1000000000000000500 {"stream":"abcusdt@bookTicker","data":{"u":13,"s":"ABCUSDT","b":"1.50","B":"2.0","a":"1.70","A":"4"}}
        1000000000000000600 {"stream":"abcusdt@depth","data":{"e":"depthUpdate","E":1000000000006,"s":"ABCUSDT","U":13,"u":13,"b":[["1.40","0"]],"a":[]}}

        """
    static let coinbase = """
        wss://ws-feed.example.coinbase.com <- 1600000000.1: {"type":"subscribe"}
        1600000000.25: {"type":"snapshot","product_id":"ABC-USD","asks":[["2.5","1.5"]],"bids":[["2.4","7"]]}
        1600000001.5: {"type":"l2update","product_id":"ABC-USD","changes":[["sell","2.5","0"],["buy","2.45","3"]],"time":"2020-09-13T12:26:41.400000Z"}
        1600000002.75: {"type":"match","side":"sell","size":"0.5","price":"2.6","product_id":"ABC-USD","time":"2020-09-13T12:26:42.700001Z"}

        """
    static let kraken = """
        1600000000.1: {"connectionID":1,"event":"systemStatus","status":"online"}
        1600000000.2: [1,{"as":[["2.5000","1.50000000","1600000000.100000"]],"bs":[["2.4000","7.00000000","1600000000.050000"]]},"book-10","ABC/EUR"]
        1600000000.3: [1,{"a":[["2.5000","1.00000000","1600000000.200000"]]},"book-10","ABC/EUR"]
        1600000000.4: [2,[["2.5000","0.50000000","1600000000.300000","b","l",""]],"trade","ABC/EUR"]

        """
    static let bitstamp = """
        1600000000.1: {"event":"bts:subscription_succeeded","channel":"diff_order_book_abcusd","data":{}}
        1600000000.2: {"data":{"timestamp":"1600000000","microtimestamp":"1600000000150000","bids":[["1.5","2"]],"asks":[["1.6","3"]]},"channel":"diff_order_book_abcusd","event":"data"}
        1600000000.3: {"data":{"id":1,"amount":0.5,"amount_str":"0.50000000","price":1.6,"price_str":"1.6","type":0,"microtimestamp":"1600000000250000"},"channel":"live_trades_abcusd","event":"trade"}

        """
    static let bars = """
        time,open,high,low,close,volume
        2020-01-01T00:00:00Z,1.5,2,1,1.75,100.5
        2020-01-01T00:01:00Z,1.75,1.8,1.7,1.7,3
        2020-01-01T00:03:00Z,1.7,1.7,1.6,1.65,2.25

        """
    static let lobster = """
        34200.017459617,5,0,1,2238200,-1
        34200.18960767,1,11885113,21,2238100,1
        34200.190226476,4,11885113,21,2238100,1
        34201,7,0,0,-1,-1

        """
    static let quotes = "14400527,137400,3100,0,0,P,1,0\n14400527,0,0,138500,500,P,1,0\n15557807,137400,100,138600,200,Q,1,0\n"
    static let trades = "25398866,137800,100,P,20002020,0\n25400835,137800,1000,D,2000,0\n"
    static let forex = "17007,1.39147,1.39148\n17264,1.39147,1.39149\n"
    static let hours = "19980102 09:00,136300,137500,135000,136300,540700\n19980102 10:00,136300,148100,135600,144400,1974100\n"

    static let all: [(ImportFormat, String, String)] = [
        (.csv, "a.csv", BadInputTests.rows), (.binanceWS, "b.txt", binance), (.cryptofeed, "c.txt", coinbase), (.cryptofeed, "d.txt", kraken),
        (.cryptofeed, "e.txt", bitstamp), (.ohlcv, "f.csv", bars), (.lobster, "ABC_g.csv", lobster), (.lean, "abc_quote_tick.csv", quotes),
        (.lean, "abc_trade_tick.csv", trades), (.lean, "eurusd_quote_tick.csv", forex), (.lean, "abc_hour.csv", hours),
    ]
}
