/// A string of a JSON text, as it stands between its quotes.
public struct JSONText {
    public let bytes: Bytes
    /// Whether there are escapes to resolve; almost no venue sends any.
    public let isEscaped: Bool

    @inline(__always) public func equals(_ text: StaticString) -> Bool {
        isEscaped ? decoded() == "\(text)" : bytes.equals(text)
    }

    /// The string with its escapes resolved; nil where a surrogate stands alone.
    public func decoded() -> String? {
        if !isEscaped { return bytes.text }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            guard index + 1 < bytes.count else { return nil }
            if let plain = JSONText.simpleEscape(bytes[index + 1]) {
                result.append(plain)
                index += 2
            } else {
                guard let scalar = unicode(at: &index) else { return nil }
                result.append(contentsOf: Array(String(Character(scalar)).utf8))
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    private static func simpleEscape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "f"): 12
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        default: nil
        }
    }

    /// `\uXXXX`, or two of them where the first is a high surrogate.
    private func unicode(at index: inout Int) -> UnicodeScalar? {
        guard let first = unit(at: index) else { return nil }
        index += 6
        guard first & 0xFC00 == 0xD800 else { return UnicodeScalar(first) }
        guard let second = unit(at: index), second & 0xFC00 == 0xDC00 else { return nil }
        index += 6
        return UnicodeScalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF)
    }

    private func unit(at index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var value: UInt32 = 0
        for place in 2...5 {
            guard let digit = JSONText.hexDigit(bytes[index + place]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    var isUTF8: Bool {
        let buffer = unsafe UnsafeBufferPointer(start: bytes.start, count: bytes.count)
        return unsafe String(validating: buffer, as: UTF8.self) != nil
    }
}
