import Configuration
import Domain
import Exchange

/// What the configuration's venues and their profiles say about a simulation.
extension Settings {
    func venue(of instrument: Instrument) -> Settings.Venue? { venues.first { $0.name == instrument.venue } }

    /// The profile whose latency, queue, fills and spot rule a run has: that of its first instrument's venue.
    ///
    /// A run has one of each, so it is told where the venues of its other instruments would have others.
    func profile(for instruments: [Instrument]) -> VenueProfile? {
        let profiles = instruments.map { venue(of: $0)?.profile }
        guard let first = profiles.first ?? nil else { return nil }
        for (instrument, other) in zip(instruments, profiles) where other?.simulation != first.simulation {
            CommandLineMain.say(
                "warning: latency, queue, fills and spot rule are those of \(first.venue)'s profile for \(instrument.venue) too: a run has one of each")
            break
        }
        return first
    }

    /// Fee currencies and rounding, and what each venue takes, by instrument.
    func apply(to rules: inout ExchangeRules, _ instruments: [Instrument]) {
        rules.fees = instruments.map { venue(of: $0)?.feeRule ?? FeeOverride() }
        rules.venues = instruments.map { venue(of: $0)?.profile?.venueRules ?? VenueRules() }
    }
}

extension VenueProfile {
    fileprivate var simulation: [String] { [entry.text, response.text, queue, fills, rules.isSpot ? "spot" : ""] }

    fileprivate var venueRules: VenueRules {
        var own = VenueRules()
        own.types = [OrderType.market, .limit, .stop, .stopLimit].filter { rules.orderTypes.contains($0.name) }
        own.timesInForce = [TimeInForce.goodTillCancel, .immediateOrCancel, .fillOrKill, .goodTillDate].filter {
            rules.timesInForce.contains($0.name)
        }
        (own.hasPostOnly, own.hasAmend, own.maxOpenOrders) = (rules.hasPostOnly, rules.hasAmend, rules.maxOpenOrders)
        return own
    }
}

extension Settings.Venue {
    /// How the venue charges fees; their rates are the instrument's own by now.
    fileprivate var feeRule: FeeOverride {
        let currency: Exchange.FeeCurrency = switch feeCurrency ?? profile?.fees.currency ?? .quote {
        case .quote: .quote
        case .base: .base
        case .received: .received
        }
        let direction: Exchange.FeeRounding.Direction = switch feeRounding ?? profile?.fees.rounding ?? .up {
        case .up: .up
        case .down: .down
        case .even: .halfEven
        }
        return FeeOverride(currency: currency, rounding: (feePlaces ?? profile?.fees.places).map { Exchange.FeeRounding(places: $0, direction) })
    }
}
