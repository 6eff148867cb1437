import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Transport

@Suite(.serialized) struct RESTTests {
    @Test(arguments: [true, false]) func aRequestArrivesAndItsAnswerComesBack(_ tls: Bool) throws {
        let server = try Bench.serve(tls: tls) { request in
            let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
            return .response(HTTPServerResponse(json: "\(request.method) \(request.path) \(query) \(request.headers["x-sign"]) \(String(buffer: request.body)) \(request.connection)"))
        }
        let client = try Bench.client(server, tls: tls)
        for _ in 0..<3 {
            let response = try client.ask(RESTRequest(.POST, "/order", query: [("a b", "ü&")], headers: ["X-Sign": "s"], body: ByteBuffer(string: "{}"), deadline: Bench.soon())).get()
            #expect(response.status == 200)
            // The same connection each time.
            #expect(String(buffer: response.body) == "POST /api/order a b=ü&\u{20}[\"s\"] {} 1")
        }
        try client.close().wait()
        try server.stop().wait()
    }

    /// F26, F27: a status is a status.
    @Test func redirectsAndErrorsAreAnswers() throws {
        let asked = NIOLoopBoundBox.makeBoxSendingValue(0, eventLoop: Bench.loop)
        let server = try Bench.serve { request in
            asked.value += 1
            let status = Int(request.path.split(separator: "/").last ?? "") ?? 0
            return .response(HTTPServerResponse(status: status, headers: ["Location": "https://localhost/other", "Retry-After": "9"], body: ByteBuffer(string: "<html>")))
        }
        let client = try Bench.client(server)
        for status in [301, 307, 400, 429, 500, 503] {
            let response = try client.ask(RESTRequest(.POST, "/\(status)", deadline: Bench.soon())).get()
            #expect(response.status == status && response.retryAfterSeconds == 9 && String(buffer: response.body) == "<html>")
        }
        #expect(try Bench.loop.submit { asked.value }.wait() == 6)
        try client.close().wait()
        try server.stop().wait()
    }

    @Test func requestsRunBesideEachOtherUpToTheLimit() throws {
        let waiting = NIOLoopBoundBox.makeBoxSendingValue([EventLoopPromise<HTTPAnswer>](), eventLoop: Bench.loop)
        let server = try Bench.serve { request in
            let promise = Bench.loop.makePromise(of: HTTPAnswer.self)
            waiting.value.append(promise)
            if waiting.value.count == 3 { for promise in waiting.value { promise.succeed(.response(HTTPServerResponse(json: "\(request.connection)"))) } }
            return .later(promise.futureResult)
        }
        let client = try Bench.client(server) { $0.maximumConnections = 3 }
        let all = (0..<3).map { _ in client.send(RESTRequest(.GET, "/", deadline: Bench.soon())) }
        for answer in all { #expect(try answer.wait().status == 200) }
        try client.close().wait()
        try server.stop().wait()
    }

    /// What the server may know of a failed request.
    @Test func whatWasNotSentIsNotSent() throws {
        let server = try Bench.serve { _ in .silence }
        let client = try Bench.client(server) { ($0.maximumConnections, $0.maximumWaiting) = (1, 1) }
        let first = client.send(RESTRequest(.POST, "/", deadline: Bench.soon()))
        try client.warm().recover { _ in }.wait()
        // The only connection is taken: the second waits, the third finds no room, the second's deadline passes unsent.
        let second = client.send(RESTRequest(.POST, "/", deadline: .now() + .milliseconds(300)))
        #expect(client.ask(RESTRequest(.POST, "/", deadline: Bench.soon())) .error == RESTError(delivery: .notSent, reason: .tooManyWaiting(limit: 1)))
        #expect(throws: RESTError(delivery: .notSent, reason: .deadline)) { try second.wait() }
        #expect(client.ask(RESTRequest(.POST, "/a b", deadline: Bench.soon())).error?.delivery == .notSent)
        #expect(client.ask(RESTRequest(.POST, "/", headers: ["X": "a\r\nY: b"], deadline: Bench.soon())).error?.delivery == .notSent)
        try client.close().wait()
        #expect(throws: RESTError(delivery: .ambiguous, reason: .clientClosed)) { try first.wait() }
        #expect(client.ask(RESTRequest(.GET, "/", deadline: Bench.soon())).error == RESTError(delivery: .notSent, reason: .clientClosed))
        try server.stop().wait()
    }

    @Test func nobodyThereIsNotSent() throws {
        let server = try Bench.serve { _ in .silence }
        let client = try Bench.client(server)
        try server.stop().wait()
        let error = client.ask(RESTRequest(.POST, "/", deadline: Bench.soon())).error
        #expect(error?.delivery == .notSent)
        guard case .connect = error?.reason else { Issue.record("\(String(describing: error))"); return }
        try client.close().wait()
    }

    @Test func aServerThatIsNotTrustedIsNotSentAnything() throws {
        let server = try Bench.serve { _ in .silence }
        let client = RESTClient(try Origin("https://localhost:\(server.port)"), tls: try .client(), eventLoop: Bench.loop)
        let error = client.ask(RESTRequest(.POST, "/", deadline: Bench.soon())).error
        #expect(error?.delivery == .notSent && error?.description.contains("authority") == true)
        try client.close().wait()
        try server.stop().wait()
    }

    /// F1, F21, F26, F30: whatever happens after the request has gone is ambiguous.
    @Test func whatMayHaveArrivedIsAmbiguous() throws {
        let server = try Bench.serve { request in
            switch request.path {
            case "/api/close": .close
            case "/api/reset": .reset
            case "/api/silence": .silence
            case "/api/cut": .raw(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"id\""), closes: true)
            case "/api/noise": .raw(ByteBuffer(string: "\u{1}\u{2}\u{3}\r\n\r\n"), closes: false)
            default: .response(HTTPServerResponse(json: String(repeating: "x", count: 2000)))
            }
        }
        let client = try Bench.client(server) { $0.maximumResponseBytes = 1000 }
        for path in ["/close", "/reset", "/cut", "/noise", "/large"] {
            let error = client.ask(RESTRequest(.POST, path, deadline: Bench.soon())).error
            #expect(error?.delivery == .ambiguous, "\(path): \(String(describing: error))")
        }
        let late = client.ask(RESTRequest(.POST, "/silence", deadline: .now() + .milliseconds(200))).error
        #expect(late == RESTError(delivery: .ambiguous, reason: .deadline))
        try client.close().wait()
        try server.stop().wait()
    }

    /// F28: bytes that trickle do not move the deadline.
    @Test func aTrickleDoesNotOutliveTheDeadline() throws {
        let server = try ServerBootstrap(group: Bench.loop).childChannelInitializer { channel in
            channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
                channel.writeAndFlush(ByteBuffer(string: "H"), promise: nil)
                if !channel.isActive { task.cancel() }
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }.bind(host: "127.0.0.1", port: 0).wait()
        let client = RESTClient(try Origin("http://127.0.0.1:\(server.localAddress?.port ?? 0)"), tls: nil, eventLoop: Bench.loop)
        let error = client.ask(RESTRequest(.GET, "/", deadline: .now() + .milliseconds(500))).error
        #expect(error != nil)
        try client.close().wait()
        try server.close().wait()
    }

    @Test func addressesAreChecked() throws {
        let origin = try Origin("HTTPS://API.Example.com:8443/exchange/v1/")
        #expect(origin.isSecure && origin.host == "api.example.com" && origin.port == 8443 && origin.path == "/exchange/v1")
        #expect(try Origin("wss://h/path?x=1").path == "/path?x=1")
        #expect(try Origin("http://[::1]:80").host == "::1")
        for bad in ["example.com", "ftp://a", "http://example.com", "ws://10.0.0.1/x", "https://user:canary@h", "https://", "https://h:0", "https://h:99999", "https://h:x", "https://h/#f", "https://h /x"] {
            do throws(AddressError) {
                _ = try Origin(bad)
                Issue.record("\(bad) was accepted")
            } catch { #expect(!error.description.contains("canary")) }
        }
        #expect(throws: AddressError.self) { try HTTPServer.start(host: "0.0.0.0", on: Bench.loop) { _ in .close }.wait() }
    }
}

extension Result {
    var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
