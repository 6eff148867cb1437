import NIOCore
import TLS
import Testing

@testable import Transport

@Suite(.serialized) struct WebSocketTests {
    /// A server whose one WebSocket behaves as `ear` says, and a client connected to it.
    private func pair(tls: Bool = true, _ serverEar: Ear, _ clientEar: Ear, settings: WebSocketSettings = WebSocketSettings()) throws -> HTTPServer {
        let server = try Bench.serve(tls: tls) { request in
            request.path == "/ws" ? .webSocket(serverEar, WebSocketSettings()) : .response(HTTPServerResponse(status: 401, json: "{\"code\":40101}"))
        }
        try connect(server, clientEar, "/ws?id=1", tls: tls, settings: settings)
        return server
    }

    private func connect(_ server: HTTPServer, _ ear: Ear, _ path: String, tls: Bool = true, settings: WebSocketSettings = WebSocketSettings()) throws {
        let url = try Origin("\(tls ? "wss" : "ws")://localhost:\(server.port)\(path)")
        try Bench.loop.submit { _ = WebSocketClient.connect(to: url, tls: Bench.client, on: Bench.loop, settings: settings, delegate: ear) }.wait()
    }

    @Test(arguments: [true, false]) func messagesGoBothWays(_ tls: Bool) throws {
        let (serverEar, clientEar) = (Ear(), Ear())
        serverEar.onText = { socket, text in try? socket.send(text: text) }
        let texts = ["a", String(repeating: "b", count: 70_000), "ü", ""]
        clientEar.onOpen = { socket in for text in texts { try? socket.send(text: text) } }
        let heard = clientEar.hear(4)
        let server = try pair(tls: tls, serverEar, clientEar)
        #expect(try heard.wait() == texts)
        try Bench.loop.submit { try clientEar.socket?.ping(ByteBuffer(string: "7")) }.wait()
        #expect(try clientEar.ponged.futureResult.wait() == "7")
        try Bench.loop.submit { clientEar.socket?.close(code: 1000, reason: "done") }.wait()
        #expect(try serverEar.ended.futureResult.wait() == .closed(code: 1000, reason: "done"))
        #expect(try clientEar.ended.futureResult.wait() == .closed(code: 1000, reason: ""))
        try server.stop().wait()
    }

    /// What we refuse for what it is will be so again; what nobody answers may be there in a moment.
    @Test func aRefusedCertificateIsToldApartFromNoConnection() throws {
        let server = try Bench.serve { _ in .response(HTTPServerResponse(status: 404)) }
        let ear = Ear()
        let url = try Origin("wss://localhost:\(server.port)/ws")
        let other = try TLSContext.client(extraAuthority: .pem(try TestCertificates().authority.chain))
        try Bench.loop.submit { _ = WebSocketClient.connect(to: url, tls: other, on: Bench.loop, delegate: ear) }.wait()
        guard case .refused(let why) = try ear.ended.futureResult.wait() else { return #expect(Bool(false), "it is not told as refused") }
        #expect(why.contains("certificate"), "\(why)")
        try server.stop().wait()
        let nobody = Ear()
        try Bench.loop.submit { _ = WebSocketClient.connect(to: url, tls: Bench.client, on: Bench.loop, delegate: nobody) }.wait()
        guard case .connect = try nobody.ended.futureResult.wait() else { return #expect(Bool(false), "nobody listens: that is no refusal") }
    }

    @Test func anotherStatusIsTold() throws {
        let ear = Ear()
        let server = try Bench.serve { _ in .response(HTTPServerResponse(status: 401, json: "{\"code\":40101}")) }
        try connect(server, ear, "/ws")
        #expect(try ear.ended.futureResult.wait() == .status(401, excerpt: "{\"code\":40101}", retryAfterSeconds: nil))
        #expect(throws: (any Error).self) { try ear.opened.futureResult.wait() }
        try server.stop().wait()
    }

    /// F33: what the server does wrong after the upgrade, and how it ends.
    @Test(arguments: [([0x81, 0x81, 0, 0, 0, 0, 65], 1002), ([0x83, 0], 1002), ([0x81, 1, 0xFF], 1007), ([0x81, 127, 0, 0, 0, 1, 0, 0, 0, 0], 1009)] as [([UInt8], UInt16)])
    func violationsClose(_ bytes: [UInt8], _ code: UInt16) throws {
        let (serverEar, clientEar) = (Ear(), Ear())
        serverEar.onOpen = { socket in try? socket.sendRaw(ByteBuffer(bytes: bytes)) }
        let server = try pair(serverEar, clientEar)
        guard case .violation(let fault) = try clientEar.ended.futureResult.wait() else { Issue.record("no violation"); return }
        #expect(fault.code == code)
        guard case .closed(code, _) = try serverEar.ended.futureResult.wait() else { Issue.record("the server was not told \(code)"); return }
        try server.stop().wait()
    }

    @Test func aFloodOfPingsIsEnded() throws {
        let (serverEar, clientEar) = (Ear(), Ear())
        serverEar.onOpen = { socket in try? socket.sendRaw(ByteBuffer(bytes: (0..<500).flatMap { _ in [0x89, 0] as [UInt8] })) }
        let server = try pair(serverEar, clientEar)
        #expect(try clientEar.ended.futureResult.wait() == .violation(WebSocketViolation(code: 1008, reason: "a flood of pings")))
        try server.stop().wait()
    }

    @Test func endsWithoutAGoodbye() throws {
        for how in ["reset", "1013"] {
            let (serverEar, clientEar) = (Ear(), Ear())
            serverEar.onOpen = { socket in if how == "reset" { socket.reset() } else { socket.close(code: 1013, reason: "later") } }
            let server = try pair(serverEar, clientEar)
            let end = try clientEar.ended.futureResult.wait()
            if how == "reset" {
                guard case .dropped = end else { Issue.record("\(end)"); continue }
            } else {
                #expect(end == .closed(code: 1013, reason: "later"))
            }
            try server.stop().wait()
        }
    }

    @Test func aPeerThatDoesNotReadFillsTheBufferAndNoMore() throws {
        let (serverEar, clientEar) = (Ear(), Ear())
        serverEar.onOpen = { $0.setReading(false) }
        let full = Bench.loop.makePromise(of: WebSocketSendError.self)
        var settings = WebSocketSettings()
        settings.maximumOutboundBytes = 1 << 18
        clientEar.onOpen = { socket in
            let text = String(repeating: "x", count: 1 << 16)
            do throws(WebSocketSendError) { while true { try socket.send(text: text) } } catch { full.succeed(error) }
        }
        let server = try pair(serverEar, clientEar, settings: settings)
        #expect(try full.futureResult.wait() == .full)
        try Bench.loop.submit { clientEar.socket?.reset() }.wait()
        try server.stop().wait()
    }

    @Test func silenceAndUnansweredClosesEnd() throws {
        let (serverEar, clientEar) = (Ear(), Ear())
        var settings = WebSocketSettings()
        settings.silenceLimit = .milliseconds(200)
        let server = try pair(serverEar, clientEar, settings: settings)
        #expect(try clientEar.ended.futureResult.wait() == .silent)
        try server.stop().wait()
        let (deafEar, closingEar) = (Ear(), Ear())
        deafEar.onOpen = { $0.setReading(false) }
        settings.silenceLimit = nil
        settings.closeTimeout = .milliseconds(200)
        closingEar.onOpen = { $0.close() }
        let deaf = try pair(deafEar, closingEar, settings: settings)
        #expect(try closingEar.ended.futureResult.wait() == .closeTimeout)
        try deaf.stop().wait()
    }

    @Test func nobodyThereIsTold() throws {
        let server = try Bench.serve { _ in .close }
        let ear = Ear()
        try server.stop().wait()
        try connect(server, ear, "/ws")
        guard case .connect = try ear.ended.futureResult.wait() else { Issue.record("no connect error"); return }
    }
}
