import Domain
import Report
import Testing

/// `--calendar equity`: 252 sessions, samples outside them left out.
@Suite struct CalendarTests {
    /// Two sessions of three hourly records; samples run through the night. By hand: r within and across the sessions only.
    @Test func samplesOutsideSessionsDoNotCount() throws {
        let folder = ScratchFolder()
        let hour: Int64 = 3_600_000_000_000
        let recorder = try RunRecorder(
            directory: folder.path, instruments: [], context: TinyRun.context(calendar: .equity, period: Span(nanoseconds: hour)))
        let records: [Int64] = [14, 15, 16, 38, 39, 40]
        let values: [Int64: Int64] = [14: 10_000, 15: 10_100, 16: 10_000, 38: 10_200, 39: 10_200, 40: 10_300]
        var equity: Int64 = 10_000
        var last: Int64 = 14
        for at in Int64(14)...43 {
            if records.contains(at) { (equity, last) = (values[at] ?? equity, at) }
            let amount = SampleRun.usdt(equity)
            recorder.equity(
                EquityRow(
                    time: Timestamp(nanoseconds: at * hour), kind: .sample, equity: amount, cash: amount, positionValue: .zero,
                    lastRecord: Timestamp(nanoseconds: last * hour)))
        }
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["samples"].integer == 6)
        #expect(summary.ratio("samples_per_year") == 756.0)
        let r = [0.01, -100.0 / 10_100, 0.02, 0, 100.0 / 10_200]
        let mean = r.reduce(0, +) / 5
        let deviation = (r.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4).squareRoot()
        let wanted = mean / deviation * 756.0.squareRoot()
        #expect(abs((summary.ratio("sharpe") ?? 0) - wanted) < 1e-12 * abs(wanted))
    }

    /// Records between the samples: the sample before a day's last record counts, the one after it does not.
    @Test func sessionsEndAtTheirLastRecord() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context(calendar: .equity))
        // Records at 0, 0.5, 2.5 s: samples at 0, 1, 2 lie inside; 3 and 4 after.
        for (second, last) in [(0, 0), (1, 500), (2, 500), (3, 2500), (4, 2500)] as [(Int64, Int64)] {
            let amount = SampleRun.usdt(10_000 + second)
            recorder.equity(
                EquityRow(
                    time: Timestamp(nanoseconds: second * 1_000_000_000), kind: .sample, equity: amount, cash: amount,
                    positionValue: .zero, lastRecord: Timestamp(nanoseconds: last * 1_000_000)))
        }
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["samples"].integer == 3)
        #expect(summary.ratio("samples_per_year") == 756.0)
    }
}
