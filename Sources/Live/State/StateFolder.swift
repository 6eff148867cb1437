import Glibc

/// What is wrong with the state folder; every message names the path.
public enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
    case system(path: String, operation: String, reason: String)
    case busy(path: String, holder: String)
    case notOurs(path: String, found: String)
    case malformed(path: String, found: String, expected: String)

    public var description: String {
        switch self {
        case .system(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
        case .busy(let path, let holder): "\(path): another perigee runs on this state folder (\(holder)); two on one account are refused"
        case .notOurs(let path, let found): "\(path): \(found); expected a folder of this user that nobody else may enter (0700)"
        case .malformed(let path, let found, let expected): "\(path): found '\(found)', expected \(expected)"
        }
    }
}

/// The folder that outlives every run: lock, instance name, epoch, kill latch, ledger, saved strategy states.
///
/// Made with mode 0700, files 0600 (S20). What must last over a power cut is written beside, flushed and renamed, and the folder is flushed too.
public struct StateFolder: Sendable {
    public let path: String

    public init(path: String) throws(StateError) {
        self.path = path
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw StateFolder.failure(path, "create") }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw StateFolder.failure(path, "read") }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notOurs(path: path, found: "it is not a folder") }
        guard status.st_uid == geteuid() else { throw .notOurs(path: path, found: "it belongs to user \(status.st_uid)") }
        guard status.st_mode & 0o077 == 0 else { throw .notOurs(path: path, found: "its mode is \(String(status.st_mode & 0o777, radix: 8))") }
    }

    public func file(_ name: String) -> String { "\(path)/\(name)" }
    public var ledger: String { file("ledger") }
    public var latch: String { file("kill.latch") }
    public var socket: String { file("control.sock") }

    // MARK: - Small durable files

    /// Nil where there is none.
    public func read(_ name: String, limit: Int = 2 << 20) throws(StateError) -> [UInt8]? {
        let path = file(name)
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StateFolder.failure(path, "open")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StateFolder.failure(path, "read") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
        throw .malformed(path: path, found: "more than \(limit) bytes", expected: "a file that perigee wrote")
    }

    /// Replaces the file: whole or not at all, over a power cut too.
    public func replace(_ name: String, with bytes: [UInt8]) throws(StateError) {
        let target = file(name)
        let temporary = target + ".new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StateFolder.failure(temporary, "create") }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress! + done, $0.count - done) }  // house-ok: not empty
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StateFolder.failure(temporary, "write") }
            done += count
        }
        guard fsync(descriptor) == 0 else { throw StateFolder.failure(temporary, "flush") }
        guard unsafe rename(temporary, target) == 0 else { throw StateFolder.failure(target, "create") }
        try flushFolder()
    }

    public func remove(_ name: String) throws(StateError) {
        guard unsafe unlink(file(name)) == 0 || errno == ENOENT else { throw StateFolder.failure(file(name), "remove") }
        try flushFolder()
    }

    private func flushFolder() throws(StateError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StateFolder.failure(path, "open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StateFolder.failure(path, "flush") }
    }

    static func failure(_ path: String, _ operation: String) -> StateError {
        let code = errno
        return .system(path: path, operation: operation, reason: unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")
    }
}
