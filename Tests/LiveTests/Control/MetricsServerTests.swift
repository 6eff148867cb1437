import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import Transport

@testable import Live

/// Prometheus and status over HTTP: looking only, from this machine only.
struct MetricsServerTests {
    private func snapshot() -> StatusSnapshot {
        StatusSnapshot(
            mode: "live", run: "r1", process: 1, phase: "running", tradingState: "active", started: Timestamp(nanoseconds: 0),
            time: Timestamp(nanoseconds: 9), binary: "secret-word")
    }

    private func ask(_ method: HTTPMethod, _ path: String, port: Int, host: String? = nil) async throws -> RESTResponse {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let client = RESTClient(try Origin("http://127.0.0.1:\(port)"), tls: nil, eventLoop: loop)
        let response = try await client.send(RESTRequest(method, path, deadline: .now() + .seconds(20))).get()
        try await client.close().get()
        return response
    }

    /// A request as it stands, for a `Host` that no client would send.
    private func raw(_ text: String, port: Int) async -> String {
        await blocking {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let connected = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) } }
            guard connected == 0 else { return "no connection" }
            _ = send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL))
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes[..<max(count, 0)], as: UTF8.self)
        }
    }

    private func serve(_ board: StatusBoard, rewrite: @escaping @Sendable (String) -> String = { $0 }) async throws -> MetricsServer {
        try await blocking { Result { try MetricsServer(listen: "127.0.0.1:0", board: board, rewrite: rewrite) } }.get()
    }

    @Test func answersMetricsAndStatusAndNothingElse() async throws {
        let board = StatusBoard()
        let server = try await serve(board, rewrite: { $0.replacingOccurrences(of: "secret-word", with: "hidden") })
        let early = try await ask(.GET, "/metrics", port: server.port)
        #expect(early.status == 503, "a run that starts has told nothing yet")
        board.publish(snapshot())
        let metrics = try await ask(.GET, "/metrics", port: server.port)
        #expect(metrics.status == 200 && metrics.headers.first(name: "content-type") == MetricsText.contentType)
        let text = String(buffer: metrics.body)
        #expect(text.contains("perigee_info{mode=\"live\"") && text.contains("hidden") && !text.contains("secret-word"))
        #expect(metrics.headers.first(name: "content-security-policy") == "default-src 'none'")
        let status = try await ask(.GET, "/status", port: server.port)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(status.body.readableBytesView)) as? [String: Any])
        #expect(object["run"] as? String == "r1")
        #expect(try await ask(.GET, "/", port: server.port).status == 404)
        for method in [HTTPMethod.POST, .PUT, .DELETE, .OPTIONS] { #expect(try await ask(method, "/metrics", port: server.port).status == 405, "\(method)") }
        await blocking { server.stop() }
    }

    @Test(arguments: ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1:x", "[::1", "[::2]", "127.0.0.1\r\nHost: localhost"])
    func anotherHostNameIsRefused(_ host: String) async throws {
        let board = StatusBoard()
        board.publish(snapshot())
        let server = try await serve(board)
        let answer = await raw("GET /metrics HTTP/1.1\r\nHost: \(host)\r\n\r\n", port: server.port)
        #expect(answer.hasPrefix("HTTP/1.1 403") || answer.hasPrefix("HTTP/1.1 400"), "\(host): \(answer.prefix(60))")
        #expect(!answer.contains("perigee_"))
        for good in ["localhost", "127.0.0.1", "[::1]:9", "LOCALHOST:1"] {
            #expect(await raw("GET /metrics HTTP/1.1\r\nHost: \(good)\r\n\r\n", port: server.port).hasPrefix("HTTP/1.1 200"), "\(good)")
        }
        await blocking { server.stop() }
    }

    @Test func otherAddressesAreNotListenedOn() {
        for listen in ["0.0.0.0:1", "192.168.0.1:9464", "127.0.0.1", "[::]:1", ":1", "example.org:1", "127.0.0.1:70000"] {
            #expect(MetricsServer.split(listen) == nil, "\(listen)")
        }
        #expect(MetricsServer.split("[::1]:9464")?.host == "::1")
    }

    @Test func whoListensHearsEverySnapshotUntilItLeaves() {
        let board = StatusBoard()
        let heard = Counter()
        let id = board.listen { _ in heard.count.withLock { $0 += 1 } }
        board.publish(snapshot())
        board.publish(snapshot())
        board.leave(id)
        board.publish(snapshot())
        #expect(heard.count.withLock { $0 } == 2 && board.latest != nil)
    }

    final class Counter: Sendable { let count = Mutex(0) }
}
