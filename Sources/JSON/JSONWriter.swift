public import Domain

/// Writes one JSON text into an array of bytes, commas and escapes included.
///
/// Numbers are written from integers and exact decimals, never from a Double.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    /// Bit n: the container at depth n + 1 already holds something.
    private var filled: UInt64 = 0
    private var depth = 0
    private var afterKey = false

    public init(reserving count: Int = 256) { bytes.reserveCapacity(count) }

    /// The text written so far.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Begins anew and keeps the memory.
    public mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        (filled, depth, afterKey) = (0, 0, false)
    }

    private mutating func beginValue() {
        if afterKey {
            afterKey = false
        } else if depth > 0 {
            let bit: UInt64 = 1 << UInt64(depth - 1)
            if filled & bit != 0 { bytes.append(UInt8(ascii: ",")) }
            filled |= bit
        }
    }

    private mutating func open(_ byte: UInt8) {
        precondition(depth < JSONReader.maximumDepth, "nesting deeper than any reader accepts")
        beginValue()
        filled &= ~(1 << UInt64(depth))
        depth += 1
        bytes.append(byte)
    }

    private mutating func close(_ byte: UInt8) {
        precondition(depth > 0 && !afterKey, "no container is open")
        depth -= 1
        bytes.append(byte)
    }

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A key of the open object; exactly one value must follow.
    public mutating func key(_ name: String) {
        precondition(depth > 0 && !afterKey, "a key stands in an object")
        beginValue()
        JSONWriter.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        afterKey = true
    }

    public mutating func string(_ text: String) {
        beginValue()
        JSONWriter.append(text, to: &bytes)
    }

    public mutating func integer(_ value: Int64) {
        beginValue()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// A decimal as a number in plain digits.
    public mutating func decimal(_ value: ExactDecimal) {
        beginValue()
        bytes.append(contentsOf: value.description.utf8)
    }

    public mutating func bool(_ value: Bool) {
        beginValue()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    public mutating func null() {
        beginValue()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A value that is JSON already.
    public mutating func raw(_ text: String) {
        beginValue()
        bytes.append(contentsOf: text.utf8)
    }

    public mutating func field(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    public mutating func field(_ name: String, _ value: Int64) {
        key(name)
        integer(value)
    }

    public mutating func field(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// A decimal as a number.
    public mutating func field(_ name: String, _ value: ExactDecimal) {
        key(name)
        decimal(value)
    }

    /// Appends a string with its quotes; what RFC 8259 says must be escaped is, and nothing else.
    public static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { append(escaped: byte, to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func append(escaped byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 10: bytes += Array("\\n".utf8)
        case 13: bytes += Array("\\r".utf8)
        case 9: bytes += Array("\\t".utf8)
        case 0..<32:
            let digits = Array("0123456789abcdef".utf8)
            bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }
}
