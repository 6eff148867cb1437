public import Domain
public import Glibc
internal import Synchronization

/// Why the dead-man process is not armed: without it nothing may trade (C25).
public struct DeadManError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// The live process's end of its dead-man process.
///
/// A thread of its own sends a beat each fifth of the allowed silence, but only while the desk says that it is alive (C24): a desk that
/// hangs is as silent as one that died.
public final class DeadMan: Sendable {
    public let process: pid_t
    private let descriptor: Int32
    private let silence: Span
    private let counter = Atomic<UInt64>(0)
    private let hasEnded = Atomic<Bool>(false)
    private let wake = Wakeup()
    private let onGone: @Sendable (String) -> Void

    private init(process: pid_t, descriptor: Int32, silence: Span, onGone: @escaping @Sendable (String) -> Void) {
        (self.process, self.descriptor, self.silence, self.onGone) = (process, descriptor, silence, onGone)
    }

    deinit { close(descriptor) }

    /// Starts the process, compares binaries, waits until its connections are ready.
    ///
    /// - Parameters:
    ///   - arguments: The verb and its flags: `["dead-man", "--config", F, "--venue", V]`. Never a secret: those it reads for itself.
    ///   - silence: `watchdog.dead_man`.
    ///   - logFile: `state/dead-man.log`.
    ///   - onGone: It ended by itself, having acted or not: from its thread, once. The desk must not go on without it.
    public static func spawn(
        executable: String = "/proc/self/exe", arguments: [String], silence: Span, logFile: String, onGone: @escaping @Sendable (String) -> Void
    ) throws(DeadManError) -> DeadMan {
        guard let hash = BinaryHash.running() else { throw DeadManError(description: "dead-man process: the running binary cannot be read") }
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw DeadManError(description: "dead-man process: no socket: \(reason(errno))")
        }
        let started = launch(executable, arguments, input: ends[1], logFile: logFile)
        close(ends[1])
        guard let process = started.process else {
            close(ends[0])
            throw DeadManError(description: "dead-man process: cannot be started: \(reason(started.status))")
        }
        let made = DeadMan(process: process, descriptor: ends[0], silence: silence, onGone: onGone)
        _ = DeadManLink.send(DeadManLink.hello(hash: hash, silence: silence).utf8, to: made.descriptor)
        let answer = DeadManLink.line(from: made.descriptor, until: KillRunner.now + 20_000_000_000)
        guard answer == "armed" else {
            made.hasEnded.store(true, ordering: .releasing)
            made.reap(force: true)
            throw DeadManError(description: "dead-man process: \(answer ?? "no answer"); \(logFile) says more")
        }
        guard OwnThread.start({ made.beatOn() }) else {
            made.dismiss()
            throw DeadManError(description: "dead-man process: no thread for its beats")
        }
        return made
    }

    /// The desk lives: to be called at least five times within the allowed silence, by a timer where the market is quiet.
    public func beat() { counter.add(1, ordering: .relaxed) }

    /// Good-bye: the account is proven empty, or its orders are meant to stay. It ends without doing anything.
    public func dismiss() {
        guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        _ = DeadManLink.send([DeadManLink.bye], to: descriptor)
        wake.knock()
        reap(force: false)
    }

    private func beatOn() {
        var last = UInt64.max
        while !hasEnded.load(ordering: .acquiring) {
            let now = counter.load(ordering: .relaxed)
            if now != last || last == .max { _ = DeadManLink.send([DeadManLink.beat], to: descriptor) }
            last = now
            if isGone(within: Int32(clamping: max(1, silence.nanoseconds / 5_000_000))) {
                guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
                reap(force: false)
                return onGone("the dead-man process has ended by itself: it acted, or was ended")
            }
        }
    }

    /// Waits so long, and hears at once when the other end closes.
    private func isGone(within milliseconds: Int32) -> Bool {
        var pollers = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: wake.reader, events: Int16(POLLIN), revents: 0),
        ]
        guard unsafe poll(&pollers, 2, milliseconds) > 0, pollers[0].revents != 0 else { return false }
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
    }

    /// Takes the ended process off the system's table.
    private func reap(force: Bool) {
        if force { _ = kill(process, SIGKILL) }
        var status: Int32 = 0
        for _ in 0..<400 {
            let found = unsafe waitpid(process, &status, WNOHANG)
            if found != 0, !(found < 0 && errno == EINTR) { return }
            _ = poll(nil, 0, 5)
        }
    }

    // MARK: - Starting

    private static func reason(_ code: Int32) -> String { unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)" }

    /// In a session of its own, so that a SIGINT to the group does not reach it; its input is the socket, its outputs the log.
    private static func launch(_ executable: String, _ arguments: [String], input: Int32, logFile: String) -> (process: pid_t?, status: Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, logFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // The parent's handlers and masks are its own.
        var (none, all) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80))  // 0x80: POSIX_SPAWN_SETSID
        var words: [UnsafeMutablePointer<CChar>?] = unsafe (["perigee"] + arguments).map { unsafe strdup($0) } + [nil]
        defer { for unsafe word in unsafe words { unsafe free(word) } }
        var process: pid_t = 0
        let status = unsafe posix_spawn(&process, executable, &actions, &attributes, &words, environ)
        return (status == 0 ? process : nil, status)
    }
}
