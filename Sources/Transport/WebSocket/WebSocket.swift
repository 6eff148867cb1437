public import NIOCore

/// Why a WebSocket is no more, or never was.
public enum WebSocketEnd: Error, Hashable, Sendable, CustomStringConvertible {
    /// A close frame came (or our close was answered); 1005 where it bore no code.
    case closed(code: UInt16, reason: String)
    /// No connection, no name.
    case connect(String)
    /// We refused the server: its certificate, its TLS. Trying again at once changes nothing.
    case refused(String)
    /// The server answered the upgrade with another status.
    case status(Int, excerpt: String, retryAfterSeconds: Int?)
    case badHandshake(String)
    /// The peer broke the protocol; we closed with this code.
    case violation(WebSocketViolation)
    /// The connection ended without a close frame.
    case dropped(String)
    case connectTimeout
    /// Nothing came for longer than allowed.
    case silent
    /// The peer did not answer our close frame in time.
    case closeTimeout

    public var description: String {
        switch self {
        case .closed(let code, let reason): "closed with \(code)\(reason.isEmpty ? "" : " \"\(reason)\"")"
        case .connect(let why), .refused(let why): "no connection: \(why)"
        case .status(let status, let excerpt, _): "the server answered \(status)\(excerpt.isEmpty ? "" : ": \(excerpt)")"
        case .badHandshake(let why): "no WebSocket handshake: \(why)"
        case .violation(let fault): "the peer broke the protocol: \(fault.reason) (\(fault.code))"
        case .dropped(let why): "the connection ended without a close frame: \(why)"
        case .connectTimeout: "not open before the deadline"
        case .silent: "nothing came for too long"
        case .closeTimeout: "our close was not answered"
        }
    }
}

/// Whom a WebSocket calls, synchronously, on its event loop.
public protocol WebSocketDelegate: AnyObject {
    /// What is sent from now on is on its way.
    func webSocketOpened(_ socket: WebSocket)
    /// A whole text message, valid UTF-8; a slice of what arrived where it came in one piece.
    func webSocket(_ socket: WebSocket, received text: ByteBuffer)
    func webSocket(_ socket: WebSocket, receivedBinary bytes: ByteBuffer)
    /// A ping that was answered already.
    func webSocket(_ socket: WebSocket, receivedPing payload: ByteBuffer)
    func webSocket(_ socket: WebSocket, receivedPong payload: ByteBuffer)
    /// Once, last, whether it was ever open or not.
    func webSocketClosed(_ socket: WebSocket, _ end: WebSocketEnd)
}

extension WebSocketDelegate {
    public func webSocket(_ socket: WebSocket, receivedBinary bytes: ByteBuffer) {}
    public func webSocket(_ socket: WebSocket, receivedPing payload: ByteBuffer) {}
    public func webSocket(_ socket: WebSocket, receivedPong payload: ByteBuffer) {}
}

/// How a WebSocket behaves.
public struct WebSocketSettings: Sendable {
    public var maximumMessageBytes = 8 << 20
    /// While this much waits to be sent, `send` refuses.
    public var maximumOutboundBytes = 1 << 20
    public var connectTimeout: TimeAmount = .seconds(10)
    public var closeTimeout: TimeAmount = .seconds(3)
    /// The longest time without a byte from the peer; nil for any.
    public var silenceLimit: TimeAmount?
    /// More pings than this in a second are a flood (1008).
    public var maximumPingsPerSecond = 100
    public var unacknowledgedLimit: TimeAmount = .seconds(15)

    public init() {}
}

/// Why a message was not sent.
public enum WebSocketSendError: Error, Hashable, Sendable {
    /// Not open yet, or no more: no byte was handed on.
    case notOpen
    /// The peer does not take what we send: no byte was handed on.
    case full
}

/// One end of a WebSocket, to be used on its event loop only.
public final class WebSocket {
    let handler: WebSocketHandler
    /// For the owner's own use: which stream this is.
    public var tag = 0

    init(_ handler: WebSocketHandler) { self.handler = handler }

    public var isOpen: Bool { handler.isOpen }

    /// Whether sending would be refused as `.full`.
    public var isFull: Bool { handler.isFull }

    /// Sends a text message; it is handed to the kernel before this returns where the kernel takes it.
    public func send(text: ByteBuffer) throws(WebSocketSendError) {
        try unsafe text.withUnsafeReadableBytes { bytes in
            Result { () throws(WebSocketSendError) in unsafe try handler.send(text: bytes) }
        }.get()
    }

    public func send(text: String) throws(WebSocketSendError) {
        var text = text
        try text.withUTF8 { bytes in
            Result { () throws(WebSocketSendError) in unsafe try handler.send(text: UnsafeRawBufferPointer(bytes)) }
        }.get()
    }

    public func send(text: UnsafeRawBufferPointer) throws(WebSocketSendError) { unsafe try handler.send(text: text) }

    public func send(binary: UnsafeRawBufferPointer) throws(WebSocketSendError) { unsafe try handler.send(binary: binary) }

    public func ping(_ payload: ByteBuffer = ByteBuffer()) throws(WebSocketSendError) { try handler.ping(payload) }

    /// Begins the closing handshake; `webSocketClosed` follows.
    public func close(code: UInt16 = 1000, reason: String = "") { handler.close(code: code, reason: reason) }

    /// Ends the connection by a TCP reset, without a close frame or alert.
    public func reset() { handler.reset() }

    /// Stops or resumes reading from the connection: the peer sees its sends stall.
    public func setReading(_ isOn: Bool) { handler.setReading(isOn) }

    /// Writes bytes that may be no frame at all: what a fault plan sends.
    public func sendRaw(_ bytes: ByteBuffer) throws(WebSocketSendError) { try handler.sendRaw(bytes) }
}
