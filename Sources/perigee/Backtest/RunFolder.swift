import Domain
import Glibc
import Tape

/// Where a run's files go when the user does not say.
enum RunFolder {
    /// `runs/<UTC time>-<strategy>`, `runs/20240808T120000Z-maker`.
    static func defaultPath(strategy: String) -> String {
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        let text = TimeText.text(Timestamp(nanoseconds: Int64(now.tv_sec) * 1_000_000_000))
        return "runs/\(text.filter { $0 != "-" && $0 != ":" })-\(strategy)"
    }
}
