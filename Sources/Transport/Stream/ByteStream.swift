public import NIOCore
import NIOPosix
public import TLS

/// Who hears what a ``ByteStream`` brings, on its event loop.
public protocol ByteStreamDelegate: AnyObject {
    func byteStreamOpened(_ stream: ByteStream)
    func byteStream(_ stream: ByteStream, received bytes: ByteBuffer)
    /// Once, whatever ended it; nothing comes after it.
    ///
    /// - Parameter isRefusal: Trying again at once is pointless: a certificate, or a peer that speaks no TLS.
    func byteStreamClosed(_ stream: ByteStream, why: String, isRefusal: Bool)
}

/// A connection without frames of its own, over TLS unless it stays on this machine: what FIX runs on.
///
/// To be used on its event loop only.
public final class ByteStream {
    /// Written and not taken by the peer: above that it is no peer.
    static let mostWaiting = 4 << 20
    static let connectTimeout = TimeAmount.seconds(10)

    public weak var delegate: (any ByteStreamDelegate)?
    var channel: (any Channel)?
    private var isOver = false
    private var isOpen = false
    private var waiting = 0

    init() {}

    /// Begins to connect and answers at once; the delegate hears how it went.
    public static func connect(to origin: Origin, tls: TLSContext?, on eventLoop: any EventLoop, delegate: any ByteStreamDelegate) -> ByteStream {
        eventLoop.preconditionInEventLoop()
        let stream = ByteStream()
        stream.delegate = delegate
        let bound = NIOLoopBound(stream, eventLoop: eventLoop)
        Dialer.connect(to: origin, tls: tls, on: eventLoop, timeout: connectTimeout, silenceLimit: .seconds(20)) { channel in
            try channel.pipeline.syncOperations.addHandler(ByteStreamHandler(bound.value, isSecure: origin.isSecure))
        }.whenComplete { result in
            switch result {
            case .success(let channel): bound.value.connected(channel, isSecure: origin.isSecure)
            case .failure(let error): bound.value.failed(error)
            }
        }
        return stream
    }

    /// - Returns: False where the peer takes nothing any more, or is gone.
    public func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let channel, !isOver, waiting < ByteStream.mostWaiting else { return false }
        var buffer = channel.allocator.buffer(capacity: bytes.count)
        unsafe buffer.writeBytes(bytes)
        waiting += bytes.count
        let (count, bound) = (bytes.count, NIOLoopBound(self, eventLoop: channel.eventLoop))
        channel.writeAndFlush(buffer).whenComplete { _ in bound.value.waiting -= count }
        return true
    }

    /// Closes; the delegate hears nothing any more.
    public func close() {
        isOver = true
        delegate = nil
        channel?.close(promise: nil)
        channel = nil
    }

    /// Ends it by a TCP reset: a fault that servers of a simulation play.
    public func reset() {
        if let channel { Dialer.reset(channel) }
    }

    func connected(_ channel: any Channel, isSecure: Bool) {
        if isOver { return channel.close(promise: nil) }
        self.channel = channel
        // Behind TLS it is open once the handshake is done.
        if !isSecure { opened() }
    }

    func opened() {
        guard !isOver, !isOpen else { return }
        isOpen = true
        delegate?.byteStreamOpened(self)
    }

    func received(_ bytes: ByteBuffer) { if !isOver { delegate?.byteStream(self, received: bytes) } }

    func failed(_ error: any Error) { end(Dialer.words(error), isRefusal: !isOpen && ByteStream.isRefusal(error)) }

    private static func isRefusal(_ error: any Error) -> Bool {
        guard let error = error as? TLSError else { return false }
        switch error.reason {
        case .closedDuringHandshake, .truncated, .handshakeTimeout: return false
        case .expired, .notYetValid, .wrongHost, .selfSigned, .unknownAuthority, .weakKey, .badCertificate, .protocolVersion, .alert, .failed,
            .authorityNotForThisHost, .setup: return true
        }
    }

    func end(_ why: String, isRefusal: Bool) {
        guard !isOver else { return }
        isOver = true
        channel?.close(promise: nil)
        channel = nil
        let told = delegate
        delegate = nil
        told?.byteStreamClosed(self, why: why, isRefusal: isRefusal)
    }
}

/// Between a channel and its ``ByteStream``.
final class ByteStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let stream: ByteStream
    private let isSecure: Bool

    init(_ stream: ByteStream, isSecure: Bool) { (self.stream, self.isSecure) = (stream, isSecure) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSEvent {
            if stream.channel == nil { stream.connected(context.channel, isSecure: true) }
            stream.opened()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { stream.received(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) {
        stream.end("the peer closed the connection", isRefusal: false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        stream.failed(error)
        context.close(promise: nil)
    }
}
