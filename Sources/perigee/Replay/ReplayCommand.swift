import ArgumentParser
import Recording
import Scripting
import Tape

/// `perigee replay TAPE`.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Play a run's journal back through the same engine.",
        discussion: """
            The journal.tape of a run's folder holds the script, its parameters, the limits and every input in order. With --verify
            each step's effects (orders, cancels, fills) are compared with those of the run: `verified: N inputs, M effects`, or
            the first difference. With --strategy another version of the script gets the same inputs: what would it have done?

              perigee replay runs/20240808T120000Z-maker/journal.tape --verify
              perigee replay journal.tape --strategy maker.lua --format json

            Exit status: 0 done, or verified; 1 the journal is damaged, the script fails to load, or the effects differ; 2 usage.
            """)

    @Argument(help: ArgumentHelp("The journal of a run: backtest --journal writes one.", valueName: "tape"))
    var tape: String

    @Option(help: ArgumentHelp("Run this script instead of the one in the journal.", valueName: "strategy.lua"))
    var strategy: String?

    @Flag(help: "Compare every step's effects with the run's; end at the first difference with exit status 1.")
    var verify = false

    @Option(help: "text or json.")
    var format: OutputFormat = .text

    @Flag(help: "No log lines of the strategy on stderr.")
    var quiet = false

    func run() throws {
        do {
            let reader = try JournalReader(path: tape)
            if let torn = reader.tornTail { CommandLineMain.say("perigee: \(tape): \(torn)") }
            let run = try ReplayRun(reader, strategy: strategy)
            for line in run.warnings { CommandLineMain.say("perigee: \(line)") }
            let report = ReplayReport(run, result: try run.execute(verifies: verify, isQuiet: quiet), isVerification: verify)
            switch format {
            case .json: print(report.json)
            case .text: for line in report.lines { print(line) }
            }
            if verify, report.differs { throw Failure(.runFailed, "\(tape): the replay does not do what the run did") }
        } catch let error as TapeError {
            throw Failure(.runFailed, "\(error)")
        } catch let error as JournalError {
            throw Failure(.runFailed, "\(error)")
        }
    }
}
