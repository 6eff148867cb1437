/// Reads a CSV file row by row (RFC 4180), in memory that does not depend on its length.
final class CSVReader {
    private var file: LineReader
    /// The row at hand and what was read beyond it.
    private var buffer: [UInt8] = []
    private var start = 0
    private var nextStart = 0
    /// Where each field ends, in `buffer` or, for a row with quotes, in `plain`.
    private var ends: [Int] = []
    private var plain: [UInt8] = []
    private var isQuoted = false
    private(set) var line = 0

    /// Opens the file and checks its first row.
    init(_ path: String, header: String) throws(RunFileError) {
        file = try LineReader(path)
        let wanted = header.split(separator: "\n").first.map(String.init) ?? ""
        let found = try next() ? String(decoding: buffer[start..<(ends.last ?? start)], as: UTF8.self) : ""
        if found != wanted { throw RunFileError(path: path, message: "line 1: expected the header \(wanted)") }
    }

    /// Moves to the next row; false at the end.
    func next() throws(RunFileError) -> Bool {
        start = nextStart
        line += 1
        var scanned = start
        var open = false
        isQuoted = false
        ends.removeAll(keepingCapacity: true)
        while true {
            if let newline = scan(from: scanned, &open) {
                finishRow(newline)
                nextStart = newline + 1
                return true
            }
            let kept = buffer.count - start
            guard let more = try file.readChunk() else {
                if kept == 0 { return false }
                finishRow(buffer.count)
                nextStart = buffer.count
                return true
            }
            for index in ends.indices { ends[index] -= start }
            buffer.removeFirst(start)
            buffer.append(contentsOf: more)
            (start, scanned) = (0, kept)
        }
    }

    /// Notes the commas outside quotes, and answers where the row ends.
    private func scan(from first: Int, _ open: inout Bool) -> Int? {
        var isOpen = open
        var commas = ends
        ends = []
        var quotes = false
        let end = unsafe buffer.withUnsafeBufferPointer { bytes -> Int? in
            var index = first
            while index < bytes.count {
                let byte = unsafe bytes[index]
                if byte == 0x22 {
                    isOpen.toggle()
                    quotes = true
                } else if !isOpen {
                    if byte == 0x0A { return index }
                    if byte == 0x2C { commas.append(index) }
                }
                index += 1
            }
            return nil
        }
        (ends, open) = (commas, isOpen)
        if quotes { isQuoted = true }
        return end
    }

    private func finishRow(_ newline: Int) {
        let hasReturn = newline > start && buffer[newline - 1] == 0x0D
        ends.append(hasReturn ? newline - 1 : newline)
        if isQuoted { unquote() }
    }

    /// Copies the row without its quotes; a doubled one inside a quoted field stands for itself.
    private func unquote() {
        plain.removeAll(keepingCapacity: true)
        var index = start
        for field in ends.indices {
            let end = ends[field]
            var open = false
            while index < end {
                if buffer[index] != 0x22 {
                    plain.append(buffer[index])
                } else if open && index + 1 < end && buffer[index + 1] == 0x22 {
                    plain.append(0x22)
                    index += 1
                } else {
                    open.toggle()
                }
                index += 1
            }
            index = end + 1
            ends[field] = plain.count
        }
    }

    private var bytes: [UInt8] { isQuoted ? plain : buffer }

    private func range(_ field: Int) -> Range<Int> {
        guard field < ends.count else { return 0..<0 }
        if isQuoted { return (field == 0 ? 0 : ends[field - 1])..<ends[field] }
        return (field == 0 ? start : ends[field - 1] + 1)..<ends[field]
    }

    func text(_ field: Int) -> String { String(decoding: bytes[range(field)], as: UTF8.self) }

    func starts(_ field: Int, with byte: UInt8) -> Bool {
        let range = range(field)
        return !range.isEmpty && bytes[range.lowerBound] == byte
    }

    func integer(_ field: Int) throws(RunFileError) -> Int64 {
        guard let value = Int64(text(field)) else {
            throw RunFileError(path: file.path, message: "line \(line), column \(field + 1): '\(text(field))' is not a whole number")
        }
        return value
    }

    /// A decimal as a double: to draw with, not to add up.
    func number(_ field: Int) throws(RunFileError) -> Double {
        let range = range(field)
        let parsed = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe CSVReader.number(UnsafeBufferPointer(rebasing: bytes[range]))
        }
        guard let parsed else {
            throw RunFileError(path: file.path, message: "line \(line), column \(field + 1): '\(text(field))' is not a decimal")
        }
        return parsed
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Double? {
        var mantissa: UInt64 = 0
        var places = 0
        var digits = 0
        var seenPoint = false
        let isNegative = unsafe bytes.first == 0x2D
        var index = isNegative ? 1 : 0
        while index < bytes.count {
            let byte = unsafe bytes[index]
            index += 1
            if byte == 0x2E && !seenPoint {
                seenPoint = true
                continue
            }
            guard byte >= 48 && byte <= 57 else { return nil }
            digits += 1
            if mantissa < 100_000_000_000_000_000 {
                mantissa = mantissa * 10 + UInt64(byte - 48)
                if seenPoint { places += 1 }
            } else if !seenPoint {
                places -= 1
            }
        }
        if digits == 0 { return nil }
        let value = Double(mantissa) * power(-places)
        return isNegative ? -value : value
    }

    private static func power(_ exponent: Int) -> Double {
        var value = 1.0
        for _ in 0..<abs(exponent) { value *= 10 }
        return exponent < 0 ? 1 / value : value
    }
}
