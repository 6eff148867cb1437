/// Rows of a numpy array of 64-byte structures, read one after another.
///
/// - Source: numpy's `lib/format.py`, versions 1.0 to 3.0 of the format.
final class NumpyRows {
    let name: String
    private let stream: InputStream
    private var buffer: [UInt8]
    private var start = 0
    private var end = 0
    private var left: Int
    private(set) var number = 0

    /// One row, read by 8-byte words; valid until the next.
    struct Row {
        fileprivate let bytes: [UInt8]
        fileprivate let at: Int

        func word(_ index: Int) -> UInt64 {
            unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: at + 8 * index, as: UInt64.self).littleEndian }
        }
    }

    static let rowSize = 64
    private static let names = ["ev", "exch_ts", "local_ts", "px", "qty", "order_id", "ival", "fval"]
    private static let types = ["<u8", "<i8", "<i8", "<f8", "<f8", "<u8", "<i8", "<f8"]

    init(_ part: InputPart) throws(ImportError) {
        stream = try part.open()
        name = stream.name
        buffer = Array(repeating: 0, count: 1 << 18)
        left = 0
        let magic = try take(10)
        guard Array(magic[0..<6]) == [0x93] + Array("NUMPY".utf8) else {
            throw ImportError(.data, "\(name): expected a numpy array (.npy, or .npz with one), found something else")
        }
        var length = Int(magic[8]) | Int(magic[9]) << 8
        if magic[6] >= 2 {
            let more = try take(2)
            length |= Int(more[0]) << 16 | Int(more[1]) << 24
        }
        guard length <= 1 << 16 else { throw ImportError(.data, "\(name): the array's header is \(length) bytes long; expected less than 64 KiB") }
        let header = String(decoding: try take(length), as: UTF8.self)
        left = try NumpyRows.count(header, name)
    }

    /// Checks the row's layout and answers the number of rows.
    private static func count(_ header: String, _ name: String) throws(ImportError) -> Int {
        let plain = header.filter { !" \n".contains($0) }
        let fields = zip(names, types).map { "('\($0)','\($1)')" }.joined(separator: ",")
        guard plain.contains("'descr':[\(fields)]"), plain.contains("'fortran_order':False") else {
            throw ImportError(.data, "\(name): expected rows of \(names.joined(separator: ", ")) (hftbacktest 2), found the header \(header.prefix(200))")
        }
        guard let shape = plain.firstRange(of: "'shape':("), let close = plain[shape.upperBound...].firstIndex(of: ")"),
            let count = Int(plain[shape.upperBound..<close].filter { $0 != "," }), count >= 0
        else { throw ImportError(.data, "\(name): expected an array of one dimension, found the header \(header.prefix(200))") }
        return count
    }

    private func take(_ count: Int) throws(ImportError) -> [UInt8] {
        while end - start < count { try fill(count) }
        start += count
        return Array(buffer[start - count..<start])
    }

    private func fill(_ wanted: Int) throws(ImportError) {
        let kept = end - start
        if start > 0 { for index in 0..<kept { buffer[index] = buffer[start + index] } }
        (start, end) = (0, kept)
        if buffer.count < wanted { buffer += Array(repeating: 0, count: wanted - buffer.count) }
        let at = end
        var failure: ImportError?
        let got = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[at...])
            do throws(ImportError) {
                return unsafe try stream.read(into: room)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        guard got > 0 else {
            throw ImportError(.data, "\(name): is cut short after row \(number): \(left) more rows were announced")
        }
        end += got
    }

    func next() throws(ImportError) -> Row? {
        if left == 0 { return nil }
        while end - start < NumpyRows.rowSize { try fill(NumpyRows.rowSize) }
        start += NumpyRows.rowSize
        number += 1
        left -= 1
        return Row(bytes: buffer, at: start - NumpyRows.rowSize)
    }
}
