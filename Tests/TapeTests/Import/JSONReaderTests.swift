import Domain
import JSON
import Testing

@testable import Tape

@Suite struct JSONReaderTests {
    private func accepts(_ bytes: [UInt8]) -> Bool {
        Bytes.with(bytes) { text in
            var reader = JSONReader(text)
            do {
                try reader.skip()
                try reader.finish()
                return true
            } catch {
                return false
            }
        }
    }

    private func accepts(_ text: String) -> Bool { accepts(Array(text.utf8)) }

    @Test func takesWhatTheGrammarTakes() {
        for text in [
            "{}", "[]", " [ ] ", "0", "-0", "-0.0", "1e5", "1E+5", "1.5e-10", "123456789012345678901234567890", "\"\"", "\"a\\u00e9\\n\"",
            "[1,2,3]", "{\"a\":{\"b\":[null,true,false]}}", "\"\\ud83d\\ude00\"", "[\"é€😀\"]", "\t\n\r [1]", "{\"a\":1,\"a\":2}", "\"\u{7f}\"",
            "[[[[]]]]", "{\"\":0}", "true", "false", "null", "\"/\\/\"", "[-1]", "[0e1]", "[0.1e1]",
        ] { #expect(accepts(text), "\(text)") }
    }

    @Test func refusesWhatTheGrammarRefuses() {
        for text in [
            "", " ", "{", "[", "}", "]", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]", "01", "-01", "+1", ".5", "1.",
            "1.e5", "1e", "1e+", "--1", "-", "0x10", "NaN", "Infinity", "-Infinity", "nul", "truee", "tru", "True", "[1]x", "[1],", "1 2", "\"", "\"\\\"",
            "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\t\"", "[\"a\",\n4\n,1,", "{\"a\":1 \"b\":2}", "[1}", "{\"a\":1]", "[\"a\":1]", "1e5.5", "1_000",
            "1a", "[1:2]", "{\"a\",1}", "{1:2}", "/**/1", "[1]//", "\u{feff}[]",
        ] { #expect(!accepts(text), "\(text)") }
        #expect(!accepts([0x22, 0xFF, 0x22]))
        #expect(!accepts([0x22, 0xC0, 0x80, 0x22]))
        #expect(!accepts([0x22, 0xED, 0xA0, 0x80, 0x22]))
        #expect(!accepts([0x22, 0xE2, 0x82, 0x22]))
        #expect(!accepts([0x00]))
        #expect(!accepts([0x5B, 0x31, 0x00, 0x5D]))
    }

    @Test func nestingEndsAt64() {
        #expect(accepts(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)))
        #expect(!accepts(String(repeating: "[", count: 65) + String(repeating: "]", count: 65)))
        #expect(!accepts(String(repeating: "{\"a\":", count: 100_000)))
    }

    @Test func numbersKeepTheirDigits() throws {
        let (id, price) = try Bytes.with("[9007199254740993, 0.1000000000000000055511151231257827]") { text throws(JSONError) -> (Int64?, String) in
            var reader = JSONReader(text)
            try reader.beginArray()
            _ = try reader.nextElement()
            let id = try reader.number().integer
            _ = try reader.nextElement()
            return (id, try reader.number().text)
        }
        #expect(id == 9_007_199_254_740_993)
        #expect(price == "0.1000000000000000055511151231257827")
    }

    @Test func stringsResolveTheirEscapes() throws {
        let text = try Bytes.with(#""a\"\\\/\b\f\n\r\t\u20ac\ud83d\ude00""#) { bytes throws(JSONError) -> String? in
            var reader = JSONReader(bytes)
            return try reader.string().decoded()
        }
        #expect(text == "a\"\\/\u{8}\u{c}\n\r\t€😀")
        let alone = try Bytes.with(#""\ud83d""#) { bytes throws(JSONError) -> String? in
            var reader = JSONReader(bytes)
            return try reader.string().decoded()
        }
        #expect(alone == nil)
        let key = try Bytes.with(#"{"\u0073tream":1}"#) { bytes throws(JSONError) -> Bool? in
            var reader = JSONReader(bytes)
            try reader.beginObject()
            return try reader.nextKey()?.equals("stream")
        }
        #expect(key == true)
    }

    @Test func anErrorSaysWhereAndWhat() {
        let error = Bytes.with("{\"a\": [1, }") { text -> JSONError? in
            var reader = JSONReader(text)
            do throws(JSONError) {
                try reader.skip()
                return nil
            } catch {
                return error
            }
        }
        #expect(error == JSONError(offset: 10, expected: "a value"))
    }

    @Test(arguments: 0..<200) func mutatedTextNeverTraps(_ seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        var bytes = Array(#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1723161255208,"b":[["1.5e2","0"],["\u00e9",null]],"m":true}}"#.utf8)
        for _ in 0...random.below(6) {
            switch random.below(3) {
            case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
            case 1: bytes.remove(at: random.below(bytes.count))
            default: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count))
            }
        }
        _ = accepts(bytes)
        var decoder = BinanceDecoder()
        Bytes.with(bytes) { text in _ = try? decoder.decode(text) }
    }
}

@Suite struct ShortDecimalTests {
    private func parse(_ text: String) -> ShortDecimal? { Bytes.with(text) { ShortDecimal($0) } }

    @Test func trailingZerosGo() {
        #expect(parse("61837.63000000") == ShortDecimal(mantissa: 6_183_763, scale: 2))
        #expect(parse("0.00000000") == .zero)
        #expect(parse("100") == ShortDecimal(mantissa: 100, scale: 0))
        #expect(parse("-1.50") == ShortDecimal(mantissa: -15, scale: 1))
        #expect(parse("0.001001") == ShortDecimal(mantissa: 1001, scale: 6))
        #expect(parse("1e-8") == ShortDecimal(mantissa: 1, scale: 8))
        #expect(parse("1.5E3") == ShortDecimal(mantissa: 1500, scale: 0))
        #expect(parse(".5") == ShortDecimal(mantissa: 5, scale: 1))
        #expect(parse("5.") == ShortDecimal(mantissa: 5, scale: 0))
    }

    @Test func whatIsNoNumberIsRefused() {
        for text in ["", "-", ".", "NaN", "nan", "inf", "1.2.3", "1,5", " 1", "1 ", "0x1", "1e", "--1", "99999999999999999999", "1e30", "0.0000000000000000000000000001"] {
            #expect(parse(text) == nil, "\(text)")
        }
        #expect(parse("9223372036854775807") == nil || parse("9223372036854775807")?.mantissa == .max)
    }

    @Test func stepsAreCountedExactly() throws {
        let half = try #require(StepCounter(try ExactDecimal("0.5")))
        #expect(half.count(ShortDecimal(mantissa: 15, scale: 1)) == 3)
        #expect(half.count(ShortDecimal(mantissa: 125, scale: 2)) == nil)
        #expect(half.count(.zero) == 0)
        let fine = try #require(StepCounter(try ExactDecimal("0.00000001")))
        #expect(fine.count(ShortDecimal(mantissa: 1, scale: 9)) == nil)
        #expect(fine.count(ShortDecimal(mantissa: .max, scale: 0)) == nil)
        #expect(StepCounter(.zero) == nil)
    }

    @Test func doublesBecomeTheDecimalsThatWereMeant() {
        #expect(NearestDecimal.of(60000.1) == ShortDecimal(mantissa: 600_001, scale: 1))
        #expect(NearestDecimal.of(0.1 + 0.2) == ShortDecimal(mantissa: 3, scale: 1))
        #expect(NearestDecimal.of(600_001 * 0.1) == ShortDecimal(mantissa: 600_001, scale: 1))
        #expect(NearestDecimal.of(0) == .zero)
        #expect(NearestDecimal.of(-0.001) == ShortDecimal(mantissa: -1, scale: 3))
        #expect(NearestDecimal.of(.nan) == nil)
        #expect(NearestDecimal.of(.infinity) == nil)
        #expect(NearestDecimal.of(1e300) == nil)
    }
}

@Suite struct TimeTextTests {
    @Test func momentsArereadExactly() {
        #expect(TimeText.parse("2024-08-08")?.nanoseconds == 1_723_075_200_000_000_000)
        #expect(TimeText.parse("2024-08-08T10:00:00.123456789Z")?.nanoseconds == 1_723_111_200_123_456_789)
        #expect(TimeText.parse("2024-08-08T10:00:00+02:00") == TimeText.parse("2024-08-08 08:00:00Z"))
        #expect(TimeText.parse("1723075200000000000")?.nanoseconds == 1_723_075_200_000_000_000)
        #expect(TimeText.parse("2024-02-29") != nil)
        for text in ["2023-02-29", "2024-13-01", "2024-00-10", "2024-08-08T24:00:00Z", "2024-08-08T10:00:00.Z", "2024-08-08T10:00:00.1234567891Z", "x", "", "2024-08-08Z"] {
            #expect(TimeText.parse(text) == nil, "\(text)")
        }
        for text in ["2024-08-08T10:00:00.5Z", "1969-12-31T23:59:59Z", "2000-02-29T00:00:00Z", "2100-03-01T12:34:56.789Z"] {
            #expect(TimeText.parse(text).map(TimeText.text) == text)
        }
    }

    @Test func newYorkChangesItsClock() throws {
        var clock = try #require(ZoneClock("America/New_York"))
        func utc(_ text: String) -> String? {
            let wall = TimeText.parse(text + "Z")?.nanoseconds
            return wall.flatMap { clock.utc(wall: $0) }.map { TimeText.text(Timestamp(nanoseconds: $0)) }
        }
        #expect(utc("2013-01-09T09:30:00") == "2013-01-09T14:30:00Z")
        #expect(utc("2013-10-09T09:30:00") == "2013-10-09T13:30:00Z")
        #expect(utc("2024-03-10T01:59:59") == "2024-03-10T06:59:59Z")
        #expect(utc("2024-03-10T03:00:00") == "2024-03-10T07:00:00Z")
        #expect(utc("2024-11-03T00:59:59") == "2024-11-03T04:59:59Z")
        #expect(utc("2024-11-03T02:00:00") == "2024-11-03T07:00:00Z")
        #expect(utc("1998-01-02T09:00:00") == "1998-01-02T14:00:00Z")
        var fixed = try #require(ZoneClock("-05:00"))
        #expect(fixed.utc(wall: 0) == 18_000_000_000_000)
        #expect(ZoneClock("Nowhere/Land") == nil)
        #expect(ZoneClock("-5") == nil)
    }

    @Test func namesOfFilesTellTheInstrument() {
        func guess(_ name: String) -> String { InstrumentNames.guess(file: name).symbol }
        #expect(guess("/x/binance_btcusdt_15m.csv.gz") == "BTC_USDT")
        #expect(guess("20131009_bac_Quote_Tick.csv") == "BAC_USD")
        #expect(guess("20140508_eurusd_tick_quote.csv") == "EUR_USD")
        #expect(guess("aapl.csv") == "AAPL_USD")
        #expect(guess("bars.csv") == "BARS_USD")
        #expect(InstrumentNames(native: "XBT/EUR").symbol == "XBT_EUR")
        #expect(InstrumentNames(native: "BAND-BTC").symbol == "BAND_BTC")
        #expect(InstrumentNames(native: "BTCUSDT").symbol == "BTC_USDT")
        #expect(InstrumentNames(native: "ETH_USDT").symbol == "ETH_USDT")
    }
}
