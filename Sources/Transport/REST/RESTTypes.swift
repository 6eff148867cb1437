public import NIOCore
public import NIOHTTP1

/// One request to an origin.
public struct RESTRequest: Sendable {
    public var method: HTTPMethod
    /// Behind the origin's prefix, from its slash on, escaped already; the query is part of it.
    public var path: String
    public var headers: HTTPHeaders
    public var body: ByteBuffer?
    /// When there must be an answer, connecting included.
    public var deadline: NIODeadline

    public init(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [], headers: HTTPHeaders = [:],
        body: ByteBuffer? = nil, deadline: NIODeadline
    ) {
        self.method = method
        let pairs = query.map { PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value) }
        self.path = pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
        self.headers = headers
        self.body = body
        self.deadline = deadline
    }
}

/// What a server answered, whatever it was: a redirect or an error page is a status like any other.
public struct RESTResponse: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: ByteBuffer

    /// The seconds of `Retry-After`, where it says them.
    public var retryAfterSeconds: Int? { headers.first(name: "retry-after").flatMap { Int($0) } }
}

/// Why a request has no answer, and what the server may know of it.
public struct RESTError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Delivery: Hashable, Sendable {
        /// No byte of the request left this machine: the server cannot have acted on it.
        case notSent
        /// Something may have arrived: only the server knows whether it acted.
        case ambiguous
    }

    public enum Reason: Hashable, Sendable {
        case deadline
        /// No connection, or TLS refused it.
        case connect(String)
        /// The connection ended before the answer did.
        case closed(String)
        /// What came is no HTTP answer.
        case badResponse(String)
        case responseTooLarge(limit: Int)
        /// More requests wait than the client holds.
        case tooManyWaiting(limit: Int)
        /// A header or path that HTTP cannot carry.
        case badRequest(String)
        case clientClosed
    }

    public let delivery: Delivery
    public let reason: Reason

    public var description: String {
        let what =
            switch reason {
            case .deadline: "no answer before the deadline"
            case .connect(let why): "no connection: \(why)"
            case .closed(let why): "the connection ended: \(why)"
            case .badResponse(let why): "no HTTP answer: \(why)"
            case .responseTooLarge(let limit): "the answer is larger than \(limit) bytes"
            case .tooManyWaiting(let limit): "\(limit) requests wait already"
            case .badRequest(let why): "the request cannot be sent: \(why)"
            case .clientClosed: "the client was closed"
            }
        return what + (delivery == .notSent ? " (nothing was sent)" : " (it may have arrived)")
    }
}

/// How a `RESTClient` behaves.
public struct RESTSettings: Sendable {
    /// The most connections at once; each carries one request at a time.
    public var maximumConnections = 4
    /// Connections kept open while nothing is asked, and opened again when the server ends them.
    public var warmConnections = 1
    public var maximumWaiting = 256
    public var maximumResponseBytes = 16 << 20
    public var connectTimeout: TimeAmount = .seconds(10)
    /// An idle connection beyond the warm ones, or as old as this, is closed by us, before the server closes it under a request.
    public var idleLimit: TimeAmount = .seconds(50)
    /// How long sent bytes may stay unacknowledged before the kernel gives the connection up.
    public var unacknowledgedLimit: TimeAmount = .seconds(15)
    public var userAgent = "perigee"
    /// Of the jitter between attempts to keep a connection warm.
    public var seed: UInt64 = 0

    public init() {}
}
