/// The text under which a venue knows our order: `<instance:3><epoch:4><counter:7>` in base 32, 14 characters.
///
/// The epoch rises durably with every start, so that ids are never used twice for the life of an account.
///
/// - Source: `docs/safety.md`, crash safety 2.
public enum ClientOrderID {
    public static func text(instance: String, epoch: UInt32, order: OrderID) -> String {
        precondition(instance.utf8.count == 3, "an instance is named by three characters")
        precondition(epoch < 1 << 20 && order.raw < 1 << 35, "an order number has outgrown its id")
        // Fourteen bytes: a string of this length lives in its own sixteen, without memory of its own.
        return unsafe String(unsafeUninitializedCapacity: 14) { bytes in
            var place = 0
            for byte in instance.utf8 {
                unsafe bytes[place] = byte
                place += 1
            }
            unsafe write(UInt64(epoch), digits: 4, at: 3, into: bytes)
            unsafe write(order.raw, digits: 7, at: 7, into: bytes)
            return 14
        }
    }

    private static func write(_ number: UInt64, digits: Int, at start: Int, into bytes: UnsafeMutableBufferPointer<UInt8>) {
        var rest = number
        for place in (start..<start + digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: rest & 31)
            unsafe bytes[place] = ClientOrderID.character(digit)
            rest >>= 5
        }
    }

    /// `0123456789abcdefghjkmnpqrstvwxyz`: no i, l, o, u.
    @inline(__always) private static func character(_ digit: UInt8) -> UInt8 {
        let letter = digit &- 10 &+ UInt8(ascii: "a")
        let skipped: UInt8 = (digit >= 18 ? 1 : 0) &+ (digit >= 20 ? 1 : 0) &+ (digit >= 22 ? 1 : 0) &+ (digit >= 27 ? 1 : 0)
        return digit < 10 ? digit &+ UInt8(ascii: "0") : letter &+ skipped
    }
}
