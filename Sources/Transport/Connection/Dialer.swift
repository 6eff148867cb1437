import Glibc
import NIOCore
import NIOPosix
import TLS

/// Opens one TCP connection, with TLS where the origin says so.
///
/// Names are looked up off the event loop (NIO asks `getaddrinfo` on a queue of its own) and addresses tried as in RFC 8305.
enum Dialer {
    /// Must be called on the event loop; `initialize` runs there too, behind TLS.
    static func connect(
        to origin: Origin, tls: TLSContext?, on eventLoop: any EventLoop, timeout: TimeAmount,
        silenceLimit: TimeAmount, initialize: @escaping (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let setUp = NIOLoopBound(initialize, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)), value: Int(silenceLimit.nanoseconds / 1_000_000))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if origin.isSecure {
                        guard let tls else { throw TLSError(host: origin.host, reason: .setup("no TLS context was given")) }
                        try channel.pipeline.syncOperations.addHandler(
                            try tls.clientHandler(host: origin.host, handshakeTimeout: timeout))
                    }
                    try setUp.value(channel)
                }
            }
            .connect(host: origin.host, port: origin.port)
    }

    /// What went wrong below HTTP, in words.
    static func words(_ error: any Error) -> String {
        if let error = error as? TLSError { return error.description }
        if let error = error as? NIOConnectionError {
            if error.connectionErrors.isEmpty { return "\(error.host): the name was not found" }
            return "\(error.host):\(error.port): \(error.connectionErrors.map { words($0.error) }.joined(separator: "; "))"
        }
        if let error = error as? IOError { return unsafe String(cString: strerror(error.errnoCode)) }
        if let error = error as? ChannelError {
            switch error {
            case .connectTimeout: return "no connection in time"
            default: return "\(error)"
            }
        }
        return "\(error)"
    }

    /// Ends a connection by a TCP reset, without a closing alert: a fault that servers of a simulation play.
    static func reset(_ channel: any Channel) {
        if let handler = try? channel.pipeline.syncOperations.handler(type: TLSHandler.self) { handler.abandon() }
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        channel.close(promise: nil)
    }
}

extension WebSocketEnd {
    /// Why a connection did not come up.
    init(dialling error: any Error) {
        let isRefusal = (error as? TLSError)?.isRefusal ?? false
        self = isRefusal ? .refused(Dialer.words(error)) : .connect(Dialer.words(error))
    }
}
