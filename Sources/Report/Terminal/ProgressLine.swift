public import Domain

/// One line of progress: how far, where in simulated time, how fast, how long yet. It knows no clock and no terminal: the caller
/// says what time has passed, and prints the line after a carriage return.
public enum ProgressLine {
    /// - Parameters:
    ///   - fraction: 0 to 1.
    ///   - elapsedSeconds: wall time since the start.
    ///   - width: columns of the terminal; the line is padded to one less, so that it covers the one before.
    public static func render(
        fraction: Double, simulated: Timestamp, events: Int64, elapsedSeconds: Double, width: Int = 80
    ) -> String {
        let done = min(max(fraction.isFinite ? fraction : 0, 0), 1)
        let rate = elapsedSeconds > 0 ? Double(events) / elapsedSeconds : 0
        let left = done > 0.001 && elapsedSeconds > 0 ? elapsedSeconds * (1 - done) / done : nil
        let percent = Display.fixed(done * 100, 0)
        let tail = "\(pad(percent, 3))%  \(simulated.secondText)  \(compact(rate)) events/s  ETA \(eta(left))"
        let room = width - 1 - tail.count - 4
        let line = room >= 8 ? "\(bar(done, min(room, 30)))  \(tail)" : tail
        let cut = String(line.prefix(max(0, width - 1)))
        return cut + String(repeating: " ", count: max(0, width - 1 - cut.count))
    }

    private static func bar(_ done: Double, _ width: Int) -> String {
        let full = Int((done * Double(width)).rounded(.down))
        return "[" + String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + "]"
    }

    /// `950`, `12.3k`, `4.56M`.
    static func compact(_ value: Double) -> String {
        if value < 1000 { return Display.fixed(value, 0) }
        if value < 1_000_000 { return Display.fixed(value / 1000, value < 100_000 ? 1 : 0) + "k" }
        return Display.fixed(value / 1_000_000, value < 100_000_000 ? 2 : 0) + "M"
    }

    private static func eta(_ seconds: Double?) -> String {
        guard let seconds, seconds < 360_000 else { return "--:--" }
        let whole = Int(seconds.rounded(.up))
        let minutes = "\(CivilDate.pad(whole / 60 % 60, 2)):\(CivilDate.pad(whole % 60, 2))"
        return whole >= 3600 ? "\(whole / 3600):\(minutes)" : minutes
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
