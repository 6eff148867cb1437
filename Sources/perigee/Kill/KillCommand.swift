import ArgumentParser
import Configuration
import Domain
import Live
import Venues

/// `perigee kill`.
struct KillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "Latch the kill switch, cancel every order at every venue, and prove that none is open.",
        discussion: """
            Works alone, with its own connections, whether a run is alive, hangs, or is dead. The latch (kill.latch in the state
            folder) is seen by a running process within a tenth of a second, and outlives everything but 'perigee arm'. Only
            [run] state_dir and the [[venue]] tables are needed: whatever else is wrong with the configuration is a warning.

            The account's ledger in the state folder tells which orders were sent. A venue is clean only when it has twice listed
            nothing, and no order without an answer is younger than its request_ttl: such a request may still be executed. What is
            in doubt when --timeout is over is named.

            --drill latches nothing and cancels nothing: it connects, authenticates and lists, and says what a kill would
            cancel. It is refused where a venue is a real one in production.

            Exit status: 0 every venue is proven clean; 1 something is left open; 2 usage or configuration; 4 a venue could not
            be reached.
            """)

    @Option(help: "The configuration.")
    var config = "perigee.toml"

    @Option(help: ArgumentHelp("Cancel at this venue only; the latch is the account's all the same. May be repeated.", valueName: "name"))
    var venue: [String] = []

    @Flag(help: "Not there yet: positions stay; everything else is done, and the exit status says 2.")
    var flatten = false

    @Flag(help: "Look only: what a kill would do, in a test environment.")
    var drill = false

    @Option(help: "Why; written into the latch.")
    var reason = "perigee kill"

    @Option(help: "How long to go on before what is left is told.")
    var timeout = "10s"

    func run() throws {
        let pulledAt = KillRunner.now
        SecretRim.closeDoors()
        guard let span = Span(timeout), span > .zero else { throw Failure(.usage, "--timeout: found '\(timeout)', expected a duration above zero, such as 10s") }
        let essentials = Essentials(config)
        for warning in essentials.warnings { CommandLineMain.say("warning: \(warning)") }
        let targets = try KillTargets(essentials, names: venue)
        if drill { return try runDrill(essentials, targets, span) }
        let latch = KillLatch(reason: reason, source: "operator", time: LiveClock().now.wall)
        // The latch and the first connections at the same time: neither waits for the other.
        let writer = essentials.isMissing && !LatchFolder.exists(essentials.stateDirectory) ? nil : LatchWriter(latch, folder: essentials.stateDirectory)
        // So is the ledger: which orders were sent, and may still be executed however empty a listing is.
        let registry = LiveOrderRegistry()
        let follower = LedgerFollower(folder: essentials.stateDirectory, into: registry)
        let kill = KillRunner.begin(.cancel, targets.targets, timeout: span, known: registry, pulledAt: pulledAt)
        say(writer?.result(within: span), essentials.stateDirectory)
        let report = targets.whole(kill.wait())
        follower.stop()
        for outcome in report.outcomes { CommandLineMain.show(outcome.text) }
        if essentials.isMissing { throw Failure(.usage, "\(config): without a configuration no venue can be reached") }
        if report.outcomes.isEmpty { throw Failure(.usage, "\(config): no [[venue]] is configured") }
        try KillCommand.fail(report)
        if flatten { throw Failure(.usage, "--flatten: flattening is a separate order of business and not there yet: positions are as they were") }
    }

    private func say(_ outcome: LatchWriter.Outcome?, _ folder: String) {
        switch outcome {
        case nil: CommandLineMain.say("not latched: there is no state folder")
        case .written: CommandLineMain.say("latched in \(folder): nothing starts until 'perigee arm'")
        case .already(let latch): CommandLineMain.say("latched before, \(latch.text)")
        case .failed(let why): CommandLineMain.say("warning: NOT latched on disk: \(why)")
        }
    }

    static func fail(_ report: KillReport) throws {
        let open = report.outcomes.filter { !$0.isClean }.map(\.venue).joined(separator: ", ")
        switch report.exitStatus {
        case 0: return
        case 1: throw Failure(.runFailed, "not proven clean: \(open)")
        case _: throw Failure(.unreachable, "could not be reached: \(open)")
        }
    }

    // MARK: - Drill

    private func runDrill(_ essentials: Essentials, _ targets: KillTargets, _ span: Span) throws {
        for venue in essentials.venues where self.venue.isEmpty || self.venue.contains(venue.name) {
            guard venue.environment == .production, venue.kind != .sim, !venue.credentials.isEmpty, !venue.reachesOnlyLoopback else { continue }
            throw Failure(.usage, "--drill: \(venue.name) is a production venue; a drill is for paper, sandbox and custom environments")
        }
        let report = KillRunner.begin(.inspect, targets.targets, timeout: span).wait()
        for outcome in report.outcomes {
            switch outcome.finding {
            case .clean: CommandLineMain.show("drill: \(outcome.text): nothing to cancel")
            case .left(let orders) where !orders.isEmpty: CommandLineMain.show("drill: would cancel: \(outcome.text)")
            case .left, .unreachable: CommandLineMain.show("drill: \(outcome.text)")
            }
        }
        for outcome in targets.settled { CommandLineMain.show("drill: \(outcome.text)") }
        let silent = (report.outcomes + targets.settled).filter { if case .unreachable = $0.finding { true } else { false } }
        if !silent.isEmpty { throw Failure(.unreachable, "could not be reached: \(silent.map(\.venue).joined(separator: ", "))") }
    }
}
