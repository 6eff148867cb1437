import NIOCore
import TLS

/// Reads a server's answer to a WebSocket request: bytes in, a verdict out.
///
/// A value without I/O; what follows the head of a 101 belongs to the WebSocket and is handed on.
struct UpgradeResponse {
    enum Verdict: Hashable {
        case needsBytes
        case open(rest: ByteBuffer)
        case refused(WebSocketEnd)
    }

    static let maximumHeadBytes = 16 * 1024
    static let maximumExcerptBytes = 1024

    let key: String
    private var bytes = ByteBuffer()
    private var refusal: (status: Int, headers: [(name: String, value: String)], wanted: Int)?

    init(key: String) { self.key = key }

    mutating func append(_ more: ByteBuffer) -> Verdict {
        bytes.writeImmutableBuffer(more)
        if refusal != nil { return excerpt(isOver: false) }
        guard let end = headEnd else {
            if bytes.readableBytes > UpgradeResponse.maximumHeadBytes { return .refused(.badHandshake("the answer's head is too long")) }
            return .needsBytes
        }
        guard end <= UpgradeResponse.maximumHeadBytes, let head = bytes.readString(length: end) else {
            return .refused(.badHandshake("the answer's head is too long"))
        }
        return judge(head)
    }

    /// No more bytes will come.
    mutating func finished() -> WebSocketEnd {
        guard refusal != nil, case .refused(let end) = excerpt(isOver: true) else { return .dropped("during the handshake") }
        return end
    }

    private var headEnd: Int? {
        unsafe bytes.withUnsafeReadableBytes { space in
            guard space.count >= 4 else { return nil }
            for index in 3..<space.count where unsafe space[index] == 10 && space[index - 1] == 13 && space[index - 2] == 10 && space[index - 3] == 13 {
                return index + 1
            }
            return nil
        }
    }

    private mutating func judge(_ head: String) -> Verdict {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
        let parts = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0] == "HTTP/1.1", parts[1].utf8.count == 3, let status = Int(parts[1]), status >= 100 else {
            return .refused(.badHandshake("the answer is not HTTP/1.1"))
        }
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                return .refused(.badHandshake("a header without a colon"))
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((line[..<colon].lowercased(), String(value)))
        }
        if status == 101 { return open(headers) }
        let length = UpgradeResponse.value("content-length", headers).flatMap { Int($0) } ?? -1
        refusal = (status, headers, length)
        return excerpt(isOver: false)
    }

    private mutating func open(_ headers: [(name: String, value: String)]) -> Verdict {
        func bad(_ why: String) -> Verdict { .refused(.badHandshake(why)) }
        guard UpgradeResponse.value("upgrade", headers)?.lowercased() == "websocket" else { return bad("no Upgrade: websocket") }
        let connection = UpgradeResponse.value("connection", headers)?.lowercased() ?? ""
        guard connection.split(separator: ",").contains(where: { $0.drop { $0 == " " }.prefix { $0 != " " } == "upgrade" }) else {
            return bad("no Connection: Upgrade")
        }
        guard UpgradeResponse.value("sec-websocket-accept", headers) == WebSocketDigest.accept(key: key) else {
            return bad("Sec-WebSocket-Accept does not answer our key")
        }
        guard UpgradeResponse.value("sec-websocket-extensions", headers) == nil else { return bad("an extension that we did not offer") }
        guard UpgradeResponse.value("sec-websocket-protocol", headers) == nil else { return bad("a protocol that we did not offer") }
        return .open(rest: bytes)
    }

    private func excerpt(isOver: Bool) -> Verdict {
        guard let refusal else { return .needsBytes }
        let enough = refusal.wanted >= 0 ? min(refusal.wanted, UpgradeResponse.maximumExcerptBytes) : UpgradeResponse.maximumExcerptBytes
        guard isOver || bytes.readableBytes >= enough else { return .needsBytes }
        let body = bytes.getSlice(at: bytes.readerIndex, length: min(bytes.readableBytes, UpgradeResponse.maximumExcerptBytes))
        let retry = UpgradeResponse.value("retry-after", refusal.headers).flatMap { Int($0) }
        return .refused(.status(refusal.status, excerpt: body.map { String(buffer: $0) } ?? "", retryAfterSeconds: retry))
    }

    private static func value(_ name: String, _ headers: [(name: String, value: String)]) -> String? {
        headers.first { $0.name == name }?.value
    }
}
