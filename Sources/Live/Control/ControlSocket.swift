public import Glibc
internal import Synchronization

/// `state/control.sock`: status, metrics, stop and kill, for the same user only (S11).
///
/// A thread of its own with non-blocking descriptors: garbage, endless lines and readers that do not read cost their own connection and
/// nothing else (F76).
public final class ControlSocket: Sendable {
    /// What the log line of a question begins with, which changes nothing.
    public static let askedPrefix = "control: asked for "
    static let longestLine = 65_536
    static let longestAnswer = 8 << 20
    static let mostConnections = 16

    private let path: String
    private let listener: Int32
    private let owner: uid_t
    private let answer: @Sendable (ControlRequest) -> String
    private let log: @Sendable (String) -> Void
    private let isStopping = Atomic<Bool>(false)
    private let hasStopped = Atomic<Bool>(false)
    private let wake = Wakeup()

    /// Listens at once.
    ///
    /// - Parameters:
    ///   - owner: The only user who may speak; another one only in tests.
    ///   - answer: One line for each request, on the socket's thread.
    ///   - log: Each command is written down.
    public init(
        folder: StateFolder, owner: uid_t = geteuid(), log: @escaping @Sendable (String) -> Void, answer: @escaping @Sendable (ControlRequest) -> String
    ) throws(StateError) {
        (path, self.owner, self.log, self.answer) = (folder.socket, owner, log, answer)
        listener = try ControlSocket.listen(folder.socket)
        if !OwnThread.start({ self.serve() }) {
            close(listener)
            _ = unsafe unlink(folder.socket)
            throw .system(path: folder.socket, operation: "serve", reason: "the system has no thread left")
        }
    }

    /// Closes everything and removes the socket.
    public func stop() {
        guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wake.knock()
        while !hasStopped.load(ordering: .acquiring) { _ = poll(nil, 0, 1) }
    }

    private static func listen(_ path: String) throws(StateError) -> Int32 {
        try removeStale(path)
        let descriptor = UnixAddress.socket()
        guard descriptor >= 0, let address = UnixAddress(path) else { throw StateFolder.failure(path, "make a socket at") }
        let mask = umask(0o077)
        let isBound = address.bind(descriptor)
        umask(mask)
        guard isBound, unsafe chmod(path, 0o600) == 0, Glibc.listen(descriptor, 128) == 0 else {
            let failure = StateFolder.failure(path, "listen at")
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    /// A socket of ours to which nobody listens any more is taken away; anything else stays.
    private static func removeStale(_ path: String) throws(StateError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid() else {
            throw .notOurs(path: path, found: status.st_mode & S_IFMT == S_IFSOCK ? "a socket of user \(status.st_uid)" : "it is no socket")
        }
        if let other = ControlClient.connect(path) {
            close(other)
            throw .busy(path: path, holder: "it answers")
        }
        guard unsafe unlink(path) == 0 else { throw StateFolder.failure(path, "remove") }
    }

    // MARK: - Its thread

    private func serve() {
        var connections: [ControlConnection] = []
        while !isStopping.load(ordering: .acquiring) {
            var polls = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0), pollfd(fd: wake.reader, events: Int16(POLLIN), revents: 0),
            ]
            for connection in connections {
                polls.append(pollfd(fd: connection.descriptor, events: Int16(connection.isBlocked ? POLLOUT : POLLIN), revents: 0))
            }
            _ = unsafe poll(&polls, nfds_t(polls.count), 1_000)
            for (index, connection) in connections.enumerated() where polls[index + 2].revents != 0 {
                connection.turn(answer: respond)
            }
            let now = KillRunner.now
            for connection in connections where now - connection.lastTurn > 60_000_000_000 { connection.end() }
            connections.removeAll { $0.isEnded }
            if polls[0].revents != 0 { accept(&connections) }
        }
        for connection in connections { connection.end() }
        close(listener)
        _ = unsafe unlink(path)
        hasStopped.store(true, ordering: .releasing)
    }

    private func accept(_ connections: inout [ControlConnection]) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            admit(descriptor, &connections)
        }
    }

    private func admit(_ descriptor: Int32, _ connections: inout [ControlConnection]) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        guard let user = ControlSocket.peer(descriptor), user == owner else {
            log("control: a connection of user \(ControlSocket.peer(descriptor).map(String.init) ?? "unknown") was refused")
            close(descriptor)
            return
        }
        // The oldest gives way: sixteen that hang must not keep the next one out.
        if connections.count >= ControlSocket.mostConnections { connections.removeFirst().end() }
        connections.append(ControlConnection(descriptor))
    }

    private static func peer(_ descriptor: Int32) -> uid_t? {
        // struct ucred: pid, uid, gid; Glibc keeps the type behind `_GNU_SOURCE`.
        var credentials: [UInt32] = [0, .max, .max]
        var length = socklen_t(12)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, length == 12 else { return nil }
        return credentials[1]
    }

    private func respond(_ line: [UInt8]) -> String {
        let parsed = ControlRequest.parse(line)
        guard let request = parsed.request else {
            log("control: a line that is no request: \(parsed.error)")
            return ControlSocket.refusal(parsed.error)
        }
        switch request {
        case .status, .table: log(ControlSocket.askedPrefix + "the status")
        case .metrics: log(ControlSocket.askedPrefix + "metrics")
        case .stop: log("control: stop")
        case .acknowledge(let number): log("control: acknowledged \(number.map { "alert \($0)" } ?? "all alerts")")
        case .kill(let reason): log("control: kill: \(reason)")
        }
        return answer(request)
    }

    static func refusal(_ why: String) -> String {
        var json = JSONLine()
        json.write(why)
        return json.text
    }
}
