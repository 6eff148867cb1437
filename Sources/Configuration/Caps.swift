import Domain

// What a strategy may use.

extension Section {
    /// A deadline of callbacks: a duration of a millisecond or more.
    func deadline(_ key: String) throws(ConfigurationError) -> Span? {
        guard let span = try span(key) else { return nil }
        if span < Span(nanoseconds: 1_000_000) { throw error(key, found: "\"\(span.text)\"", expected: "a duration of 1ms or more") }
        return span
    }

    /// Memory in bytes, from a text such as `64MiB`.
    func memory(_ key: String) throws(ConfigurationError) -> Int? {
        guard let text = try string(key) else { return nil }
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)]
        guard let unit = units.first(where: { text.hasSuffix($0.0) }), let count = Int(text.dropLast(3)), count > 0, count <= 1 << 20,
            case let bytes = count << unit.1, bytes >= 256 << 10, bytes <= 16 << 30
        else { throw error(key, found: "\"\(text)\"", expected: "a size from \"256KiB\" to \"16GiB\", such as \"64MiB\"") }
        return bytes
    }
}
