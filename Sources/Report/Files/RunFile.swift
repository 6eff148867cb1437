import Glibc

/// A file of a run's folder that could not be written or read: which, what was tried, and what the system said.
public struct RunFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let message: String

    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    init(path: String, failed operation: String, errno code: Int32) {
        let reason = unsafe String(cString: strerror(code))
        self.init(path: path, message: "cannot \(operation): \(reason)")
    }

    public var description: String { "\(path): \(message)" }
}

/// One output file, written through a buffer under a name of its own and renamed when it is complete: whoever sees
/// `fills.csv` sees all of it.
///
/// A failed write is kept in ``failure`` and thrown by ``close()``; what is appended after it goes nowhere.
final class RunFile {
    let path: String
    private let partialPath: String
    /// Under its own name from the start, each row written at once: what a live run has written survives its process.
    private let isLive: Bool
    private var descriptor: Int32 = -1
    private static let threshold = 1 << 16

    /// What is not yet written; append to it, then call ``endRow()``.
    var buffer = TextBuffer(capacity: RunFile.threshold + 4096)
    private(set) var failure: RunFileError?

    /// Opens `directory/name` for writing, and removes what an earlier run left under that name.
    init(directory: String, name: String, isLive: Bool = false) throws(RunFileError) {
        self.isLive = isLive
        path = directory + "/" + name
        partialPath = isLive ? path : path + ".partial"
        _ = unsafe unlink(path)
        descriptor = unsafe open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw RunFileError(path: path, failed: "create it", errno: errno) }
    }

    /// Call after each row: writes the buffer out once it is full.
    func endRow() {
        if isLive || buffer.count >= RunFile.threshold { flush() }
    }

    private func flush() {
        defer { buffer.removeAll() }
        if failure != nil { return }
        let bytes = unsafe buffer.bytes
        var done = 0
        while done < bytes.count {
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                failure = RunFileError(path: path, failed: "write to it", errno: errno)
                return
            }
            done += count
        }
    }

    /// Writes what is left and gives the file its name.
    func close() throws(RunFileError) {
        flush()
        let closed = Glibc.close(descriptor)
        descriptor = -1
        if let failure { throw failure }
        if closed != 0 { throw RunFileError(path: path, failed: "close it", errno: errno) }
        if !isLive, unsafe rename(partialPath, path) != 0 { throw RunFileError(path: path, failed: "rename it into place", errno: errno) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        if !isLive { _ = unsafe unlink(partialPath) }
    }

    /// Writes a whole file at once.
    static func write(_ text: String, directory: String, name: String) throws(RunFileError) {
        let file = try RunFile(directory: directory, name: name)
        file.buffer.append(text)
        try file.close()
    }

    static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Makes a folder and those above it.
    static func makeDirectory(_ path: String) throws(RunFileError) {
        var status = stat()
        if unsafe stat(path, &status) == 0 { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeDirectory(String(path[..<slash])) }
        if unsafe mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw RunFileError(path: path, failed: "create the folder", errno: errno)
        }
    }
}
