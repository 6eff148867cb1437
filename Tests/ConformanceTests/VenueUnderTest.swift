import Domain
import Exchange
import NIOCore
import Testing
import Transport
import VenueSim
import Venues

/// What happens at a venue, as the cases call it; each venue has its own name for it.
enum VenuePoint {
    case authenticate, subscribe, arm, heartbeat
    case place, cancel, cancelAll, openOrders, history, fills, detail, balances, instruments
    case orderPush, fillPush, bookPush
}

/// How the venue of a case is to behave beyond its faults.
struct Manners: Sendable {
    var heartbeat = TimeAmount.seconds(30)
    var heartbeatPatience = TimeAmount.seconds(5)
    var isStrict = false
    var numbersAsStrings = false
    var floatNoise = false
    var acceptDelay = TimeAmount.milliseconds(1)
    var ordersPer100ms = 1_000
    var clockSkew = Span.zero
}

/// A connector and its simulated venue. The cases know nothing else of either: a new venue is a row in ``all``.
struct VenueUnderTest: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: SimVenueKind
    /// Of all paths of the simulation.
    let prefix: String
    /// The session's options that make the cases short, and those of its own waits.
    let options: @Sendable (Manners) -> [String: String]
    /// Options of the cases that the session has.
    let knows: Set<String>
    let points: @Sendable (VenuePoint) -> String
    /// The venue's own code for what a case calls by Crypto.com's.
    var codes: [Int: Int] = [:]
    /// A book with a smaller number than the last is passed over instead of doubted.
    var passesOldBooks = false
    /// Placements are requests of their own: what befalls one is not the order link's end.
    var placesByREST = false
    var placesByFIX: Bool { kind == .apifiny && !placesByREST }
    /// Its requests are authenticated one by one, or the link once for all.
    var canExpire = true
    /// Sockets of a trading session.
    var sockets = 2
    /// A venue that gives its executions no names: they have their order's sum.
    var namesFillsBySum = false
    let makeSim: @Sendable (SimVenue, Manners, FaultPlan, any EventLoop) -> any SimulatedVenue
    let makeSession: @Sendable (VenueSettings) throws -> any VenueSession
    /// What the venue counts an answered heartbeat as.
    let heartbeatAnswer: String

    var testDescription: String { name }

    static let all = [cryptocom, valr("valr"), valr("valr, full book, in-band", ["book": "full", "auth": "message"]), apifiny("rest"), apifiny("fix")]

    static let cryptocom = VenueUnderTest(
        name: "cryptocom", kind: .cryptocom, prefix: "/v2", options: { _ in ["settle": "10ms"] }, knows: ["settle", "heartbeat_silence"],
        points: { point in
            switch point {
            case .authenticate: "auth"
            case .subscribe: "subscribe"
            case .arm: "set-cancel-on-disconnect"
            case .heartbeat: "heartbeat"
            case .place: "create-order"
            case .cancel: "cancel-order"
            case .cancelAll: "cancel-all-orders"
            case .openOrders: "get-open-orders"
            case .history: "get-order-history"
            case .fills: "get-trades"
            case .detail: "get-order-detail"
            case .balances: "get-account-summary"
            case .instruments: "get-instruments"
            case .orderPush: "order"
            case .fillPush: "trade"
            case .bookPush: "book"
            }
        },
        makeSim: { venue, manners, faults, loop in
            var settings = CryptoComSim.Settings()
            settings.heartbeat = manners.heartbeat
            settings.heartbeatPatience = manners.heartbeatPatience
            settings.isStrict = manners.isStrict
            settings.numbersAsStrings = manners.numbersAsStrings
            settings.floatNoise = manners.floatNoise
            settings.acceptDelay = manners.acceptDelay
            settings.perMethodLimit = manners.ordersPer100ms
            settings.clockSkew = manners.clockSkew
            return CryptoComSim(venue: venue, settings: settings, faults: faults, eventLoop: loop)
        },
        makeSession: { try CryptoComSession(settings: $0) }, heartbeatAnswer: "public/respond-heartbeat")

    static func valr(_ name: String, _ own: [String: String] = [:]) -> VenueUnderTest {
        VenueUnderTest(
            name: name, kind: .valr, prefix: "",
            options: { manners in
                let ping = min(manners.heartbeat.nanoseconds, 10_000_000_000) / 1_000_000
                return own.merging(["ping": "\(ping)ms"]) { $1 }
            },
            knows: ["heartbeat_silence"],
            points: { point in
                switch point {
                case .authenticate: "auth"
                case .subscribe: "subscribe"
                case .arm: "arm"
                case .heartbeat: "pong"
                case .place: "place"
                case .cancel: "cancel"
                case .cancelAll: "cancel-all"
                case .openOrders: "open-orders"
                case .history: "history"
                case .fills: "trade-history"
                case .detail: "order-detail"
                case .balances: "balances"
                case .instruments: "pairs"
                case .orderPush: "order"
                case .fillPush: "trade"
                case .bookPush: "book"
                }
            },
            codes: [10_001: 0, 10_002: 401], passesOldBooks: own["book"] == nil,
            makeSim: { venue, manners, faults, loop in
                var settings = ValrSim.Settings()
                settings.acceptDelay = manners.acceptDelay
                settings.clockSkew = manners.clockSkew
                settings.openOrdersAsObject = own["book"] != nil
                settings.feesInTrades = own["book"] == nil
                return ValrSim(venue: venue, settings: settings, faults: faults, eventLoop: loop)
            },
            makeSession: { try ValrSession(settings: $0) }, heartbeatAnswer: "PING")
    }

    static func apifiny(_ orders: String) -> VenueUnderTest {
        VenueUnderTest(
            name: "apifiny, \(orders)", kind: .apifiny, prefix: "/ac/v2",
            options: { _ in
                [
                    "venue": "BINANCE", "orders": orders, "subscribe_spacing": "5ms", "requests_per_second": "1000", "fix_heartbeat": "1s",
                ]
            },
            knows: ["heartbeat_silence"],
            points: { point in
                switch point {
                case .authenticate: orders == "fix" ? "auth" : "queryAccountInfo"
                case .subscribe: "subscribe"
                case .arm: "stream"
                case .heartbeat: "heartbeat"
                case .place: "newOrder"
                case .cancel: "cancelOrder"
                case .cancelAll: "cancelAccountVenueAllOrder"
                case .openOrders: "listOpenOrder"
                case .history: "listCompletedOrder"
                case .fills: "listFilledOrder"
                case .detail: "queryOrderInfo"
                case .balances: "listBalance"
                case .instruments: "listSymbolInfo"
                case .orderPush: "order"
                case .fillPush: "trade"
                case .bookPush: "book"
                }
            },
            codes: [10_001: 65_579, 10_002: 2_097_162], passesOldBooks: true, placesByREST: orders == "rest", canExpire: orders == "rest",
            sockets: 3, namesFillsBySum: true,
            makeSim: { venue, manners, faults, loop in
                var settings = ApifinySim.Settings()
                settings.heartbeat = manners.heartbeat
                settings.acceptDelay = manners.acceptDelay
                settings.numbersAsStrings = manners.numbersAsStrings
                settings.floatNoise = manners.floatNoise
                settings.clockSkew = manners.clockSkew
                settings.requestsPerSecond = 10_000
                let naming = OrderNaming(accountID: settings.account)
                settings.alias = { naming.clientID(of: $0) ?? $0 }
                return ApifinySim(venue: venue, settings: settings, faults: faults, eventLoop: loop)
            },
            makeSession: { try ApifinySession(settings: $0) }, heartbeatAnswer: "pong")
    }

    /// What the connector calls these executions of the venue.
    func tradeIDs(_ fills: [SimFill], _ instruments: [Instrument]) -> [String] {
        guard namesFillsBySum else { return fills.map(\.tradeID) }
        var sums: [String: Quantity] = [:]
        return fills.map { fill in
            let sum = (sums[fill.order.venueID] ?? .zero) + fill.fill.quantity
            sums[fill.order.venueID] = sum
            return instruments[fill.order.instrument].decimal(sum).description
        }
    }

    func instruments() throws -> [Instrument] {
        try [("BTC", "0.01", "0.0001"), ("ETH", "0.01", "0.001")].map { base, tick, lot in
            try Instrument(
                venue: kind.rawValue, symbol: "\(base)_USDT", nativeSymbol: kind.spelling(base: base, quote: "USDT"), base: base, quote: "USDT",
                tick: ExactDecimal(tick), lot: ExactDecimal(lot), makerFee: ExactDecimal("0.0004"), takerFee: ExactDecimal("0.001"))
        }
    }
}

/// What a case changes before it begins.
struct Setting: Sendable {
    var manners = Manners()
    var faults: [(point: VenuePoint, fault: FaultPlan.Fault, nth: Int, every: Int, count: Int, delay: Span, code: Int)] = []
    /// Over those of the venue.
    var options: [String: String] = [:]
    var requestLifetime: Span?
    var secret = "secretKey"

    func with(_ point: VenuePoint, _ fault: FaultPlan.Fault, nth: Int = 1, every: Int = 0, count: Int = 1, delay: Span = .zero, code: Int = 0) -> Setting {
        var copy = self
        copy.faults.append((point, fault, nth, every, count, delay, code))
        return copy
    }
}
