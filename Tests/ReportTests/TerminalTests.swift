import Domain
import Report
import Testing

@Suite struct TerminalTests {
    @Test(arguments: [80, 90, 100, 200])
    func fitsTheTerminal(width: Int) throws {
        let folder = ScratchFolder()
        var run = try SampleRun.yearOfBars()
        (run.samples, run.hostile) = (500, "\u{1B}[31m long and hostile, far too long for any column of a table")
        let text = TerminalSummary.render(try run.write(to: folder.path).summary, width: width)
        for line in text.split(separator: "\n") { #expect(line.count <= min(width, 100), "\(line)") }
        #expect(text.contains("SUMMARY METRICS") && text.contains("RESULT BY TAG") && text.contains("TOTAL"))
        #expect(!text.contains("\u{1B}"))
    }

    @Test func coloursOnlyWhenTold() throws {
        let folder = ScratchFolder()
        let summary = try Golden.write(to: folder.path)
        #expect(TerminalSummary.render(summary, colour: true).contains("\u{1B}[32m"))
        #expect(!TerminalSummary.render(summary).contains("\u{1B}"))
    }

    @Test func progressLine() {
        let time = Timestamp(nanoseconds: 1_723_075_200_000_000_000)
        let line = ProgressLine.render(fraction: 0.25, simulated: time, events: 1_250_000, elapsedSeconds: 0.5, width: 80)
        #expect(line == "[█████░░░░░░░░░░░░░░░░░░]   25%  2024-08-08 00:00:00  2.50M events/s  ETA 00:02")
        #expect(line.count == 79)
        let start = ProgressLine.render(fraction: .nan, simulated: time, events: 0, elapsedSeconds: 0, width: 40)
        #expect(start.count == 39)
    }
}
