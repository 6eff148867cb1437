import COpenSSL
import Glibc
public import NIOCore

/// A server's certificate chain and private key, as PEM.
public struct TLSIdentity: Sendable {
    public let chain: [UInt8]
    public let key: [UInt8]

    public init(chain: [UInt8], key: [UInt8]) {
        self.chain = chain
        self.key = key
    }
}

/// The rules of a side's TLS: what it trusts, or who it is. One context serves any number of connections and threads.
///
/// A client always verifies: there is no way to ask it not to. TLS 1.2 is the least either side speaks, and nobody renegotiates.
// house-ok: OpenSSL counts references to a context with atomics and lets any thread make sessions of one; ours is never changed after `init`.
@safe public final class TLSContext: @unchecked Sendable {
    /// A certificate authority to trust beside the system's, for loopback hosts only.
    public enum Authority: Sendable {
        case file(String)
        case pem([UInt8])
    }

    let pointer: OpaquePointer
    let isServer: Bool
    private let loopbackOnly: Bool

    private init(isServer: Bool, loopbackOnly: Bool, minimum: Int32, maximum: Int32, securityLevel: Int32) throws(TLSError) {
        guard let made = unsafe perigee_ssl_context(isServer ? 1 : 0, minimum, maximum, securityLevel) else {
            throw TLSError(host: "any host", reason: .setup("OpenSSL makes no context: \(OpenSSLErrors.take())"))
        }
        unsafe pointer = unsafe made
        self.isServer = isServer
        self.loopbackOnly = loopbackOnly
    }

    deinit { unsafe SSL_CTX_free(pointer) }

    /// A client that trusts the system's authorities and, for loopback hosts, one more.
    public static func client(extraAuthority: Authority? = nil) throws(TLSError) -> TLSContext {
        let context = try TLSContext(
            isServer: false, loopbackOnly: extraAuthority != nil, minimum: TLS1_2_VERSION, maximum: 0, securityLevel: 2)
        unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set_default_verify_paths(context.pointer)
        guard unsafe perigee_ssl_offer_http1(context.pointer) == 1 else {
            throw TLSError(host: "any host", reason: .setup("OpenSSL takes no ALPN"))
        }
        switch extraAuthority {
        case nil: break
        case .file(let path): try context.trust(try fileBytes(path), from: path)
        case .pem(let bytes): try context.trust(bytes, from: "the given PEM text")
        }
        return context
    }

    /// A server that shows this identity.
    public static func server(identity: TLSIdentity) throws(TLSError) -> TLSContext {
        try server(identity: identity, minimum: TLS1_2_VERSION, maximum: 0, securityLevel: 2)
    }

    /// For tests of what clients must refuse.
    static func server(identity: TLSIdentity, minimum: Int32, maximum: Int32, securityLevel: Int32) throws(TLSError) -> TLSContext {
        let context = try TLSContext(
            isServer: true, loopbackOnly: false, minimum: minimum, maximum: maximum, securityLevel: securityLevel)
        let done = unsafe identity.chain.withUnsafeBytes { chain in
            unsafe identity.key.withUnsafeBytes { key in
                unsafe perigee_ssl_identity_pem(
                    context.pointer, chain.baseAddress, Int32(chain.count), key.baseAddress, Int32(key.count))
            }
        }
        guard done == 1 else {
            throw TLSError(host: "our server", reason: .setup("certificate and key do not load: \(OpenSSLErrors.take())"))
        }
        return context
    }

    private func trust(_ pem: [UInt8], from source: String) throws(TLSError) {
        let count = unsafe pem.withUnsafeBytes { unsafe perigee_ssl_trust_pem(pointer, $0.baseAddress, Int32($0.count)) }
        guard count > 0 else {
            throw TLSError(host: "loopback", reason: .setup("\(source) holds no certificate that can be read"))
        }
    }

    private static func fileBytes(_ path: String) throws(TLSError) -> [UInt8] {
        func failure() -> TLSError {
            TLSError(host: "loopback", reason: .setup("\(path): \(unsafe String(cString: strerror(errno)))"))
        }
        guard let file = unsafe fopen(path, "re") else { throw failure() }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        guard unsafe ferror(file) == 0 else { throw failure() }
        return Array(bytes[..<count])
    }

    /// A handler for one connection to `host`, whose name or address the peer's certificate must bear.
    public func clientHandler(host: String, handshakeTimeout: TimeAmount = .seconds(10)) throws(TLSError) -> TLSHandler {
        precondition(!isServer, "a server's context makes no client")
        if loopbackOnly, !Loopback.contains(host) { throw TLSError(host: host, reason: .authorityNotForThisHost) }
        return TLSHandler(try TLSSession(self, host: host), handshakeTimeout: handshakeTimeout)
    }

    /// A handler for one connection that a server accepted.
    public func serverHandler(handshakeTimeout: TimeAmount = .seconds(10)) throws(TLSError) -> TLSHandler {
        precondition(isServer, "a client's context makes no server")
        return TLSHandler(try TLSSession(self, host: nil), handshakeTimeout: handshakeTimeout)
    }
}

/// Hosts that are this machine.
public enum Loopback {
    /// `localhost`, 127.0.0.0/8 or ::1, as text; nothing is looked up.
    public static func contains(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        var address = in_addr()
        return unsafe inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    /// Whether a host is an address rather than a name.
    static func isAddress(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return unsafe inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }
}
