public import Domain

/// Appends the fields of a record: little-endian numbers, counted texts, exact decimals.
public struct FieldWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    public init() {}

    public mutating func integer(_ value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }
    public mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }
    public mutating func text(_ text: String) {
        integer(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
    public mutating func optional(_ text: String?) {
        flag(text != nil)
        if let text { self.text(text) }
    }
    /// Bytes of any kind, counted.
    public mutating func blob(_ blob: [UInt8]) {
        integer(UInt32(blob.count))
        bytes.append(contentsOf: blob)
    }
    public mutating func decimal(_ value: ExactDecimal) {
        integer(value.mantissa)
        integer(UInt8(value.scale))
    }
    public mutating func time(_ time: Timestamp) { integer(time.nanoseconds) }
}

/// Reads what a ``FieldWriter`` wrote; whatever the bytes are, it answers or throws.
public struct FieldReader {
    public struct Malformed: Error, Hashable, Sendable {
        public let offset: Int
        public let expected: String
        public init(offset: Int, expected: String) { (self.offset, self.expected) = (offset, expected) }
    }

    private let bytes: [UInt8]
    public private(set) var offset = 0
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { offset == bytes.count }

    public func malformed(_ expected: String) -> Malformed { Malformed(offset: offset, expected: expected) }

    public mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(Malformed) -> T {
        let width = MemoryLayout<T>.size
        guard bytes.count - offset >= width else { throw malformed("\(width) bytes of a number") }
        var value = T.zero
        unsafe withUnsafeMutableBytes(of: &value) { unsafe $0.copyBytes(from: bytes[offset..<(offset + width)]) }
        offset += width
        return T(littleEndian: value)
    }

    public mutating func flag() throws(Malformed) -> Bool {
        switch try integer(UInt8.self) {
        case 0: return false
        case 1: return true
        default:
            offset -= 1
            throw malformed("a flag, 0 or 1")
        }
    }

    public mutating func text() throws(Malformed) -> String {
        let count = Int(try integer(UInt32.self))
        guard bytes.count - offset >= count else { throw malformed("\(count) bytes of text") }
        guard let text = String(validating: bytes[offset..<(offset + count)], as: UTF8.self) else { throw malformed("text in UTF-8") }
        offset += count
        return text
    }

    public mutating func optional() throws(Malformed) -> String? { try flag() ? text() : nil }

    public mutating func blob() throws(Malformed) -> [UInt8] {
        let count = Int(try integer(UInt32.self))
        guard bytes.count - offset >= count else { throw malformed("\(count) bytes") }
        defer { offset += count }
        return Array(bytes[offset..<(offset + count)])
    }

    public mutating func decimal() throws(Malformed) -> ExactDecimal {
        let mantissa = try integer(Int128.self)
        let scale = Int(try integer(UInt8.self))
        guard scale <= ExactDecimal.maximumScale else {
            offset -= 1
            throw malformed("a scale of at most \(ExactDecimal.maximumScale)")
        }
        return ExactDecimal(mantissa: mantissa, scale: scale)
    }

    public mutating func time() throws(Malformed) -> Timestamp { Timestamp(nanoseconds: try integer(Int64.self)) }

    /// A value of a type with numbers for its cases.
    public mutating func choice<T: RawRepresentable>(_ type: T.Type) throws(Malformed) -> T where T.RawValue == UInt8 {
        guard let value = T(rawValue: try integer(UInt8.self)) else {
            offset -= 1
            throw malformed("a case of \(T.self)")
        }
        return value
    }

    public mutating func finish() throws(Malformed) {
        if !isAtEnd { throw malformed("the end of the record") }
    }
}
