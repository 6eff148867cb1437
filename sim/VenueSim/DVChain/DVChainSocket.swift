import Domain
import NIOCore
import NIOHTTP1
import TLS
import Transport

/// One connection of the desk's socket.
final class DVChainSocket: SimSocket {
    let sim: DVChainSim
    var topics: Set<String> = []

    init(sim: DVChainSim) {
        self.sim = sim
        super.init(wire: sim.wire)
    }

    override func received(_ text: String) {
        guard let frame = try? JSONValue(Array(text.utf8)), let type = frame["type"]?.text else { return error("", "", "not a frame") }
        let (event, topic) = (frame["event"]?.text ?? "", frame["topic"]?.text ?? "")
        wire.note("ws \(type)")
        switch type {
        case "ping-pong": send("{\"type\":\"ping-pong\",\"event\":\(JSONValue.quoted(event)),\"topic\":\"ping-pong\"}")
        case "subscribe": subscribe(event, topic)
        case "unsubscribe": topics.remove("\(event) \(topic)")
        case "request-response": respond(event, topic, frame["data"] ?? .object([]))
        case _: error(event, topic, "unknown type")
        }
    }

    private func subscribe(_ event: String, _ topic: String) {
        let refused = befalls("subscribe", refuse: { _ in self.refusal(event, topic, "refused") }, throttled: { self.refusal(event, topic, "throttled") })
        guard !refused else { return }
        topics.insert("\(event) \(topic)")
        if event == "levels", let index = sim.venue.instrument(named: topic) { sim.pushLevels(index, to: self) }
    }

    private func respond(_ event: String, _ topic: String, _ data: JSONValue) {
        func reply(_ text: String) {
            send("{\"type\":\"request-response\",\"event\":\(JSONValue.quoted(event)),\"topic\":\(JSONValue.quoted(topic)),\"data\":\(text)}")
        }
        switch topic {
        case "availablesymbols": reply("[\(sim.venue.instruments.map { "\"\($0.nativeSymbol)\"" }.joined(separator: ","))]")
        case "limits": reply(sim.limits)
        case _: error(event, topic, "not over this socket")
        }
    }

    private func refusal(_ event: String, _ topic: String, _ message: String) -> String {
        "{\"type\":\"error\",\"event\":\(JSONValue.quoted(event)),\"topic\":\(JSONValue.quoted(topic)),\"data\":{\"message\":\(JSONValue.quoted(message))}}"
    }

    private func error(_ event: String, _ topic: String, _ message: String) { send(refusal(event, topic, message)) }
}

extension DVChainSim {
    var sockets: [DVChainSocket] { wire.sockets.compactMap { $0 as? DVChainSocket } }

    /// The handshake's headers: one text of key, time and window, signed; neither too old nor good for too long.
    func upgrade(_ request: HTTPServerRequest) -> HTTPAnswer {
        guard let key = request.headers.first(name: "dv-api-key"), let time = request.headers.first(name: "dv-timestamp"),
            let window = request.headers.first(name: "dv-timewindow"), let given = request.headers.first(name: "dv-signature"), key == settings.key,
            let milliseconds = Int64(time), let width = Int64(window), width > 0, width <= 60_000,
            abs(now.nanoseconds / 1_000_000 - milliseconds) <= width
        else { return .response(fail(401, "Unauthorized")) }
        let code = HMACKey(.sha256, key: Array(settings.secret.utf8)).code([key, time, window].joined())
        guard Secure.equal(Array(Encoding.base64(code).utf8), Array(given.utf8)) else { return .response(fail(401, "Unauthorized")) }
        return wire.upgrade(DVChainSocket(sim: self))
    }

    func pushLevels(_ index: Int) {
        let name = venue.instruments[index].nativeSymbol
        for socket in sockets where socket.topics.contains("levels " + name) { pushLevels(index, to: socket) }
    }

    func pushLevels(_ index: Int, to socket: DVChainSocket) { push(levels: levels(index) ?? "[]", of: venue.instruments[index].nativeSymbol, to: socket) }

    func push(levels: String, of name: String, to socket: DVChainSocket) {
        let time = now.nanoseconds / 1_000_000
        let data = "{\"levels\":\(levels),\"lastUpdate\":\(time),\"quoteId\":\"7a3c9f52-60a1-4b57-9d22-\(time % 1_000_000_000_000)\",\"market\":\"\(name)\"}"
        wire.push("levels", "{\"type\":\"subscribe\",\"event\":\"levels\",\"topic\":\"\(name)\",\"data\":\(data)}", to: socket)
    }

    func pushOrder(_ order: SimOrder) {
        let text = "{\"type\":\"subscribe\",\"event\":\"order-updates\",\"topic\":\"order/#\",\"data\":\(row(order))}"
        for socket in sockets where socket.topics.contains("order-updates order/#") { wire.push("order", text, to: socket) }
    }

    /// Asks every connection to come anew.
    public func askForReconnect() {
        for socket in sockets { socket.send(#"{"type":"info","event":"reconnect"}"#) }
    }
}
