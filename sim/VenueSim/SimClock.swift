import Domain
import Glibc

/// The machine's clock, where a simulated venue needs one.
enum SimClock {
    static var now: Timestamp {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { preconditionFailure("the system has no clock") }
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// RFC 3339 with milliseconds.
    static func iso(_ time: Timestamp) -> String {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        func padded(_ number: Int32, _ width: Int) -> String { String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)" }
        let date = unsafe "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = unsafe "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(date)T\(clock).\(padded(Int32(time.nanoseconds / 1_000_000 % 1_000), 3))Z"
    }

    /// As the `Date` header has it.
    static func httpDate(_ time: Timestamp) -> String {
        var seconds = time_t(time.nanoseconds / 1_000_000_000)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = unsafe (parts.tm_wday, parts.tm_mday, parts.tm_mon, parts.tm_year)
        let clock = unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec)
        return "\(days[Int(date.0)]), \(two(date.1)) \(months[Int(date.2)]) \(date.3 + 1900) \(two(clock.0)):\(two(clock.1)):\(two(clock.2)) GMT"
    }
}
