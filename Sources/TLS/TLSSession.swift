import COpenSSL
import NIOCore

/// One connection's state in OpenSSL between two memory BIOs: bytes in, bytes out, no socket.
@safe final class TLSSession {
    enum Progress { case done, needsBytes, failed(TLSError.Reason) }
    enum Plain { case bytes, needsBytes, closed, failed(TLSError.Reason) }

    /// The most plaintext of one record.
    static let recordBytes = 16_384

    let host: String
    private let ssl: OpaquePointer
    private let fromNetwork: OpaquePointer
    private let toNetwork: OpaquePointer
    private let context: TLSContext

    /// - Parameter host: Whom a client wants to reach; nil on a server.
    init(_ context: TLSContext, host: String?) throws(TLSError) {
        let name = host ?? "a client"
        var (input, output): (OpaquePointer?, OpaquePointer?) = (nil, nil)
        guard let ssl = unsafe SSL_new(context.pointer) else {
            throw TLSError(host: name, reason: .setup("OpenSSL makes no session: \(OpenSSLErrors.take())"))
        }
        guard unsafe perigee_ssl_attach(ssl, &input, &output) == 1, let input = unsafe input, let output = unsafe output else {
            unsafe SSL_free(ssl)
            throw TLSError(host: name, reason: .setup("OpenSSL makes no buffers"))
        }
        if let host {
            unsafe SSL_set_connect_state(ssl)
            guard unsafe perigee_ssl_expect_host(ssl, host, Loopback.isAddress(host) ? 1 : 0) == 1 else {
                unsafe SSL_free(ssl)
                throw TLSError(host: name, reason: .setup("no host name or address: \(OpenSSLErrors.take())"))
            }
        } else {
            unsafe SSL_set_accept_state(ssl)
        }
        self.host = name
        unsafe (self.ssl, fromNetwork, toNetwork) = unsafe (ssl, input, output)
        self.context = context
    }

    deinit { unsafe SSL_free(ssl) }

    /// Takes ciphertext that came from the network.
    func receive(_ bytes: ByteBuffer) {
        unsafe bytes.withUnsafeReadableBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let written = unsafe BIO_write(fromNetwork, buffer.baseAddress.map { unsafe $0 + offset }, Int32(clamping: buffer.count - offset))
                precondition(written > 0, "a memory BIO always takes bytes")
                offset += Int(written)
            }
        }
    }

    /// Goes as far through the handshake as the received bytes allow.
    func handshake() -> Progress {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 { return verified() }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsBytes
        default: return .failed(unsafe OpenSSLErrors.reason(of: ssl))
        }
    }

    /// OpenSSL has refused already what is wrong; this refuses to go on where it did not look.
    private func verified() -> Progress {
        if context.isServer { return .done }
        guard unsafe SSL_get0_peer_certificate(ssl) != nil, unsafe SSL_get_verify_result(ssl) == Int(X509_V_OK) else {
            return .failed(.badCertificate("it was not verified"))
        }
        return .done
    }

    /// Appends the plaintext of at most one record.
    func decrypt(into buffer: inout ByteBuffer) -> Plain {
        ERR_clear_error()
        var result: Int32 = 0
        let room = min(TLSSession.recordBytes, max(unsafe perigee_bio_pending(fromNetwork) + Int(SSL_pending(ssl)), 256))
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
            result = unsafe SSL_read(ssl, space.baseAddress, Int32(clamping: space.count))
            return max(0, Int(result))
        }
        if result > 0 { return .bytes }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsBytes
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed(unsafe OpenSSLErrors.reason(of: ssl))
        }
    }

    /// Encrypts all of it; what comes out waits in `drain`.
    func encrypt(_ bytes: UnsafeRawBufferPointer) -> TLSError.Reason? {
        var offset = 0
        while offset < bytes.count {
            ERR_clear_error()
            let written = unsafe SSL_write(ssl, bytes.baseAddress.map { unsafe $0 + offset }, Int32(clamping: bytes.count - offset))
            guard written > 0 else { return unsafe OpenSSLErrors.reason(of: ssl) }
            offset += Int(written)
        }
        return nil
    }

    /// Moves what waits for the network behind the buffer's bytes; false where nothing waits.
    func drain(into buffer: inout ByteBuffer) -> Bool {
        let pending = unsafe perigee_bio_pending(toNetwork)
        guard pending > 0 else { return false }
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: pending) { space in
            unsafe max(0, Int(BIO_read(toNetwork, space.baseAddress, Int32(clamping: space.count))))
        }
        return true
    }

    /// Tells the peer that no more will come.
    func sendCloseNotify() {
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    var version: String { unsafe String(cString: SSL_get_version(ssl)) }
    var cipher: String { unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }
}
