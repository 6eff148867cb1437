public import TLS

/// A key or a password. It prints as `<secret>`, reflects as nothing, encodes nowhere, and is overwritten when the last
/// reference goes (S3).
// house-ok: the memory is written in `init` and `deinit` only.
@safe public final class Secret: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    public init(copying bytes: UnsafeRawBufferPointer) {
        unsafe memory = .allocate(byteCount: max(bytes.count, 1), alignment: 1)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe memory.copyMemory(from: bytes)
        count = bytes.count
    }

    public init(_ bytes: [UInt8]) {
        unsafe memory = .allocate(byteCount: max(bytes.count, 1), alignment: 1)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe memory.copyBytes(from: bytes)
        count = bytes.count
    }

    deinit {
        unsafe Secure.erase(memory)
        unsafe memory.deallocate()
    }

    /// How many bytes.
    public let count: Int

    /// Calls `body` with the bytes; they must not leave it.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        unsafe try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
    }

    /// Whether both are the same, in a time that tells nothing but the length.
    public func equals(_ other: Secret) -> Bool {
        unsafe withBytes { own in unsafe other.withBytes { unsafe Secure.equal(own, $0) } }
    }

    /// A key that signs with this secret.
    public func hmac(_ algorithm: DigestAlgorithm) -> HMACKey { unsafe withBytes { unsafe HMACKey(algorithm, key: $0) } }

    /// A copy as text, for a header that must carry it; nil where it is not UTF-8.
    public var headerText: String? { unsafe withBytes { unsafe String(validating: $0, as: UTF8.self) } }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<secret>" }
    public var debugDescription: String { "<secret>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
