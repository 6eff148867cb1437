/// Why a TLS connection was refused or ended: the host it was for, and the reason.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// The certificate's time has passed, or has not come.
        case expired, notYetValid
        /// The certificate is for another name or address.
        case wrongHost
        case selfSigned
        /// No trusted authority signed it.
        case unknownAuthority
        /// A key or a digest below 112 bits of strength.
        case weakKey
        /// Another fault of the certificate, in OpenSSL's words.
        case badCertificate(String)
        /// The peer speaks no TLS of 1.2 or above.
        case protocolVersion
        /// The peer refused, in the words of its alert.
        case alert(String)
        /// Another failure of the handshake or of a record, in OpenSSL's words.
        case failed(String)
        case closedDuringHandshake
        /// The connection ended without the peer saying that it was complete.
        case truncated
        case handshakeTimeout
        /// An additional authority is accepted for loopback hosts only.
        case authorityNotForThisHost
        /// A context or a certificate that could not be set up.
        case setup(String)
    }

    public let host: String
    public let reason: Reason

    public init(host: String, reason: Reason) {
        self.host = host
        self.reason = reason
    }

    /// Whether we refused the peer for what it is, and not for how the connection went: trying again at once meets the same.
    public var isRefusal: Bool {
        switch reason {
        case .expired, .notYetValid, .wrongHost, .selfSigned, .unknownAuthority, .weakKey, .badCertificate, .protocolVersion,
            .authorityNotForThisHost, .setup:
            true
        case .alert, .failed, .closedDuringHandshake, .truncated, .handshakeTimeout: false
        }
    }

    public var description: String { "TLS with \(host): \(text)" }

    private var text: String {
        switch reason {
        case .expired: "its certificate has expired"
        case .notYetValid: "its certificate is not valid yet (or this machine's clock is behind)"
        case .wrongHost: "its certificate is for another host"
        case .selfSigned: "its certificate is self-signed"
        case .unknownAuthority: "its certificate was signed by an authority that this system does not trust"
        case .weakKey: "its certificate has a key or digest that is too weak"
        case .badCertificate(let why): "its certificate was refused: \(why)"
        case .protocolVersion: "it offers no TLS of 1.2 or above"
        case .alert(let name): "it refused with the alert \"\(name)\""
        case .failed(let why): "failed: \(why)"
        case .closedDuringHandshake: "the connection was closed during the handshake"
        case .truncated: "the connection was cut without a closing alert"
        case .handshakeTimeout: "the handshake took too long"
        case .authorityNotForThisHost: "an additional authority is accepted for loopback only"
        case .setup(let why): why
        }
    }
}
