import Domain
import NIOCore
import Transport

/// One connection of the trade or the account channel.
final class ValrSocket: SimSocket {
    struct FullBook {
        var bids: [ValrSim.Level]
        var asks: [ValrSim.Level]
        var sequence: Int64
    }

    let sim: ValrSim
    let isAccount: Bool
    var isAuthenticated: Bool
    private var cancelsOnDisconnect = false
    /// Pairs by event; nil for all.
    private var subscriptions: [String: Set<String>?] = [:]
    /// What was last sent of the books order by order.
    var full: [Int: FullBook] = [:]
    private var deadline: Scheduled<Void>?
    private var limit: Scheduled<Void>?

    init(sim: ValrSim, isAccount: Bool, isAuthenticated: Bool) {
        (self.sim, self.isAccount, self.isAuthenticated) = (sim, isAccount, isAuthenticated)
        super.init(wire: sim.wire)
    }

    func hears(_ event: String, _ pair: String) -> Bool {
        guard !isAccount, let pairs = subscriptions[event] else { return false }
        return pairs.map { $0.contains(pair) } ?? true
    }

    override func began() {
        if isAuthenticated, sim.settings.confirmsAuthentication { send(#"{"type":"AUTHENTICATED"}"#) }
        expectPing()
        guard !isAuthenticated else { return }
        limit = after(isAccount ? sim.settings.authenticationPatience : sim.settings.cutAfter)
    }

    override func ended() {
        deadline?.cancel()
        limit?.cancel()
        guard cancelsOnDisconnect else { return }
        let sim = sim
        wire.later(sim.settings.cancelOnDisconnectDelay) { sim.venue.cancelAll(instrument: nil, at: sim.now) }
    }

    private func expectPing() {
        deadline?.cancel()
        deadline = after(sim.settings.pingPatience)
    }

    private func after(_ time: TimeAmount) -> Scheduled<Void> {
        let box = NIOLoopBound(self, eventLoop: wire.eventLoop)
        return wire.eventLoop.scheduleTask(in: time) { box.value.socket?.close(code: 1000, reason: "") }
    }

    // MARK: - Requests

    override func received(_ text: String) {
        guard let value = try? JSONValue(Array(text.utf8)), let type = value["type"]?.text else {
            return send(#"{"type":"ERROR","message":"Invalid Request, please check your request and try again"}"#)
        }
        wire.note(type)
        switch type {
        case "PING":
            expectPing()
            let tail = !isAccount && subscriptions.values.allSatisfy { $0?.isEmpty ?? false } ? #","message":"NO_SUBSCRIPTIONS""# : ""
            wire.push("pong", "{\"type\":\"PONG\"\(tail)}", to: self)
        case "AUTHENTICATE": authenticate(value["payload"] ?? .object([]))
        case _ where isAccount && !isAuthenticated: send(#"{"type":"ERROR","message":"Unauthorized"}"#)
        case "SUBSCRIBE": subscribe(value["subscriptions"]?.items ?? [])
        case "CANCEL_ON_DISCONNECT" where isAccount: arm(value["payload"]?["cancelOnDisconnect"] == .bool(true))
        case "PLACE_LIMIT_ORDER" where isAccount: place(value, isLimit: true)
        case "PLACE_MARKET_ORDER" where isAccount: place(value, isLimit: false)
        case "CANCEL_LIMIT_ORDER" where isAccount: cancel(value)
        default: send("{\"type\":\"ERROR\",\"message\":\"Unsupported message type \(type)\"}")
        }
    }

    private func authenticate(_ payload: JSONValue) {
        func failure(_ code: Int) -> String { #"{"type":"ERROR","message":"API key or secret is invalid"}"# }
        if befalls("auth", refuse: failure, throttled: { #"{"type":"RATE_LIMIT_EXCEEDED"}"# }) { return }
        let isRight = payload["apiKey"]?.text == sim.settings.key
            && ValrCheck.isSigned(
                timestamp: payload["timestamp"]?.text ?? "", verb: "GET", target: sim.settings.prefix + (isAccount ? "/ws/account" : "/ws/trade"), body: [],
                subaccount: "", signature: payload["signature"]?.text ?? "", secret: sim.settings.secret, now: sim.now,
                tolerance: sim.settings.clockTolerance)
        guard isRight else { return send(failure(0)) }
        isAuthenticated = true
        limit?.cancel()
        if sim.settings.confirmsAuthentication { send(#"{"type":"AUTHENTICATED"}"#) }
    }

    private func arm(_ isOn: Bool) {
        if befalls("arm", refuse: { _ in #"{"type":"ERROR","message":"An error occurred"}"# }, throttled: { #"{"type":"RATE_LIMIT_EXCEEDED"}"# }) { return }
        guard sim.settings.armsOnRequest else { return }
        cancelsOnDisconnect = isOn
        send("{\"type\":\"CANCEL_ON_DISCONNECT_UPDATE\",\"data\":{\"cancelOnDisconnect\":\(isOn)}}")
    }

    private func subscribe(_ list: [JSONValue]) {
        if befalls("subscribe", refuse: { _ in #"{"type":"ERROR","message":"An error occurred"}"# }, throttled: { #"{"type":"RATE_LIMIT_EXCEEDED"}"# }) { return }
        for entry in list {
            guard let event = entry["event"]?.text else { continue }
            let pairs = entry["pairs"].map { Set($0.items.compactMap(\.text)) }
            subscriptions[event] = .some(pairs)
            for index in sim.venue.instruments.indices where hears(event, sim.venue.instruments[index].nativeSymbol) {
                if event == "FULL_ORDERBOOK_UPDATE" { full[index] = nil }
                if event.hasSuffix("ORDERBOOK_UPDATE") { sim.pushBook(index, to: self) }
                if event == "MARKET_SUMMARY_UPDATE" { sim.summary(index, to: self) }
            }
        }
    }

    // MARK: - Orders

    /// The head of every answer.
    private func head(_ type: String, _ value: JSONValue) -> String {
        "{\"type\":\"\(type)\",\"clientMsgId\":\(JSONValue.quoted(value["clientMsgId"]?.text ?? ""))"
    }

    private func throttled(_ value: JSONValue) -> String { head("RATE_LIMIT_EXCEEDED", value) + ",\"message\":\"Rate limit exceeded\"}" }

    private func invalid(_ type: String, _ value: JSONValue, _ message: String) -> String {
        head(type, value) + ",\"error\":{\"message\":\(JSONValue.quoted(message)),\"validationErrors\":[]}}"
    }

    private func failure(_ type: String, _ invalidType: String, _ value: JSONValue, _ code: Int) -> String {
        code == 401
            ? invalid(invalidType, value, "API key or secret is invalid")
            : head(type, value) + ",\"error\":{\"message\":\"An error occurred while processing your request\"}}"
    }

    private func place(_ value: JSONValue, isLimit: Bool) {
        let (kind, sim, number) = (isLimit ? "LIMIT" : "MARKET", sim, number)
        if wire.isOver(sim.settings.ordersPerSecond, per: 1_000_000_000, of: "place") { return send(throttled(value)) }
        wire.answer(
            "place", on: self, refuse: { code, _ in self.failure("PLACE_\(kind)_WS_RESPONSE", "INVALID_PLACE_\(kind)_REQUEST", value, code) },
            throttled: { self.throttled(value) },
            call: {
                switch sim.place(value["payload"] ?? .object([]), isLimit: isLimit, connection: number) {
                case .taken(let order): self.head("PLACE_\(kind)_WS_RESPONSE", value) + ",\"data\":{\"orderId\":\"\(order.venueID)\"}}"
                case .invalid(_, let message): self.invalid("INVALID_PLACE_\(kind)_REQUEST", value, message)
                }
            })
    }

    private func cancel(_ value: JSONValue) {
        let (sim, payload) = (sim, value["payload"] ?? .object([]))
        func receipt() -> String {
            let id = sim.named(payload)?.venueID ?? ""
            return head("CANCEL_ORDER_WS_RESPONSE", value) + ",\"data\":{\"requested\":true,\"orderId\":\"\(id)\"}}"
        }
        wire.answer(
            "cancel", on: self, fill: { sim.fillFirst(payload) },
            refuse: { code, _ in self.failure("CANCEL_ORDER_WS_RESPONSE", "INVALID_CANCEL_ORDER_REQUEST", value, code) },
            throttled: { self.throttled(value) }, receipt: receipt,
            call: {
                guard let order = sim.named(payload) else { return self.invalid("INVALID_CANCEL_ORDER_REQUEST", value, "Order not found") }
                sim.cancelLater(order)
                return receipt()
            })
    }
}
