import Domain
public import NIOCore
public import Transport

/// One connection of a simulated venue's socket. A protocol's own is a subclass.
public class SimSocket: WebSocketDelegate {
    let wire: SimWire
    /// Of all connections of the venue, from 1.
    var number = 0
    var socket: WebSocket?
    /// Nothing is sent any more, as on a connection that died unnoticed.
    var isSilent = false
    var opened: NIODeadline = .now()

    init(wire: SimWire) { self.wire = wire }

    /// A text came in.
    func received(_ text: String) {}
    func began() {}
    func ended() {}

    public func webSocketOpened(_ socket: WebSocket) {
        self.socket = socket
        opened = .now()
        began()
    }

    public func webSocketClosed(_ socket: WebSocket, _ end: WebSocketEnd) {
        self.socket = nil
        defer { wire.onActivity?() }
        wire.sockets.removeAll { $0 === self }
        ended()
    }

    public func webSocket(_ socket: WebSocket, received text: ByteBuffer) {
        wire.onText?(text.readableBytes)
        received(String(buffer: text))
    }

    func send(_ text: String) {
        guard !isSilent, let socket, socket.isOpen else { return }
        // A peer that does not read is dropped, as a venue would.
        do { try socket.send(text: text) } catch { socket.reset() }
    }

    func close(_ code: Int) { socket?.close(code: UInt16(code == 0 ? 1013 : code)) }

    /// A fault that takes the place of a step of the handshake.
    func befalls(_ point: String, refuse: (Int) -> String, throttled: () -> String) -> Bool {
        guard let rule = wire.faults.next(point) else { return false }
        switch rule.fault {
        case .errorBefore, .errorAfter: send(refuse(rule.code))
        case .throttle: send(throttled())
        case .close: close(rule.code)
        case .resetAfter, .resetBefore: socket?.reset()
        case .ignore, .dropAnswer: break
        case .silence: isSilent = true
        case .late, .partial, .duplicate, .skip, .reorder, .redirect, .fillFirst, .receiptOnly, .corrupt: return false
        }
        return true
    }
}
