internal import Domain
internal import JSON

/// What venues write where they have nothing, or in one version a number and in the next a text.
extension JSONReader {
    /// A number in either spelling; nil for `null` and for an empty text.
    mutating func optionalDecimal() throws(JSONError) -> ExactDecimal? {
        guard let token = try optionalScalar() else { return nil }
        do throws(ExactDecimal.ParseError) {
            return unsafe try ExactDecimal(utf8: UnsafeBufferPointer(start: token.start, count: token.count))
        } catch {
            throw JSONError(offset: max(0, offset - token.count), expected: "a decimal number")
        }
    }

    /// A whole number in either spelling, `1.0` and `1e3` too; nil for `null` and for an empty text.
    mutating func optionalInteger() throws(JSONError) -> Int64? {
        guard let token = try optionalScalar() else { return nil }
        if let value = token.integer { return value }
        do throws(ExactDecimal.ParseError) {
            let decimal = unsafe try ExactDecimal(utf8: UnsafeBufferPointer(start: token.start, count: token.count))
            if let whole = decimal.multiple(of: .one) { return whole }
        } catch {}
        throw JSONError(offset: max(0, offset - token.count), expected: "a whole number of 64 bits")
    }

    /// A text, or a number's own digits; nil for `null` and for an empty text.
    mutating func optionalText() throws(JSONError) -> String? {
        switch try peek() {
        case .string:
            let text = try text()
            return text.isEmpty ? nil : text
        case .number: return try number().text
        case .null:
            try null()
            return nil
        case .object, .array, .bool: throw JSONError(offset: offset, expected: "a text or a number")
        }
    }

    /// The bytes of a text or a number; nil for `null` and for an empty text.
    mutating func optionalScalar() throws(JSONError) -> Bytes? {
        if try nextIsNull() { return nil }
        let token = try scalar()
        return token.isEmpty ? nil : token
    }

    /// A time in milliseconds since the epoch.
    mutating func optionalMilliseconds() throws(JSONError) -> Timestamp? {
        guard let value = try optionalInteger() else { return nil }
        let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { throw JSONError(offset: offset, expected: "milliseconds since the epoch") }
        return Timestamp(nanoseconds: nanoseconds)
    }

    /// Calls `body` before each element of an array, or once where a single object stands instead of it.
    mutating func eachElement<E: Error>(_ body: (inout JSONReader) throws(E) -> Void) throws {
        guard try peek() == .array else { return try body(&self) }
        try beginArray()
        while try nextElement() { try body(&self) }
    }
}
