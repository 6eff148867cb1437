import Foundation
import Report
import Testing

/// Pages to look at: `PERIGEE_SAMPLE_REPORTS=/tmp/pages swift test --filter SamplePages`.
@Suite struct SamplePages {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["PERIGEE_SAMPLE_REPORTS"] != nil))
    func writesThem() throws {
        let root = ProcessInfo.processInfo.environment["PERIGEE_SAMPLE_REPORTS"] ?? ""
        var hostile = try SampleRun.marketMaker()
        hostile.samples = 600
        hostile.hostile = "<script>alert(1)</script>\"'&, \u{1B}[31m"
        var quiet = try SampleRun.marketMaker()
        (quiet.samples, quiet.fillChance) = (50, 0)
        let runs = [
            "maker": try SampleRun.marketMaker(), "bars": try SampleRun.yearOfBars(), "hostile": hostile, "quiet": quiet,
        ]
        for (name, run) in runs.sorted(by: { $0.key < $1.key }) {
            let directory = "\(root)/\(name)"
            let (summary, fills, equity) = try run.write(to: directory)
            try ReportPage.write(directory: directory)
            print(TerminalSummary.render(summary))
            #expect(equity.count >= fills.count)
        }
    }
}
