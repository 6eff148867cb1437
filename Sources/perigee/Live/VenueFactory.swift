import Configuration
import Domain
import Live
import TLS
import Transport
import Venues

/// Sessions out of a configuration's `[[venue]]`.
enum VenueFactory {
    /// Something of a venue's table that no session can be made with, as `venue NAME: credentials.key: …`.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameters:
    ///   - withSecrets: Reads the credentials; without, for scopes that need none.
    ///   - folder: Where an earlier start kept a session's numbers; nil for scopes that have none.
    static func settings(_ venue: Settings.Venue, withSecrets: Bool = true, keptIn folder: String? = nil) throws -> VenueSettings {
        var secrets: [String: Secret] = [:]
        if withSecrets {
            for (key, reference) in venue.credentials.sorted(by: { $0.key < $1.key }) {
                do throws(SecretError) {
                    secrets[key] = try secret(reference)
                } catch {
                    throw Problem(description: "venue \(venue.name): credentials.\(key): \(error.description)")
                }
            }
        }
        let environment: VenueSettings.Environment =
            switch venue.environment {
            // A venue on this host is nobody's production, whatever the word says.
            case .production: venue.reachesOnlyLoopback ? .custom : .production
            case .sandbox: .sandbox
            case .custom: .custom
            }
        // The jitter of reconnecting need not repeat, and must differ between processes.
        var made = VenueSettings(
            name: venue.name, environment: environment, endpoints: venue.endpoints, credentials: secrets, requestLifetime: venue.requestLifetime,
            options: venue.options, seed: UInt64.random(in: .min ... .max))
        if let folder, let bytes = VenueKeeper.read(made.keptName, in: folder) { made.kept[made.keptName] = bytes }
        return made
    }

    private static func secret(_ reference: SecretReference) throws(SecretError) -> Secret {
        let secret: Secret
        switch reference {
        case .environment(let name): secret = try SecretSource.environment(name).read()
        case .file(let path): secret = try SecretSource.file(path).read()
        case .identifier(let text): return Secret(Array(text.utf8))
        }
        SecretRim.hide(secret)
        return secret
    }

    static func session(_ kind: Settings.Venue.Kind, _ settings: VenueSettings) throws -> any VenueSession {
        do throws(VenueSettingsError) {
            switch kind {
            case .cryptocom: return try CryptoComSession(settings: settings)
            case .valr: return try ValrSession(settings: settings)
            case .apifiny: return try ApifinySession(settings: settings)
            case .smartvalor: return try SmartValorSession(settings: settings)
            case .dvchain: return try DVChainSession(settings: settings)
            case .sim: break
            }
        } catch {
            throw Problem(description: "venue \(settings.name): \(error)")
        }
        throw Problem(description: "venue \(settings.name): this perigee has no connector of the kind \(kind.rawValue)")
    }

    static func tls(_ venue: Settings.Venue) throws -> TLSContext {
        do throws(TLSError) {
            return try TLSContext.client(extraAuthority: venue.certificateAuthority.map { .file($0) })
        } catch {
            throw Problem(description: "venue \(venue.name): ca_file: \(error)")
        }
    }

    /// What the kill switch, `perigee kill` and the dead-man process need of a venue.
    static func killTarget(_ venue: Settings.Venue) throws -> KillTarget {
        let (settings, tls, kind) = (try settings(venue), try tls(venue), venue.kind)
        // Tried here, so that what is wrong is said before anything is at stake.
        _ = try session(kind, settings)
        return KillTarget(
            name: venue.name, instruments: try venue.instruments.map { try instrument($0, venue.name) }, tls: tls, redactor: SecretRim.redactor,
            session: { try session(kind, settings) })
    }

    /// Enough of an instrument to cancel its orders: its grid plays no part in that.
    private static func instrument(_ symbol: String, _ venue: String) throws -> Instrument {
        let parts = symbol.split(separator: "_")
        let finest = try ExactDecimal("0.00000001")
        return try Instrument(
            venue: venue, symbol: symbol, nativeSymbol: symbol, base: parts.first.map(String.init) ?? symbol,
            quote: parts.count > 1 ? String(parts[1]) : symbol, tick: finest, lot: finest)
    }
}
