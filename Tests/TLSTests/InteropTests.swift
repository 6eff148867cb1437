import NIOCore
import NIOPosix
import Testing

@testable import TLS

/// Against what others wrote: OpenSSL's own tools and Python's `ssl`. Skipped, saying so, where they are not installed.
@Suite(.serialized) struct InteropTests {
    private func connect(_ port: Int, host: String = "localhost", onto last: Echo) throws -> any Channel {
        let context = Made.clientContext
        return try ClientBootstrap(group: Loops.one.next()).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers([try context.clientHandler(host: host), last])
            }
        }.connect(host: "127.0.0.1", port: port).wait()
    }

    private func echoServer() throws -> any Channel {
        let context = Made.serverContext
        return try ServerBootstrap(group: Loops.one).childChannelOption(.allowRemoteHalfClosure, value: true).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers([try context.serverHandler(), Echo(answers: true)])
            }
        }.bind(host: "127.0.0.1", port: 0).wait()
    }

    @Test(.enabled(if: Tools.openssl != nil, "openssl is not installed"), arguments: ["-tls1_2", "-tls1_3"])
    func opensslServer(_ version: String) throws {
        let identity = try Made.server
        let server = try Program(
            try #require(Tools.openssl), ["s_server", "-accept", "127.0.0.1:0", "-cert", "c.pem", "-key", "k.pem", "-rev", version],
            files: ["c.pem": identity.chain, "k.pem": identity.key])
        let port = try #require(server.line("ACCEPT").flatMap { Int($0.split(separator: ":").last ?? "") })
        let seen = Echo(answers: false)
        let answer = seen.expect(6)
        let channel = try connect(port, onto: seen)
        try channel.writeAndFlush(ByteBuffer(string: "hello\n")).wait()
        #expect(String(decoding: try answer.wait(), as: UTF8.self) == "olleh\n")
        try channel.close().wait()
    }

    /// The server's TLS 1.0 is its own; the refusal is ours.
    @Test(.enabled(if: Tools.openssl != nil, "openssl is not installed"), arguments: ["-tls1", "-tls1_1"])
    func opensslServerOfOldVersions(_ version: String) throws {
        let identity = try Made.server
        let server = try Program(
            try #require(Tools.openssl),
            ["s_server", "-accept", "127.0.0.1:0", "-cert", "c.pem", "-key", "k.pem", "-rev", version, "-cipher", "ALL:@SECLEVEL=0"],
            files: ["c.pem": identity.chain, "k.pem": identity.key])
        let port = try #require(server.line("ACCEPT").flatMap { Int($0.split(separator: ":").last ?? "") })
        let seen = Echo(answers: false)
        let failure = seen.failure
        let channel = try connect(port, onto: seen)
        #expect(try failure.futureResult.wait().reason == .protocolVersion)
        try channel.closeFuture.wait()
    }

    @Test(.enabled(if: Tools.openssl != nil, "openssl is not installed"), arguments: ["-tls1_2", "-tls1_3"])
    func opensslClient(_ version: String) throws {
        let server = try echoServer()
        let client = try Program(
            try #require(Tools.openssl),
            ["s_client", "-connect", "127.0.0.1:\(server.localAddress?.port ?? 0)", "-CAfile", "ca.pem", "-verify_return_error", "-verify_hostname", "localhost",
             "-quiet", version],
            files: ["ca.pem": Made.certificates.authority.chain])
        try client.input.fileHandleForWriting.write(contentsOf: Array("hello\n".utf8))
        #expect(client.line("hello") == "hello")
        try server.close().wait()
    }

    private static let clientScript = """
        import ssl, socket, sys, threading
        context = ssl.create_default_context(cafile="ca.pem")
        raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        tls = context.wrap_socket(raw, server_hostname="localhost")
        data = bytes(range(256)) * 16384
        def send():
            for at in range(0, len(data), 50000): tls.sendall(data[at:at + 50000])
        thread = threading.Thread(target=send); thread.start()
        got = bytearray()
        while len(got) < len(data): got += tls.recv(65536)
        thread.join()
        print("same" if got == data else "differs", flush=True)
        tls.unwrap()
        print("clean", flush=True)
        """

    @Test(.enabled(if: Tools.python != nil, "python3 is not installed")) func pythonClientSendsMuchBothWaysAndClosesCleanly() throws {
        let server = try echoServer()
        let client = try Program(
            try #require(Tools.python), ["client.py", "\(server.localAddress?.port ?? 0)"],
            files: ["ca.pem": Made.certificates.authority.chain, "client.py": Array(InteropTests.clientScript.utf8)])
        #expect(client.line("same") == "same")
        #expect(client.line("clean") == "clean")
        try server.close().wait()
    }

    private static let serverScript = """
        import ssl, socket, struct, sys
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("c.pem", "k.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        print("PORT", listener.getsockname()[1], flush=True)
        raw, _ = listener.accept()
        how = sys.argv[1]
        if how == "accept-fin": raw.recv(65536); raw.close(); sys.exit()
        if how == "hello-rst":
            raw.recv(10)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); raw.close(); sys.exit()
        tls = context.wrap_socket(raw, server_side=True)
        tls.sendall(b"x")
        if how == "fin": tls.recv(1); socket.socket.shutdown(tls, socket.SHUT_RDWR); tls.close()
        if how == "rst":
            tls.recv(1)
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); tls.close()
        if how == "notify":
            tls.recv(1)
            try: tls.unwrap()
            except OSError: pass
        """

    /// F30, by real sockets: FIN and RST before, in and after the handshake, and a clean end.
    @Test(.enabled(if: Tools.python != nil, "python3 is not installed"), arguments: ["accept-fin", "hello-rst", "fin", "rst", "notify"])
    func pythonServerEnds(_ how: String) throws {
        let identity = try Made.server
        let server = try Program(
            try #require(Tools.python), ["server.py", how],
            files: ["c.pem": identity.chain, "k.pem": identity.key, "server.py": Array(InteropTests.serverScript.utf8)])
        let port = try #require(server.line("PORT").flatMap { Int($0.split(separator: " ").last ?? "") })
        let seen = Echo(answers: true)
        let (failure, ended) = (seen.failure, seen.ended)
        let channel = try connect(port, onto: seen)
        try channel.closeFuture.wait()
        try ended.futureResult.wait()
        if how == "notify" {
            #expect(throws: ChannelError.self) { try failure.futureResult.wait() }
        } else if how == "fin" {
            #expect(try failure.futureResult.wait().reason == .truncated)
        } else if how == "accept-fin" {
            #expect(try failure.futureResult.wait().reason == .closedDuringHandshake)
        } else {
            _ = try failure.futureResult.wait()
        }
    }

    /// A reader that stops makes the writer's channel unwritable, and nothing is lost when it goes on.
    @Test func backpressureReachesTheWriter() throws {
        let context = Made.serverContext
        let slow = Echo(answers: false)
        let total = 12 << 20
        let received = slow.expect(total)
        let server = try ServerBootstrap(group: Loops.one.next()).childChannelOption(.autoRead, value: false)
            .childChannelOption(.socketOption(.so_rcvbuf), value: 65_536)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([try context.serverHandler(), slow])
                    slow.channel = channel
                }
            }.bind(host: "127.0.0.1", port: 0).wait()
        let writer = Echo(answers: false)
        let stuck = writer.unwritable
        let opened = writer.opened
        let channel = try connect(server.localAddress?.port ?? 0, onto: writer)
        try opened.futureResult.wait()
        let sent = channel.writeAndFlush(ByteBuffer(repeating: 7, count: total))
        try stuck.futureResult.wait()
        try Loops.one.next().submit { try slow.channel?.syncOptions?.setOption(.autoRead, value: true) }.wait()
        #expect(try received.wait().count == total)
        try sent.wait()
        try channel.close().wait()
        try server.close().wait()
    }
}

enum Tools {
    static let openssl = Program.find("openssl")
    static let python = Program.find("python3")
}

enum Loops { static let one = MultiThreadedEventLoopGroup(numberOfThreads: 1) }

/// Answers what it reads, or remembers it; tells when something happened.
/// Made by a test, then used on the one event loop alone.
final class Echo: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let answers: Bool
    let failure = Loops.one.next().makePromise(of: TLSError.self)
    let ended = Loops.one.next().makePromise(of: Void.self)
    let opened = Loops.one.next().makePromise(of: Void.self)
    let unwritable = Loops.one.next().makePromise(of: Void.self)
    var channel: (any Channel)?
    private var bytes: [UInt8] = []
    private var wanted: (Int, EventLoopPromise<[UInt8]>)?

    init(answers: Bool) { self.answers = answers }

    /// The first so many bytes; to be called before the channel is.
    func expect(_ count: Int) -> EventLoopFuture<[UInt8]> {
        let promise = Loops.one.next().makePromise(of: [UInt8].self)
        wanted = (count, promise)
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if answers {
            context.writeAndFlush(wrapOutboundOut(part), promise: nil)
            return
        }
        bytes += Array(part.readableBytesView)
        if let (count, promise) = wanted, bytes.count >= count {
            wanted = nil
            promise.succeed(bytes)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable { unwritable.succeed(()) }
        if answers { try? context.channel.syncOptions?.setOption(.autoRead, value: context.channel.isWritable) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSEvent { opened.succeed(()) }
        if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure.succeed(error as? TLSError ?? TLSError(host: "", reason: .failed("\(error)")))
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ended.succeed(())
        opened.fail(ChannelError.eof)
        unwritable.fail(ChannelError.eof)
        wanted?.1.fail(ChannelError.eof)
        // A promise must end; whoever waits for a failure that did not come has ended it already.
        failure.fail(ChannelError.eof)
    }
}
