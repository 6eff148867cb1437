import CChecksum
public import Domain
import Glibc
import Recording

/// What is wrong with a ledger, or with writing one. A ledger that cannot be written ends trading.
public enum LedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    case system(path: String, operation: String, reason: String)
    /// Damage before the end: nothing may be traded until the venue was asked and an operator agrees.
    case damaged(path: String, offset: Int, reason: String)

    public var description: String {
        switch self {
        case .system(let path, let operation, let reason): "\(path): cannot \(operation): \(reason)"
        case .damaged(let path, let offset, let reason): "\(path): damaged at byte \(offset): \(reason)"
        }
    }
}

/// How much an intent must survive before its order may leave. `[run] durability`
public enum LedgerDurability: Sendable { case process, power }

/// The write-ahead log on disk: one file, one writer, records of `len u32 | type u16 | 0 u16 | seq u64 | monotonic i64 | wall i64 | payload | crc32c u32`.
///
/// A record that breaks off at the end is a torn tail and is cut. Anything wrong before the end is damage.
@safe public final class LedgerFile {
    public let path: String
    private let descriptor: Int32
    private let durability: LedgerDurability
    private var sequence: UInt64
    private var output: [UInt8] = []
    private var unsynced = false
    /// Bytes that were cut from the end when it was opened.
    public let cutBytes: Int
    static let headerBytes = 32
    static let magic: [UInt8] = Array("PRGLEDG1".utf8)
    static let largestPayload = 1 << 20

    /// Opens or creates the ledger and replays it.
    public static func open(path: String, durability: LedgerDurability) throws(LedgerError) -> (LedgerFile, LedgerState) {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(path, "open") }
        do throws(LedgerError) {
            let bytes = try read(descriptor, path)
            let (state, sound, sequence) = try replay(bytes, path)
            if bytes.isEmpty {
                try write(magic, descriptor, path)
            } else if sound < bytes.count {
                guard ftruncate(descriptor, off_t(sound)) == 0 else { throw failure(path, "cut the torn tail") }
            }
            guard lseek(descriptor, 0, SEEK_END) >= 0, fsync(descriptor) == 0 else { throw failure(path, "flush") }
            let file = LedgerFile(
                path: path, descriptor: descriptor, durability: durability, sequence: sequence, cutBytes: bytes.isEmpty ? 0 : bytes.count - sound)
            return (file, state)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private init(path: String, descriptor: Int32, durability: LedgerDurability, sequence: UInt64, cutBytes: Int) {
        (self.path, self.descriptor, self.durability) = (path, descriptor, durability)
        (self.sequence, self.cutBytes) = (sequence, cutBytes)
    }

    deinit { close(descriptor) }

    /// Writes entries with one system call. When it returns they survive the process (and, for `power`, where `mustLast`, the machine).
    public func append(_ entries: [LedgerEntry], wall: Timestamp, monotonic: Int64, mustLast: Bool) throws(LedgerError) {
        output.removeAll(keepingCapacity: true)
        for entry in entries { put(entry, wall, monotonic) }
        try LedgerFile.write(output, descriptor, path)
        unsynced = true
        if mustLast, durability == .power { try synchronize() }
    }

    /// Group commit: makes what was written last over a power cut. Never tried again after a failure.
    public func synchronize() throws(LedgerError) {
        guard unsynced else { return }
        guard fdatasync(descriptor) == 0 else { throw LedgerFile.failure(path, "flush") }
        unsynced = false
    }

    private func put(_ entry: LedgerEntry, _ wall: Timestamp, _ monotonic: Int64) {
        let (kind, payload) = LedgerCodec.encode(entry)
        precondition(payload.count <= LedgerFile.largestPayload, "a ledger entry is too large")
        let start = output.count
        put(UInt32(payload.count))
        put(kind.rawValue)
        put(UInt16(0))
        put(sequence)
        put(monotonic)
        put(wall.nanoseconds)
        output.append(contentsOf: payload)
        put(unsafe output.withUnsafeBytes { unsafe LedgerFile.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) })
        sequence += 1
    }

    private func put(_ value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe output.append(contentsOf: $0) }
    }

    // MARK: - Reading

    /// What whole records there are, and where they end.
    static func replay(_ bytes: [UInt8], _ path: String) throws(LedgerError) -> (state: LedgerState, sound: Int, sequence: UInt64) {
        var state = LedgerState()
        guard !bytes.isEmpty else { return (state, 0, 0) }
        guard bytes.count >= magic.count, Array(bytes[..<magic.count]) == magic else {
            throw .damaged(path: path, offset: 0, reason: "it does not begin like a ledger")
        }
        var offset = magic.count
        var sequence: UInt64 = 0
        while offset < bytes.count {
            switch record(bytes, at: offset, sequence: sequence) {
            case .sound(let kind, let payload, let wall, let end):
                do {
                    state.apply(try LedgerCodec.decode(kind, payload), at: wall)
                } catch {
                    throw .damaged(path: path, offset: offset + headerBytes + error.offset, reason: "expected \(error.expected)")
                }
                sequence += 1
                offset = end
            case .broken(let reason):
                guard isTail(bytes, after: offset, sequence: sequence) else { throw .damaged(path: path, offset: offset, reason: reason) }
                return (state, offset, sequence)
            }
        }
        return (state, offset, sequence)
    }

    /// Every whole record in order, for those who look at a ledger afterwards.
    static func entries(_ bytes: [UInt8], _ path: String) throws(LedgerError) -> [LedgerEntry] {
        var (entries, offset, sequence) = ([LedgerEntry](), magic.count, UInt64(0))
        while offset < bytes.count, case .sound(let kind, let payload, _, let end) = record(bytes, at: offset, sequence: sequence) {
            do {
                entries.append(try LedgerCodec.decode(kind, payload))
            } catch {
                throw .damaged(path: path, offset: offset + headerBytes + error.offset, reason: "expected \(error.expected)")
            }
            (offset, sequence) = (end, sequence + 1)
        }
        return entries
    }

    private enum Record {
        case sound(LedgerCodec.Kind, [UInt8], Timestamp, end: Int)
        case broken(String)
    }

    private static func record(_ bytes: [UInt8], at offset: Int, sequence: UInt64) -> Record {
        guard bytes.count - offset >= headerBytes + 4 else { return .broken("a record breaks off") }
        let length = Int(load(UInt32.self, bytes, offset))
        guard length <= largestPayload else { return .broken("a record of \(length) bytes") }
        let end = offset + headerBytes + length + 4
        guard end <= bytes.count else { return .broken("a record of \(length) bytes breaks off") }
        let sum = unsafe bytes.withUnsafeBytes { unsafe checksum(UnsafeRawBufferPointer(rebasing: $0[offset..<(end - 4)])) }
        guard sum == load(UInt32.self, bytes, end - 4) else { return .broken("a checksum does not fit") }
        guard load(UInt64.self, bytes, offset + 8) == sequence else { return .broken("record \(sequence) is missing") }
        guard let kind = LedgerCodec.Kind(rawValue: load(UInt16.self, bytes, offset + 4)) else { return .broken("a record of unknown type") }
        let wall = Timestamp(nanoseconds: load(Int64.self, bytes, offset + 24))
        return .sound(kind, Array(bytes[(offset + headerBytes)..<(end - 4)]), wall, end: end)
    }

    /// The record at this place, whatever its number: for those who only look.
    static func soundRecord(_ bytes: [UInt8], at offset: Int) -> (kind: LedgerCodec.Kind, payload: [UInt8], wall: Int64, monotonic: Int64, end: Int)? {
        guard bytes.count - offset >= headerBytes + 4 else { return nil }
        guard case .sound(let kind, let payload, let wall, let end) = record(bytes, at: offset, sequence: load(UInt64.self, bytes, offset + 8)) else { return nil }
        return (kind, payload, wall.nanoseconds, load(Int64.self, bytes, offset + 16), end)
    }

    /// Whether nothing sound stands behind: the last write was cut off, and its order never left.
    private static func isTail(_ bytes: [UInt8], after offset: Int, sequence: UInt64) -> Bool {
        var place = offset + 1
        while place + headerBytes + 4 <= bytes.count {
            let length = Int(load(UInt32.self, bytes, place))
            let number = load(UInt64.self, bytes, place + 8)
            if length <= largestPayload, number > sequence, number < sequence + 1 << 20, place + headerBytes + length + 4 <= bytes.count {
                if case .sound = record(bytes, at: place, sequence: number) { return false }
            }
            place += 1
        }
        return true
    }

    private static func load<T: FixedWidthInteger>(_ type: T.Type, _ bytes: [UInt8], _ offset: Int) -> T {
        unsafe bytes.withUnsafeBytes { unsafe T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        unsafe cchecksum_crc32c(0, bytes.baseAddress, bytes.count)
    }

    // MARK: - The system

    private static func read(_ descriptor: Int32, _ path: String) throws(LedgerError) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path, "read") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress! + done, $0.count - done, off_t(done)) }  // house-ok: not empty
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path, "read") }
            done += count
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(LedgerError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }  // house-ok: not empty
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path, "write") }
            done += count
        }
    }

    static func failure(_ path: String, _ operation: String) -> LedgerError {
        let code = errno
        return .system(path: path, operation: operation, reason: unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)")
    }
}
