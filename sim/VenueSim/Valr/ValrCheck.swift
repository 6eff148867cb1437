import Domain
import TLS

/// How the venue checks a request, and computes its checksums: written from its documents, not from the connector.
enum ValrCheck {
    /// The text that is signed: when, how, where, what, and on whose behalf.
    static func code(_ timestamp: String, _ verb: String, _ target: String, _ body: [UInt8], _ subaccount: String, secret: String) -> String {
        let text = Array((timestamp + verb + target).utf8) + body + Array(subaccount.utf8)
        return Encoding.hex(HMACKey(.sha512, key: Array(secret.utf8)).code(text))
    }

    static func isSigned(
        timestamp: String, verb: String, target: String, body: [UInt8], subaccount: String, signature: String, secret: String, now: Timestamp,
        tolerance: Span
    ) -> Bool {
        guard let sent = Int64(timestamp), abs(sent - now.nanoseconds / 1_000_000) <= tolerance.nanoseconds / 1_000_000 else { return false }
        let expected = code(timestamp, verb, target, body, subaccount, secret: secret)
        return Secure.equal(Array(expected.utf8), Array(signature.utf8))
    }

    /// CRC-32, a bit at a time.
    static func crc(_ text: String) -> UInt32 {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in text.utf8 {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : (value >> 1) ^ 0xEDB8_8320 }
        }
        return value ^ 0xFFFF_FFFF
    }

    /// `2024-03-08T17:31:26.406Z`
    static func time(_ time: Timestamp) -> String {
        let milliseconds = time.nanoseconds / 1_000_000
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        // Civil from days, of the Gregorian calendar.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * month + 2) / 5 + 1
        let number = month < 10 ? month + 3 : month - 9
        func pad(_ value: Int64, _ width: Int) -> String { String(repeating: "0", count: max(0, width - String(value).count)) + String(value) }
        return "\(pad(year + era * 400 + (number <= 2 ? 1 : 0), 4))-\(pad(number, 2))-\(pad(day, 2))T\(pad(rest / 3_600_000, 2)):\(pad(rest / 60_000 % 60, 2)):\(pad(rest / 1_000 % 60, 2)).\(pad(rest % 1_000, 3))Z"
    }
}
