/// A borrowed run of bytes, valid only as long as the buffer it was cut from: what parsers hand around instead of copies.
@safe public struct Bytes {
    public let start: UnsafePointer<UInt8>
    public let count: Int

    @inline(__always) public init(start: UnsafePointer<UInt8>, count: Int) {
        unsafe self.start = unsafe start
        self.count = count
    }

    @inline(__always) public subscript(index: Int) -> UInt8 {
        assert(index >= 0 && index < count, "byte \(index) of \(count)")
        return unsafe start[index]
    }
    @inline(__always) public var isEmpty: Bool { count == 0 }

    /// The bytes from `from` up to, not with, `to`.
    @inline(__always) public func slice(_ from: Int, _ to: Int) -> Bytes {
        unsafe Bytes(start: start + from, count: to - from)
    }

    @inline(__always) public func dropFirst(_ n: Int) -> Bytes { slice(min(n, count), count) }

    public func firstIndex(of byte: UInt8, from: Int = 0) -> Int? {
        var index = from
        while index < count {
            if unsafe start[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Without spaces and tabs at both ends.
    public var trimmed: Bytes {
        var (from, to) = (0, count)
        while from < to, unsafe start[from] == 32 || start[from] == 9 { from += 1 }
        while to > from, unsafe start[to - 1] == 32 || start[to - 1] == 9 { to -= 1 }
        return slice(from, to)
    }

    public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            if unsafe start[index] != text.utf8Start[index] { return false }
            index += 1
        }
        return true
    }

    public func hasPrefix(_ text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && slice(0, text.utf8CodeUnitCount).equals(text)
    }

    /// A whole number in plain digits with an optional minus; nil where it is anything else or does not fit.
    public var integer: Int64? {
        var index = 0
        let negative = count > 0 && self[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        guard index < count else { return nil }
        var value: Int64 = 0
        while index < count {
            let digit = self[index] &- 48
            guard digit <= 9 else { return nil }
            if value > 922_337_203_685_477_579 {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(Int64(digit))
                if overflow || carry { return nil }
                value = sum
            } else {
                value = value &* 10 &+ Int64(digit)
            }
            index += 1
        }
        return negative ? -value : value
    }

    /// A copy.
    public var array: [UInt8] { unsafe Array(UnsafeBufferPointer(start: start, count: count)) }

    /// The bytes as text; what is not UTF-8 is replaced.
    public var text: String {
        unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// For an error message: printable, at most 60 characters, with an ellipsis where something was left out.
    public var excerpt: String {
        var result = ""
        for index in 0..<min(count, 60) {
            let byte = self[index]
            result += byte >= 32 && byte < 127 ? String(UnicodeScalar(byte)) : "·"
        }
        return count > 60 ? result + "…" : result
    }

    /// Calls `body` with the bytes of a text; the `Bytes` must not leave it.
    public static func with<R, E: Error>(_ text: String, _ body: (Bytes) throws(E) -> R) throws(E) -> R {
        let array = Array(text.utf8) + [0]
        return try with(array, count: array.count - 1, body)
    }

    /// Calls `body` with the first `count` bytes of an array; the `Bytes` must not leave it.
    public static func with<R, E: Error>(
        _ array: [UInt8], count: Int? = nil, _ body: (Bytes) throws(E) -> R
    ) throws(E) -> R {
        let padded = array.isEmpty ? [0] : array
        let result: Result<R, E> = unsafe padded.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a buffer without an address") }
            do throws(E) {
                return unsafe .success(try body(Bytes(start: base, count: count ?? array.count)))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
