import ArgumentParser
import Configuration
import Domain
import Glibc
import Live
import Venues

/// `perigee dead-man`: started by a live run, never by people.
struct DeadManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-man", abstract: "The process that empties the account when a live run falls silent.", shouldDisplay: false)

    @Option var config = "perigee.toml"
    @Option var venue: [String] = []

    func run() throws {
        // It ends by itself when the run does; a signal meant for the run must not take its guard away first.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { _ = signal(number, SIG_IGN) }
        let essentials = Essentials(config)
        SecretRim.closeDoors()
        let targets = try KillTargets(essentials, names: venue)
        for outcome in targets.settled where !outcome.isClean { DeadManCommand.log("dead-man: \(outcome.text)") }
        let ending = DeadManProcess(
            targets: targets.targets, unreachable: targets.settled.filter { !$0.isClean }.map(\.text), folder: essentials.stateDirectory,
            log: DeadManCommand.log
        ).run()
        switch ending {
        case .dismissed: return
        case .refused(let why): throw Failure(.usage, "dead-man: \(why)")
        case .acted(_, let report): try KillCommand.fail(report)
        }
    }

    private static func log(_ text: String) {
        CommandLineMain.say("\(LiveClock().now.wall.nanoseconds) \(getpid()) \(text)")
    }
}
