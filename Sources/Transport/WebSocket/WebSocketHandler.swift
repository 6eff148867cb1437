import NIOCore
import TLS

/// Carries one WebSocket over a channel: handshake (as a client), messages, pings, closing.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase { case connecting, upgrading, open, closing, closed }

    private let settings: WebSocketSettings
    private let request: UpgradeRequest?
    private var upgrade: UpgradeResponse?
    private var phase = Phase.connecting
    private var reader: WebSocketReader
    private var writer: WebSocketWriter
    private var context: ChannelHandlerContext?
    private var delegate: (any WebSocketDelegate)?
    /// Let go of when it is over: it holds us.
    private var current: WebSocket?
    private var timer: Scheduled<Void>?
    private var silence: Scheduled<Void>?
    private var lastRead = NIODeadline.uptimeNanoseconds(0)
    private var pings = (second: NIODeadline.uptimeNanoseconds(0), count: 0)
    private var pendingPong: ByteBuffer?

    /// - Parameter request: What a client asks with; nil on a server, where the upgrade is done.
    init(_ request: UpgradeRequest?, settings: WebSocketSettings, delegate: any WebSocketDelegate) {
        self.request = request
        self.settings = settings
        self.delegate = delegate
        let role: WebSocketRole = request == nil ? .server : .client
        reader = WebSocketReader(role: role, maximumMessageBytes: settings.maximumMessageBytes)
        let seed = Secure.randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        writer = WebSocketWriter(role: role, seed: seed)
    }

    var handle: WebSocket { socket }

    private var socket: WebSocket {
        if let current { return current }
        let made = WebSocket(self)
        if phase != .closed { current = made }
        return made
    }

    var isOpen: Bool { phase == .open }
    var isOver: Bool { phase == .closed }
    var isFull: Bool { context.map { !$0.channel.isWritable } ?? true }

    // MARK: Opening

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let request else { return opened(context) }
        if context.channel.isActive, !request.origin.isSecure { ask(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        over(.dropped("the handler was removed"))
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if let request, !request.origin.isSecure { ask(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSEvent, request != nil { ask(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func ask(_ context: ChannelHandlerContext) {
        guard phase == .connecting, let request else { return }
        phase = .upgrading
        upgrade = UpgradeResponse(key: request.key)
        context.writeAndFlush(wrapOutboundOut(request.bytes), promise: nil)
    }

    private func opened(_ context: ChannelHandlerContext) {
        phase = .open
        timer?.cancel()
        timer = nil
        watchSilence(context)
        delegate?.webSocketOpened(socket)
    }

    /// The connection must be open before this.
    func arm(deadline: NIODeadline, on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(deadline: deadline) { bound.value.over(.connectTimeout) }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        lastRead = context.eventLoop.now
        if phase == .upgrading {
            guard let verdict = upgrade?.append(bytes) else { return }
            switch verdict {
            case .needsBytes: return
            case .refused(let end): return over(end)
            case .open(let rest):
                upgrade = nil
                opened(context)
                bytes = rest
            }
        }
        guard phase == .open || phase == .closing else { return }
        reader.append(bytes)
        readMessages(context)
        if let pong = pendingPong {
            pendingPong = nil
            if phase == .open, context.channel.isWritable { write { $0.pong(pong, into: &$1) } }
        }
    }

    private func readMessages(_ context: ChannelHandlerContext) {
        do throws(WebSocketViolation) {
            while phase == .open || phase == .closing, let message = try reader.next() { try accept(message, context) }
        } catch {
            write { $0.close(error.code, reason: error.reason, into: &$1) }
            over(.violation(error))
        }
    }

    private func accept(_ message: WebSocketMessage, _ context: ChannelHandlerContext) throws(WebSocketViolation) {
        switch message {
        case .text(let text): if phase == .open { delegate?.webSocket(socket, received: text) }
        case .binary(let bytes): if phase == .open { delegate?.webSocket(socket, receivedBinary: bytes) }
        case .pong(let payload): delegate?.webSocket(socket, receivedPong: payload)
        case .ping(let payload):
            try countPing(context)
            // Of several in one read only the last is answered (RFC 6455, 5.5.3).
            pendingPong = payload
            delegate?.webSocket(socket, receivedPing: payload)
        case .close(let code, let reason):
            if phase == .open { write { $0.close(code, reason: "", into: &$1) } }
            over(.closed(code: code ?? 1005, reason: reason))
        }
    }

    private func countPing(_ context: ChannelHandlerContext) throws(WebSocketViolation) {
        let now = context.eventLoop.now
        if now - pings.second >= .seconds(1) { pings = (now, 0) }
        pings.count += 1
        if pings.count > settings.maximumPingsPerSecond { throw WebSocketViolation(code: 1008, reason: "a flood of pings") }
    }

    private func watchSilence(_ context: ChannelHandlerContext) {
        guard let limit = settings.silenceLimit else { return }
        lastRead = context.eventLoop.now
        scheduleSilence(context, at: lastRead + limit, limit)
    }

    private func scheduleSilence(_ context: ChannelHandlerContext, at time: NIODeadline, _ limit: TimeAmount) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        silence = context.eventLoop.scheduleTask(deadline: time) {
            let (handler, context) = bound.value
            guard handler.phase == .open || handler.phase == .closing else { return }
            let due = handler.lastRead + limit
            if due <= context.eventLoop.now { handler.over(.silent) } else { handler.scheduleSilence(context, at: due, limit) }
        }
    }

    // MARK: Writing

    private func write(_ frame: (inout WebSocketWriter, inout ByteBuffer) -> Void) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 256)
        frame(&writer, &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func ready() throws(WebSocketSendError) {
        guard phase == .open else { throw .notOpen }
        if isFull { throw .full }
    }

    func send(text: UnsafeRawBufferPointer) throws(WebSocketSendError) {
        try ready()
        write { unsafe $0.text(text, into: &$1) }
    }

    func send(binary: UnsafeRawBufferPointer) throws(WebSocketSendError) {
        try ready()
        write { unsafe $0.binary(binary, into: &$1) }
    }

    func ping(_ payload: ByteBuffer) throws(WebSocketSendError) {
        precondition(payload.readableBytes <= 125, "a ping bears at most 125 bytes")
        try ready()
        write { $0.ping(payload, into: &$1) }
    }

    func sendRaw(_ bytes: ByteBuffer) throws(WebSocketSendError) {
        try ready()
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func setReading(_ isOn: Bool) {
        guard let context else { return }
        try? context.channel.syncOptions?.setOption(.autoRead, value: isOn)
        if isOn { context.read() }
    }

    // MARK: Ending

    func close(code: UInt16, reason: String) {
        switch phase {
        case .connecting, .upgrading: over(.closed(code: code, reason: reason))
        case .closing, .closed: return
        case .open:
            phase = .closing
            write { $0.close(code, reason: reason, into: &$1) }
            guard let context else { return }
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            timer = context.eventLoop.scheduleTask(in: settings.closeTimeout) { bound.value.over(.closeTimeout) }
        }
    }

    func reset() {
        if let context { Dialer.reset(context.channel) }
        over(.dropped("reset by us"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .connecting, .upgrading: over(WebSocketEnd(dialling: error))
        case .open, .closing: over(.dropped(Dialer.words(error)))
        case .closed: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if phase == .upgrading, var upgrade { over(upgrade.finished()) } else { over(.dropped("by the peer")) }
        context.fireChannelInactive()
    }

    /// Tells the delegate, once, and lets go of the connection.
    func over(_ end: WebSocketEnd) {
        guard phase != .closed else { return }
        phase = .closed
        timer?.cancel()
        silence?.cancel()
        let (told, socket) = (delegate, self.socket)
        (delegate, current) = (nil, nil)
        context?.close(promise: nil)
        told?.webSocketClosed(socket, end)
    }
}
