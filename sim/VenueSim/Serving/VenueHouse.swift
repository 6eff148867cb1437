public import Domain
import Exchange
import Glibc
public import Market
public import NIOCore
public import TLS

/// Simulated venues of one scenario behind their ports, and the market that they share.
///
/// Made, used and ended on its event loop.
public final class VenueHouse {
    public struct Place: Sendable {
        public let kind: SimVenueKind
        public let port: Int
        public let endpoints: [(name: String, url: String)]
    }

    public let venues: [(kind: SimVenueKind, venue: any SimulatedVenue)]
    private let tables: [VenueTable]
    private let player: MarketPlayer
    private let eventLoop: any EventLoop

    /// - Throws: An instrument that the venue's protocol cannot tell, or a secret that is not there.
    public init(_ kinds: [SimVenueKind], plan: VenuePlan, scenarios: [Scenario], eventLoop: any EventLoop) throws(ScenarioError) {
        self.eventLoop = eventLoop
        var made: [(kind: SimVenueKind, venue: any SimulatedVenue)] = []
        tables = kinds.map(plan.table)
        for (kind, table) in zip(kinds, tables) {
            let instruments = try VenueHouse.instruments(kind, table, scenarios)
            made.append((kind, try VenueHouse.make(table, instruments, FaultPlan(plan.rules(kind)), eventLoop)))
        }
        venues = made
        player = MarketPlayer(scenarios, speed: tables.map(\.speed).max() ?? 1, into: made.map(\.venue), eventLoop: eventLoop)
    }

    /// The scenario's instruments as the venue knows them.
    public static func instruments(_ kind: SimVenueKind, _ table: VenueTable, _ scenarios: [Scenario]) throws(ScenarioError) -> [Instrument] {
        var instruments: [Instrument] = []
        for (index, scenario) in scenarios.enumerated() {
            guard let given = scenario.instruments.first else { continue }
            for (key, step) in [("tick", given.tick), ("lot", given.lot)] where kind.decimalSteps.contains(key) && step.normalized.mantissa != 1 {
                throw ScenarioError("instrument.\(index).\(key)", "is \(step); this venue tells steps as a number of decimals, so 1, 0.1, 0.01 … was expected")
            }
            do {
                instruments.append(try Instrument(
                    venue: kind.rawValue, symbol: given.symbol, nativeSymbol: kind.spelling(base: given.base, quote: given.quote), base: given.base,
                    quote: given.quote, tick: given.tick, lot: given.lot, makerFee: table.fees.maker ?? given.makerFee,
                    takerFee: table.fees.taker ?? given.takerFee))
            } catch {
                throw ScenarioError("instrument.\(index)", "is not possible: \(error.message)")
            }
        }
        return instruments
    }

    private static func make(
        _ table: VenueTable, _ instruments: [Instrument], _ faults: FaultPlan, _ eventLoop: any EventLoop
    ) throws(ScenarioError) -> any SimulatedVenue {
        var rules = ExchangeRules()
        rules.fees = instruments.map { _ in table.fees }
        if table.isSpot { rules.spot = table.balances.map { SpotBalance(currency: $0.currency, total: $0.amount) } }
        // The desk fills a limit order whole.
        if table.kind == .dvchain { rules.fills = .full }
        let venue = SimVenue(instruments: instruments, rules: rules, balances: table.balances, names: table.kind.names)
        switch table.manners {
        case .cryptocom(var settings):
            settings.key = try text(table.key, "venue.key")
            settings.secret = try text(table.secret, "venue.secret")
            return CryptoComSim(venue: venue, settings: settings, faults: faults, eventLoop: eventLoop)
        case .apifiny(var settings):
            settings.account = try text(settings.account, "venue.account_id")
            settings.key = try text(table.key, "venue.key")
            settings.secret = try text(table.secret, "venue.secret")
            return ApifinySim(venue: venue, settings: settings, faults: faults, eventLoop: eventLoop)
        case .valr(var settings):
            settings.key = try text(table.key, "venue.key")
            settings.secret = try text(table.secret, "venue.secret")
            return ValrSim(venue: venue, settings: settings, faults: faults, eventLoop: eventLoop)
        case .smartvalor(var settings):
            settings.key = try text(table.key, "venue.key")
            settings.secret = try text(table.secret, "venue.secret")
            return SmartValorSim(venue: venue, settings: settings, faults: faults, eventLoop: eventLoop)
        case .dvchain(var settings):
            settings.key = try text(table.key, "venue.key")
            settings.secret = try text(table.secret, "venue.secret")
            return DVChainSim(venue: venue, settings: settings, faults: faults, eventLoop: eventLoop)
        }
    }

    private static func text(_ source: String, _ key: String) throws(ScenarioError) -> String {
        guard source.hasPrefix("env:") else { return source }
        let name = String(source.dropFirst(4))
        guard let value = unsafe getenv(name) else { throw ScenarioError(key, "is \"\(source)\", and the environment has no \(name)") }
        return unsafe String(cString: value)
    }

    /// Listens, then lets the market go.
    ///
    /// - Parameter port: Of the first venue, the next ones follow it; 0 for any that are free.
    public func start(port: Int, tls: TLSContext?) -> EventLoopFuture<[Place]> {
        let starts = venues.indices.map { index in
            let (kind, prefix) = (venues[index].kind, tables[index].prefix)
            let made = NIOLoopBound(venues[index].venue, eventLoop: eventLoop)
            return made.value.start(port: port == 0 ? 0 : port + index, tls: tls).map { port in
                let endpoints = kind.endpoints(port: port, isSecure: tls != nil, prefix: prefix, extra: made.value.extraPorts)
                return Place(kind: kind, port: port, endpoints: endpoints)
            }
        }
        let player = NIOLoopBound(player, eventLoop: eventLoop)
        return EventLoopFuture.whenAllSucceed(starts, on: eventLoop).map { places in
            player.value.begin()
            return places
        }
    }

    public func stop() -> EventLoopFuture<Void> {
        player.end()
        return EventLoopFuture.andAllComplete(venues.map { $0.venue.stop() }, on: eventLoop)
    }
}
