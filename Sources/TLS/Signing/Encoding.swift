/// Bytes as text and back.
public enum Encoding {
    private static let lowerHex = Array("0123456789abcdef".utf8)
    private static let plain = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Lower-case hexadecimal digits.
    public static func hex(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            result.append(lowerHex[Int(byte >> 4)])
            result.append(lowerHex[Int(byte & 15)])
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Bytes of hexadecimal digits of either case; nil for anything else.
    public static func bytes(hex text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else { return nil }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// Base64 with padding (RFC 4648, section 4).
    public static func base64(_ bytes: [UInt8]) -> String { base64(bytes, plain, padded: true) }

    /// Base64 for URLs, without padding (RFC 4648, section 5), as JWT wants it.
    public static func base64URL(_ bytes: [UInt8]) -> String { base64(bytes, urlSafe, padded: false) }

    private static func base64(_ bytes: [UInt8], _ alphabet: [UInt8], padded: Bool) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = bytes.count - index
            let triple = UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
            let digits = min(rest, 3) + 1
            for place in 0..<4 {
                if place < digits {
                    result.append(alphabet[Int(triple >> UInt32(18 - 6 * place) & 63)])
                } else if padded {
                    result.append(UInt8(ascii: "="))
                }
            }
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Bytes of base64 text of either alphabet, padded or not; nil for anything else, spaces included.
    public static func bytes(base64 text: String) -> [UInt8]? {
        var digits = Array(text.utf8)
        let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2, padding == 0 || digits.count % 4 == 0 else { return nil }
        digits.removeLast(padding)
        guard digits.count % 4 != 1 else { return nil }
        var result: [UInt8] = []
        var (bits, held): (UInt32, UInt32) = (0, 0)
        for digit in digits {
            guard let value = sextet(digit) else { return nil }
            held = held << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: held >> bits))
                held &= (1 << bits) - 1
            }
        }
        return held == 0 ? result : nil
    }

    private static func sextet(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 65...90: UInt32(byte) - 65
        case 97...122: UInt32(byte) - 71
        case 48...57: UInt32(byte) + 4
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
