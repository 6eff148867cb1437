import JSON

/// A JSON text as a tree, numbers as they were written: what a venue signs and what it answers is read from here.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The digits as they came.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    init(_ bytes: [UInt8]) throws(JSONError) {
        self = try unsafe bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONError> in
            guard let start = buffer.baseAddress else { return .failure(JSONError(offset: 0, expected: "a JSON text")) }
            return Result { () throws(JSONError) in
                var reader = JSONReader(unsafe Bytes(start: start, count: buffer.count))
                let value = try JSONValue(&reader)
                try reader.finish()
                return value
            }
        }.get()
    }

    private init(_ reader: inout JSONReader) throws(JSONError) {
        switch try reader.peek() {
        case .null:
            try reader.null()
            self = .null
        case .bool: self = .bool(try reader.bool())
        case .number: self = .number(try reader.number().text)
        case .string: self = .string(try reader.text())
        case .array:
            var items: [JSONValue] = []
            try reader.beginArray()
            while try reader.nextElement() { items.append(try JSONValue(&reader)) }
            self = .array(items)
        case .object:
            var fields: [(key: String, value: JSONValue)] = []
            try reader.beginObject()
            while let key = try reader.nextKey() {
                guard let name = key.decoded() else { throw reader.wrong("a key without lone surrogates") }
                fields.append((name, try JSONValue(&reader)))
            }
            self = .object(fields)
        }
    }

    subscript(_ key: String) -> JSONValue? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.key == key }?.value
    }

    /// A string, or a number's digits.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }
    var integer: Int64? { text.flatMap { Int64($0) } }
    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }

    static func == (lhs: JSONValue, rhs: JSONValue) -> Bool { lhs.written == rhs.written }
    func hash(into hasher: inout Hasher) { hasher.combine(written) }

    /// Written out without spaces.
    var written: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): JSONValue.quoted(text)
        case .array(let items): "[" + items.map(\.written).joined(separator: ",") + "]"
        case .object(let fields): "{" + fields.map { JSONValue.quoted($0.key) + ":" + $0.value.written }.joined(separator: ",") + "}"
        }
    }

    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
