import JSON
import TLS

/// Takes secrets out of what is about to be written, by value and at the sink (S5): raw, and as URLs, base64, hex and JSON spell them.
///
/// - Complexity: O(bytes × forms) a text in the worst case; a form is looked for by its first byte.
public struct Redactor: Sendable {
    public static let mark = "<redacted>"
    /// Below this many bytes a form is no secret but a piece of any text.
    public static let minimumBytes = 6
    /// Longest first, so that a form that holds another is taken out whole.
    private var forms: [[UInt8]] = []

    public init() {}

    public var isEmpty: Bool { forms.isEmpty }

    /// Hides this secret from now on. Signatures and tokens made at run time may be added too.
    public mutating func add(_ secret: Secret) {
        unsafe secret.withBytes { unsafe add(Array($0)) }
    }

    public mutating func add(_ bytes: [UInt8]) {
        guard bytes.count >= Redactor.minimumBytes else { return }
        var made = [bytes, Array(Encoding.hex(bytes).utf8), Array(Encoding.hex(bytes).uppercased().utf8)]
        made += Redactor.base64Forms(bytes)
        made += [Array(PercentEncoding.encode(bytes).utf8), Array(PercentEncoding.encode(bytes).lowercasedEscapes.utf8)]
        if let text = String(validating: bytes, as: UTF8.self) {
            var json: [UInt8] = []
            JSONWriter.append(text, to: &json)
            made.append(Array(json.dropFirst().dropLast()))
            made.append(Array(String(decoding: json.dropFirst().dropLast(), as: UTF8.self).replacingSlashes.utf8))
        }
        for form in made where form.count >= Redactor.minimumBytes && !forms.contains(form) { forms.append(form) }
        forms.sort { $0.count > $1.count }
    }

    /// Base64 of the secret alone, and the digits that do not depend on what stands before it (`user:secret`, shifted by one or two bytes).
    private static func base64Forms(_ bytes: [UInt8]) -> [[UInt8]] {
        var forms: [[UInt8]] = []
        for shift in 0..<3 {
            let whole = [UInt8](repeating: 0, count: shift) + bytes
            // Digits that hold bits of a neighbour are left out at both ends.
            let first = (shift * 8 + 5) / 6
            let last = whole.count * 8 / 6
            for text in [Encoding.base64(whole), Encoding.base64URL(whole)] {
                forms.append(Array(text.utf8.prefix(last).dropFirst(first)))
            }
        }
        return forms
    }

    /// The bytes with every form of every secret replaced by a mark.
    public func redact(_ bytes: [UInt8]) -> [UInt8] {
        guard !forms.isEmpty else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        var from = 0
        while index < bytes.count {
            guard let form = match(bytes, index) else {
                index += 1
                continue
            }
            result += bytes[from..<index]
            result += Array(Redactor.mark.utf8)
            index += form
            from = index
        }
        result += bytes[from...]
        return result
    }

    public func redact(_ text: String) -> String {
        forms.isEmpty ? text : String(decoding: redact(Array(text.utf8)), as: UTF8.self)
    }

    private func match(_ bytes: [UInt8], _ index: Int) -> Int? {
        for form in forms where form[0] == bytes[index] && bytes.count - index >= form.count {
            var place = 1
            while place < form.count, form[place] == bytes[index + place] { place += 1 }
            if place == form.count { return form.count }
        }
        return nil
    }
}

extension String {
    /// `%2F` as `%2f`, which some write.
    fileprivate var lowercasedEscapes: String {
        var result: [UInt8] = []
        var escape = 0
        for byte in utf8 {
            if byte == UInt8(ascii: "%") { escape = 3 }
            let isUpper = byte >= 65 && byte <= 70
            result.append(escape > 0 && isUpper ? byte + 32 : byte)
            if escape > 0 { escape -= 1 }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `/` as `\/`, which many JSON writers write.
    fileprivate var replacingSlashes: String {
        var result: [UInt8] = []
        for byte in utf8 { result += byte == UInt8(ascii: "/") ? Array("\\/".utf8) : [byte] }
        return String(decoding: result, as: UTF8.self)
    }
}

/// RFC 3986: everything but letters, digits and `-._~` as `%XX`.
public enum PercentEncoding {
    public static func encode(_ text: String) -> String { encode(Array(text.utf8)) }

    static func encode(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in bytes {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
