import Glibc
import NIOCore
import NIOPosix
import TLS

/// The other process of the echo: as many bytes as an order back, as soon as a whole frame is there. Nothing between TLS and the answer.
enum EchoClient {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let frameBytes: Int
        private let answer: ByteBuffer
        private var got = 0

        init(frameBytes: Int, answerBytes: Int) {
            self.frameBytes = frameBytes
            answer = ByteBuffer(repeating: UInt8(ascii: "x"), count: answerBytes)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            got += unwrapInboundIn(data).readableBytes
            guard got >= frameBytes else { return }
            got -= frameBytes
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }
    }

    static func run(port: Int, frameBytes: Int, answerBytes: Int, authority: String) throws {
        let tls = try TLSContext.client(extraAuthority: .file(authority))
        // As in `perigee live`: the loop is this thread.
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(try tls.clientHandler(host: "127.0.0.1", handshakeTimeout: .seconds(10)))
                        try channel.pipeline.syncOperations.addHandler(Handler(frameBytes: frameBytes, answerBytes: answerBytes))
                    }
                }
                .connect(host: "127.0.0.1", port: port)
                .flatMap { $0.closeFuture }
                .whenComplete { _ in loop.shutdownGracefully { _ in } }
        }
    }
}

/// The server's end of the echo: writes a frame, and takes the time until the first byte of what comes back.
final class EchoServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let frame: ByteBuffer
    private let answerBytes: Int
    private var context: ChannelHandlerContext?
    private var got = 0
    private var sent: Int64 = 0
    private(set) var times: [Int64] = []
    private var connected: EventLoopPromise<Void>?

    init(frameBytes: Int, answerBytes: Int, connected: EventLoopPromise<Void>) {
        frame = ByteBuffer(repeating: UInt8(ascii: "x"), count: frameBytes)
        (self.answerBytes, self.connected) = (answerBytes, connected)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        connected?.succeed()
        connected = nil
        context.fireUserInboundEventTriggered(event)
    }

    func send() {
        guard let context else { return }
        got = 0
        sent = now()
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if got == 0, sent != 0 { times.append(now() - sent) }
        got += unwrapInboundIn(data).readableBytes
    }

    func close() { context?.close(promise: nil) }
}

func now() -> Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
