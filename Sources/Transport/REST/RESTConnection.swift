import NIOCore
import NIOHTTP1
import TLS

/// One connection: idle, or with one exchange in flight.
final class RESTConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let origin: Origin
    private let settings: RESTSettings
    private let pool: RESTPool
    private var context: ChannelHandlerContext?
    private var exchange: RESTExchange?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()
    private var isReady = false
    private(set) var isOver = false
    private var idleTimer: Scheduled<Void>?

    init(origin: Origin, settings: RESTSettings, pool: RESTPool) {
        self.origin = origin
        self.settings = settings
        self.pool = pool
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive, !origin.isSecure { ready() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        idleTimer?.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !origin.isSecure { ready() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSEvent { ready() }
    }

    private func ready() {
        guard !isReady else { return }
        isReady = true
        rest()
        pool.opened(self)
    }

    // MARK: Asking

    /// Whether a request can be handed over.
    var canTake: Bool { context != nil && isReady && !isOver && exchange == nil }

    func start(_ exchange: RESTExchange) {
        guard let context, isReady, !isOver, self.exchange == nil else { preconditionFailure("the connection cannot take a request") }
        idleTimer?.cancel()
        idleTimer = nil
        self.exchange = exchange
        exchange.connection = self
        head = nil
        body = ByteBuffer()
        let request = exchange.request
        var headers = request.headers
        headers.replaceOrAdd(name: "Host", value: origin.authority)
        if !headers.contains(name: "User-Agent") { headers.add(name: "User-Agent", value: settings.userAgent) }
        if let body = request.body { headers.replaceOrAdd(name: "Content-Length", value: "\(body.readableBytes)") }
        if request.body == nil, request.method == .POST || request.method == .PUT {
            headers.replaceOrAdd(name: "Content-Length", value: "0")
        }
        let path = origin.path + request.path
        exchange.handedOver()
        context.write(
            wrapOutboundOut(.head(HTTPRequestHead(version: .http1_1, method: request.method, uri: path, headers: headers))),
            promise: nil)
        if let body = request.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Drops the connection, and with it the answer that may still come.
    func abort(_ reason: RESTError.Reason) { end(reason) }

    // MARK: Answers

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        guard exchange != nil else { return end(.badResponse("an answer that nobody asked for")) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= settings.maximumResponseBytes else {
                return end(.responseTooLarge(limit: settings.maximumResponseBytes))
            }
            if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
        case .end:
            finish()
        }
    }

    private func finish() {
        guard let exchange, let head else { return end(.badResponse("an end without a head")) }
        self.exchange = nil
        let keeps = head.isKeepAlive && head.status != .switchingProtocols
        let response = RESTResponse(status: Int(head.status.code), headers: head.headers, body: body)
        body = ByteBuffer()
        exchange.connection = nil
        if keeps {
            rest()
            pool.free(self)
        } else {
            end(.closed("the server said so"))
        }
        exchange.succeed(response)
    }

    /// Begins to be idle; not for longer than the server may bear.
    private func rest() {
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        idleTimer?.cancel()
        idleTimer = context.eventLoop.scheduleTask(in: settings.idleLimit) { bound.value.end(.closed("idle")) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? TLSError {
            end(isReady ? .closed(error.description) : .connect(error.description))
        } else if error is HTTPParserError {
            end(.badResponse("\(error)"))
        } else {
            end(.closed(Dialer.words(error)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) { end(.closed("by the server")) }

    private func end(_ reason: RESTError.Reason) {
        guard !isOver else { return }
        isOver = true
        idleTimer?.cancel()
        let ended = exchange
        exchange = nil
        pool.ended(self, wasReady: isReady, reason)
        ended?.fail(reason)
        context?.close(promise: nil)
    }
}
