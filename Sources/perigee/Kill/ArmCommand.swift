import ArgumentParser
import Configuration
import Domain
import Glibc
import Live
import Venues

/// Whether a state folder is there, without making it.
enum LatchFolder {
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func open(_ path: String) throws -> StateFolder {
        do throws(StateError) { return try StateFolder(path: path) } catch { throw Failure(.usage, error.description) }
    }
}

/// `perigee arm`.
struct ArmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "arm",
        abstract: "Clear a latched kill switch, once every venue has twice listed no open order.",
        discussion: """
            Asks for nothing. It says who had pulled the switch, why and when.

            Exit status: 0 armed, or it was not latched; 1 refused: orders are open, or a run is still alive; 2 usage or
            configuration; 4 refused: a venue could not be reached.
            """)

    @Option(help: "The configuration.")
    var config = "perigee.toml"

    @Option(help: "How long the venues may take.")
    var timeout = "10s"

    @Flag(help: "The balances that the venues show are right, whatever our fills add up to: a deposit, a withdrawal. The books begin anew.")
    var acceptBalances = false

    /// Into the ledger, while nobody else writes it.
    private func accept(_ folder: StateFolder, _ essentials: Essentials) throws {
        do {
            let lock = try StateLock(folder)
            let (file, _) = try LedgerFile.open(path: folder.ledger, durability: .power)
            let now = LiveClock().now
            try file.append(
                essentials.venues.map { LedgerEntry.accepted(venue: $0.name, reason: "perigee arm --accept-balances") }, wall: now.wall, monotonic: now.monotonic, mustLast: true)
            withExtendedLifetime(lock) {}
            print("balances: the books of \(essentials.venues.map(\.name).joined(separator: ", ")) begin anew with what the next start finds")
        } catch {
            throw Failure(.runFailed, "the balances are not accepted: \(error)")
        }
    }

    func run() throws {
        guard let span = Span(timeout), span > .zero else { throw Failure(.usage, "--timeout: found '\(timeout)', expected a duration above zero, such as 10s") }
        let essentials = Essentials(config)
        if essentials.isMissing { throw Failure(.usage, essentials.warnings.joined(separator: "; ")) }
        for warning in essentials.warnings { CommandLineMain.say("warning: \(warning)") }
        guard LatchFolder.exists(essentials.stateDirectory) else { return print("armed: it was not latched (there is no \(essentials.stateDirectory))") }
        let folder = try LatchFolder.open(essentials.stateDirectory)
        if acceptBalances { try accept(folder, essentials) }
        guard let latch = KillLatch.read(from: folder) else { return print("armed: it was not latched") }
        print(latch.text)
        if let holder = folder.holder { throw Failure(.runFailed, "not armed: a run is still alive on \(folder.path) (\(holder)); stop it first") }
        let targets = try KillTargets(essentials, names: [])
        let report = targets.whole(KillRunner.begin(.inspect, targets.targets, timeout: span).wait())
        for outcome in report.outcomes { print(outcome.text) }
        try KillCommand.fail(report)
        do throws(StateError) {
            try folder.remove("kill.latch")
        } catch {
            throw Failure(.runFailed, "not armed: \(error.description)")
        }
        print("armed")
    }
}
