import Domain
import Glibc
import Report

/// The progress line: on a terminal only, a few times a second at most.
final class Progress {
    private let total: Int
    private let started: Double
    private var shown = 0.0
    private static let isTerminal = isatty(2) == 1

    init?(total: Int) {
        guard Progress.isTerminal else { return nil }
        self.total = total
        started = Progress.seconds
    }

    private static var seconds: Double {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    func show(events: Int, at time: Timestamp) {
        let now = Progress.seconds
        guard now - shown > 0.2 else { return }
        shown = now
        let line = ProgressLine.render(
            fraction: Double(events) / Double(max(total, 1)), simulated: time, events: Int64(events), elapsedSeconds: now - started)
        Progress.put("\r\u{1B}[K" + line)
    }

    func clear() { Progress.clearLine() }

    static func clearLine() { if isTerminal { put("\r\u{1B}[K") } }

    private static func put(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = unsafe write(2, bytes.baseAddress, bytes.count) }
    }
}
