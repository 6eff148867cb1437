import Domain
import Glibc

/// Writes a text file under `PATH.partial` and gives it its name at the end.
final class TextWriter {
    let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(_ path: String) throws(TapeError) {
        self.path = path
        descriptor = unsafe open(path + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw TextWriter.failure(path, "create") }
        buffer.reserveCapacity(1 << 17)
    }

    deinit {
        if isOpen {
            close(descriptor)
            unsafe unlink(path + ".partial")
        }
    }

    private static func failure(_ path: String, _ operation: String) -> TapeError {
        .system(path: path, operation: operation, reason: unsafe String(cString: strerror(errno)))
    }

    func write(_ text: String) { buffer.append(contentsOf: text.utf8) }
    func write(_ byte: UInt8) { buffer.append(byte) }
    func comma() { buffer.append(44) }

    func write(_ number: Int64) { write(digits: UInt64(number.magnitude), negative: number < 0, places: 0) }

    /// A whole number of units as a decimal without trailing zeros.
    func write(_ count: Int64, _ unit: StepCounter) {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.mantissa)
        if overflow {
            let exact = ExactDecimal(mantissa: Int128(count) * Int128(unit.mantissa), scale: Int(unit.scale))
            write(exact.description)
            return
        }
        var (magnitude, places) = (product.magnitude, Int(unit.scale))
        while places > 0 && magnitude % 10 == 0 {
            magnitude /= 10
            places -= 1
        }
        write(digits: magnitude, negative: product < 0, places: places)
    }

    private func write(digits: UInt64, negative: Bool, places: Int) {
        if negative { buffer.append(UInt8(ascii: "-")) }
        let first = buffer.count
        var (rest, written) = (digits, 0)
        repeat {
            if written == places && places > 0 { buffer.append(UInt8(ascii: ".")) }
            buffer.append(UInt8(48 + rest % 10))
            rest /= 10
            written += 1
        } while rest > 0 || written <= places
        buffer[first...].reverse()
    }

    /// Ends a row.
    func endLine() throws(TapeError) {
        buffer.append(10)
        if buffer.count > 1 << 16 { try flush() }
    }

    private func flush() throws(TapeError) {
        var from = 0
        while from < buffer.count {
            let wrote = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: from), buffer.count - from)
            }
            if wrote < 0 && errno == EINTR { continue }
            guard wrote > 0 else { throw TextWriter.failure(path, "write") }
            from += wrote
        }
        buffer.removeAll(keepingCapacity: true)
    }

    func finish() throws(TapeError) {
        try flush()
        isOpen = false
        guard close(descriptor) == 0 else { throw TextWriter.failure(path, "write") }
        guard unsafe rename(path + ".partial", path) == 0 else { throw TextWriter.failure(path, "create") }
    }
}
