import ArgumentParser
import Glibc

/// The root command; each verb is a file of its own in this folder and is listed here once it works.
struct Perigee: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perigee",
        abstract: "Write a trading strategy once, in Lua; backtest it on recorded data with the engine that will trade it.",
        discussion: """
            To begin with:

              perigee data info backtest-data/eth-1m.tape
              perigee backtest strategies/sma_cross.lua --data backtest-data/eth-1m.tape --set slow=50

            Exit status: 0 done; 1 the run failed; 2 usage or configuration; 3 stopped by a limit or the kill switch;
            4 venue unreachable or authentication refused; 130 interrupted.
            """,
        version: Perigee.engineVersion,
        subcommands: [BacktestCommand.self, SweepCommand.self, CheckCommand.self, DataCommand.self, ReplayCommand.self, ReportCommand.self] + LiveVerbs.all)

    static let engineVersion = "0.1.0"
}

/// A failure that a user can understand: what was found, where, and what was expected.
struct Failure: Error {
    /// `docs/cli.md`, exit codes.
    enum Code: Int32 { case runFailed = 1, usage = 2, stoppedByLimit = 3, unreachable = 4, interrupted = 130 }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Runs a command line and maps every outcome to the exit codes of the contract.
enum CommandLineMain {
    static func run(_ arguments: [String]? = nil) -> Int32 {
        do {
            var command = try Perigee.parseAsRoot(UnknownVerb.checked(arguments ?? Array(CommandLine.arguments.dropFirst())))
            try command.run()
            return 0
        } catch let failure as Failure {
            say("perigee: \(failure.message)")
            return failure.code.rawValue
        } catch {
            let code = Perigee.exitCode(for: error)
            let text = Perigee.fullMessage(for: error)
            if code == .success {
                print(text)
                return 0
            }
            if !text.isEmpty { say(text) }
            return code == .failure ? Failure.Code.runFailed.rawValue : Failure.Code.usage.rawValue
        }
    }

    /// The result, on stdout, of those verbs that have read secrets.
    static func show(_ text: String, terminator: String = "\n") { print(SecretRim.redact(text), terminator: terminator) }

    /// One line on stderr; stdout is only ever the result.
    static func say(_ line: String) {
        var line = SecretRim.redact(line) + "\n"
        line.withUTF8 { bytes in _ = unsafe write(2, bytes.baseAddress, bytes.count) }
    }
}
