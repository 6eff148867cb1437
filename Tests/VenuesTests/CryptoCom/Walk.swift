import Domain
import JSON
import Testing
import Transport

@testable import Venues

typealias Walk = SessionWalk<CryptoComSession>

extension SessionWalk where Session == CryptoComSession {
    static var market: SocketID { SocketID(0) }
    static var user: SocketID { SocketID(1) }

    init(options: [String: String] = [:], credentials: Bool = true, seed: UInt64 = 7) throws {
        self.init(try CryptoComSession(
            settings: VenueSettings(
                name: "cryptocom", environment: .custom,
                endpoints: ["rest": "https://127.0.0.1:9/v2/", "market": "wss://127.0.0.1:9/v2/market", "user": "wss://127.0.0.1:9/v2/user"],
                credentials: credentials ? ["key": Secret(Array("token".utf8)), "secret": Secret(Array("secretKey".utf8))] : [:],
                options: options, seed: seed)))
    }

    /// Answers every request of the sockets with code 0, as a well venue would.
    mutating func acknowledge(except: String? = nil) {
        while !sent.isEmpty {
            let next = sent.removeFirst()
            if next.method == "public/respond-heartbeat" || next.text.contains(except ?? "\u{0}") { continue }
            message(next.socket, #"{"id":\#(next.id),"method":"\#(next.method)","code":0}"#)
        }
    }

    /// Begun, connected, ready; nothing left in the lists.
    static func ready(_ scope: VenueScope = .trading, symbols: [String] = ["BTC_USDT"], options: [String: String] = [:]) throws -> Walk {
        var walk = try Walk(options: options)
        walk.feed(.command(.begin(scope, instruments: try symbols.map { try instrument($0) })))
        for (socket, _) in walk.connects { walk.feed(.opened(socket)) }
        walk.wait(1_000)
        walk.acknowledge()
        walk.clear()
        return walk
    }

    mutating func place(_ clientID: String, price: Int64 = 6_000_000, lots: Int64 = 1_000, side: Side = .buy, postOnly: Bool = false) {
        let request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: side, type: .limit, quantity: Quantity(lots: lots),
            price: Price(ticks: price), isPostOnly: postOnly)
        feed(.command(.place(VenueOrderRequest(clientID: clientID, request: request))))
    }
}
