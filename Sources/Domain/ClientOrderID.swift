/// The text under which a venue knows our order: `<instance:3><epoch:4><counter:7>` in base 32, 14 characters.
///
/// The epoch rises durably with every start, so that ids are never used twice for the life of an account.
///
/// - Source: `docs/safety.md`, crash safety 2.
public enum ClientOrderID {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    public static func text(instance: String, epoch: UInt32, order: OrderID) -> String {
        precondition(instance.utf8.count == 3, "an instance is named by three characters")
        return instance + digits(UInt64(epoch), count: 4) + digits(order.raw, count: 7)
    }

    private static func digits(_ number: UInt64, count: Int) -> String {
        precondition(number < 1 << UInt64(5 * count), "an order number has outgrown its id")
        var bytes = [UInt8](repeating: 0, count: count)
        var rest = number
        for index in bytes.indices.reversed() {
            bytes[index] = alphabet[Int(rest & 31)]
            rest >>= 5
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
