import Domain
import NIOCore
import Transport

/// One connection of the market or the user stream.
final class CryptoComSocket: SimSocket {
    let sim: CryptoComSim
    let isUser: Bool
    var isAuthenticated = false
    var cancelsOnDisconnect = false
    var channels: [String] = []
    private var beat: Scheduled<Void>?
    private var deadline: Scheduled<Void>?

    init(sim: CryptoComSim, isUser: Bool) {
        (self.sim, self.isUser) = (sim, isUser)
        super.init(wire: sim.wire)
    }

    override func began() { scheduleBeat() }

    override func ended() {
        beat?.cancel()
        deadline?.cancel()
        guard cancelsOnDisconnect else { return }
        let (sim, number) = (sim, number)
        wire.later(sim.settings.cancelOnDisconnectDelay) { sim.venue.cancelAll(instrument: nil, connection: number, at: sim.now) }
    }

    // MARK: - Heartbeats

    private func scheduleBeat() {
        let box = NIOLoopBound(self, eventLoop: wire.eventLoop)
        beat = wire.eventLoop.scheduleTask(in: sim.settings.heartbeat) { box.value.sendBeat() }
    }

    private func sendBeat() {
        guard let socket, socket.isOpen else { return }
        if wire.faults.next("heartbeat") == nil {
            send("{\"id\":\(sim.now.nanoseconds / 1_000_000),\"method\":\"public/heartbeat\",\"code\":0}")
            let box = NIOLoopBound(self, eventLoop: wire.eventLoop)
            // An earlier one may still be unanswered: its deadline stands.
            if deadline == nil {
                deadline = wire.eventLoop.scheduleTask(in: sim.settings.heartbeatPatience) { box.value.socket?.close(code: 1000, reason: "heartbeat") }
            }
        }
        scheduleBeat()
    }

    // MARK: - Requests

    override func received(_ text: String) {
        guard let value = try? JSONValue(Array(text.utf8)), let method = value["method"]?.text else {
            send("{\"id\":-1,\"method\":\"ERROR\",\"code\":10004,\"message\":\"BAD_REQUEST\",\"original\":\(JSONValue.quoted(text))}")
            return
        }
        if method == "public/respond-heartbeat" {
            deadline?.cancel()
            deadline = nil
            return wire.note(method)
        }
        let id = value["id"]?.text ?? "-1"
        wire.note(method)
        if sim.settings.isStrict, NIODeadline.now() - opened < .seconds(1) { return reply(id, method, 10006) }
        switch method {
        case "public/auth":
            guard !befalls("auth", refuse: { refusal(id, method, $0, 10002) }, throttled: { refusal(id, method, 10006) }) else { return }
            isAuthenticated = isUser && CryptoComCheck.isSigned(value, key: sim.settings.key, secret: sim.settings.secret)
            reply(id, method, isAuthenticated ? 0 : 10002)
        case "subscribe": subscribe(id, value)
        case "unsubscribe":
            let names = value["params"]?["channels"]?.items.compactMap(\.text) ?? []
            channels.removeAll { names.contains($0) }
            reply(id, method, 0)
        default:
            guard method.hasPrefix("public/") || isUser && isAuthenticated else { return reply(id, method, 10002) }
            perform(method, id, value["params"] ?? .object([]))
        }
    }

    private func subscribe(_ id: String, _ value: JSONValue) {
        let names = value["params"]?["channels"]?.items.compactMap(\.text) ?? []
        guard !isUser || isAuthenticated else { return reply(id, "subscribe", 10002) }
        guard !befalls("subscribe", refuse: { refusal(id, "subscribe", $0) }, throttled: { refusal(id, "subscribe", 10006) }) else { return }
        for name in names where !channels.contains(name) { channels.append(name) }
        reply(id, "subscribe", 0)
        for name in names where name.hasPrefix("book.") { sim.pushBook(name, to: self) }
        if names.contains("user.balance") { sim.pushBalances(to: self) }
    }

    private func perform(_ method: String, _ id: String, _ params: JSONValue) {
        if sim.isThrottled(method, isSocket: true) { return reply(id, method, 10006) }
        if method == "private/set-cancel-on-disconnect" { cancelsOnDisconnect = true }
        let (sim, number) = (sim, number)
        wire.answer(
            String(method.split(separator: "/").last ?? ""), on: self, fill: { sim.fillFirst(params) },
            refuse: { code, isDone in self.refusal(id, method, code, isDone ? 10001 : 10004) }, throttled: { self.refusal(id, method, 10006) },
            call: { sim.call(method, id: id, params: params, connection: number).text })
    }

    /// - Parameter usual: Instead of 0.
    private func refusal(_ id: String, _ method: String, _ code: Int, _ usual: Int = 10004) -> String {
        CryptoComReply(id: id, method: method, code: code == 0 ? usual : code).text
    }

    private func reply(_ id: String, _ method: String, _ code: Int) { send(CryptoComReply(id: id, method: method, code: code).text) }
}
