/// What is wrong with a JSON text, and where.
public struct JSONError: Error, Hashable, Sendable {
    /// Bytes from the beginning of the text.
    public let offset: Int
    public let expected: String

    public init(offset: Int, expected: String) {
        self.offset = offset
        self.expected = expected
    }
}

/// A pull reader over one JSON text: the caller asks for what it expects, nothing is built that was not asked for.
///
/// Numbers stay text, so that prices are read as exact decimals and identifiers above 2^53 keep their digits.
/// Nesting deeper than 64 is an error. Everything skipped is checked as strictly as what is read.
///
/// - Source: RFC 8259.
public struct JSONReader {
    public enum Kind: Sendable { case object, array, string, number, bool, null }

    public static let maximumDepth = 64
    let bytes: Bytes
    private var index = 0
    private var depth = 0
    /// Bit n: the container at depth n + 1 has handed out nothing yet.
    private var fresh: UInt64 = 0

    public init(_ bytes: Bytes) { self.bytes = bytes }

    /// Bytes read so far.
    public var offset: Int { index }

    @inline(__always) private mutating func space() {
        while index < bytes.count {
            let byte = bytes[index]
            if byte != 32 && byte != 10 && byte != 13 && byte != 9 { return }
            index += 1
        }
    }

    /// An error at the place that the reader has reached: for codecs that expect more than the grammar does.
    public func wrong(_ expected: String) -> JSONError { JSONError(offset: index, expected: expected) }

    /// What kind of value comes next.
    public mutating func peek() throws(JSONError) -> Kind {
        space()
        guard index < bytes.count else { throw wrong("a value") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), 48...57: return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw wrong("a value")
        }
    }

    private mutating func open(_ byte: UInt8, _ expected: String) throws(JSONError) {
        space()
        guard index < bytes.count, bytes[index] == byte else { throw wrong(expected) }
        guard depth < JSONReader.maximumDepth else { throw wrong("at most 64 levels of nesting") }
        fresh |= 1 << UInt64(depth)
        depth += 1
        index += 1
    }

    /// After a value: true where another follows, false where the container is closed by `end`.
    private mutating func another(end: UInt8) throws(JSONError) -> Bool {
        precondition(depth > 0, "no container is open")
        space()
        guard index < bytes.count else { throw wrong("a comma or the end of an array or object") }
        let bit: UInt64 = 1 << UInt64(depth - 1)
        if bytes[index] == end {
            index += 1
            depth -= 1
            return false
        }
        if fresh & bit != 0 {
            fresh &= ~bit
            return true
        }
        guard bytes[index] == UInt8(ascii: ",") else { throw wrong("a comma or the end of an array or object") }
        index += 1
        return true
    }

    public mutating func beginObject() throws(JSONError) { try open(UInt8(ascii: "{"), "an object") }
    public mutating func beginArray() throws(JSONError) { try open(UInt8(ascii: "["), "an array") }

    /// The next key of the open object, its colon read too; nil at the object's end.
    public mutating func nextKey() throws(JSONError) -> JSONText? {
        guard try another(end: UInt8(ascii: "}")) else { return nil }
        space()
        let key = try string()
        space()
        guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { throw wrong("a colon") }
        index += 1
        return key
    }

    /// Whether the open array has another element; false at its end.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try another(end: UInt8(ascii: "]"))
    }

    /// Only spaces may follow.
    public mutating func finish() throws(JSONError) {
        space()
        guard index == bytes.count else { throw wrong("the end of the text") }
    }

    /// A string's bytes between its quotes, escapes unresolved.
    public mutating func string() throws(JSONError) -> JSONText {
        space()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw wrong("a string") }
        index += 1
        let from = index
        var escaped = false
        var seen: UInt8 = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = JSONText(bytes: bytes.slice(from, index), isEscaped: escaped)
                index += 1
                if seen >= 128, !text.isUTF8 {
                    index = from
                    throw wrong("UTF-8")
                }
                return text
            }
            if byte < 32 { throw wrong("no control character in a string") }
            seen |= byte
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try escape()
            } else {
                index += 1
            }
        }
        throw wrong("the end of a string")
    }

    private mutating func escape() throws(JSONError) {
        guard index + 1 < bytes.count else { throw wrong("an escape") }
        switch bytes[index + 1] {
        case UInt8(ascii: "u"):
            guard index + 5 < bytes.count else { throw wrong("four hexadecimal digits") }
            for place in 2...5 where JSONText.hexDigit(bytes[index + place]) == nil {
                throw wrong("four hexadecimal digits")
            }
            index += 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
        default:
            throw wrong("an escape")
        }
    }

    /// A number's bytes, checked against the grammar.
    public mutating func number() throws(JSONError) -> Bytes {
        space()
        let from = index
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        if index < bytes.count, bytes[index] == 48 {
            index += 1
        } else if skipDigits() == 0 {
            throw wrong("a number")
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            if skipDigits() == 0 { throw wrong("a digit after the point") }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") { index += 1 }
            if skipDigits() == 0 { throw wrong("an exponent") }
        }
        if index < bytes.count, JSONReader.continuesWord(bytes[index]) { throw wrong("the end of a number") }
        return bytes.slice(from, index)
    }

    private mutating func skipDigits() -> Int {
        let from = index
        while index < bytes.count, bytes[index] &- 48 <= 9 { index += 1 }
        return index - from
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private mutating func word(_ text: StaticString) -> Bool {
        let end = index + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes.slice(index, end).equals(text) else { return false }
        if end < bytes.count, JSONReader.continuesWord(bytes[end]) { return false }
        index = end
        return true
    }

    public mutating func bool() throws(JSONError) -> Bool {
        space()
        if word("true") { return true }
        if word("false") { return false }
        throw wrong("true or false")
    }

    public mutating func null() throws(JSONError) {
        space()
        guard word("null") else { throw wrong("null") }
    }

    /// A string's or a number's bytes: venues write amounts either way.
    public mutating func scalar() throws(JSONError) -> Bytes {
        switch try peek() {
        case .string: return try string().bytes
        case .number: return try number()
        case .object, .array, .bool, .null: throw wrong("a string or a number")
        }
    }

    /// Passes over one value of any kind, checking it.
    public mutating func skip() throws(JSONError) {
        switch try peek() {
        case .object:
            try beginObject()
            while try nextKey() != nil { try skip() }
        case .array:
            try beginArray()
            while try nextElement() { try skip() }
        case .string: _ = try string()
        case .number: _ = try number()
        case .bool: _ = try bool()
        case .null: try null()
        }
    }
}
