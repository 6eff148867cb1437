public import Domain

/// How a venue's own id of an order is made of ours and back, without a table: what is journaled with the intent, and recognised in any listing.
///
/// - Source: Apifiny Connect, "newOrder": the account's number, characters of our choice, 13 digits of epoch milliseconds, 3 digits; at most 64.
public struct OrderNaming: Hashable, Sendable {
    /// The digits after the last dash of the account's id.
    let account: String
    private static let width = 22
    /// Base 36 to the fourteenth fits 22 decimal digits.
    private static let longest = 14

    public init(accountID: String) {
        let tail = accountID.split(separator: "-").last.map(String.init) ?? ""
        account = tail.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? String(tail.suffix(10)) : ""
    }

    /// The venue's id of an order that is about to leave; nil where our id cannot be written in digits.
    ///
    /// - Parameter time: The venue takes only what is near its clock.
    public func venueID(of clientID: String, at time: Timestamp) -> String? {
        let bytes = Array(clientID.utf8)
        guard !bytes.isEmpty, bytes.count <= OrderNaming.longest else { return nil }
        var value: Int128 = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value * 36 + Int128(byte - 48)
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = value * 36 + Int128(byte - 87)
            default: return nil
            }
        }
        let milliseconds = time.nanoseconds / 1_000_000
        guard (1_000_000_000_000...9_999_999_999_999).contains(milliseconds) else { return nil }
        let head = account + OrderNaming.pad(Int128(bytes.count), 2) + OrderNaming.pad(value, OrderNaming.width) + String(milliseconds)
        return head + String(OrderNaming.check(head))
    }

    /// Our id inside one of the venue's; nil for an id that is not ours.
    public func clientID(of venueID: String) -> String? {
        let bytes = Array(venueID.utf8)
        let start = account.utf8.count
        guard bytes.count == start + 2 + OrderNaming.width + 16, venueID.hasPrefix(account), bytes.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        let head = String(decoding: bytes.dropLast(3), as: UTF8.self)
        guard String(decoding: bytes.suffix(3), as: UTF8.self) == String(OrderNaming.check(head)) else { return nil }
        let count = Int(OrderNaming.number(bytes[start..<start + 2]))
        guard count > 0, count <= OrderNaming.longest else { return nil }
        var value = OrderNaming.number(bytes[(start + 2)..<(start + 2 + OrderNaming.width)])
        var text = [UInt8](repeating: 48, count: count)
        for place in (0..<count).reversed() {
            let digit = UInt8(truncatingIfNeeded: value % 36)
            text[place] = digit < 10 ? 48 + digit : 87 + digit
            value /= 36
        }
        return value == 0 ? String(decoding: text, as: UTF8.self) : nil
    }

    /// When an order was made, by the sixteen digits at the end of its id, whoever made it.
    public static func created(_ venueID: String) -> Timestamp? {
        let digits = venueID.utf8.suffix(16)
        guard digits.count == 16, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }), let value = Int64(String(decoding: digits.prefix(13), as: UTF8.self)) else { return nil }
        return Timestamp(nanoseconds: value * 1_000_000)
    }

    /// Three digits, 100 to 999, of what stands before them.
    private static func check(_ text: String) -> Int {
        var sum = 0
        for byte in text.utf8 { sum = (sum * 31 + Int(byte)) % 900 }
        return 100 + sum
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int128 { digits.reduce(0) { $0 * 10 + Int128($1 - 48) } }

    private static func pad(_ value: Int128, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
