import COpenSSL

/// Certificates made at run time for servers on loopback: tests and `perigee sim --tls` need no committed key.
public struct TestCertificates: Sendable {
    /// What a certificate says, so that a test can say it wrongly.
    public struct Request: Sendable {
        public enum Key: Hashable, Sendable { case ec, rsa(bits: Int) }

        public var commonName = "perigee test"
        /// As in openssl.cnf.
        public var alternativeNames: String? = "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"
        /// Seconds from now.
        public var notBefore = -3600
        public var notAfter = 30 * 86_400
        public var key = Key.ec
        public var isAuthority = false

        public init() {}
    }

    /// The authority's certificate, for clients to trust.
    public let authority: TLSIdentity

    public init() throws(TLSError) {
        var request = Request()
        request.commonName = "perigee test authority"
        request.alternativeNames = nil
        request.isAuthority = true
        authority = try TestCertificates.make(request, issuer: nil)
    }

    /// A server's identity for localhost, 127.0.0.1 and ::1, signed by the authority.
    public func server() throws(TLSError) -> TLSIdentity { try server(Request()) }

    public func server(_ request: Request) throws(TLSError) -> TLSIdentity {
        try TestCertificates.make(request, issuer: authority)
    }

    /// One certificate; without an issuer it signs itself.
    public static func make(_ request: Request, issuer: TLSIdentity?) throws(TLSError) -> TLSIdentity {
        var (certificate, key): (OpaquePointer?, OpaquePointer?) = (nil, nil)
        let chain = issuer?.chain ?? []
        let signer = issuer?.key ?? []
        let done = unsafe request.commonName.withCString { name in
            unsafe withOptionalCString(request.alternativeNames) { alternatives in
                unsafe chain.withUnsafeBytes { chain in
                    unsafe signer.withUnsafeBytes { signer in
                        var wire = unsafe perigee_certificate_request()
                        unsafe (wire.common_name, wire.alternative_names) = unsafe (name, alternatives)
                        unsafe (wire.not_before, wire.not_after) = (request.notBefore, request.notAfter)
                        unsafe (wire.key_kind, wire.key_bits) = keyKind(request.key)
                        unsafe wire.is_authority = request.isAuthority ? 1 : 0
                        unsafe wire.issuer_certificate = issuer == nil ? nil : chain.baseAddress
                        unsafe wire.issuer_certificate_length = Int32(chain.count)
                        unsafe wire.issuer_key = issuer == nil ? nil : signer.baseAddress
                        unsafe wire.issuer_key_length = Int32(signer.count)
                        return unsafe perigee_make_certificate(&wire, &certificate, &key)
                    }
                }
            }
        }
        guard done == 1, let certificate = unsafe certificate, let key = unsafe key else {
            throw TLSError(host: request.commonName, reason: .setup("no certificate was made: \(OpenSSLErrors.take())"))
        }
        return unsafe TLSIdentity(chain: take(certificate), key: take(key))
    }

    private static func keyKind(_ key: Request.Key) -> (Int32, Int32) {
        switch key {
        case .ec: (Int32(PERIGEE_CERT_EC), 256)
        case .rsa(let bits): (Int32(PERIGEE_CERT_RSA), Int32(bits))
        }
    }

    private static func withOptionalCString<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
        guard let text else { return unsafe body(nil) }
        return unsafe text.withCString { unsafe body($0) }
    }

    private static func take(_ bio: OpaquePointer) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: unsafe perigee_bio_pending(bio))
        let count = unsafe BIO_read(bio, &bytes, Int32(bytes.count))
        unsafe BIO_free(bio)
        return Array(bytes[..<max(0, Int(count))])
    }
}
