import Domain
import NIOCore
import Transport

/// One connection of the market or the user stream.
final class CryptoComSocket: WebSocketDelegate {
    unowned let sim: CryptoComSim
    let isUser: Bool
    let number: Int
    var socket: WebSocket?
    var isAuthenticated = false
    var cancelsOnDisconnect = false
    var channels: [String] = []
    var isSilent = false
    private var opened: NIODeadline = .now()
    private var beat: Scheduled<Void>?
    private var deadline: Scheduled<Void>?

    init(sim: CryptoComSim, isUser: Bool, number: Int) { (self.sim, self.isUser, self.number) = (sim, isUser, number) }

    func webSocketOpened(_ socket: WebSocket) {
        self.socket = socket
        opened = .now()
        scheduleBeat()
    }

    func webSocketClosed(_ socket: WebSocket, _ end: WebSocketEnd) {
        beat?.cancel()
        deadline?.cancel()
        self.socket = nil
        defer { sim.onActivity?() }
        sim.sockets.removeAll { $0 === self }
        guard cancelsOnDisconnect else { return }
        let box = NIOLoopBound(sim, eventLoop: sim.eventLoop)
        let number = number
        sim.eventLoop.scheduleTask(in: sim.settings.cancelOnDisconnectDelay) {
            box.value.venue.cancelAll(instrument: nil, connection: number, at: box.value.now)
        }
    }

    // MARK: - Heartbeats

    private func scheduleBeat() {
        let box = NIOLoopBound(self, eventLoop: sim.eventLoop)
        beat = sim.eventLoop.scheduleTask(in: sim.settings.heartbeat) { box.value.sendBeat() }
    }

    private func sendBeat() {
        guard let socket, socket.isOpen else { return }
        if sim.faults.next("heartbeat") == nil {
            send("{\"id\":\(sim.now.nanoseconds / 1_000_000),\"method\":\"public/heartbeat\",\"code\":0}")
            let box = NIOLoopBound(self, eventLoop: sim.eventLoop)
            // An earlier one may still be unanswered: its deadline stands.
            if deadline == nil {
                deadline = sim.eventLoop.scheduleTask(in: sim.settings.heartbeatPatience) { box.value.socket?.close(code: 1000, reason: "heartbeat") }
            }
        }
        scheduleBeat()
    }

    // MARK: - Requests

    func webSocket(_ socket: WebSocket, received text: ByteBuffer) {
        if isUser { sim.onUserText?(text.readableBytes) }
        guard let value = try? JSONValue(Array(text.readableBytesView)), let method = value["method"]?.text else {
            send("{\"id\":-1,\"method\":\"ERROR\",\"code\":10004,\"message\":\"BAD_REQUEST\",\"original\":\(JSONValue.quoted(String(buffer: text)))}")
            return
        }
        if method == "public/respond-heartbeat" {
            deadline?.cancel()
            deadline = nil
            return sim.note(method)
        }
        let id = value["id"]?.text ?? "-1"
        sim.note(method)
        if sim.settings.isStrict, NIODeadline.now() - opened < .seconds(1) { return reply(id, method, 10006) }
        switch method {
        case "public/auth":
            guard !befalls("auth", id, method) else { return }
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

    /// Whether a fault takes the place of a step of the handshake.
    private func befalls(_ point: String, _ id: String, _ method: String) -> Bool {
        guard let rule = sim.faults.next(point) else { return false }
        switch rule.fault {
        case .errorBefore, .errorAfter: reply(id, method, rule.code == 0 ? (point == "auth" ? 10002 : 10004) : rule.code)
        case .throttle: reply(id, method, 10006)
        case .close: socket?.close(code: UInt16(rule.code == 0 ? 1013 : rule.code))
        case .resetAfter, .resetBefore: socket?.reset()
        case .ignore, .dropAnswer: break
        case .silence: isSilent = true
        case .late, .partial, .duplicate, .skip, .reorder, .redirect, .fillFirst: return false
        }
        return true
    }

    private func subscribe(_ id: String, _ value: JSONValue) {
        let names = value["params"]?["channels"]?.items.compactMap(\.text) ?? []
        guard !isUser || isAuthenticated else { return reply(id, "subscribe", 10002) }
        guard !befalls("subscribe", id, "subscribe") else { return }
        for name in names where !channels.contains(name) { channels.append(name) }
        reply(id, "subscribe", 0)
        for name in names where name.hasPrefix("book.") { sim.pushBook(name, to: self) }
        if names.contains("user.balance") { sim.pushBalances(to: self) }
    }

    private func perform(_ method: String, _ id: String, _ params: JSONValue) {
        if sim.isThrottled(method, isSocket: true) { return reply(id, method, 10006) }
        if method == "private/set-cancel-on-disconnect" { cancelsOnDisconnect = true }
        let name = String(method.split(separator: "/").last ?? "")
        guard let rule = sim.faults.next(name) else { return send(sim.call(method, id: id, params: params, connection: number).text) }
        switch rule.fault {
        case .dropAnswer: _ = sim.call(method, id: id, params: params, connection: number)
        case .ignore: break
        case .late:
            let text = sim.call(method, id: id, params: params, connection: number).text
            let box = NIOLoopBound(self, eventLoop: sim.eventLoop)
            sim.eventLoop.scheduleTask(in: .nanoseconds(rule.delay.nanoseconds)) { box.value.send(text) }
        case .resetAfter:
            _ = sim.call(method, id: id, params: params, connection: number)
            socket?.reset()
        case .resetBefore: socket?.reset()
        case .errorAfter:
            _ = sim.call(method, id: id, params: params, connection: number)
            reply(id, method, rule.code == 0 ? 10001 : rule.code)
        case .errorBefore: reply(id, method, rule.code == 0 ? 10004 : rule.code)
        case .throttle: reply(id, method, 10006)
        case .partial: send(String(sim.call(method, id: id, params: params, connection: number).text.dropLast(12)))
        case .close: socket?.close(code: UInt16(rule.code == 0 ? 1013 : rule.code))
        case .silence: isSilent = true
        case .fillFirst:
            if let venueID = params["order_id"]?.text { sim.venue.fillNow(venueID, at: sim.now) }
            send(sim.call(method, id: id, params: params, connection: number).text)
        case .duplicate, .skip, .reorder, .redirect: send(sim.call(method, id: id, params: params, connection: number).text)
        }
    }

    private func reply(_ id: String, _ method: String, _ code: Int) { send(CryptoComReply(id: id, method: method, code: code).text) }

    func send(_ text: String) {
        guard !isSilent, let socket, socket.isOpen else { return }
        // A peer that does not read is dropped, as a venue would.
        do { try socket.send(text: text) } catch { socket.reset() }
    }
}
