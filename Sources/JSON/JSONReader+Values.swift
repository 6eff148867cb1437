public import Domain

extension JSONReader {
    /// Refuses a text longer than the caller's cap before a byte of it is read.
    public init(_ bytes: Bytes, maximumCount: Int) throws(JSONError) {
        guard bytes.count <= maximumCount else {
            throw JSONError(offset: maximumCount, expected: "at most \(maximumCount) bytes")
        }
        self.init(bytes)
    }

    /// A number, or a string that holds one, as the exact decimal that was written.
    ///
    /// Noise such as `8768.240000000002` keeps its digits: rounding to a tick is the codec's decision.
    /// - Throws: Where it is no number or cannot be held exactly (`1e400`, 40 digits).
    public mutating func decimal() throws(JSONError) -> ExactDecimal {
        let token = try scalar()
        do throws(ExactDecimal.ParseError) {
            return unsafe try ExactDecimal(utf8: UnsafeBufferPointer(start: token.start, count: token.count))
        } catch {
            switch error {
            case .empty, .notANumber: throw wrong("a decimal number", endingWith: token)
            case .tooLong: throw wrong("a decimal of at most 38 digits", endingWith: token)
            }
        }
    }

    /// A whole number, or a string that holds one; digits beyond 2^53 are kept.
    public mutating func integer() throws(JSONError) -> Int64 {
        let token = try scalar()
        guard let value = token.integer else { throw wrong("a whole number of 64 bits", endingWith: token) }
        return value
    }

    /// A string with its escapes resolved.
    ///
    /// - Throws: Also where half of a surrogate pair stands alone.
    public mutating func text() throws(JSONError) -> String {
        let raw = try string()
        guard let text = raw.decoded() else { throw wrong("no lone surrogate", endingWith: raw.bytes) }
        return text
    }

    /// Whether the next value is `null`, which is then read.
    public mutating func nextIsNull() throws(JSONError) -> Bool {
        guard try peek() == .null else { return false }
        try null()
        return true
    }

    /// A value's own bytes, checked and passed over: to be read again later, or not at all.
    public mutating func raw() throws(JSONError) -> Bytes {
        _ = try peek()
        let from = offset
        try skip()
        return bytes.slice(from, offset)
    }

    private func wrong(_ expected: String, endingWith token: Bytes) -> JSONError {
        JSONError(offset: max(0, offset - token.count), expected: expected)
    }
}

/// The keys a codec knows, and which of them an object has shown: a second showing is an error, since two readers
/// of one text may otherwise believe two different things. Keys it does not know are passed over.
public struct JSONFields {
    private let names: [StaticString]
    private var seen: UInt64 = 0

    /// - Parameter names: At most 64, best kept in a `static let`.
    public init(_ names: [StaticString]) {
        precondition(names.count <= 64, "\(names.count) keys are more than one word of bits")
        self.names = names
    }

    /// The position among the names of the next known key of the open object; nil at the object's end.
    public mutating func next(in reader: inout JSONReader) throws(JSONError) -> Int? {
        while true {
            let at = reader.offset
            guard let key = try reader.nextKey() else { return nil }
            guard let index = position(of: key) else {
                try reader.skip()
                continue
            }
            let bit: UInt64 = 1 << UInt64(index)
            guard seen & bit == 0 else { throw JSONError(offset: at, expected: "the key \(names[index]) only once") }
            seen |= bit
            return index
        }
    }

    /// Whether the key at this position was shown.
    public func has(_ index: Int) -> Bool { seen & (1 << UInt64(index)) != 0 }

    private func position(of key: JSONText) -> Int? {
        var index = 0
        while index < names.count {
            if key.equals(names[index]) { return index }
            index += 1
        }
        return nil
    }
}
