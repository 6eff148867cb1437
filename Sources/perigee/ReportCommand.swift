import ArgumentParser
import Report

/// `perigee report DIR`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Draw report.html again from the files of a run's folder.",
        discussion: """
            Reads summary.json, equity.csv, fills.csv and charts.json and writes report.html beside them, as
            `perigee backtest` does at its end. The page needs no network and works with scripts off.

              perigee report runs/demo
            """)

    @Argument(help: ArgumentHelp("A run's folder, as --out of backtest made it.", valueName: "dir"))
    var directory: String

    func run() throws {
        do {
            try ReportPage.write(directory: directory)
        } catch {
            throw Failure(.runFailed, "\(error); expected the folder of a finished run")
        }
        print("\(directory)/\(RunFiles.report)")
    }
}
