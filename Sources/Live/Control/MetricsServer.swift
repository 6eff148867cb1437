internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Transport

/// Prometheus metrics, and the status as JSON, over plain HTTP on this machine: looking only, on a thread of its own (S12, S13, S17).
///
/// It answers GET and HEAD of `/metrics` and `/status`. A `Host` that is not this machine's is refused: a page in a browser that was made to
/// resolve its own name to 127.0.0.1 learns nothing.
public final class MetricsServer: Sendable {
    private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let server: HTTPServer
    public var port: Int { server.port }

    static let headers: HTTPHeaders = [
        "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'",
    ]

    /// Listens at once.
    ///
    /// - Parameters:
    ///   - listen: `127.0.0.1:PORT`, `[::1]:PORT` or `localhost:PORT`; 0 for any free port.
    ///   - rewrite: Goes over every answer: takes secrets out.
    /// - Throws: ``StateError`` naming the address.
    @available(*, noasync, message: "it blocks its thread until it listens")
    public init(listen: String, board: StatusBoard, rewrite: @escaping @Sendable (String) -> String = { $0 }) throws(StateError) {
        guard let (host, port) = MetricsServer.split(listen) else {
            throw .malformed(path: "metrics.listen", found: listen, expected: "127.0.0.1:PORT, [::1]:PORT or localhost:PORT")
        }
        var settings = HTTPServerSettings()
        settings.maximumBodyBytes = 4_096
        settings.requestTimeout = .seconds(5)
        settings.idleLimit = .seconds(60)
        settings.maximumConnections = 16
        do {
            server = try HTTPServer.start(host: host == "localhost" ? "127.0.0.1" : host, port: port, on: loops.next(), settings: settings) { request in
                .response(MetricsServer.answer(request, board, rewrite))
            }.wait()
        } catch {
            throw .system(path: listen, operation: "listen", reason: "\(error)")
        }
    }

    /// Closes everything.
    @available(*, noasync, message: "it blocks its thread")
    public func stop() {
        do {
            try server.stop().wait()
            try loops.syncShutdownGracefully()
        } catch { return }
    }

    static func split(_ listen: String) -> (host: String, port: Int)? {
        guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]) else { return nil }
        switch listen[..<colon] {
        case "127.0.0.1", "localhost": return (String(listen[..<colon]), Int(port))
        case "[::1]": return ("::1", Int(port))
        default: return nil
        }
    }

    // MARK: - Answers

    static func answer(_ request: HTTPServerRequest, _ board: StatusBoard, _ rewrite: (String) -> String) -> HTTPServerResponse {
        guard isOurs(request.headers["host"]) else { return refusal(403, "this host name is not this machine's\n") }
        guard request.method == .GET || request.method == .HEAD else { return refusal(405, "GET only\n", ["Allow": "GET, HEAD"]) }
        guard request.path == "/metrics" || request.path == "/status" else { return refusal(404, "there are /metrics and /status\n") }
        guard let snapshot = board.latest else { return refusal(503, "the run is starting: it has told nothing yet\n") }
        var headers = MetricsServer.headers
        let isText = request.path == "/metrics"
        headers.add(name: "Content-Type", value: isText ? MetricsText.contentType : "application/json")
        let text = rewrite(isText ? MetricsText.render(snapshot) : StatusJSON.render(snapshot) + "\n")
        return HTTPServerResponse(status: 200, headers: headers, body: ByteBuffer(string: text))
    }

    /// One `Host`, and one by which this machine calls itself.
    private static func isOurs(_ hosts: [String]) -> Bool {
        guard hosts.count == 1, let host = hosts.first?.lowercased() else { return false }
        let name: Substring
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            name = host[...end]
        } else {
            name = host.prefix { $0 != ":" }
        }
        let port = host[name.endIndex...]
        return ["127.0.0.1", "localhost", "[::1]"].contains(name) && (port.isEmpty || port.hasPrefix(":") && UInt16(port.dropFirst()) != nil)
    }

    private static func refusal(_ status: Int, _ text: String, _ more: HTTPHeaders = [:]) -> HTTPServerResponse {
        var headers = MetricsServer.headers
        headers.add(contentsOf: more)
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        return HTTPServerResponse(status: status, headers: headers, body: ByteBuffer(string: text))
    }
}
