internal import Domain
internal import JSON
internal import TLS
internal import Transport

/// Signs for one account: a JSON Web Token over the digest of what is asked, or the HMAC of later versions.
final class ApifinySigner {
    let accountID: String
    private let keyID: String
    private let key: HMACKey
    let isJWT: Bool
    /// A token is good for so many seconds.
    static let lifetime: Int64 = 30
    static let window = "5000"

    init(accountID: String, keyID: String, secret: Secret, isJWT: Bool) {
        (self.accountID, self.keyID, self.isJWT) = (accountID, keyID, isJWT)
        // The secret's text is the key, not the bytes that its hexadecimal digits could mean.
        key = secret.hmac(.sha256)
    }

    private static func expiry(_ now: Timestamp) -> Int64 { now.nanoseconds / 1_000_000_000 + lifetime }

    static func digest(_ content: [UInt8]) -> String { Encoding.hex(DigestAlgorithm.sha256.digest(content)) }

    /// - Parameters:
    ///   - digest: Of the query or body; nil on a socket.
    ///   - method: `Fix` in a FIX logon.
    func token(digest: String?, method: String? = nil, expiry: Int64) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("accountId", accountID)
        writer.field("secretKeyId", keyID)
        if let digest { writer.field("digest", digest) }
        if let method { writer.field("method", method) }
        writer.field("exp", expiry)
        writer.endObject()
        return JWT.hs256(claims: writer.bytes, key: key)
    }

    /// Of a user stream's opening.
    func streamToken(at now: Timestamp) -> String { token(digest: nil, expiry: ApifinySigner.expiry(now)) }

    /// Of the market data's opening: it never expires, and is a secret like the key.
    func marketToken() -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("accessKey", keyID)
        writer.endObject()
        return JWT.hs256(claims: writer.bytes, key: key)
    }

    /// RawData of a FIX Logon.
    func logonToken(at now: Timestamp) -> String {
        token(digest: ApifinySigner.digest(Array(accountID.utf8)), method: "Fix", expiry: ApifinySigner.expiry(now))
    }

    /// The query and headers of a GET: the digest is of the query as it is sent.
    func get(_ query: String, at now: Timestamp) -> (query: String, headers: [(name: String, value: String)]) {
        if isJWT { return (query, [("signature", token(digest: ApifinySigner.digest(Array(query.utf8)), expiry: ApifinySigner.expiry(now)))]) }
        let whole = query + (query.isEmpty ? "" : "&") + "timestamp=\(now.nanoseconds / 1_000_000)&recvWindow=\(ApifinySigner.window)"
        return (whole, [("apiKey", keyID), ("signature", hmac(whole))])
    }

    /// The body and headers of a POST. What is signed is the very bytes that are sent.
    func post(_ body: [UInt8], at now: Timestamp) -> (body: [UInt8], headers: [(name: String, value: String)]) {
        if isJWT { return (body, [("signature", token(digest: ApifinySigner.digest(body), expiry: ApifinySigner.expiry(now)))]) }
        let tail = ",\"timestamp\":\(now.nanoseconds / 1_000_000),\"recvWindow\":\(ApifinySigner.window)}"
        let whole = body.dropLast() + Array(tail.utf8)
        return (Array(whole), [("apiKey", keyID), ("signature", hmac(String(decoding: whole, as: UTF8.self)))])
    }

    func hmac(_ text: String) -> String { Encoding.hex(key.code(text)) }

    /// The first frame of a stream where the HMAC of later versions is used.
    func streamFrame(at now: Timestamp) -> [UInt8] {
        let stamp = now.nanoseconds / 1_000_000
        return Array("{\"action\":\"auth\",\"data\":{\"timestamp\":\(stamp),\"apiKey\":\"\(keyID)\",\"signature\":\"\(hmac("timestamp=\(stamp)"))\"}}".utf8)
    }
}

/// What a session asks of the venue; how it is written depends on the way it takes.
enum ApifinyCall: CustomStringConvertible {
    case place(ApifinyNewOrder)
    case cancel(venueID: String, symbol: String)
    case cancelAll(symbol: String?)
    /// `35=H`.
    case status(venueID: String)
    case get(path: String, query: [(String, String)], isSigned: Bool)
    case subscribe(channel: String, symbol: String, isOn: Bool)

    var description: String {
        switch self {
        case .place: "newOrder"
        case .cancel: "cancelOrder"
        case .cancelAll: "cancelAccountVenueAllOrder"
        case .status: "OrderStatusRequest"
        case .get(let path, _, _): String(path.split(separator: "/").last ?? "")
        case .subscribe(let channel, let symbol, let isOn): "\(isOn ? "sub" : "unsub") \(channel) \(symbol)"
        }
    }
}

/// An order as the venue takes it.
struct ApifinyNewOrder {
    var venueID: String
    var symbol: String
    var side: Side
    /// Nil for a market order.
    var price: ExactDecimal?
    var quantity: ExactDecimal
    /// 1 GTC, 3 IOC, 7 post-only; nil for a market order.
    var timeInForce: Int64?

    /// - Source: Apifiny Connect, "newOrder"; prices and quantities are texts.
    func body(accountID: String, venue: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 320)
        writer.beginObject()
        writer.field("accountId", accountID)
        writer.field("venue", venue)
        writer.field("orderId", venueID)
        writer.key("orderInfo")
        writer.beginObject()
        writer.field("symbol", symbol)
        writer.field("orderType", price == nil ? "MARKET" : "LIMIT")
        if let timeInForce { writer.field("timeInForce", timeInForce) }
        writer.field("orderSide", side == .buy ? "BUY" : "SELL")
        if let price { writer.field("limitPrice", price.description) }
        writer.field("quantity", quantity.description)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
