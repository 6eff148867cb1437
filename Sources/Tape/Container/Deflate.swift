import CZlib

/// Raw deflate through zlib, a whole buffer at a time; a buffer's pieces get Huffman tables of their own.
struct Deflater {
    private static let level: Int32 = 6
    private static let rawWindow: Int32 = -15
    private static let room = 65536
    private var chunk = [UInt8](repeating: 0, count: room)

    /// Appends the deflated bytes. `pieces` are the lengths of the parts with different statistics; they sum to the input's.
    mutating func deflate(_ input: UnsafeRawBufferPointer, pieces: [Int], into output: inout [UInt8]) {
        var stream = unsafe z_stream()
        guard unsafe czlib_deflate_init(&stream, Deflater.level, Deflater.rawWindow) == Z_OK else {
            preconditionFailure("zlib cannot start: out of memory")
        }
        defer { unsafe deflateEnd(&stream) }
        guard let base = input.baseAddress else { return }
        unsafe stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        for (index, piece) in pieces.enumerated() {
            let flush = index == pieces.count - 1 ? Z_FINISH : Z_BLOCK
            unsafe stream.avail_in = UInt32(piece)
            var isFull = true
            while isFull {
                let produced = unsafe chunk.withUnsafeMutableBufferPointer { chunk in
                    unsafe stream.next_out = chunk.baseAddress
                    unsafe stream.avail_out = UInt32(chunk.count)
                    let code = unsafe CZlib.deflate(&stream, flush)
                    precondition(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR, "zlib failed with \(code)")
                    return unsafe chunk.count - Int(stream.avail_out)
                }
                output.append(contentsOf: chunk[..<produced])
                isFull = produced == chunk.count
            }
        }
    }
}

/// Inflates what ``Deflater`` made.
struct Inflater {
    /// Fills `output` exactly; answers what is wrong, or nil.
    func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> String? {
        var stream = unsafe z_stream()
        guard unsafe czlib_inflate_init(&stream, -15) == Z_OK else { return "zlib cannot start" }
        defer { unsafe inflateEnd(&stream) }
        guard let source = input.baseAddress, let target = output.baseAddress else { return "an empty payload" }
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.assumingMemoryBound(to: UInt8.self))
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = target.assumingMemoryBound(to: UInt8.self)
        unsafe stream.avail_out = UInt32(output.count)
        let code = unsafe CZlib.inflate(&stream, Z_FINISH)
        guard code == Z_STREAM_END else { return "the deflated columns break off (zlib \(code))" }
        guard unsafe stream.avail_out == 0, unsafe stream.avail_in == 0 else { return "the columns have another length than stated" }
        return nil
    }
}
