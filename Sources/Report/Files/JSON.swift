public import Domain

/// A JSON value that keeps its keys in the order they were written and its numbers in their own spelling.
public enum JSON: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public let key: String
        public let value: JSON

        public init(key: String, value: JSON) { (self.key, self.value) = (key, value) }
    }

    case null
    case bool(Bool)
    /// Digits as they stand in the file.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    public static func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
        .object(members.map { Member(key: $0.key, value: $0.value) })
    }

    public static func amount(_ amount: Amount?) -> JSON { amount.map { .string($0.description) } ?? .null }

    public static func integer(_ number: some BinaryInteger) -> JSON { .number(String(number)) }

    public static func time(_ time: Timestamp?) -> JSON { time.map { .integer($0.nanoseconds) } ?? .null }

    /// The shortest digits that read back as the same double; null where there is no such number.
    public static func ratio(_ value: Double?) -> JSON {
        guard let value, value.isFinite else { return .null }
        return .number(value == 0 ? "0.0" : value.description)
    }

    public subscript(key: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members.first { $0.key == key }?.value ?? .null
    }

    public var items: [JSON] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    public var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// The text of a string, or the spelling of a number.
    public var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    public var number: Double? {
        guard case .number(let digits) = self else { return nil }
        return Double(digits)
    }

    public var integer: Int64? {
        guard case .number(let digits) = self else { return nil }
        return Int64(digits)
    }

    /// An exact amount out of a decimal string.
    public var amount: Amount? {
        guard case .string(let digits) = self, let decimal = try? ExactDecimal(digits) else { return nil }
        return Amount(decimal)
    }
}

extension JSON {
    /// Indented by two blanks, short values on one line, a line break at the end.
    public var pretty: String {
        var buffer = TextBuffer(capacity: 4096)
        write(into: &buffer, indent: 0)
        buffer.newline()
        return buffer.text
    }

    private var isFlat: Bool {
        switch self {
        case .null, .bool, .number, .string: true
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        }
    }

    private func write(into buffer: inout TextBuffer, indent: Int) {
        switch self {
        case .null: buffer.append("null")
        case .bool(let flag): buffer.append(flag ? "true" : "false")
        case .number(let digits): buffer.append(digits)
        case .string(let text): JSON.quote(text, into: &buffer)
        case .array(let items): writeItems(items, into: &buffer, indent: indent)
        case .object(let members): writeMembers(members, into: &buffer, indent: indent)
        }
    }

    private func writeItems(_ items: [JSON], into buffer: inout TextBuffer, indent: Int) {
        let inline = items.allSatisfy { $0.isFlat }
        buffer.append("[")
        for (index, item) in items.enumerated() {
            if index > 0 { buffer.append(inline ? ", " : ",") }
            if !inline { JSON.breakLine(&buffer, indent + 2) }
            item.write(into: &buffer, indent: indent + 2)
        }
        if !inline { JSON.breakLine(&buffer, indent) }
        buffer.append("]")
    }

    private func writeMembers(_ members: [Member], into buffer: inout TextBuffer, indent: Int) {
        let inline = indent > 0 && members.count <= 3 && members.allSatisfy { $0.value.isFlat }
        buffer.append("{")
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.append(inline ? ", " : ",") }
            if !inline { JSON.breakLine(&buffer, indent + 2) }
            JSON.quote(member.key, into: &buffer)
            buffer.append(": ")
            member.value.write(into: &buffer, indent: indent + 2)
        }
        if !inline && !members.isEmpty { JSON.breakLine(&buffer, indent) }
        buffer.append("}")
    }

    private static func breakLine(_ buffer: inout TextBuffer, _ indent: Int) {
        buffer.newline()
        for _ in 0..<indent { buffer.append(byte: 0x20) }
    }

    /// A JSON string, control characters escaped.
    static func quote(_ text: String, into buffer: inout TextBuffer) {
        buffer.append(byte: 0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22: buffer.append("\\\"")
            case 0x5C: buffer.append("\\\\")
            case 0x0A: buffer.append("\\n")
            case 0x0D: buffer.append("\\r")
            case 0x09: buffer.append("\\t")
            case 0..<0x20, 0x7F:
                let hex = String(byte, radix: 16)
                buffer.append("\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex)
            default: buffer.append(byte: byte)
            }
        }
        buffer.append(byte: 0x22)
    }
}
