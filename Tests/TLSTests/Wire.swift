import NIOCore
import NIOEmbedded
import Testing

@testable import TLS

/// Two embedded channels whose ciphertext is carried by hand, in pieces of any size.
final class Wire {
    let client: EmbeddedChannel
    let server: EmbeddedChannel
    let clientSeen = Seen()
    let serverSeen = Seen()
    let loop = EmbeddedEventLoop()

    init(client: TLSHandler, server: TLSHandler) throws {
        self.client = EmbeddedChannel(loop: loop)
        self.server = EmbeddedChannel(loop: loop)
        try self.server.pipeline.syncOperations.addHandlers([server, serverSeen])
        try self.client.pipeline.syncOperations.addHandlers([client, clientSeen])
        try self.server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try self.client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    static func make() throws -> Wire {
        try Wire(client: Made.clientContext.clientHandler(host: "localhost"), server: Made.serverContext.serverHandler())
    }

    static func move(_ from: EmbeddedChannel, _ to: EmbeddedChannel, piece: Int) throws -> Bool {
        var moved = false
        while var bytes = try from.readOutbound(as: ByteBuffer.self) {
            while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
                moved = true
                // A copy: what a socket reads shares no memory with what another wrote.
                _ = try? to.writeInbound(ByteBuffer(bytes: part.readableBytesView))
            }
        }
        return moved
    }

    /// Carries bytes both ways until there are none.
    func pump(piece: Int = .max) throws {
        var moved = true
        while moved {
            let there = try Wire.move(client, server, piece: piece)
            let back = try Wire.move(server, client, piece: piece)
            moved = there || back
        }
    }

    deinit {
        _ = try? client.finish(acceptAlreadyClosed: true)
        _ = try? server.finish(acceptAlreadyClosed: true)
    }
}

/// Remembers what a TLS handler told.
final class Seen: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var bytes: [UInt8] = []
    var errors: [TLSError.Reason] = []
    var isOpen = false
    var isInactive = false
    var reads = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reads += 1
        bytes += Array(unwrapInboundIn(data).readableBytesView)
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { if let error = error as? TLSError { errors.append(error.reason) } }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { if event is TLSEvent { isOpen = true } }
    func channelInactive(context: ChannelHandlerContext) { isInactive = true }
}

/// Made once for the whole suite.
enum Made {
    static let certificates: TestCertificates = try! TestCertificates()
    static var server: TLSIdentity { get throws { try certificates.server() } }
    /// To load the system's authorities takes tens of milliseconds.
    static let clientContext = try! TLSContext.client(extraAuthority: .pem(certificates.authority.chain))
    static let serverContext = try! TLSContext.server(identity: certificates.server())
}
