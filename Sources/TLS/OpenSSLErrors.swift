import COpenSSL

/// OpenSSL's queue of errors of this thread, turned into ours.
enum OpenSSLErrors {
    /// Empties the queue and says what stood first in it.
    static func take() -> String {
        let first = ERR_get_error()
        ERR_clear_error()
        return first == 0 ? "no reason given" : words(first)
    }

    private static func words(_ error: UInt) -> String {
        guard let text = unsafe ERR_reason_error_string(error) else { return "error \(error)" }
        return unsafe String(cString: text)
    }

    /// Why a handshake or a record failed; a fault of the peer's certificate goes before what the protocol made of it.
    static func reason(of ssl: OpaquePointer) -> TLSError.Reason {
        let error = ERR_get_error()
        ERR_clear_error()
        let alert = perigee_error_alert(error)
        if alert >= 0 {
            if alert == SSL_AD_PROTOCOL_VERSION { return .protocolVersion }
            return unsafe .alert(String(cString: SSL_alert_desc_string_long(alert)))
        }
        switch ERR_GET_REASON(error) {
        case SSL_R_CERTIFICATE_VERIFY_FAILED: return certificate(unsafe SSL_get_verify_result(ssl))
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_VERSION_NUMBER:
            return .protocolVersion
        case SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL, SSL_R_CA_MD_TOO_WEAK, SSL_R_DH_KEY_TOO_SMALL: return .weakKey
        default: return .failed(error == 0 ? "no reason given" : words(error))
        }
    }

    private static func certificate(_ result: Int) -> TLSError.Reason {
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongHost
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: .selfSigned
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            .unknownAuthority
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: .weakKey
        default: .badCertificate(unsafe String(cString: X509_verify_cert_error_string(result)))
        }
    }
}
