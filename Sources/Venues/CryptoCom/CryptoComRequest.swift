internal import JSON
internal import TLS
internal import Transport

/// One request in the venue's envelope; REST and both sockets take the same.
struct CryptoComRequest {
    var method: String
    var id: UInt64
    /// Milliseconds since the epoch.
    var nonce: Int64
    var params: [CryptoComField] = []

    /// What is signed: method, id, key, parameters, nonce.
    func payload(apiKey: String) -> String {
        var text = method + String(id) + apiKey
        CryptoComValue.appendSigned(params, to: &text)
        return text + String(nonce)
    }

    /// With key and signature: REST's private methods and `public/auth`.
    func signed(by signer: CryptoComSigner) -> [UInt8] {
        encode { writer in
            writer.field("api_key", signer.apiKey)
            writer.field("sig", signer.signature(of: self))
        }
    }

    /// Without: what an authenticated socket takes.
    func unsigned() -> [UInt8] { encode { _ in } }

    private func encode(_ authenticate: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reserving: 384)
        writer.beginObject()
        writer.field("id", Int64(id))
        writer.field("method", method)
        authenticate(&writer)
        if !params.isEmpty {
            writer.key("params")
            CryptoComValue.write(params, to: &writer)
        }
        writer.field("nonce", nonce)
        writer.endObject()
        return writer.bytes
    }

    /// The answer to a heartbeat; nothing else may go before it.
    static func heartbeat(id: Int64) -> [UInt8] {
        Array(#"{"id":\#(id),"method":"public/respond-heartbeat"}"#.utf8)
    }
}

/// Holds the key pair of an account, its HMAC prepared.
final class CryptoComSigner {
    let apiKey: String
    private let key: HMACKey

    init(apiKey: String, secret: Secret) {
        self.apiKey = apiKey
        key = secret.hmac(.sha256)
    }

    func signature(of request: CryptoComRequest) -> String { Encoding.hex(key.code(request.payload(apiKey: apiKey))) }
}

/// Method names, spelled once.
enum CryptoComMethod {
    static let auth = "public/auth"
    static let instruments = "public/get-instruments"
    static let ticker = "public/get-ticker"
    static let arm = "private/set-cancel-on-disconnect"
    static let place = "private/create-order"
    static let cancel = "private/cancel-order"
    static let cancelAll = "private/cancel-all-orders"
    static let openOrders = "private/get-open-orders"
    static let detail = "private/get-order-detail"
    static let history = "private/get-order-history"
    static let trades = "private/get-trades"
    static let account = "private/get-account-summary"
    static let subscribe = "subscribe"
    static let unsubscribe = "unsubscribe"
}
