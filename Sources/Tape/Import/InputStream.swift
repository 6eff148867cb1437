import CZlib
import Domain
import Glibc

/// The bytes of one input, unpacked: a plain file, a `.gz` of any number of members, or one entry of a `.zip`.
///
/// Memory stays the same however long the input is; packed data is checked against its own CRC.
@safe final class InputStream {
    /// Path, and the entry in a zip: `a.zip/b.csv`.
    let name: String
    private let descriptor: Int32
    private var packing: Packing
    /// Packed bytes of a zip entry not yet read.
    private var remaining: Int
    private var expectedCRC: UInt?
    private var crc: UInt = 0
    /// At an address of its own: zlib keeps a pointer to it.
    private let inflater = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var packed: [UInt8]
    private var packedStart = 0
    private var packedEnd = 0
    private var ended = false
    private var checked = false

    enum Packing { case none, gzip, rawDeflate }
    static let chunk = 1 << 18

    /// A plain or gzipped file.
    init(path: String) throws(ImportError) {
        name = path
        unsafe inflater.initialize(to: z_stream())
        descriptor = try InputStream.open(path)
        packed = Array(repeating: 0, count: InputStream.chunk)
        remaining = .max
        packing = .none
        packedEnd = try readFile()
        if packedEnd >= 2 && packed[0] == 0x1F && packed[1] == 0x8B {
            packing = .gzip
            try startInflating(windowBits: 15 + 16)
        }
    }

    /// One entry of a zip.
    init(path: String, entry: ZipEntry) throws(ImportError) {
        name = path + "/" + entry.name
        unsafe inflater.initialize(to: z_stream())
        descriptor = try InputStream.open(path)
        packed = Array(repeating: 0, count: InputStream.chunk)
        remaining = entry.packedSize
        expectedCRC = UInt(entry.crc)
        packing = entry.isDeflated ? .rawDeflate : .none
        guard lseek(descriptor, off_t(entry.dataOffset), SEEK_SET) >= 0 else {
            throw ImportError(.data, "\(name): cannot be read: \(InputStream.reason())")
        }
        if entry.isDeflated { try startInflating(windowBits: -15) }
    }

    deinit {
        if packing != .none { unsafe inflateEnd(inflater) }
        unsafe inflater.deallocate()
        close(descriptor)
    }

    static func open(_ path: String) throws(ImportError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ImportError(.data, "\(path): cannot be opened: \(reason())") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ImportError(.data, "\(path): is not a regular file; an import reads its input twice")
        }
        return descriptor
    }

    static func reason() -> String { unsafe String(cString: strerror(errno)) }

    private func startInflating(windowBits: Int32) throws(ImportError) {
        guard unsafe czlib_inflate_init(inflater, windowBits) == Z_OK else {
            throw ImportError(.data, "\(name): zlib cannot start: out of memory")
        }
    }

    private func readFile() throws(ImportError) -> Int {
        let want = min(packed.count, remaining)
        if want == 0 { return 0 }
        let got = unsafe packed.withUnsafeMutableBytes { buffer in unsafe Glibc.read(descriptor, buffer.baseAddress, want) }
        guard got >= 0 else { throw ImportError(.data, "\(name): cannot be read: \(InputStream.reason())") }
        if remaining != .max { remaining -= got }
        return got
    }

    private func refill() throws(ImportError) -> Bool {
        if packedStart < packedEnd { return true }
        packedStart = 0
        packedEnd = try readFile()
        return packedEnd > 0
    }

    /// Fills `target` with up to its length of unpacked bytes; 0 at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ImportError) -> Int {
        if checked || target.count == 0 { return 0 }
        var count = 0
        if !ended { count = unsafe packing == .none ? try copy(into: target) : try inflateSome(into: target) }
        if count == 0 {
            (ended, checked) = (true, true)
            try checkEnd()
        } else if expectedCRC != nil {
            let bytes = unsafe target.baseAddress?.assumingMemoryBound(to: UInt8.self)
            crc = unsafe UInt(crc32(CUnsignedLong(crc), bytes, UInt32(count)))
        }
        return count
    }

    private func checkEnd() throws(ImportError) {
        guard let expectedCRC else { return }
        if remaining > 0 { throw ImportError(.data, "\(name): is cut short: \(remaining) packed bytes are missing") }
        if crc != expectedCRC {
            throw ImportError(.data, "\(name): is damaged: its CRC-32 is \(hex(crc)), the zip says \(hex(expectedCRC))")
        }
    }

    private func hex(_ value: UInt) -> String { String(value, radix: 16) }

    private func copy(into target: UnsafeMutableRawBufferPointer) throws(ImportError) -> Int {
        guard try refill() else { return 0 }
        let count = min(target.count, packedEnd - packedStart)
        unsafe packed.withUnsafeBytes { source in
            let part = unsafe UnsafeRawBufferPointer(rebasing: source[packedStart..<packedStart + count])
            unsafe target.copyMemory(from: part)
        }
        packedStart += count
        return count
    }

    private func inflateSome(into target: UnsafeMutableRawBufferPointer) throws(ImportError) -> Int {
        while true {
            guard try refill() else { throw ImportError(.data, "\(name): is cut short: the packed data ends in the middle") }
            let room = target.count
            let (status, produced) = unsafe step(target, room)
            if status == Z_STREAM_END {
                if try !nextMember() { ended = true }
                if produced > 0 || ended { return produced }
                continue
            }
            guard status == Z_OK || status == Z_BUF_ERROR else {
                let detail = unsafe inflater.pointee.msg.map { unsafe String(cString: $0) } ?? "error \(status)"
                throw ImportError(.data, "\(name): the packed data is damaged: \(detail)")
            }
            if produced > 0 { return produced }
        }
    }

    private func step(_ target: UnsafeMutableRawBufferPointer, _ room: Int) -> (Int32, Int) {
        unsafe packed.withUnsafeMutableBytes { source in
            unsafe inflater.pointee.next_in = source.baseAddress?.assumingMemoryBound(to: UInt8.self).advanced(by: packedStart)
            unsafe inflater.pointee.avail_in = UInt32(packedEnd - packedStart)
            unsafe inflater.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe inflater.pointee.avail_out = UInt32(room)
            let status = unsafe inflate(inflater, Z_NO_FLUSH)
            packedStart = unsafe packedEnd - Int(inflater.pointee.avail_in)
            return unsafe (status, room - Int(inflater.pointee.avail_out))
        }
    }

    /// After a gzip member: true where another begins. Zeros behind the last are padding; anything else is damage.
    private func nextMember() throws(ImportError) -> Bool {
        guard packing == .gzip else { return false }
        while try refill() {
            if packed[packedStart] == 0x1F {
                unsafe inflateReset(inflater)
                return true
            }
            guard packed[packedStart] == 0 else {
                throw ImportError(.data, "\(name): the packed data is damaged: there is something else after its end")
            }
            packedStart += 1
        }
        return false
    }
}
