import TOMLKit

/// A TOML document as a plain value: what TOMLKit parsed, without its pointers.
enum Node: Sendable {
    /// Keys sorted.
    case table([(key: String, value: Node)])
    case array([Node])
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case dateOrTime

    /// For errors: what kind of value stands there.
    var kind: String {
        switch self {
        case .table: "a table"
        case .array: "an array"
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a float"
        case .boolean: "a boolean"
        case .dateOrTime: "a date or time"
        }
    }

    /// For errors: the value itself where it is short, else its kind.
    var shown: String {
        switch self {
        case .string(let text): text.utf8.count <= 80 ? "\"\(text)\"" : "a string of \(text.utf8.count) bytes"
        case .integer(let value): String(value)
        case .float(let value): String(value)
        case .boolean(let value): String(value)
        case .table, .array, .dateOrTime: kind
        }
    }

    /// Parses a document.
    init(toml text: String, file: String) throws(ConfigurationError) {
        do {
            let root = try TOMLTable(string: text)
            self = withExtendedLifetime(root) { Node(table: root) }
        } catch let error as TOMLParseError {
            throw ConfigurationError(
                message: "\(file):\(error.source.begin.line):\(error.source.begin.column): \(Node.withoutQuotes(error.description))")
        } catch {
            throw ConfigurationError(message: "\(file): not TOML: \(error)")
        }
    }

    private init(table: TOMLTable) {
        self = .table(table.keys.sorted().compactMap { key in table[key].map { (key: key, value: Node($0)) } })
    }

    private init(_ value: any TOMLValueConvertible) {
        switch value.type {
        case .table: self = value.table.map { Node(table: $0) } ?? .table([])
        case .array: self = .array(value.array.map { array in array.map { Node($0) } } ?? [])
        case .string: self = .string(value.string ?? "")
        case .int: self = .integer(Int64(value.int ?? 0))
        case .double: self = .float(value.double ?? .nan)
        case .bool: self = .boolean(value.bool ?? false)
        case .date, .time, .dateTime: self = .dateOrTime
        }
    }

    /// A parser's message may quote the text it stumbled over, which may be a key: long quotations are cut out.
    private static func withoutQuotes(_ text: String) -> String {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        return parts.indices.map { $0 % 2 == 1 && parts[$0].utf8.count > 2 ? "…" : String(parts[$0]) }.joined(separator: "'")
    }
}
