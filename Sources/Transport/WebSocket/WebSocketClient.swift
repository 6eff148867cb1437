public import NIOCore
import NIOPosix
public import TLS

/// A client's request for a WebSocket, as bytes.
struct UpgradeRequest {
    let origin: Origin
    let key: String
    let bytes: ByteBuffer

    init(_ origin: Origin, headers: [(name: String, value: String)]) {
        self.origin = origin
        key = Encoding.base64(Secure.randomBytes(16))
        var text = "GET \(origin.path.isEmpty ? "/" : origin.path) HTTP/1.1\r\nHost: \(origin.authority)\r\n"
        text += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n"
        for (name, value) in headers {
            precondition(!(name + value).utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 }, "a header holds a line break")
            text += "\(name): \(value)\r\n"
        }
        bytes = ByteBuffer(string: text + "\r\n")
    }
}

/// Opens WebSockets.
public enum WebSocketClient {
    /// Begins to connect and answers at once; the delegate hears how it went. To be called on the event loop.
    ///
    /// - Parameter url: Its path and query are asked for as they stand.
    @discardableResult
    public static func connect(
        to url: Origin, headers: [(name: String, value: String)] = [], tls: TLSContext?, on eventLoop: any EventLoop,
        settings: WebSocketSettings = WebSocketSettings(), delegate: any WebSocketDelegate
    ) -> WebSocket {
        eventLoop.preconditionInEventLoop()
        let handler = WebSocketHandler(UpgradeRequest(url, headers: headers), settings: settings, delegate: delegate)
        handler.arm(deadline: .now() + settings.connectTimeout, on: eventLoop)
        let bound = NIOLoopBound(handler, eventLoop: eventLoop)
        let mark = ChannelOptions.Types.WriteBufferWaterMark(
            low: settings.maximumOutboundBytes / 2, high: settings.maximumOutboundBytes)
        Dialer.connect(
            to: url, tls: tls, on: eventLoop, timeout: settings.connectTimeout, silenceLimit: settings.unacknowledgedLimit
        ) { channel in
            try channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark)
            try channel.pipeline.syncOperations.addHandler(handler)
        }.whenComplete { result in
            switch result {
            case .success(let channel): if bound.value.isOver { channel.close(promise: nil) }
            case .failure(let error): bound.value.over(WebSocketEnd(dialling: error))
            }
        }
        return handler.handle
    }
}
