public import NIOCore
import NIOPosix
public import TLS

/// Listens for ``ByteStream``s on loopback: simulated venues.
///
/// To be used on its event loop only.
public final class ByteStreamServer {
    public let port: Int
    private let channel: any Channel
    private let streams: Streams

    private final class Streams {
        var open: [ByteStream] = []
    }

    private init(_ channel: any Channel, _ streams: Streams) {
        (self.channel, self.streams) = (channel, streams)
        port = channel.localAddress?.port ?? 0
    }

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - accept: Called on the event loop for each connection; it sets the stream's delegate, and keeps both.
    public static func start(
        port: Int, tls: TLSContext?, on eventLoop: any EventLoop, accept: @escaping (ByteStream) -> Void
    ) -> EventLoopFuture<NIOLoopBound<ByteStreamServer>> {
        let streams = NIOLoopBound(Streams(), eventLoop: eventLoop)
        let accept = NIOLoopBound(accept, eventLoop: eventLoop)
        return ServerBootstrap(group: eventLoop, childGroup: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let stream = ByteStream()
                    let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
                    streams.value.open.append(stream)
                    channel.closeFuture.whenComplete { _ in streams.value.open.removeAll { $0 === bound.value } }
                    accept.value(stream)
                    if let tls { try channel.pipeline.syncOperations.addHandler(try tls.serverHandler()) }
                    try channel.pipeline.syncOperations.addHandler(ByteStreamHandler(stream, isSecure: tls != nil))
                    stream.connected(channel, isSecure: tls != nil)
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .map { NIOLoopBound(ByteStreamServer($0, streams.value), eventLoop: eventLoop) }
    }

    /// Resets every connection by TCP.
    public func resetAll() { for stream in streams.open { stream.reset() } }

    /// Ends listening and every connection.
    public func stop() -> EventLoopFuture<Void> {
        for stream in streams.open { stream.end("the server ends", isRefusal: false) }
        channel.close(promise: nil)
        return channel.closeFuture
    }
}
