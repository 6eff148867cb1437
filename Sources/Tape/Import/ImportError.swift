import JSON

/// Why an import ended without a tape: one line that names the file and the line, what was found, what was expected.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the input is wrong or what was asked for.
    public enum Kind: Hashable, Sendable { case data, usage }

    public let kind: Kind
    public let message: String
    public var description: String { message }

    public init(_ kind: Kind = .data, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

/// One row that cannot be taken; `--skip-bad` may pass over it.
struct BadRow: Error, Hashable {
    let message: String
    init(_ message: String) { self.message = message }

    /// `expected WHAT, found TEXT`.
    init(expected: String, found: Bytes) {
        message = "expected \(expected), found \(found.isEmpty ? "nothing" : "“\(found.excerpt)”")"
    }

    init(_ error: JSONError) {
        message = "expected \(error.expected) at byte \(error.offset + 1) of the JSON text"
    }
}
