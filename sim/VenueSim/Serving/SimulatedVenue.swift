public import Domain
public import NIOCore
public import TLS

/// A venue's protocol in front of a ``SimVenue``: what `perigee sim` serves and what the conformance suite measures connectors by.
///
/// Made, used and ended on its event loop.
public protocol SimulatedVenue: AnyObject {
    var venue: SimVenue { get }
    /// Its server, faults and counters.
    var wire: SimWire { get }

    /// Ports beside the one that ``start(port:tls:)`` answers, once it listens.
    var extraPorts: [Int] { get }

    /// Listens on loopback; answers the port.
    func start(port: Int, tls: TLSContext?) -> EventLoopFuture<Int>
    func stop() -> EventLoopFuture<Void>
    /// Resets every connection, as a failing network would.
    func cutAll()
    /// Records of the market of this moment.
    func market(_ records: [MarketRecord])
    /// Pushes a book that is not the venue's: levels as ticks and size units.
    func misquote(_ instrument: Int, bids: [(ticks: Int64, size: Int64)], asks: [(ticks: Int64, size: Int64)])
    /// Pushes the venue's book again with a sequence number of long ago.
    func rewind(_ instrument: Int)
}

extension SimulatedVenue {
    public var extraPorts: [Int] { [] }
    public var faults: FaultPlan {
        get { wire.faults }
        set { wire.faults = newValue }
    }
    /// Requests that came in, by method.
    public var counts: [String: Int] { wire.counts }
    /// Connections of sockets that were ever opened.
    public var connections: Int { wire.connections }
    /// Called after anything came in or went out: a test looks at its facts again.
    public var onActivity: (() -> Void)? {
        get { wire.onActivity }
        set { wire.onActivity = newValue }
    }
    public func stop() -> EventLoopFuture<Void> { wire.stop() }
    /// Resets every connection, as a failing network would.
    public func cutAll() { wire.cutAll() }
    var now: Timestamp { wire.now }
}

/// The kinds of venue that can be simulated. A new one is a case here, and the compiler names the places that want a line.
public enum SimVenueKind: String, CaseIterable, Sendable {
    case cryptocom, valr, apifiny, smartvalor, dvchain

    /// Where the protocol is found, by the connector's names of its endpoints, in the order of the configuration's page.
    ///
    /// - Parameter extra: The venue's ``SimulatedVenue/extraPorts``.
    public func endpoints(port: Int, isSecure: Bool, prefix: String, extra: [Int] = []) -> [(name: String, url: String)] {
        let (http, ws) = isSecure ? ("https", "wss") : ("http", "ws")
        switch self {
        case .cryptocom:
            return [
                ("rest", "\(http)://127.0.0.1:\(port)\(prefix)"), ("market", "\(ws)://127.0.0.1:\(port)\(prefix)/market"),
                ("user", "\(ws)://127.0.0.1:\(port)\(prefix)/user"),
            ]
        case .apifiny:
            let (own, user) = ("127.0.0.1:\(port)", "\(ws)://127.0.0.1:\(port)/ac/ws/v2/BINANCE")
            return [
                ("rest", "\(http)://\(own)\(prefix)/BINANCE"), ("md_rest", "\(http)://\(own)/md"), ("md_ws", "\(ws)://\(own)/md/ws/v1"),
                ("order_ws", "\(user)/order"), ("asset_ws", "\(user)/asset"),
            ] + extra.map { ("fix", "127.0.0.1:\($0)") }
        case .valr:
            return [
                ("rest", "\(http)://127.0.0.1:\(port)\(prefix)"), ("trade", "\(ws)://127.0.0.1:\(port)\(prefix)/ws/trade"),
                ("account", "\(ws)://127.0.0.1:\(port)\(prefix)/ws/account"),
            ]
        case .smartvalor: return [("rest", "\(http)://127.0.0.1:\(port)\(prefix)")]
        case .dvchain:
            return [("rest", "\(http)://127.0.0.1:\(port)\(prefix)"), ("websocket", "\(ws)://127.0.0.1:\(port)\(prefix)/websocket")]
        }
    }

    /// The names of the connector's credentials.
    public var credentialNames: [String] {
        switch self {
        case .cryptocom, .valr: ["key", "secret"]
        case .apifiny: ["account_id", "key", "secret"]
        case .smartvalor: ["key", "secret", "user_id"]
        case .dvchain: ["user", "password"]
        }
    }

    /// What a `[[fault]]` may befall: methods by their last word, pushes, heartbeats.
    public var faultPoints: [String] {
        switch self {
        case .cryptocom:
            [
                "auth", "subscribe", "heartbeat", "get-instruments", "get-book", "get-ticker", "get-trades", "create-order", "cancel-order",
                "cancel-all-orders", "get-open-orders", "get-order-history", "get-order-detail", "get-account-summary",
                "set-cancel-on-disconnect", "order", "trade", "balance", "book", "public-trade",
            ]
        case .apifiny:
            [
                "auth", "stream", "subscribe", "heartbeat", "listSymbolInfo", "currentTimeMillis", "queryAccountInfo", "listBalance", "getCommissionRate",
                "newOrder", "cancelOrder", "cancelAccountVenueAllOrder", "queryOrderInfo", "listOpenOrder", "listCompletedOrder", "listFilledOrder",
                "order", "trade", "balance", "book", "public-trade",
            ]
        case .valr: ValrEndpoint.points
        case .smartvalor:
            [
                "time", "products", "instruments", "level1", "level2", "trades", "price", "balance", "fills", "fees", "place", "open", "order",
                "history", "cancel", "cancel-all",
            ]
        case .dvchain:
            [
                "auth", "prices", "rfq", "execute", "place", "trades", "find", "balances", "cancel", "deactivate", "subscribe", "levels", "order",
            ]
        }
    }

    /// How the venue spells an instrument.
    public func spelling(base: String, quote: String) -> String {
        switch self {
        case .cryptocom: "\(base)_\(quote)"
        case .valr, .apifiny: base + quote
        case .smartvalor: "\(base)_\(quote)"
        case .dvchain: "\(base)/\(quote)"
        }
    }

    /// The steps that the protocol can only tell as a number of decimals.
    var decimalSteps: [String] {
        switch self {
        case .cryptocom: ["tick", "lot"]
        case .valr: ["lot"]
        case .apifiny, .smartvalor, .dvchain: []
        }
    }

    /// How the venue spells its ids.
    public var names: SimNames {
        switch self {
        case .cryptocom, .apifiny, .smartvalor: .numbers
        case .valr, .dvchain: .uuids
        }
    }

    /// Whether its protocol tells the steps of price and size; else a configuration must.
    public var tellsSteps: Bool {
        switch self {
        case .cryptocom, .valr, .apifiny: true
        case .smartvalor, .dvchain: false
        }
    }
}
