/// Reads a CSV file row by row (RFC 4180), in memory that does not depend on its length.
final class CSVReader {
    private var file: LineReader
    private var chunk: [UInt8] = []
    private var position = 0
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private(set) var line = 0

    /// Opens the file and checks its first row.
    init(_ path: String, header: String) throws(RunFileError) {
        file = try LineReader(path)
        let found = try next() ? String(decoding: bytes, as: UTF8.self) : ""
        let expected = header.filter { $0 != "," && !$0.isNewline }
        if found != expected {
            let wanted = header.split(separator: "\n").first ?? ""
            throw RunFileError(path: path, message: "line 1: expected the header \(wanted)")
        }
    }

    private func nextByte() throws(RunFileError) -> UInt8? {
        if position == chunk.count {
            guard let more = try file.readChunk() else { return nil }
            (chunk, position) = (more, 0)
        }
        defer { position += 1 }
        return chunk[position]
    }

    /// Moves to the next row; false at the end.
    func next() throws(RunFileError) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        line += 1
        var quoted = false
        while let byte = try nextByte() {
            switch byte {
            case 0x22: quoted = try quote(quoted)
            case 0x2C where !quoted: ends.append(bytes.count)
            case 0x0A where !quoted:
                ends.append(bytes.count)
                return true
            case 0x0D where !quoted: break
            default: bytes.append(byte)
            }
        }
        if bytes.isEmpty && ends.isEmpty { return false }
        ends.append(bytes.count)
        return true
    }

    /// A quote inside or outside a field; a doubled one inside stands for itself.
    private func quote(_ quoted: Bool) throws(RunFileError) -> Bool {
        guard quoted else { return true }
        guard let byte = try nextByte() else { return false }
        if byte == 0x22 {
            bytes.append(byte)
            return true
        }
        position -= 1
        return false
    }

    private func range(_ field: Int) -> Range<Int> {
        guard field < ends.count else { return 0..<0 }
        return (field == 0 ? 0 : ends[field - 1])..<ends[field]
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
        var mantissa: UInt64 = 0
        var places = 0
        var digits = 0
        var seenPoint = false
        var negative = false
        for index in range(field) {
            let byte = bytes[index]
            if byte >= 48 && byte <= 57 {
                digits += 1
                if mantissa < 100_000_000_000_000_000 {
                    mantissa = mantissa * 10 + UInt64(byte - 48)
                    if seenPoint { places += 1 }
                } else if !seenPoint {
                    places -= 1
                }
            } else if byte == 0x2E && !seenPoint {
                seenPoint = true
            } else if byte == 0x2D && digits == 0 && !negative {
                negative = true
            } else {
                digits = -1
                break
            }
        }
        guard digits > 0 else {
            throw RunFileError(path: file.path, message: "line \(line), column \(field + 1): '\(text(field))' is not a decimal")
        }
        let value = Double(mantissa) * CSVReader.power(-places)
        return negative ? -value : value
    }

    private static func power(_ exponent: Int) -> Double {
        var value = 1.0
        for _ in 0..<abs(exponent) { value *= 10 }
        return exponent < 0 ? 1 / value : value
    }
}
