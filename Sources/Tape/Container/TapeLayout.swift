import Domain

/// What was cut off at the end of a tape that was not finished.
public struct TornTail: Hashable, Sendable, CustomStringConvertible {
    /// First byte that does not count any more.
    public let offset: Int
    /// How many bytes are cut.
    public let bytes: Int
    /// Blocks that are kept.
    public let blocks: Int
    public let reason: String

    public var description: String {
        "the tape was not finished: \(reason); \(blocks) blocks are kept, \(bytes) bytes from byte \(offset) on are cut"
    }
}

/// Where the blocks of a file lie: from the index of a finished tape, else from a walk over the blocks.
@safe struct TapeLayout {
    let header: FileHeader
    /// Of the mapped index, or of `walked`.
    let blocks: UnsafeBufferPointer<BlockHeader>
    let tornTail: TornTail?
    private let walked: HeaderStorage?

    /// Keeps the headers of a walk in place.
    @safe private final class HeaderStorage {
        let headers: UnsafeMutableBufferPointer<BlockHeader>
        init(_ list: [BlockHeader]) {
            unsafe headers = .allocate(capacity: list.count)
            _ = unsafe headers.initialize(from: list)
        }
        deinit { unsafe headers.deallocate() }
    }

    init(_ file: MappedFile) throws(TapeError) {
        header = try TapeLayout.readHeader(file)
        if let index = unsafe TapeLayout.index(of: file, header: header) {
            unsafe blocks = index
            tornTail = nil
            walked = nil
            return
        }
        let (headers, tail) = try TapeLayout.walk(file, header: header)
        let storage = HeaderStorage(headers)
        unsafe blocks = unsafe UnsafeBufferPointer(storage.headers)
        tornTail = tail
        walked = storage
    }

    private static func readHeader(_ file: MappedFile) throws(TapeError) -> FileHeader {
        guard file.count >= FileHeader.length else {
            throw .notATape(path: file.path, reason: "\(file.count) bytes, shorter than a tape's header")
        }
        let header = file.load(FileHeader.self, at: 0)
        guard header.magic == TapeFormat.fileMagic else {
            throw .notATape(path: file.path, reason: "it does not begin with PRGTAPE")
        }
        guard header.isSealed else {
            throw .damaged(path: file.path, block: nil, offset: 0, reason: "the checksum of the header does not fit")
        }
        guard header.version == TapeFormat.version else {
            throw .unsupportedVersion(path: file.path, found: Int(header.version), expected: Int(TapeFormat.version))
        }
        let length = Int(header.headerBytes)
        guard length <= TapeFormat.maximumHeaderBytes, length == FileHeader.length + TapeFormat.padded(Int(header.bodyBytes)),
            (1...TapeFormat.maximumRecordsPerBlock).contains(Int(header.recordsPerBlock))
        else { throw .damaged(path: file.path, block: nil, offset: 0, reason: "the header's lengths make no sense") }
        guard length <= file.count else {
            throw .damaged(
                path: file.path, block: nil, offset: file.count,
                reason: "the file ends inside its header of \(length) bytes")
        }
        guard unsafe TapeFormat.checksum(file.slice(FileHeader.length..<length)) == header.bodyCRC else {
            throw .damaged(
                path: file.path, block: nil, offset: FileHeader.length, reason: "the checksum of the instruments does not fit")
        }
        return header
    }

    /// The index of a finished tape, read in place; nil where footer or index are not whole.
    private static func index(of file: MappedFile, header: FileHeader) -> UnsafeBufferPointer<BlockHeader>? {
        guard file.count >= Int(header.headerBytes) + BlockHeader.length + FileFooter.length else { return nil }
        let footer = file.load(FileFooter.self, at: file.count - FileFooter.length)
        guard footer.magic == TapeFormat.footerMagic, footer.isSealed, footer.tapeID == header.crc,
            let offset = Int(exactly: footer.indexOffset), offset <= file.count - BlockHeader.length
        else { return nil }
        let block = file.load(BlockHeader.self, at: offset)
        guard isValid(block, number: Int(clamping: footer.blocks), at: offset, header: header), block.kind == .index,
            block.end == file.count - FileFooter.length, Int(block.payloadBytes) == Int(block.count) * BlockHeader.length,
            UInt64(block.count) == footer.blocks, payloadFits(block, file)
        else { return nil }
        let payload = unsafe file.slice((offset + BlockHeader.length)..<(offset + BlockHeader.length + Int(block.payloadBytes)))
        let entries = unsafe payload.bindMemory(to: BlockHeader.self)
        var expected = Int(header.headerBytes)
        for number in 0..<entries.count {
            guard unsafe isValid(entries[number], number: number, at: expected, header: header) else { return nil }
            expected = unsafe entries[number].end
        }
        return expected == offset ? unsafe entries : nil
    }

    static func payloadFits(_ block: BlockHeader, _ file: MappedFile) -> Bool {
        guard block.end <= file.count else { return false }
        return unsafe TapeFormat.checksum(file.slice((Int(block.offset) + BlockHeader.length)..<block.end)) == block.payloadCRC
    }

    /// Whether these 128 bytes are the header of that block of this file.
    private static func isValid(_ block: BlockHeader, number: Int, at offset: Int, header: FileHeader) -> Bool {
        guard block.magic == TapeFormat.blockMagic, block.isSealed, block.tapeID == header.crc,
            block.number == UInt64(number), block.offset == UInt64(offset), block.firstRecord < 1 << 62, let kind = block.kind
        else { return false }
        switch kind {
        case .plain:
            return block.count > 0 && block.count <= header.recordsPerBlock && block.payloadBytes == block.count * 64
        case .packed:
            return block.count > 0 && block.count <= header.recordsPerBlock
        case .variable:
            return block.count > 0
        case .index:
            return true
        }
    }

    /// Walks from block to block; cuts a torn tail, and refuses damage that has sound blocks behind it.
    private static func walk(_ file: MappedFile, header: FileHeader) throws(TapeError) -> ([BlockHeader], TornTail) {
        var headers: [BlockHeader] = []
        var offset = Int(header.headerBytes)
        var reason = "its index is missing"
        var endsInIndex = false
        while offset < file.count {
            guard file.count - offset >= BlockHeader.length else {
                reason = "a block's header breaks off"
                break
            }
            let block = file.load(BlockHeader.self, at: offset)
            guard isValid(block, number: headers.count, at: offset, header: header) else {
                if let later = soundBlock(after: offset, number: headers.count, file, header) {
                    throw .damaged(
                        path: file.path, block: headers.count, offset: offset,
                        reason: "the block's header is damaged; a sound block stands behind it at byte \(later)")
                }
                reason = "block \(headers.count) is damaged and nothing sound follows"
                break
            }
            if block.kind == .index {
                endsInIndex = true
                reason = "its index or its last 64 bytes are damaged or missing"
                break
            }
            if block.end > file.count {
                reason = "block \(headers.count) breaks off"
                break
            }
            headers.append(block)
            offset = block.end
        }
        while !endsInIndex, let last = headers.last, !payloadFits(last, file) {
            headers.removeLast()
            offset = Int(last.offset)
            reason = "the checksum of block \(headers.count), the last, does not fit"
        }
        return (headers, TornTail(offset: offset, bytes: file.count - offset, blocks: headers.count, reason: reason))
    }

    /// Looks for a block of this file behind a damaged place.
    private static func soundBlock(after start: Int, number: Int, _ file: MappedFile, _ header: FileHeader) -> Int? {
        var offset = start + TapeFormat.alignment
        while file.count - offset >= BlockHeader.length {
            let block = file.load(BlockHeader.self, at: offset)
            if block.magic == TapeFormat.blockMagic, block.number > UInt64(number),
                isValid(block, number: Int(clamping: block.number), at: offset, header: header)
            {
                return offset
            }
            offset += TapeFormat.alignment
        }
        return nil
    }
}
