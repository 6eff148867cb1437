import NIOCore
import NIOHTTP1
import TLS

/// One connection of a server: requests in, answers in their order, until it becomes a WebSocket or ends.
final class HTTPServerConnection: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let number: Int
    private let settings: HTTPServerSettings
    private let route: @Sendable (HTTPServerRequest) -> HTTPAnswer
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    /// Requests that came while an earlier one waits for its answer.
    private var queue = CircularBuffer<(HTTPServerRequest, keepAlive: Bool)>()
    private var isAnswering = false
    private var isOver = false
    private var timer: Scheduled<Void>?

    init(number: Int, settings: HTTPServerSettings, route: @escaping @Sendable (HTTPServerRequest) -> HTTPAnswer) {
        self.number = number
        self.settings = settings
        self.route = route
    }

    func handlerAdded(context: ChannelHandlerContext) { allow(settings.requestTimeout, context) }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    private func allow(_ time: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = ByteBuffer()
            allow(settings.requestTimeout, context)
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
            }
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= settings.maximumBodyBytes, queue.count < 64 else {
                return refuse(413, context)
            }
            body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            self.head = nil
            allow(settings.idleLimit, context)
            let request = HTTPServerRequest(
                method: head.method, target: head.uri, headers: head.headers, body: body, connection: number)
            queue.append((request, keepAlive: head.isKeepAlive))
            answerNext(context)
        }
    }

    private func answerNext(_ context: ChannelHandlerContext) {
        while !isAnswering, !isOver, let (request, keepAlive) = queue.popFirst() {
            isAnswering = true
            give(route(request), to: request, keepAlive, context)
        }
    }

    private func give(_ answer: HTTPAnswer, to request: HTTPServerRequest, _ keepAlive: Bool, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        switch answer {
        case .response(var response):
            if !keepAlive { response.closes = true }
            isAnswering = false
            send(response.bytes(for: request.method), closes: response.closes, context)
        case .webSocket(let delegate, let settings): upgrade(request, delegate, settings, context)
        case .later(let future):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            future.assumeIsolated().whenComplete { result in
                let (connection, context) = bound.value
                let later = (try? result.get()) ?? .response(HTTPServerResponse(status: 500))
                connection.give(later, to: request, keepAlive, context)
                connection.answerNext(context)
            }
        case .raw(let bytes, let closes):
            isAnswering = false
            send(bytes, closes: closes, context)
        case .close: end(context)
        case .reset:
            isOver = true
            Dialer.reset(context.channel)
        case .silence: timer?.cancel()
        }
    }

    private func send(_ bytes: ByteBuffer, closes: Bool, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        if closes { end(context) }
    }

    private func refuse(_ status: Int, _ context: ChannelHandlerContext) {
        var response = HTTPServerResponse(status: status)
        response.closes = true
        send(response.bytes(), closes: true, context)
    }

    private func end(_ context: ChannelHandlerContext) {
        isOver = true
        context.close(promise: nil)
    }

    private func upgrade(
        _ request: HTTPServerRequest, _ delegate: any WebSocketDelegate, _ settings: WebSocketSettings, _ context: ChannelHandlerContext
    ) {
        let asks = request.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
        guard request.method == .GET, asks, request.headers.first(name: "upgrade")?.lowercased() == "websocket",
            request.headers.first(name: "sec-websocket-version") == "13",
            let key = request.headers.first(name: "sec-websocket-key"), Encoding.bytes(base64: key)?.count == 16
        else { return refuse(400, context) }
        isOver = true
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(WebSocketDigest.accept(key: key))\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        let pipeline = context.pipeline.syncOperations
        do {
            try context.channel.syncOptions?.setOption(
                .writeBufferWaterMark,
                value: .init(low: settings.maximumOutboundBytes / 2, high: settings.maximumOutboundBytes))
            let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
            // First ourselves: what the decoder has left over belongs to the WebSocket.
            let socket = WebSocketHandler(nil, settings: settings, delegate: delegate)
            try pipeline.addHandler(socket)
            pipeline.removeHandler(context: context, promise: nil)
            pipeline.removeHandler(context: decoder, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !isOver { refuse(400, context) } else { context.close(promise: nil) }
    }
}
