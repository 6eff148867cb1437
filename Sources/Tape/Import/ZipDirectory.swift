import Glibc

/// One file in a zip.
struct ZipEntry: Hashable, Sendable {
    let name: String
    let isDeflated: Bool
    let packedSize: Int
    let size: Int
    let crc: UInt32
    /// Where its packed bytes begin in the file.
    let dataOffset: Int
}

/// Reads the table of contents at the end of a `.zip` (or `.npz`). Directories beyond 4 GiB and encrypted entries are refused;
/// sizes in an entry's zip64 field are read.
///
/// - Source: PKWARE APPNOTE 6.3.10, 4.3.7, 4.3.12, 4.3.16, 4.5.3.
enum ZipDirectory {
    static func isZip(_ path: String) throws(ImportError) -> Bool {
        let descriptor = try InputStream.open(path)
        defer { close(descriptor) }
        let magic = read(descriptor, at: 0, count: 4)
        return magic == [0x50, 0x4B, 3, 4] || magic == [0x50, 0x4B, 5, 6]
    }

    /// The files in it, folders left out, in the order of the directory.
    static func entries(of path: String) throws(ImportError) -> [ZipEntry] {
        let descriptor = try InputStream.open(path)
        defer { close(descriptor) }
        let length = Int(lseek(descriptor, 0, SEEK_END))
        let tail = read(descriptor, at: max(0, length - 65_557), count: min(length, 65_557))
        guard let end = endRecord(in: tail) else {
            throw ImportError(.data, "\(path): the zip is cut short or damaged: it has no directory at its end")
        }
        let size = word(tail, end + 12, 4)
        let start = word(tail, end + 16, 4)
        guard start != 0xFFFF_FFFF, start + size <= length else {
            throw ImportError(.data, "\(path): the zip's directory is out of place (archives above 4 GiB cannot be read)")
        }
        let directory = read(descriptor, at: start, count: size)
        guard directory.count == size else { throw ImportError(.data, "\(path): the zip's directory cannot be read") }
        return try parse(directory, count: word(tail, end + 10, 2), descriptor, path)
    }

    private static func parse(
        _ directory: [UInt8], count: Int, _ descriptor: Int32, _ path: String
    ) throws(ImportError) -> [ZipEntry] {
        var entries: [ZipEntry] = []
        var at = 0
        for _ in 0..<count {
            guard at + 46 <= directory.count, word(directory, at, 4) == 0x0201_4B50 else {
                throw ImportError(.data, "\(path): the zip's directory is damaged")
            }
            let nameLength = word(directory, at + 28, 2)
            let next = at + 46 + nameLength + word(directory, at + 30, 2) + word(directory, at + 32, 2)
            guard next <= directory.count else { throw ImportError(.data, "\(path): the zip's directory is damaged") }
            let name = String(decoding: directory[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
            if !name.hasSuffix("/") { entries.append(try entry(name, directory, at, descriptor, path)) }
            at = next
        }
        return entries
    }

    private static func entry(
        _ name: String, _ directory: [UInt8], _ at: Int, _ descriptor: Int32, _ path: String
    ) throws(ImportError) -> ZipEntry {
        let method = word(directory, at + 10, 2)
        guard method == 0 || method == 8 else {
            throw ImportError(.data, "\(path)/\(name): is packed by method \(method); only stored and deflated entries can be read")
        }
        guard word(directory, at + 8, 2) & 1 == 0 else { throw ImportError(.data, "\(path)/\(name): is encrypted") }
        var sizes = [word(directory, at + 24, 4), word(directory, at + 20, 4), word(directory, at + 42, 4)]
        guard widen(&sizes, directory, at + 46 + word(directory, at + 28, 2), word(directory, at + 30, 2)) else {
            throw ImportError(.data, "\(path)/\(name): the zip's directory is damaged: a size is missing")
        }
        let local = sizes[2]
        let header = read(descriptor, at: local, count: 30)
        guard header.count == 30, word(header, 0, 4) == 0x0403_4B50 else {
            throw ImportError(.data, "\(path)/\(name): the zip is damaged: the entry is not where the directory says")
        }
        return ZipEntry(
            name: name, isDeflated: method == 8, packedSize: sizes[1], size: sizes[0],
            crc: UInt32(word(directory, at + 16, 4)), dataOffset: local + 30 + word(header, 26, 2) + word(header, 28, 2))
    }

    /// Replaces sizes of 2^32 − 1 by those of the zip64 extra field; false where it lacks them.
    private static func widen(_ sizes: inout [Int], _ directory: [UInt8], _ start: Int, _ length: Int) -> Bool {
        guard sizes.contains(0xFFFF_FFFF) else { return true }
        var at = start
        while at + 4 <= start + length {
            let end = at + 4 + word(directory, at + 2, 2)
            guard end <= start + length else { return false }
            if word(directory, at, 2) == 1 {
                var field = at + 4
                for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
                    guard field + 8 <= end, directory[field + 7] < 0x40 else { return false }
                    sizes[index] = word(directory, field, 8)
                    field += 8
                }
                return true
            }
            at = end
        }
        return false
    }

    private static func endRecord(in tail: [UInt8]) -> Int? {
        var at = tail.count - 22
        while at >= 0 {
            if tail[at] == 0x50, word(tail, at, 4) == 0x0605_4B50 { return at }
            at -= 1
        }
        return nil
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
        var bytes: [UInt8] = Array(repeating: 0, count: max(0, count))
        let got = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, count, off_t(offset)) }
        bytes.removeLast(bytes.count - max(0, got))
        return bytes
    }

    /// A little-endian number of `size` bytes.
    static func word(_ bytes: [UInt8], _ at: Int, _ size: Int) -> Int {
        var value = 0
        for place in 0..<size { value |= Int(bytes[at + place]) << (8 * place) }
        return value
    }
}
