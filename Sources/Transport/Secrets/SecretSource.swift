import Glibc
import TLS

/// Why a secret could not be had. It names variables and paths, never content.
public struct SecretError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// Where a secret is: `env:NAME` or `file:path`. A configuration never holds one itself (S1).
public enum SecretSource: Hashable, Sendable {
    case environment(String)
    case file(String)

    /// - Throws: For anything else, without repeating it: it may be the secret.
    public static func parse(_ text: String) throws(SecretError) -> SecretSource {
        if text.hasPrefix("env:") {
            let name = String(text.dropFirst(4))
            let isName = !name.isEmpty && name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || byte &- 48 <= 9 || (byte | 0x20) &- 97 < 26
            }
            guard isName else { throw SecretError(description: "env: wants a variable's name after it") }
            return .environment(name)
        }
        if text.hasPrefix("file:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty else { throw SecretError(description: "file: wants a path after it") }
            return .file(path)
        }
        throw SecretError(
            description: "a secret is named by env:NAME or file:path, never written down itself (what was found is not shown here)")
    }

    /// Reads the secret; a newline at the end of a file is not part of it.
    public func read() throws(SecretError) -> Secret {
        switch self {
        case .environment(let name):
            guard let value = unsafe getenv(name), unsafe value.pointee != 0 else {
                throw SecretError(description: "the environment has no \(name), or it is empty")
            }
            return unsafe Secret(copying: UnsafeRawBufferPointer(start: value, count: strlen(value)))
        case .file(let path):
            return try SecretFile.read(path)
        }
    }
}

/// A file that holds a secret, and what it must be to be read (S1, S2).
enum SecretFile {
    static let maximumBytes = 64 * 1024

    static func read(_ path: String) throws(SecretError) -> Secret {
        try checkParents(path)
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ELOOP { throw SecretError(description: "secret file \(path): is a symbolic link") }
            throw failure(path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        try check(status, path)
        return try contents(descriptor, Int(status.st_size), path)
    }

    private static func failure(_ path: String) -> SecretError {
        SecretError(description: "secret file \(path): \(unsafe String(cString: strerror(errno)))")
    }

    private static func check(_ status: stat, _ path: String) throws(SecretError) {
        guard status.st_mode & S_IFMT == S_IFREG else { throw SecretError(description: "secret file \(path): not a regular file") }
        guard status.st_uid == geteuid() else {
            throw SecretError(description: "secret file \(path): belongs to user \(status.st_uid), not to user \(geteuid()) who runs this")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw SecretError(description: "secret file \(path): mode 0\(mode) lets others at it; expected 0600 (chmod 600 \(path))")
        }
        guard status.st_size > 0, status.st_size <= maximumBytes else {
            throw SecretError(description: "secret file \(path): \(status.st_size) bytes; expected 1 to \(maximumBytes)")
        }
    }

    /// Every folder above it, with links resolved: others must not be able to put another file in its place.
    private static func checkParents(_ path: String) throws(SecretError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard let resolved = unsafe realpath(folder.isEmpty ? "/" : folder, nil) else { throw failure(path) }
        defer { unsafe free(resolved) }
        var parent = unsafe String(cString: resolved)
        while true {
            var status = stat()
            guard unsafe lstat(parent, &status) == 0 else { throw failure(path) }
            if status.st_mode & 0o002 != 0, status.st_mode & S_ISVTX == 0 {
                throw SecretError(description: "secret file \(path): the folder \(parent) above it can be written by everyone")
            }
            guard parent != "/", let slash = parent.lastIndex(of: "/") else { return }
            parent = slash == parent.startIndex ? "/" : String(parent[..<slash])
        }
    }

    private static func contents(_ descriptor: Int32, _ size: Int, _ path: String) throws(SecretError) -> Secret {
        var bytes = [UInt8](repeating: 0, count: size)
        defer { unsafe bytes.withUnsafeMutableBytes { unsafe Secure.erase($0) } }
        var filled = 0
        while filled < size {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress.map { unsafe $0 + filled }, size - filled) }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            filled += count
        }
        while filled > 0, bytes[filled - 1] == 10 || bytes[filled - 1] == 13 { filled -= 1 }
        guard filled > 0 else { throw SecretError(description: "secret file \(path): empty") }
        return unsafe bytes.withUnsafeBytes { unsafe Secret(copying: UnsafeRawBufferPointer(rebasing: $0[..<filled])) }
    }
}
