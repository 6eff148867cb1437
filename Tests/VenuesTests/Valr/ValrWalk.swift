import Domain
import JSON
import Testing
import Transport

@testable import Venues

typealias ValrWalk = SessionWalk<ValrSession>

extension SessionWalk where Session == ValrSession {
    static var trade: SocketID { SocketID(0) }
    static var account: SocketID { SocketID(1) }

    init(options: [String: String] = [:], credentials: Bool = true, seed: UInt64 = 7) throws {
        self.init(try ValrSession(
            settings: VenueSettings(
                name: "valr", environment: .custom,
                endpoints: ["rest": "https://127.0.0.1:9", "trade": "wss://127.0.0.1:9/ws/trade", "account": "wss://127.0.0.1:9"],
                credentials: credentials
                    ? ["key": Secret(Array("k".utf8)), "secret": Secret(Array("0e06e223696b1d9bc6d8df1f701a87326c16763d8f2ebaaacb1042b61d7c3035".utf8))]
                    : [:],
                options: options, seed: seed)))
    }

    static func btc() throws -> Instrument { try instrument("BTC_ZAR", tick: "1", lot: "0.0001", venue: "valr", native: "BTCZAR") }

    /// Answers what a well venue would, until nothing is asked any more.
    mutating func settle() {
        for _ in 0..<12 {
            let (questions, frames, opens) = (asked, sent, connects)
            (asked, sent, connects) = ([], [], [])
            for question in questions { answer(question) }
            for (socket, _) in opens { feed(.opened(socket)) }
            for frame in frames {
                switch frame.method {
                case "PING": message(frame.socket, #"{"type":"PONG"}"#)
                case "CANCEL_ON_DISCONNECT": message(frame.socket, #"{"type":"CANCEL_ON_DISCONNECT_UPDATE","data":{"cancelOnDisconnect":true}}"#)
                case "AUTHENTICATE": message(frame.socket, #"{"type":"AUTHENTICATED"}"#)
                default: break
                }
            }
        }
    }

    private mutating func answer(_ question: Asked) {
        let url = question.request.url
        if url.hasSuffix("/time") {
            respond(question, #"{"epochTime":1700000000,"time":"2023-11-14T22:13:20.000Z"}"#)
        } else if url.hasSuffix("/status") {
            respond(question, #"{"status":"online"}"#)
        } else if url.hasSuffix("/current") {
            respond(question, #"{"permissions":["View access","Trade"]}"#)
        } else {
            asked.append(question)
        }
    }

    /// Begun, connected, ready; nothing left in the lists.
    static func ready(_ scope: VenueScope = .trading, options: [String: String] = [:]) throws -> ValrWalk {
        var walk = try ValrWalk(options: options)
        walk.feed(.command(.begin(scope, instruments: [try btc()])))
        walk.settle()
        #expect(walk.links.contains("orders ready") || scope == .marketData, "\(walk.links)")
        walk.clear()
        return walk
    }

    mutating func place(_ clientID: String, price: Int64 = 1_100_000, lots: Int64 = 1_000, side: Side = .sell, _ change: (inout OrderRequest) -> Void = { _ in }) {
        var request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: side, type: .limit, quantity: Quantity(lots: lots), price: Price(ticks: price))
        change(&request)
        feed(.command(.place(VenueOrderRequest(clientID: clientID, request: request))))
    }

    /// A fixture's text on the account socket.
    mutating func account(_ name: String) throws { message(ValrWalk.account, String(decoding: try Fixture.bytes("valr/\(name).json"), as: UTF8.self)) }

    var orders: [VenueOrder] { told.compactMap { if case .order(let order) = $0 { order } else { nil } } }
    var fills: [VenueFill] { told.compactMap { if case .fill(let fill) = $0 { fill } else { nil } } }
}
