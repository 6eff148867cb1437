import COpenSSL

/// A digest that venues sign with.
public enum DigestAlgorithm: Hashable, Sendable {
    case sha256, sha512

    /// SHA-1 is no signature of ours; the WebSocket handshake is defined with it.
    static func sha1(_ bytes: [UInt8]) -> [UInt8] { unsafe digest(bytes, EVP_sha1()) }

    /// The digest of bytes in memory.
    public func digest(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: unsafe DigestAlgorithm.digest(bytes, EVP_sha256())
        case .sha512: unsafe DigestAlgorithm.digest(bytes, EVP_sha512())
        }
    }

    fileprivate var name: String {
        switch self {
        case .sha256: "SHA256"
        case .sha512: "SHA512"
        }
    }

    private static func digest(_ bytes: [UInt8], _ kind: OpaquePointer?) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 64)
        var length: UInt32 = 0
        let done = unsafe bytes.withUnsafeBytes { unsafe EVP_Digest($0.baseAddress, $0.count, &result, &length, kind, nil) }
        precondition(done == 1, "OpenSSL has no such digest")
        return Array(result[..<Int(length)])
    }
}

/// A key that authenticates many messages by HMAC; the key's schedule is computed once.
///
/// Not to be shared between threads.
@safe public final class HMACKey {
    private let context: OpaquePointer

    public convenience init(_ algorithm: DigestAlgorithm, key: UnsafeRawBufferPointer) {
        unsafe self.init(perigee_hmac_new(algorithm.name, key.baseAddress, key.count))
    }

    public convenience init(_ algorithm: DigestAlgorithm, key: [UInt8]) {
        unsafe self.init(key.withUnsafeBytes { unsafe perigee_hmac_new(algorithm.name, $0.baseAddress, $0.count) })
    }

    private init(_ made: OpaquePointer?) {
        guard let made = unsafe made else { preconditionFailure("OpenSSL makes no HMAC") }
        unsafe context = unsafe made
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// The code of one message.
    public func code(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        let code = unsafe [UInt8](unsafeUninitializedCapacity: 64) { space, count in
            count = unsafe perigee_hmac_sign(
                context, message.bindMemory(to: UInt8.self).baseAddress, message.count, space.baseAddress, space.count)
        }
        precondition(!code.isEmpty, "HMAC failed")
        return code
    }

    public func code(_ message: [UInt8]) -> [UInt8] { unsafe message.withUnsafeBytes { unsafe code($0) } }

    public func code(_ message: String) -> [UInt8] { code(Array(message.utf8)) }
}

/// Chance from the system's generator, and comparison that takes the same time wherever two texts differ.
public enum Secure {
    /// From now on no core file of this process is written, and no other process of its user reads its memory (S6).
    @discardableResult
    public static func refuseDumps() -> Bool { perigee_refuse_dumps() == 1 }

    public static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withUnsafeMutableBytes { unsafe RAND_bytes($0.bindMemory(to: UInt8.self).baseAddress, Int32(count)) }
        precondition(done == 1, "OpenSSL's random generator failed")
        return bytes
    }

    /// Whether both are the same, in a time that depends on the length alone.
    public static func equal(_ lhs: UnsafeRawBufferPointer, _ rhs: UnsafeRawBufferPointer) -> Bool {
        unsafe lhs.count == rhs.count && CRYPTO_memcmp(lhs.baseAddress, rhs.baseAddress, lhs.count) == 0
    }

    public static func equal(_ lhs: [UInt8], _ rhs: [UInt8]) -> Bool {
        unsafe lhs.withUnsafeBytes { left in unsafe rhs.withUnsafeBytes { unsafe equal(left, $0) } }
    }

    /// Overwrites memory in a way that no compiler leaves out.
    public static func erase(_ bytes: UnsafeMutableRawBufferPointer) {
        unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
    }
}

/// What RFC 6455 computes with SHA-1.
public enum WebSocketDigest {
    /// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`.
    public static func accept(key: String) -> String {
        Encoding.base64(DigestAlgorithm.sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}

/// A JSON Web Token signed with HMAC-SHA256 (RFC 7519).
public enum JWT {
    /// - Parameter claims: A JSON object.
    public static func hs256(claims: [UInt8], key: HMACKey) -> String {
        let head = Encoding.base64URL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
        let signed = head + "." + Encoding.base64URL(claims)
        return signed + "." + Encoding.base64URL(key.code(signed))
    }
}
