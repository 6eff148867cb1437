internal import NIOCore
internal import Transport

/// One connection of a session's socket, from the attempt to the end. What left is not heard any more.
final class VenueSocket: WebSocketDelegate {
    let id: SocketID
    private weak var driver: VenueDriver?
    var connection: WebSocket?

    init(id: SocketID, driver: VenueDriver) { (self.id, self.driver) = (id, driver) }

    /// Closes the connection and forgets who wanted to know.
    func leave() {
        driver = nil
        connection?.close()
        connection = nil
    }

    func webSocketOpened(_ socket: WebSocket) { driver?.socketOpened(self) }

    func webSocket(_ socket: WebSocket, received text: ByteBuffer) { driver?.socket(self, received: text) }

    /// Venues that send their JSON as binary frames mean the same.
    func webSocket(_ socket: WebSocket, receivedBinary bytes: ByteBuffer) { driver?.socket(self, received: bytes) }

    func webSocketClosed(_ socket: WebSocket, _ end: WebSocketEnd) {
        connection = nil
        driver?.socketClosed(self, VenueSocket.closing(end))
        driver = nil
    }

    private static func closing(_ end: WebSocketEnd) -> VenueClosing {
        switch end {
        case .closed(code: let code, reason: let reason): VenueClosing(code: Int(code), reason: reason)
        case .status(let status, excerpt: _, retryAfterSeconds: _):
            VenueClosing(code: 0, reason: end.description, isRefusal: true, status: status)
        case .violation(let fault): VenueClosing(code: Int(fault.code), reason: end.description)
        case .refused: VenueClosing(code: 0, reason: end.description, isRefusal: true)
        case .connect, .badHandshake, .connectTimeout: VenueClosing(code: 0, reason: end.description)
        case .dropped, .silent, .closeTimeout: VenueClosing(code: 1_006, reason: end.description)
        }
    }
}
