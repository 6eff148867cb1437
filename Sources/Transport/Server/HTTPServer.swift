import NIOHTTP1
public import NIOCore
import NIOPosix
public import TLS

/// An HTTP and WebSocket server on loopback: simulated venues, metrics, the dashboard.
///
/// Everything runs on the one event loop it was given: routes need no lock.
public final class HTTPServer: Sendable {
    public let port: Int
    private let channel: any Channel
    private let connections: NIOLoopBoundBox<Connections>

    struct Connections {
        var open: [ObjectIdentifier: any Channel] = [:]
        var accepted = 0
        var isStopping = false
    }

    private init(channel: any Channel, port: Int, connections: NIOLoopBoundBox<Connections>) {
        self.channel = channel
        self.port = port
        self.connections = connections
    }

    /// Begins to listen; fails with what the system or TLS said, or with an `AddressError` where the host is not this machine.
    ///
    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - route: Called on the event loop for each whole request.
    public static func start(
        host: String = "127.0.0.1", port: Int = 0, tls: TLSContext? = nil, on eventLoop: any EventLoop,
        settings: HTTPServerSettings = HTTPServerSettings(), route: @escaping @Sendable (HTTPServerRequest) -> HTTPAnswer
    ) -> EventLoopFuture<HTTPServer> {
        guard Loopback.contains(host) else {
            return eventLoop.makeFailedFuture(AddressError(description: "\(host): a server of ours listens on this machine only"))
        }
        let connections = NIOLoopBoundBox.makeBoxSendingValue(Connections(), eventLoop: eventLoop)
        return ServerBootstrap(group: eventLoop, childGroup: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try accept(channel, tls, settings, connections, route)
                }
            }
            .bind(host: host, port: port)
            .map { channel in
                HTTPServer(channel: channel, port: channel.localAddress?.port ?? 0, connections: connections)
            }
    }

    private static func accept(
        _ channel: any Channel, _ tls: TLSContext?, _ settings: HTTPServerSettings,
        _ connections: NIOLoopBoundBox<Connections>, _ route: @escaping @Sendable (HTTPServerRequest) -> HTTPAnswer
    ) throws {
        guard !connections.value.isStopping, connections.value.open.count < settings.maximumConnections else {
            channel.close(promise: nil)
            return
        }
        connections.value.accepted += 1
        let id = ObjectIdentifier(channel)
        connections.value.open[id] = channel
        channel.closeFuture.whenComplete { _ in connections.value.open[id] = nil }
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(try tls.serverHandler(handshakeTimeout: settings.requestTimeout)) }
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
        try pipeline.addHandler(HTTPServerConnection(number: connections.value.accepted, settings: settings, route: route))
    }

    /// How many connections are open, and how many were ever accepted. On the event loop only.
    public var connectionCounts: (open: Int, accepted: Int) {
        (connections.value.open.count, connections.value.accepted)
    }

    /// Resets every connection by TCP, or those that `isChosen` names by number; on the event loop only.
    public func resetAll() { for channel in connections.value.open.values { Dialer.reset(channel) } }

    /// Ends listening and every connection.
    public func stop() -> EventLoopFuture<Void> {
        let connections = connections
        let channel = channel
        return channel.eventLoop.flatSubmit {
            connections.value.isStopping = true
            let closing = connections.value.open.values.map { open in
                let closed = open.closeFuture
                open.close(promise: nil)
                return closed
            }
            channel.close(promise: nil)
            return EventLoopFuture.andAllComplete(closing + [channel.closeFuture], on: channel.eventLoop)
        }
    }
}
