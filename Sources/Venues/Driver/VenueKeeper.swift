internal import Glibc

/// What cannot be kept: the session that asked must not go on.
public struct VenueKeeperError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// Small files that a session's numbers survive a restart in: one an account and name, two records in turn, the later one counts.
public final class VenueKeeper {
    public let folder: String
    /// Whether what is kept must survive the machine, too, before the bytes leave. `[run] durability`
    private let mustLast: Bool
    private var descriptors: [String: Int32] = [:]

    /// - Parameter folder: Exists, and is the account's own.
    public init(folder: String, mustLast: Bool) { (self.folder, self.mustLast) = (folder, mustLast) }

    deinit { for descriptor in descriptors.values { _ = close(descriptor) } }

    /// The file's bytes, at most a page; nil where there is none.
    public static func read(_ name: String, in folder: String) -> [UInt8]? {
        let descriptor = unsafe open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    func keep(_ name: String, _ bytes: [UInt8], at offset: Int) throws(VenueKeeperError) {
        let descriptor = try descriptor(name)
        let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard count == bytes.count else { throw failure(name, "write") }
        if mustLast, fdatasync(descriptor) != 0 { throw failure(name, "flush") }
    }

    private func descriptor(_ name: String) throws(VenueKeeperError) -> Int32 {
        if let known = descriptors[name] { return known }
        let made = unsafe open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard made >= 0 else { throw failure(name, "open") }
        descriptors[name] = made
        // The name itself must survive, once.
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            _ = fsync(directory)
            _ = close(directory)
        }
        return made
    }

    private func failure(_ name: String, _ operation: String) -> VenueKeeperError {
        let code = errno
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return VenueKeeperError(description: "\(folder)/\(name): cannot \(operation): \(reason)")
    }
}
