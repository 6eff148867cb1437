import Domain
import TLS

/// How the venue checks tokens: written from its documents, not from the connector.
enum ApifinyCheck {
    enum Fault: Error { case token, signature, key, account }

    private static func part(_ text: Substring) -> JSONValue? {
        guard let bytes = Encoding.bytes(base64: String(text)) else { return nil }
        return try? JSONValue(bytes)
    }

    /// - Parameter content: The query or body as it came; nil on a socket.
    static func verify(_ token: String?, content: [UInt8]?, account: String, key: String, secret: String, now: Timestamp, method: String? = nil) -> Fault? {
        guard let token else { return .token }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = part(parts[0]), let claims = part(parts[1]), head["alg"]?.text == "HS256" else { return .token }
        let code = Encoding.base64URL(HMACKey(.sha256, key: Array(secret.utf8)).code("\(parts[0]).\(parts[1])"))
        guard Secure.equal(Array(code.utf8), Array(parts[2].utf8)) else { return .signature }
        guard claims["secretKeyId"]?.text == key else { return .key }
        guard claims["accountId"]?.text == account else { return .account }
        guard var expiry = claims["exp"]?.integer else { return .token }
        if expiry > 100_000_000_000 { expiry /= 1_000 }
        guard expiry >= now.nanoseconds / 1_000_000_000, expiry < now.nanoseconds / 1_000_000_000 + 86_400 else { return .signature }
        if let content, claims["digest"]?.text != Encoding.hex(DigestAlgorithm.sha256.digest(content)) { return .signature }
        if let method, claims["method"]?.text != method { return .signature }
        return nil
    }

    /// The market data's token bears the key only.
    static func verifyMarket(_ token: String?, key: String, secret: String) -> Bool {
        guard let token else { return false }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let claims = part(parts[1]), claims["accessKey"]?.text == key else { return false }
        let code = Encoding.base64URL(HMACKey(.sha256, key: Array(secret.utf8)).code("\(parts[0]).\(parts[1])"))
        return Secure.equal(Array(code.utf8), Array(parts[2].utf8))
    }

    /// The rule of order ids: sixteen digits at the end, thirteen of them a time near the venue's clock.
    static func fault(ofOrder id: String, now: Timestamp, tolerance: Int64) -> (code: Int, message: String)? {
        guard id.utf8.count <= 64, id.utf8.count >= 16, id.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 >= 65 && $0 <= 90 || $0 >= 97 && $0 <= 122 || $0 == 45 || $0 == 95 })
        else { return (327_978, "Order id rule error") }
        let tail = id.utf8.suffix(16)
        guard tail.allSatisfy({ $0 >= 48 && $0 <= 57 }), let stamp = Int64(String(decoding: tail.prefix(13), as: UTF8.self)) else {
            return (327_818, "Order create failed, wrong timestamp format")
        }
        return abs(stamp - now.nanoseconds / 1_000_000) > tolerance ? (327_834, "Order create failed, timestamp error") : nil
    }
}
