import Domain
import JSON
import Testing

/// Reads the only element of a one-element array, and that nothing follows.
private func read<R>(_ text: String, _ body: (inout JSONReader) throws(JSONError) -> R) throws(JSONError) -> R {
    try Bytes.with("[" + text + "]") { bytes throws(JSONError) -> R in
        var reader = JSONReader(bytes)
        try reader.beginArray()
        _ = try reader.nextElement()
        let value = try body(&reader)
        if try reader.nextElement() { throw reader.wrong("one element") }
        try reader.finish()
        return value
    }
}

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("1", "1"), ("\"1\"", "1"), ("-0.0", "0"), ("8768.240000000002", "8768.240000000002"), ("\"1e-8\"", "0.00000001"), ("1.5E3", "1500"),
        ("9007199254740993", "9007199254740993"), ("0.123456789012345678901234567890", "0.12345678901234567890123456789"),
        ("1e-36", "0.000000000000000000000000000000000001"), ("\"61602.020\"", "61602.02"),
    ])
    func decimalsAreExact(_ text: String, _ expected: String) throws {
        #expect(try read(text) { reader throws(JSONError) in try reader.decimal() }.description == expected)
    }

    @Test(arguments: ["1e400", "1e-400", "\"NaN\"", "\"\"", "\" 1\"", "\"1 \"", "\"0x10\"", "null", "true", "[]", "1e40", "0.1234567890123456789012345678901234567890123", "\"\\u0031\""])
    func whatIsNoExactDecimalIsAnError(_ text: String) {
        #expect(throws: JSONError.self) { try read(text) { reader throws(JSONError) in try reader.decimal() } }
    }

    @Test func wholeNumbers() throws {
        #expect(try read("9223372036854775807") { reader throws(JSONError) in try reader.integer() } == .max)
        #expect(try read("\"-12\"") { reader throws(JSONError) in try reader.integer() } == -12)
        for text in ["9223372036854775808", "1.0", "1e2", "\"\"", "\"-\""] {
            #expect(throws: JSONError.self, "\(text)") { try read(text) { reader throws(JSONError) in try reader.integer() } }
        }
    }

    @Test func textsResolveEscapesAndRefuseLoneSurrogates() throws {
        #expect(try read(#""a\u00e9\ud83d\ude00""#) { reader throws(JSONError) in try reader.text() } == "aé😀")
        for text in [#""\ud83d""#, #""\ude00\ud83d""#, #""\ud83dx""#, #""\ud83d\u0041""#] {
            #expect(throws: JSONError.self, "\(text)") { try read(text) { reader throws(JSONError) in try reader.text() } }
        }
    }

    @Test func nullsAndRawValues() throws {
        #expect(try read("null") { reader throws(JSONError) in try reader.nextIsNull() })
        #expect(try read(" {\"a\" : [1, 2]} ") { reader throws(JSONError) in try reader.raw().text } == "{\"a\" : [1, 2]}")
        let other = try read("1") { reader throws(JSONError) -> (Bool, Int64) in (try reader.nextIsNull(), try reader.integer()) }
        #expect(other == (false, 1))
    }

    @Test func aTextAboveTheCapIsRefusedUnread() {
        let error = Bytes.with("[1,2,3]") { bytes -> JSONError? in
            do throws(JSONError) {
                _ = try JSONReader(bytes, maximumCount: 6)
                return nil
            } catch { return error }
        }
        #expect(error == JSONError(offset: 6, expected: "at most 6 bytes"))
    }

    private static let names: [StaticString] = ["price", "size", "id"]

    private func fields(_ text: String) throws(JSONError) -> [String] {
        try Bytes.with(text) { bytes throws(JSONError) -> [String] in
            var reader = JSONReader(bytes)
            try reader.beginObject()
            var fields = JSONFields(JSONValueTests.names)
            var seen: [String] = []
            while let index = try fields.next(in: &reader) { seen.append("\(index)=\(try reader.raw().text)") }
            try reader.finish()
            return seen
        }
    }

    @Test func fieldsPassOverTheUnknownAndRefuseTheRepeated() throws {
        #expect(try fields(#"{"x":{"price":9},"id":7,"pr\u0069ce":"1","x":0,"size":null}"#) == ["2=7", "0=\"1\"", "1=null"])
        #expect(throws: JSONError(offset: 10, expected: "the key price only once")) { try fields(#"{"price":1,"price":2}"#) }
        #expect(throws: JSONError.self) { try fields(#"{"price":1,"\u0070rice":2}"#) }
        #expect(throws: JSONError.self) { try fields(#"{"price":1"#) }
    }

    /// F22: bounded errors, no crash, whatever the size.
    @Test func hostileTexts() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000), "\"" + String(repeating: "a", count: 1 << 17),
            "\u{FEFF}{}", "\0", "[\0]", "{\"a\":\"\u{0}\"}", "1e400x", "-", String(repeating: "9", count: 1 << 16) + "x",
        ] {
            #expect(throws: JSONError.self) {
                try Bytes.with(text) { bytes throws(JSONError) in
                    var reader = JSONReader(bytes)
                    try reader.skip()
                    try reader.finish()
                }
            }
        }
    }

    /// Every cut of a message is an error of the grammar, never a value (F21).
    @Test func everyCutIsAnError() throws {
        let whole = Array(#"{"id":12,"result":{"data":[{"p":"1.5e3","q":0.25,"t":"\u20ac"}],"ok":true,"n":null}}"#.utf8)
        for count in 0...whole.count {
            let accepted = Bytes.with(whole, count: count) { bytes -> Bool in
                var reader = JSONReader(bytes)
                do throws(JSONError) {
                    try reader.skip()
                    try reader.finish()
                    return true
                } catch { return false }
            }
            #expect(accepted == (count == whole.count), "cut at \(count)")
        }
    }

    /// To repeat one: `swift test --filter JSONTests`, the seed is the argument shown.
    @Test(arguments: 0..<300) func mutatedTextNeverTraps(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var bytes = Array(#"{"price":"61602.02","size":1e-8,"id":9007199254740993,"a":[null,true,{"t":"\ud83d\ude00\n"}],"price2":-1.5E+3}"#.utf8)
        for _ in 0...random.below(8) {
            let at = random.below(bytes.count)
            switch random.below(4) {
            case 0: bytes[at] = UInt8(random.below(256))
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(Array("\"\\{}[],:eE.-0u".utf8)[random.below(14)], at: at)
            default: bytes.insert(contentsOf: bytes[random.below(at + 1)...at], at: at)
            }
        }
        Bytes.with(bytes) { text in
            var reader = JSONReader(text)
            try? walk(&reader, depth: 0)
        }
    }

    private func walk(_ reader: inout JSONReader, depth: Int) throws(JSONError) {
        switch try reader.peek() {
        case .object:
            try reader.beginObject()
            var fields = JSONFields(JSONValueTests.names)
            while let index = try fields.next(in: &reader) {
                if index == 2 { _ = try reader.integer() } else { _ = try reader.decimal() }
            }
        case .array:
            try reader.beginArray()
            while try reader.nextElement() { try walk(&reader, depth: depth + 1) }
        case .string: _ = try reader.text()
        case .number: _ = try reader.decimal()
        case .bool: _ = try reader.bool()
        case .null: try reader.null()
        }
    }
}

@Suite struct JSONWriterTests {
    @Test func writesWhatItIsTold() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("method", "private/create-order")
        writer.key("params")
        writer.beginObject()
        writer.field("price", try ExactDecimal("0.00000001"))
        writer.field("ok", true)
        writer.key("list")
        writer.beginArray()
        writer.integer(-1)
        writer.null()
        writer.beginArray()
        writer.endArray()
        writer.string("a\"\\/\n\u{1}é")
        writer.endArray()
        writer.endObject()
        writer.field("nonce", 1_700_000_000_000)
        writer.endObject()
        #expect(writer.text == #"{"method":"private/create-order","params":{"price":0.00000001,"ok":true,"list":[-1,null,[],"a\"\\/\n\u0001é"]},"nonce":1700000000000}"#)
        writer.reset()
        writer.bool(false)
        #expect(writer.text == "false")
    }

    @Test(arguments: 0..<100) func everyStringComesBack(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let text = String(String.UnicodeScalarView((0..<random.below(40)).compactMap { _ in
            UnicodeScalar(UInt32([random.below(32), random.below(128), random.below(0x3000), random.below(0x11_0000)][random.below(4)]))
        }))
        var writer = JSONWriter()
        writer.string(text)
        let back = try Bytes.with(writer.bytes) { bytes throws(JSONError) -> String in
            var reader = JSONReader(bytes)
            let text = try reader.text()
            try reader.finish()
            return text
        }
        #expect(back == text)
    }
}

@Suite struct RoundingTests {
    @Test func noiseIsRoundedToATick() throws {
        let tick = try ExactDecimal("0.01")
        #expect(try ExactDecimal("8768.240000000002").rounded(toMultipleOf: tick)?.description == "8768.24")
        #expect(try ExactDecimal("8768.240000000002").rounded(toPlaces: 2).description == "8768.24")
        #expect(try ExactDecimal("0.125").rounded(toPlaces: 2).description == "0.12")
        #expect(try ExactDecimal("0.135").rounded(toPlaces: 2).description == "0.14")
        #expect(try ExactDecimal("-0.126").rounded(toPlaces: 2).description == "-0.13")
        #expect(try ExactDecimal("-0.121").rounded(toPlaces: 2, .down).description == "-0.13")
        #expect(try ExactDecimal("-0.129").rounded(toPlaces: 2, .up).description == "-0.12")
        #expect(try ExactDecimal("-0.129").rounded(toPlaces: 2, .towardZero).description == "-0.12")
        #expect(try ExactDecimal("7").rounded(toMultipleOf: try ExactDecimal("2.5"), .up)?.description == "7.5")
        #expect(try ExactDecimal("1.2").rounded(toPlaces: 5).description == "1.2")
    }

    @Test(arguments: 0..<200) func aRoundedNumberIsTheNearestMultiple(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let value = ExactDecimal(mantissa: Int128(random.below(2_000_001)) - 1_000_000, scale: random.below(8))
        let step = ExactDecimal(mantissa: Int128(1 + random.below(50)), scale: random.below(6))
        let rounded = try #require(value.rounded(toMultipleOf: step))
        let common = 16
        let (own, each, got) = (try #require(value.scaled(to: common)), try #require(step.scaled(to: common)), try #require(rounded.scaled(to: common)))
        #expect(got % each == 0)
        #expect((got - own).magnitude * 2 <= each.magnitude, "\(value) to \(step): \(rounded)")
    }
}

struct SplitMix {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
