import NIOCore
import NIOPosix
import TLS
import Transport

/// One event loop and one set of certificates for all tests on real sockets.
enum Bench {
    static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    static let certificates = try! TestCertificates()
    static let client = try! TLSContext.client(extraAuthority: .pem(certificates.authority.chain))
    static let server = try! TLSContext.server(identity: certificates.server())

    static func serve(tls: Bool = true, _ route: @escaping @Sendable (HTTPServerRequest) -> HTTPAnswer) throws -> HTTPServer {
        try HTTPServer.start(tls: tls ? server : nil, on: loop, route: route).wait()
    }

    static func client(_ server: HTTPServer, tls: Bool = true, _ change: (inout RESTSettings) -> Void = { _ in }) throws -> RESTClient {
        var settings = RESTSettings()
        change(&settings)
        return RESTClient(
            try Origin("\(tls ? "https" : "http")://localhost:\(server.port)/api"), tls: client, eventLoop: loop, settings: settings)
    }

    static func soon(_ seconds: Int64 = 20) -> NIODeadline { .now() + .seconds(seconds) }
}

extension RESTClient {
    /// The answer or the error; a test's own deadline is generous.
    func ask(_ request: RESTRequest) -> Result<RESTResponse, RESTError> {
        do { return .success(try send(request).wait()) } catch { return .failure(error as! RESTError) }
    }
}

/// Remembers what a WebSocket told; used on the bench's loop alone, read after a promise.
final class Ear: WebSocketDelegate, @unchecked Sendable {
    let opened = Bench.loop.makePromise(of: Void.self)
    let ended = Bench.loop.makePromise(of: WebSocketEnd.self)
    let ponged = Bench.loop.makePromise(of: String.self)
    var texts: [String] = []
    var socket: WebSocket?
    var onOpen: (WebSocket) -> Void = { _ in }
    var onText: (WebSocket, ByteBuffer) -> Void = { _, _ in }
    private var wanted: (Int, EventLoopPromise<[String]>)?

    func hear(_ count: Int) -> EventLoopFuture<[String]> {
        let promise = Bench.loop.makePromise(of: [String].self)
        wanted = (count, promise)
        return promise.futureResult
    }

    func webSocketOpened(_ socket: WebSocket) {
        self.socket = socket
        onOpen(socket)
        opened.succeed(())
    }
    func webSocket(_ socket: WebSocket, received text: ByteBuffer) {
        onText(socket, text)
        texts.append(String(buffer: text))
        if let (count, promise) = wanted, texts.count >= count {
            wanted = nil
            promise.succeed(texts)
        }
    }
    func webSocket(_ socket: WebSocket, receivedPong payload: ByteBuffer) { ponged.succeed(String(buffer: payload)) }
    func webSocketClosed(_ socket: WebSocket, _ end: WebSocketEnd) {
        ended.succeed(end)
        opened.fail(end)
        ponged.fail(end)
        wanted?.1.fail(end)
        self.socket = nil
    }
}
