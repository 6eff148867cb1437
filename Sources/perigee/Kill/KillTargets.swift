import Configuration
import Live

/// The venues of a kill: those that can be asked, and those of which something is known without asking.
struct KillTargets {
    var targets: [KillTarget] = []
    var settled: [KillOutcome] = []

    /// - Parameter names: Those of `--venue`; empty for all.
    init(_ essentials: Essentials, names: [String]) throws {
        let known = essentials.venues.map(\.name) + essentials.unreadable.map(\.name)
        if let unknown = names.first(where: { !known.contains($0) }) {
            throw Failure(.usage, "--venue: found '\(unknown)', expected one of \(known.joined(separator: ", "))")
        }
        for venue in essentials.venues where names.isEmpty || names.contains(venue.name) { add(venue) }
        for (name, why) in essentials.unreadable where names.isEmpty || names.contains(name) {
            settled.append(KillOutcome(venue: name, finding: .unreachable("its configuration cannot be used: \(why)")))
        }
    }

    private mutating func add(_ venue: Settings.Venue) {
        if venue.kind == .sim {
            settled.append(KillOutcome(venue: venue.name, finding: .clean, remark: "simulated inside the process: no order is outside of it"))
            return
        }
        if venue.credentials.isEmpty {
            settled.append(KillOutcome(venue: venue.name, finding: .clean, remark: "no credentials are configured: no order of ours can be there"))
            return
        }
        do {
            targets.append(try VenueFactory.killTarget(venue))
        } catch {
            settled.append(KillOutcome(venue: venue.name, finding: .unreachable("\(error)")))
        }
    }

    /// With what was known before.
    func whole(_ report: KillReport) -> KillReport { KillReport(outcomes: report.outcomes + settled) }
}
