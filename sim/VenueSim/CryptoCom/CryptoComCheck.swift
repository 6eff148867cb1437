import Domain
import TLS

/// How the venue checks a signature: written from its documents, not from the connector.
enum CryptoComCheck {
    /// Keys in byte order, each followed by its value; numbers as the venue prints them after parsing.
    static func text(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let digits): plain(digits)
        case .string(let text): text
        case .array(let items): items.map(text).joined()
        case .object(let fields):
            fields.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }.map { $0.key + text(of: $0.value) }.joined()
        }
    }

    /// A number without trailing zeros and exponent.
    private static func plain(_ digits: String) -> String {
        (try? ExactDecimal(digits)).map(\.description) ?? digits
    }

    static func isSigned(_ request: JSONValue, key: String, secret: String) -> Bool {
        guard let method = request["method"]?.text, let id = request["id"]?.text, let nonce = request["nonce"]?.text,
            let given = request["sig"]?.text, request["api_key"]?.text == key
        else { return false }
        let params = request["params"].map(text) ?? ""
        let code = HMACKey(.sha256, key: Array(secret.utf8)).code(method + id + key + params + nonce)
        return Secure.equal(Array(Encoding.hex(code).utf8), Array(given.utf8))
    }
}
