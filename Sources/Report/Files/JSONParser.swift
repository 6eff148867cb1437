/// Why a text is not JSON, and at which byte.
package struct JSONError: Error, Hashable, Sendable {
    let offset: Int
    let message: String
}

/// Reads JSON as RFC 8259 has it; no more than 64 values deep.
package struct JSONParser {
    private let bytes: [UInt8]
    private var index = 0

    package static func parse(_ text: [UInt8]) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: text)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.index < text.count { throw parser.error("more text after the value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func error(_ message: String) -> JSONError { JSONError(offset: index, message: message) }

    private var current: UInt8 { index < bytes.count ? bytes[index] : 0 }

    private mutating func skipSpace() {
        while index < bytes.count, bytes[index] <= 0x20, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        if depth > 64 { throw error("nested too deep") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
        guard bytes[index...].starts(with: text.utf8) else { throw error("expected \(text)") }
        index += text.utf8.count
        return value
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = index
        while index < bytes.count, JSONParser.isOfNumber(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard Double(text) != nil else { throw error("expected a value") }
        return .number(text)
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "+") || byte | 0x20 == UInt8(ascii: "e")
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        index += 1
        var items: [JSON] = []
        skipSpace()
        if current == UInt8(ascii: "]") { index += 1; return .array([]) }
        while true {
            items.append(try value(depth: depth + 1))
            if try !separator(closing: UInt8(ascii: "]")) { return .array(items) }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        index += 1
        var members: [JSON.Member] = []
        skipSpace()
        if current == UInt8(ascii: "}") { index += 1; return .object([]) }
        while true {
            skipSpace()
            let key = try string()
            skipSpace()
            if current != UInt8(ascii: ":") { throw error("expected ':'") }
            index += 1
            members.append(JSON.Member(key: key, value: try value(depth: depth + 1)))
            if try !separator(closing: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    /// True at a comma, false at the closing bracket.
    private mutating func separator(closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        defer { index += 1 }
        if current == UInt8(ascii: ",") { return true }
        if current == closing { return false }
        throw error("expected ',' or '\(Character(UnicodeScalar(closing)))'")
    }

    private mutating func string() throws(JSONError) -> String {
        if current != UInt8(ascii: "\"") { throw error("expected a string") }
        index += 1
        var text: [UInt8] = []
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
                text.append(contentsOf: String(try escape()).utf8)
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        if index == bytes.count { throw error("a string without an end") }
        index += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        defer { index += 1 }
        switch current {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "u"): return try unicodeEscape()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(current)
        default: throw error("an unknown escape")
        }
    }

    /// At the `u`; leaves the index at the last digit.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexUnit()
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        guard index + 2 < bytes.count, bytes[index + 1] == UInt8(ascii: "\\"), bytes[index + 2] == UInt8(ascii: "u") else {
            return "\u{FFFD}"
        }
        index += 2
        let second = try hexUnit()
        guard (0xDC00..<0xE000).contains(second) else { return "\u{FFFD}" }
        return Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard index + 4 < bytes.count,
            let unit = UInt32(String(decoding: bytes[(index + 1)...(index + 4)], as: UTF8.self), radix: 16)
        else { throw error("expected four hex digits") }
        index += 4
        return unit
    }
}
