import Glibc

/// Runs child processes of this binary, so many at a time.
struct SweepWorkers {
    struct Outcome {
        let place: Int
        /// As the shell would have it: the exit status, or 128 and the signal's number.
        let status: Int32
    }

    private var running: [(pid: pid_t, place: Int)] = []
    var count: Int { running.count }

    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    init() {
        Interrupt.watch()
        // So that a signal ends the waiting for a child.
        siginterrupt(SIGINT, 1)
        siginterrupt(SIGTERM, 1)
    }

    /// - Parameter errors: the file that takes the child's stderr; its stdout goes nowhere.
    mutating func start(_ arguments: [String], place: Int, errors: String) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        var words = unsafe (["perigee"] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for unsafe word in unsafe words { unsafe free(word) } }
        var pid: pid_t = 0
        let result = unsafe posix_spawn(&pid, "/proc/self/exe", &actions, nil, &words, environ)
        guard result == 0 else { throw Failure(.runFailed, "sweep: cannot start a run: \(unsafe String(cString: strerror(result)))") }
        running.append((pid, place))
    }

    /// Waits until one of them has ended; nil where a signal came first.
    mutating func wait() -> Outcome? {
        var status: Int32 = 0
        let pid = unsafe waitpid(-1, &status, 0)
        guard pid > 0, let index = running.firstIndex(where: { $0.pid == pid }) else { return nil }
        let signal = status & 0x7F
        return Outcome(place: running.remove(at: index).place, status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
    }

    /// Interrupts all and waits for their ends.
    mutating func stop() {
        for child in running { kill(child.pid, SIGTERM) }
        while let child = running.popLast() {
            var status: Int32 = 0
            while unsafe waitpid(child.pid, &status, 0) == -1, errno == EINTR {}
        }
    }
}
