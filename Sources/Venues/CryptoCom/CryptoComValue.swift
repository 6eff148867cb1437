internal import Domain
internal import JSON

/// A parameter of a request, as JSON and as the text that is signed.
///
/// - Source: Exchange API v2, "Digital signature": keys in byte order, key and value without separators, at most three levels.
enum CryptoComValue {
    case text(String)
    case integer(Int64)
    case number(ExactDecimal)
    case bool(Bool)
    case null
    case array([CryptoComValue])
    case object([CryptoComField])

    /// The value as it enters the signature.
    func appendSigned(to text: inout String) {
        switch self {
        case .text(let value): text += value
        case .integer(let value): text += String(value)
        case .number(let value): text += value.description
        case .bool(let value): text += value ? "true" : "false"
        case .null: text += "null"
        case .array(let elements): for element in elements { element.appendSigned(to: &text) }
        case .object(let fields): CryptoComValue.appendSigned(fields, to: &text)
        }
    }

    static func appendSigned(_ fields: [CryptoComField], to text: inout String) {
        for field in fields.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            text += field.key
            field.value.appendSigned(to: &text)
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .text(let value): writer.string(value)
        case .integer(let value): writer.integer(value)
        case .number(let value): writer.decimal(value)
        case .bool(let value): writer.bool(value)
        case .null: writer.null()
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let fields): CryptoComValue.write(fields, to: &writer)
        }
    }

    static func write(_ fields: [CryptoComField], to writer: inout JSONWriter) {
        writer.beginObject()
        for field in fields {
            writer.key(field.key)
            field.value.write(to: &writer)
        }
        writer.endObject()
    }
}

/// One named parameter. Numbers that matter go as texts, so that the server signs what we wrote.
struct CryptoComField {
    let key: String
    let value: CryptoComValue

    init(_ key: String, _ value: CryptoComValue) { (self.key, self.value) = (key, value) }
    init(_ key: String, _ text: String) { self.init(key, .text(text)) }
    init(_ key: String, _ number: Int64) { self.init(key, .integer(number)) }
}
