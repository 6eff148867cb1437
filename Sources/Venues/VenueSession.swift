public import Domain
public import JSON

/// One venue's protocol as a value: what comes in from sockets, requests, timers and the desk goes out as actions.
///
/// No I/O, no clock, no randomness: the driver does what the actions say, and a test can be the driver.
public protocol VenueSession {
    var capabilities: VenueCapabilities { get }
    /// REST addresses to which a driver keeps a connection open once orders are at stake.
    var warmAddresses: [String] { get }
    /// - Parameter actions: appended to, in the order in which they are to be done.
    mutating func handle(_ input: VenueInput, at now: VenueTime, into actions: inout [VenueAction])
    /// Asks for a quote: answered once, by `.quote`, and refused where the venue does not quote on request.
    mutating func requestQuote(_ request: VenueQuoteRequest, at now: VenueTime, into actions: inout [VenueAction])
}

/// Both clocks of the moment: the wall's, corrected by what the venue says, and one that never jumps.
public struct VenueTime: Hashable, Sendable, BitwiseCopyable {
    public var wall: Timestamp
    /// Monotonic, ns; every time-out is measured by it.
    public var monotonic: Int64
    public init(wall: Timestamp, monotonic: Int64) { (self.wall, self.monotonic) = (wall, monotonic) }
}

/// One of a session's sockets. Sessions number their own from 0.
public struct SocketID: Hashable, Sendable, BitwiseCopyable {
    public let raw: UInt8
    public init(_ raw: UInt8) { self.raw = raw }
}

/// A session's own number for a request or a timer.
public struct VenueToken: Hashable, Sendable, BitwiseCopyable {
    public let raw: UInt64
    public init(_ raw: UInt64) { self.raw = raw }
}

@safe public enum VenueInput {
    case command(VenueCommand)
    case opened(SocketID)
    /// One whole message; the bytes are read during the call only.
    case message(SocketID, Bytes)
    case closed(SocketID, VenueClosing)
    case response(VenueToken, VenueResponse)
    case timer(VenueToken)
}

/// Why a socket is closed, or could not be opened.
public struct VenueClosing: Hashable, Sendable {
    /// RFC 6455 close code, 0 where there was none.
    public var code: Int
    public var reason: String
    /// The TLS or HTTP layer refused (certificate, status): trying again at once is pointless.
    public var isRefusal: Bool
    /// The HTTP status that answered the upgrade, 0 where there was none.
    public var status: Int
    public init(code: Int, reason: String, isRefusal: Bool = false, status: Int = 0) {
        (self.code, self.reason, self.isRefusal, self.status) = (code, reason, isRefusal, status)
    }
}

/// What became of a request.
public enum VenueResponse: Sendable {
    case answer(status: Int, headers: [(name: String, value: String)], body: [UInt8])
    /// Not a byte of it left: it cannot have been executed.
    case notSent(String)
    /// It may have arrived: the outcome is unknown.
    case ambiguous(String)
}

public enum VenueAction: Sendable {
    case connect(SocketID, url: String, headers: [(name: String, value: String)])
    case send(SocketID, [UInt8])
    /// Into a small file of the account, at this place of it, before the bytes that follow leave by that socket.
    case keep(SocketID, name: String, offset: Int, [UInt8])
    /// After it nothing of that connection is told, `.closed` neither.
    case close(SocketID)
    case request(VenueToken, VenueRequest)
    /// One at a time for each token: a second one replaces the first.
    case timer(VenueToken, after: Span)
    case cancelTimer(VenueToken)
    case tell(VenueEvent)
}

/// One REST request.
public struct VenueRequest: Sendable {
    public enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE" }
    public var method: Method
    /// Whole address, `https://host:port/prefix/path?query`.
    public var url: String
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]
    /// For the whole exchange, connecting included.
    public var deadline: Span
    /// Cancels and proofs go before everything that waits.
    public var isUrgent: Bool
    /// Sent with the session's end: the connections wait for it, and nobody is told its answer.
    public var isFarewell = false

    public init(
        method: Method, url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        deadline: Span = Span(nanoseconds: 5_000_000_000), isUrgent: Bool = false
    ) {
        (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
        (self.deadline, self.isUrgent) = (deadline, isUrgent)
    }
}
