/// Why an import ended without a tape: one line that names the file and the line, what was found, what was expected.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the input is wrong or what was asked for, or the caller wanted an end.
    public enum Kind: Hashable, Sendable { case data, usage, interrupted }

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

    init(_ error: JSONError, in json: Bytes) {
        // What the error tells of stands before its place or at it.
        let isBefore = error.expected.hasSuffix("before here")
        let at = min(max(error.offset, 0), json.count)
        let found = isBefore ? json.slice(max(0, at - 30), at) : json.slice(at, min(at + 30, json.count))
        let text = found.isEmpty ? "the end" : "“\(found.excerpt)”"
        message = "expected \(error.expected) at byte \(error.offset + 1) of the JSON text, found \(text)"
    }
}
