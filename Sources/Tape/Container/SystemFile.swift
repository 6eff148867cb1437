import Glibc

/// The few calls of the operating system that tapes need, with errors that name the file.
enum SystemFile {
    static func failure(_ path: String, _ operation: String) -> TapeError {
        let code = errno
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return .system(path: path, operation: operation, reason: reason)
    }

    static func open(_ path: String, _ flags: Int32, operation: String) throws(TapeError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, operation) }
        return descriptor
    }

    /// One writer a file.
    static func lock(_ descriptor: Int32, path: String) throws(TapeError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? .busy(path: path) : failure(path, "lock")
        }
    }

    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(TapeError) {
        var rest = unsafe bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let written = unsafe Glibc.write(descriptor, base, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw failure(path, "write")
            }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(TapeError) {
        try unsafe bytes.withUnsafeBytes { bytes in
            Result { () throws(TapeError) in unsafe try write(bytes, to: descriptor, path: path) }
        }.get()
    }

    static func size(of descriptor: Int32, path: String) throws(TapeError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path, "read") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .system(path: path, operation: "read", reason: "not a regular file")
        }
        return Int(status.st_size)
    }

    static func truncate(_ descriptor: Int32, to length: Int, path: String) throws(TapeError) {
        guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) >= 0 else {
            throw failure(path, "cut")
        }
    }

    static func synchronize(_ descriptor: Int32, path: String) throws(TapeError) {
        guard fdatasync(descriptor) == 0 else { throw failure(path, "flush") }
    }

    static func rename(_ path: String, to target: String, durably: Bool) throws(TapeError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw failure(target, "create") }
        if durably { synchronizeFolder(of: target) }
    }

    /// Makes a rename last over a power cut; best effort, since not every file system can.
    private static func synchronizeFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = unsafe Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A file mapped for reading. The bytes live as long as this object.
///
/// Somebody who shortens a mapped file kills the reader (SIGBUS); the writers of this module never shorten a finished tape in place
/// except under the lock of ``TapeWriter``'s reopening.
@safe final class MappedFile {
    let path: String
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(TapeError) {
        self.path = path
        let descriptor = try SystemFile.open(path, O_RDONLY, operation: "open")
        defer { close(descriptor) }
        let length = try SystemFile.size(of: descriptor, path: path)
        if length == 0 {
            unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let base = unsafe mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else { throw SystemFile.failure(path, "map") }
        unsafe bytes = UnsafeRawBufferPointer(start: base, count: length)
    }

    var count: Int { unsafe bytes.count }

    deinit {
        if let base = unsafe bytes.baseAddress { unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    /// Loads a fixed part of the format; the caller has checked that it lies inside.
    @inline(__always) func load<T: BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
        unsafe precondition(offset >= 0 && offset + MemoryLayout<T>.size <= bytes.count, "a load outside of the file")
        return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    }

    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    /// Tells the kernel that these bytes are done with, so that the process does not look as large as the tape.
    func drop(_ range: Range<Int>) {
        guard let base = unsafe bytes.baseAddress else { return }
        let page = 4096
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        if end > first { unsafe madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED) }
    }
}
