import Glibc
import JSON

/// Lines of one input, without their ends (`\n` or `\r\n`), numbered from 1. A line longer than 16 MiB is an error.
@safe final class LineReader {
    static let longest = 1 << 24
    private let stream: InputStream
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var atEnd = false
    private(set) var number = 0

    var name: String { stream.name }

    init(_ stream: InputStream) {
        self.stream = stream
        unsafe buffer = .allocate(byteCount: InputStream.chunk, alignment: 16)
    }

    deinit { unsafe buffer.deallocate() }

    /// The next line, valid until the next call; nil at the end.
    func next() throws(ImportError) -> Bytes? {
        var searched = start
        while true {
            if let newline = find(from: searched) {
                let line = take(to: newline)
                start = newline + 1
                return line
            }
            if atEnd {
                if start == end { return nil }
                let line = take(to: end)
                start = end
                return line
            }
            searched = end - start
            try fill()
        }
    }

    private func find(from: Int) -> Int? {
        guard from < end, let base = unsafe buffer.baseAddress,
            let found = unsafe memchr(base + from, 10, end - from)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    private func take(to: Int) -> Bytes {
        number += 1
        guard let base = unsafe buffer.baseAddress else { preconditionFailure("a buffer without an address") }
        var count = to - start
        let first = unsafe (base + start).assumingMemoryBound(to: UInt8.self)
        if count > 0, unsafe first[count - 1] == 13 { count -= 1 }
        let line = unsafe Bytes(start: first, count: count)
        return number == 1 && line.hasPrefix("\u{FEFF}") ? line.dropFirst(3) : line
    }

    /// Moves what is left to the front (so that `end - start` becomes `end`) and reads more behind it.
    private func fill() throws(ImportError) {
        let left = end - start
        if unsafe left == buffer.count {
            guard unsafe buffer.count < LineReader.longest else {
                throw ImportError(.data, "\(name):\(number + 1): the line is longer than 16 MiB; expected lines of text")
            }
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: unsafe buffer.count * 4, alignment: 16)
            unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            unsafe buffer.deallocate()
            unsafe buffer = larger
        } else if start > 0, let base = unsafe buffer.baseAddress {
            unsafe base.copyMemory(from: base + start, byteCount: left)
        }
        (start, end) = (0, left)
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
        do throws(ImportError) {
            let count = unsafe try stream.read(into: room)
            end += count
            if count == 0 { atEnd = true }
        } catch {
            throw ImportError(error.kind, "\(error.message) (after line \(number))")
        }
    }
}
