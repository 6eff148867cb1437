import Configuration
import Domain
import Live
import NIOCore
import TLS
import Venues

/// The configuration's venues as sessions that can be driven: secrets read, addresses checked.
struct LiveVenues {
    struct Entry {
        let settings: Settings.Venue
        let session: any VenueSession
    }

    let entries: [Entry]
    let tls: TLSContext

    /// - Parameter trades: With orders: credentials are needed. Else market data only, and no order can be built (C33).
    init(_ settings: Settings, path: String, trades: Bool) throws {
        let folder = trades ? settings.run.stateDirectory : nil
        guard !settings.venues.isEmpty else { throw Failure(.usage, "\(path): no [[venue]]; expected at least one, with name and kind") }
        entries = try settings.venues.map { try LiveVenues.entry($0, path: path, trades: trades, keptIn: folder) }
        tls = try LiveVenues.context(settings.venues, path: path)
    }

    private static func entry(_ venue: Settings.Venue, path: String, trades: Bool, keptIn folder: String?) throws -> Entry {
        do {
            var made = try VenueFactory.settings(venue, withSecrets: trades || venue.kind.needsCredentialsForMarketData, keptIn: folder)
            if trades, let key = venue.missingCredential {
                throw VenueFactory.Problem(description: "venue \(venue.name): credentials.\(key) is missing; expected \"env:NAME\" or \"file:PATH\"")
            }
            if venue.kind == .dvchain {
                // A session that only looks asks for tokens that can do no more (C33).
                if !trades { made.options["access"] = "read" }
                made.options["pairs"] = venue.instruments.map { $0.split(separator: "_").joined(separator: "/") }.joined(separator: ",")
            }
            return Entry(settings: venue, session: try VenueFactory.session(venue.kind, made))
        } catch {
            throw Failure(.usage, "\(path): \(error)")
        }
    }

    /// One context for all: the system's authorities, and those of custom environments on loopback.
    private static func context(_ venues: [Settings.Venue], path: String) throws -> TLSContext {
        let files = Set(venues.compactMap(\.certificateAuthority))
        guard files.count <= 1 else { throw Failure(.usage, "\(path): more than one ca_file; expected the same for all venues") }
        do {
            return try TLSContext.client(extraAuthority: files.first.map { .file($0) })
        } catch {
            throw Failure(.usage, "\(path): ca_file: \(error)")
        }
    }

    // MARK: - Instruments

    /// The venue's answer for what the configuration names, as the desk's instruments.
    static func instruments(_ venue: Settings.Venue, _ told: [VenueInstrument], path: String) throws -> [Instrument] {
        guard !venue.instruments.isEmpty else {
            throw Failure(.usage, "\(path): venue.\(venue.name).instruments is missing; expected a list such as [\"BTC_USDT\"]")
        }
        return try venue.instruments.map { symbol in
            guard let rules = told.first(where: { $0.symbol == symbol || "\($0.base)_\($0.quote)" == symbol }) else {
                let known = told.prefix(8).map(\.symbol).joined(separator: ", ")
                throw Failure(.usage, "\(path): venue.\(venue.name).instruments: the venue has no \(symbol); it has \(known)\(told.count > 8 ? ", …" : "")")
            }
            return try instrument(venue, rules, path: path)
        }
    }

    private static func instrument(_ venue: Settings.Venue, _ told: VenueInstrument, path: String) throws -> Instrument {
        let own = venue.instrumentRules.first { $0.symbol == told.symbol || $0.symbol == "\(told.base)_\(told.quote)" }
        guard let tick = own?.tick ?? told.tick, let lot = own?.lot ?? told.lot else {
            throw Failure(.usage, "\(path): the venue does not tell tick and lot of \(told.symbol); expected them in [[venue.instrument]]")
        }
        let least = (own?.minQuantity ?? told.minQuantity).flatMap { $0.multiple(of: lot) } ?? 1
        let minNotional = own?.minNotional ?? told.minNotional.flatMap { Amount($0) } ?? .zero
        do throws(Instrument.BadGrid) {
            return try Instrument(
                venue: venue.name, symbol: "\(told.base)_\(told.quote)", nativeSymbol: told.symbol, base: told.base, quote: told.quote, tick: tick,
                lot: lot, minQuantity: Quantity(lots: max(least, 1)), minNotional: minNotional,
                makerFee: venue.makerFee ?? told.makerFee ?? venue.profile?.fees.maker ?? .zero,
                takerFee: venue.takerFee ?? told.takerFee ?? venue.profile?.fees.taker ?? .zero)
        } catch {
            throw Failure(.usage, "\(path): \(error.message)")
        }
    }
}
