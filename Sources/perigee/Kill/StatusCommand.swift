import ArgumentParser
import Configuration
import Domain
import Live

/// `perigee status`.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What the running process holds, does and sees.",
        discussion: """
            Asks over the control socket in the state folder. As JSON: sizes and prices are strings, times integer ns since the
            epoch, durations integer ns.

            Exit status: 0 it answered; 1 a process is there and does not answer; 2 usage or configuration; 4 nothing runs (the
            latch is told all the same).
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, metrics }

    @Option(help: "The configuration.")
    var config = "perigee.toml"

    @Option(help: "text, json, or metrics (Prometheus).")
    var format = Format.text

    @Option(help: ArgumentHelp("Say that you have seen the alert of this number, or 'all': it is not said again.", valueName: "number"))
    var ack: String?

    @Option(help: "How long to wait for the answer.")
    var timeout = "3s"

    func run() throws {
        guard let span = Span(timeout), span > .zero else { throw Failure(.usage, "--timeout: found '\(timeout)', expected a duration above zero, such as 3s") }
        let essentials = Essentials(config)
        if essentials.isMissing { throw Failure(.usage, essentials.warnings.joined(separator: "; ")) }
        for warning in essentials.warnings { CommandLineMain.say("warning: \(warning)") }
        guard LatchFolder.exists(essentials.stateDirectory) else { return try nobody(nil, essentials.stateDirectory) }
        let folder = try LatchFolder.open(essentials.stateDirectory)
        if let ack { return try acknowledge(ack, folder, span) }
        let request =
            switch format {
            case .text: #"{"command":"status","format":"text"}"#
            case .json: #"{"command":"status"}"#
            case .metrics: #"{"command":"metrics"}"#
            }
        switch ControlClient.ask(folder, request, timeout: span) {
        case .nobody: try nobody(KillLatch.read(from: folder), folder.path)
        case .silent: throw Failure(.runFailed, "a process listens on \(folder.socket) and does not answer within \(span.text); 'perigee kill' works all the same")
        case .line(let line): try show(line)
        }
    }

    private func acknowledge(_ text: String, _ folder: StateFolder, _ span: Span) throws {
        guard text == "all" || Int(text).map({ $0 > 0 }) == true else { throw Failure(.usage, "--ack: found '\(text)', expected an alert's number, or all") }
        let request = text == "all" ? #"{"command":"ack"}"# : #"{"command":"ack","alert":"\#(text)"}"#
        switch ControlClient.ask(folder, request, timeout: span) {
        case .nobody: try nobody(KillLatch.read(from: folder), folder.path)
        case .silent: throw Failure(.runFailed, "a process listens on \(folder.socket) and does not answer within \(span.text)")
        case .line: print("acknowledged")
        }
    }

    private func show(_ line: String) throws {
        if format == .json, let status = ControlClient.status(of: line) { return CommandLineMain.show(status) }
        let answer = ControlClient.text(of: line)
        guard let text = answer.text else { throw Failure(.runFailed, answer.error ?? "the answer has no text") }
        CommandLineMain.show(text, terminator: "")
    }

    private func nobody(_ latch: KillLatch?, _ path: String) throws {
        switch format {
        case .json: CommandLineMain.show(LatchJSON.nothingRuns(latch))
        case .text, .metrics: if let latch { CommandLineMain.say("kill switch latched: \(latch.text)") }
        }
        throw Failure(.unreachable, "nothing runs on \(path)")
    }
}
