import Glibc

/// Reads files of a run's folder, line by line where they may be long.
enum FileText {
    static func readAll(_ path: String) throws(RunFileError) -> [UInt8] {
        var all: [UInt8] = []
        var reader = try LineReader(path)
        while let chunk = try reader.readChunk() { all.append(contentsOf: chunk) }
        return all
    }
}

/// Hands out a file's bytes in chunks of 64 KiB.
struct LineReader: ~Copyable {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws(RunFileError) {
        self.path = path
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw RunFileError(path: path, failed: "open it", errno: errno) }
    }

    /// Nil at the end.
    mutating func readChunk() throws(RunFileError) -> [UInt8]? {
        let size = 1 << 16
        var failure: Int32 = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while true {
                let got = unsafe read(descriptor, buffer.baseAddress, size)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                count = max(0, got)
                return
            }
        }
        if failure != 0 { throw RunFileError(path: path, failed: "read it", errno: failure) }
        return chunk.isEmpty ? nil : chunk
    }

    deinit { _ = close(descriptor) }
}
