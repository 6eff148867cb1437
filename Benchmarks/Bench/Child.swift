import Glibc

/// Another process, and what it used.
struct Child {
    var wall = 0.0
    var cpu = 0.0
    /// VmHWM, KiB: its largest resident memory, the mapped tape's pages included.
    var peak = 0
    /// Its largest resident memory without the pages of mapped tapes, KiB.
    var peakOwn = 0

    /// Runs a command to its end.
    ///
    /// - Parameter watched: looks at its memory every few milliseconds, which slows it down.
    static func run(_ command: [String], watched: Bool = false) throws -> Child {
        var child = Child()
        let start = Elapsed.now(CLOCK_MONOTONIC)
        let process = try spawn(command)
        var status: Int32 = 0
        var usage = rusage()
        if watched {
            while unsafe wait4(process, &status, WNOHANG, &usage) == 0 {
                child.look(at: process)
                _ = poll(nil, 0, 3)
            }
        } else {
            _ = unsafe wait4(process, &status, 0, &usage)
        }
        child.wall = Elapsed.now(CLOCK_MONOTONIC) - start
        child.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        guard status == 0 else { throw BenchError("\(command.joined(separator: " ")) ended with status \(status)") }
        return child
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e9 + Double(time.tv_usec) * 1e3 }

    private static func spawn(_ command: [String]) throws -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var process: pid_t = 0
        let result = unsafe posix_spawn(&process, command[0], &actions, nil, arguments, environ)
        guard result == 0 else { throw BenchError("\(command[0]): \(unsafe String(cString: strerror(result)))") }
        return process
    }

    private mutating func look(at process: pid_t) {
        if let status = try? BenchFiles.bytes("/proc/\(process)/status"), let value = Child.field("VmHWM:", in: status) { peak = max(peak, value) }
        guard let maps = try? BenchFiles.bytes("/proc/\(process)/smaps") else { return }
        var own = 0
        var isTape = false
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: Array("Rss:".utf8)) {
                if !isTape { own += Child.number(in: line) }
            } else if let first = line.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") || first >= UInt8(ascii: "a") {
                isTape = line.suffix(5).elementsEqual(Array(".tape".utf8))
            }
        }
        peakOwn = max(peakOwn, own)
    }

    private static func field(_ name: String, in bytes: [UInt8]) -> Int? {
        bytes.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: Array(name.utf8)) }.map(number)
    }

    private static func number(in line: ArraySlice<UInt8>) -> Int {
        line.reduce(0) { (48...57).contains($1) ? 10 * $0 + Int($1) - 48 : $0 }
    }
}
