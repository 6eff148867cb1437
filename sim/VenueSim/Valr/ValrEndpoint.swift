/// The REST calls of the venue that are served.
enum ValrEndpoint {
    case time, status, pairs
    case book(pair: String)
    case place(isLimit: Bool)
    case cancel
    case cancelAll(pair: String?)
    case modify
    case openOrders
    case active(isClient: Bool, id: String)
    case detail(isClient: Bool, id: String)
    case history
    case trades(pair: String?)
    case balances, fees, key

    init?(_ verb: String, _ parts: [String]) {
        guard parts.count >= 2, parts[0] == "v1" || parts[0] == "v2" else { return nil }
        let tail = Array(parts.dropFirst())
        switch (verb, tail[0]) {
        case ("GET", "public"): self.init(publicPath: tail)
        case ("GET", "account"): self.init(account: tail)
        case ("GET", "orders"): self.init(orders: tail)
        case (_, "orders"): self.init(command: verb, tail)
        default: return nil
        }
    }

    private init?(publicPath tail: [String]) {
        guard tail.count > 1 else { return nil }
        switch tail[1] {
        case "time": self = .time
        case "status": self = .status
        case "pairs": self = .pairs
        default:
            guard tail.count == 3, tail[2] == "orderbook" else { return nil }
            self = .book(pair: tail[1])
        }
    }

    private init?(account tail: [String]) {
        switch tail.dropFirst().joined(separator: "/") {
        case "balances": self = .balances
        case "fees/trade": self = .fees
        case "api-keys/current": self = .key
        case "tradehistory": self = .trades(pair: nil)
        default:
            guard tail.count == 3, tail[2] == "tradehistory" else { return nil }
            self = .trades(pair: tail[1])
        }
    }

    private init?(orders tail: [String]) {
        if tail == ["orders", "open"] {
            self = .openOrders
        } else if tail == ["orders", "history"] {
            self = .history
        } else if tail.count == 5, tail[1] == "history", tail[2] == "detail" || tail[2] == "summary" {
            self = .detail(isClient: tail[3] == "customerorderid", id: tail[4])
        } else if tail.count == 4, tail[2] == "orderid" || tail[2] == "customerorderid" {
            self = .active(isClient: tail[2] == "customerorderid", id: tail[3])
        } else {
            return nil
        }
    }

    private init?(command verb: String, _ tail: [String]) {
        switch (verb, tail.dropFirst().joined(separator: "/")) {
        case ("POST", "limit"): self = .place(isLimit: true)
        case ("POST", "market"): self = .place(isLimit: false)
        case ("PUT", "modify"): self = .modify
        case ("DELETE", "order"): self = .cancel
        case ("DELETE", ""): self = .cancelAll(pair: nil)
        case ("DELETE", let pair) where tail.count == 2: self = .cancelAll(pair: pair)
        default: return nil
        }
    }

    var isPublic: Bool {
        switch self {
        case .time, .status, .pairs, .book: true
        case .place, .cancel, .cancelAll, .modify, .openOrders, .active, .detail, .history, .trades, .balances, .fees, .key: false
        }
    }

    /// What a fault names it.
    var point: String {
        switch self {
        case .time: "time"
        case .status: "status"
        case .pairs: "pairs"
        case .book: "orderbook"
        case .place: "place"
        case .cancel: "cancel"
        case .cancelAll: "cancel-all"
        case .modify: "modify"
        case .openOrders: "open-orders"
        case .active, .detail: "order-detail"
        case .history: "history"
        case .trades: "trade-history"
        case .balances: "balances"
        case .fees: "fees"
        case .key: "api-key"
        }
    }

    static let points = [
        "auth", "subscribe", "arm", "pong", "time", "status", "pairs", "orderbook", "place", "cancel", "cancel-all", "modify", "open-orders",
        "order-detail", "history", "trade-history", "balances", "fees", "api-key", "order", "trade", "balance", "open-orders-push", "processed",
        "book", "public-trade", "summary",
    ]
}
