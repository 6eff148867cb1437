public import NIOCore
public import NIOHTTP1

/// A whole request, as it came.
public struct HTTPServerRequest: Sendable {
    public let method: HTTPMethod
    /// As it came: path and query.
    public let target: String
    public let headers: HTTPHeaders
    public let body: ByteBuffer
    /// Which connection of the server, from 1; the same for all requests of one connection.
    public let connection: Int

    /// Without the query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The query's names and values in order, escapes resolved; `+` is left alone.
    public var query: [(name: String, value: String)] {
        guard let mark = target.firstIndex(of: "?") else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1] : ""
            return (PercentEncoding.decode(String(parts[0])), PercentEncoding.decode(String(value)))
        }
    }
}

/// What a server answers.
public struct HTTPServerResponse: Sendable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: ByteBuffer
    /// Whether the connection ends behind it.
    public var closes = false

    public init(status: Int, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public init(status: Int = 200, json: String) {
        self.init(status: status, headers: ["Content-Type": "application/json"], body: ByteBuffer(string: json))
    }

    /// The response as bytes, its length included: fault plans cut them.
    public func bytes(for method: HTTPMethod = .GET) -> ByteBuffer {
        var text = "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !headers.contains(name: "Content-Length"), !headers.contains(name: "Transfer-Encoding") {
            text += "Content-Length: \(body.readableBytes)\r\n"
        }
        if closes { text += "Connection: close\r\n" }
        var result = ByteBuffer(string: text + "\r\n")
        if method != .HEAD { result.writeImmutableBuffer(body) }
        return result
    }
}

/// What becomes of a request. The unusual ones are what fault plans are made of.
public enum HTTPAnswer {
    case response(HTTPServerResponse)
    /// The request becomes a WebSocket, if it asks for one as it should; else 400.
    case webSocket(any WebSocketDelegate, WebSocketSettings)
    /// Decided later, on the server's event loop. Later requests of the connection wait.
    case later(EventLoopFuture<HTTPAnswer>)
    /// These bytes, whatever they are, and then perhaps the end.
    case raw(ByteBuffer, closes: Bool)
    /// No answer, and the connection ends: by a close, or by a TCP reset.
    case close, reset
    /// No answer ever; the connection stays.
    case silence
}

/// How a server behaves.
public struct HTTPServerSettings: Sendable {
    public var maximumBodyBytes = 1 << 20
    /// From a connection's begin, or a request's first byte, to the request's last.
    public var requestTimeout: TimeAmount = .seconds(10)
    /// Of a connection between two requests.
    public var idleLimit: TimeAmount = .seconds(120)
    public var maximumConnections = 1024

    public init() {}
}

extension PercentEncoding {
    /// Resolves `%XX`; what is no escape stays as it is.
    public static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                result.append(value)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
