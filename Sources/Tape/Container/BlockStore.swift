import Domain

/// Hands out the records of blocks: in place where they are plain, from a few reused buffers where they are packed.
///
/// A block is checked the first time somebody enters it. Several lanes share a buffer that holds what both need.
@safe final class BlockStore {
    private let file: MappedFile
    private let blocks: UnsafeBufferPointer<BlockHeader>
    private let recordsPerBlock: Int
    private let instruments: Int
    private let checked: UnsafeMutablePointer<Bool>
    /// How many lanes read each plain block now: its pages are given back when the last one leaves, not under the feet of another.
    private let readers: UnsafeMutablePointer<UInt16>
    private var decoder: PackedDecoder?
    private var buffers: [Buffer] = []
    private var clock = 0

    @safe private struct Buffer {
        let records: UnsafeMutablePointer<MarketRecord>
        var block: Int
        var users: Int
        var lastUse: Int
    }

    init(file: MappedFile, blocks: UnsafeBufferPointer<BlockHeader>, recordsPerBlock: Int, instruments: Int) {
        (self.file, self.recordsPerBlock, self.instruments) = (file, recordsPerBlock, instruments)
        unsafe self.blocks = blocks
        unsafe checked = .allocate(capacity: max(blocks.count, 1))
        unsafe checked.initialize(repeating: false, count: max(blocks.count, 1))
        unsafe readers = .allocate(capacity: max(blocks.count, 1))
        unsafe readers.initialize(repeating: 0, count: max(blocks.count, 1))
    }

    deinit {
        unsafe checked.deallocate()
        unsafe readers.deallocate()
        for buffer in buffers { unsafe buffer.records.deallocate() }
    }

    func damage(_ header: BlockHeader, _ reason: String) -> TapeError {
        .damaged(path: file.path, block: Int(header.number), offset: Int(header.offset), reason: reason)
    }

    /// The records of a market block, valid until the matching ``release(_:)``.
    func acquire(_ number: Int, checkAgain: Bool = false) throws(TapeError) -> UnsafePointer<MarketRecord> {
        let header = unsafe blocks[number]
        let isUnchecked = unsafe checkAgain || !checked[number]
        if isUnchecked { try checkBytes(header) }
        let records: UnsafePointer<MarketRecord>
        if header.kind == .packed {
            unsafe records = try unsafe decoded(number, header)
        } else {
            let start = Int(header.offset) + BlockHeader.length
            unsafe records = unsafe file.slice(start..<(start + Int(header.payloadBytes)))
                .assumingMemoryBound(to: MarketRecord.self).baseAddress
                .unsafelyUnwrapped  // house-ok: a market block holds at least one record, so its slice has an address
            unsafe readers[number] += 1
        }
        if isUnchecked {
            do throws(TapeError) {
                unsafe try checkRecords(records, header)
            } catch {
                release(number)
                throw error
            }
            unsafe checked[number] = true
        }
        return unsafe records
    }

    func release(_ number: Int) {
        let header = unsafe blocks[number]
        if header.kind == .plain {
            unsafe readers[number] -= 1
            if unsafe readers[number] == 0 { file.drop(Int(header.offset)..<header.end) }
        } else if let place = buffers.firstIndex(where: { $0.block == number && $0.users > 0 }) {
            buffers[place].users -= 1
        }
    }

    /// The variable records of a block.
    func variableRecords(_ number: Int) throws(TapeError) -> [VariableRecord] {
        let header = unsafe blocks[number]
        try checkBytes(header)
        let start = Int(header.offset) + BlockHeader.length
        let bytes = unsafe file.slice(start..<(start + Int(header.payloadBytes)))
        defer { file.drop(Int(header.offset)..<header.end) }
        var records: [VariableRecord] = []
        var offset = 0
        for _ in 0..<header.count {
            switch unsafe VariableCodec.next(bytes, at: &offset) {
            case .success(let record): records.append(record)
            case .failure(let fault): throw damage(header, fault.reason)
            }
        }
        guard offset == bytes.count else { throw damage(header, "bytes are left over after its records") }
        return records
    }

    /// The header must be the one the index told of, and the payload must fit its checksum.
    private func checkBytes(_ header: BlockHeader) throws(TapeError) {
        let inPlace = file.load(BlockHeader.self, at: Int(header.offset))
        guard inPlace.isSealed, inPlace.crc == header.crc, inPlace.magic == header.magic else {
            throw damage(header, "the block's header is damaged")
        }
        guard TapeLayout.payloadFits(header, file) else {
            throw damage(header, "the checksum of its \(header.payloadBytes) bytes does not fit")
        }
    }

    /// A checksum says that the bytes are those written, not that a good writer wrote them: nothing below may lead out of a table.
    private func checkRecords(_ records: UnsafePointer<MarketRecord>, _ header: BlockHeader) throws(TapeError) {
        for row in 0..<Int(header.count) where unsafe !TapeWriter.isWellFormed(records[row], instruments: instruments) {
            let reason = unsafe TapeWriter.fault(of: records[row], instruments: instruments) ?? "bad"
            throw damage(header, "record \(Int(header.firstRecord) + row): \(reason)")
        }
    }

    private func decoded(_ number: Int, _ header: BlockHeader) throws(TapeError) -> UnsafePointer<MarketRecord> {
        clock += 1
        if let place = buffers.firstIndex(where: { $0.block == number }) {
            buffers[place].users += 1
            buffers[place].lastUse = clock
            return unsafe UnsafePointer(buffers[place].records)
        }
        let place = freeBuffer()
        buffers[place].block = -1
        let decoder = decoder ?? PackedDecoder(capacity: recordsPerBlock, instruments: instruments)
        self.decoder = decoder
        let start = Int(header.offset) + BlockHeader.length
        let fault = unsafe decoder.decode(
            file.slice(start..<(start + Int(header.payloadBytes))), unpackedBytes: Int(header.unpackedBytes),
            count: Int(header.count), into: buffers[place].records)
        if let fault { throw damage(header, fault) }
        file.drop(Int(header.offset)..<header.end)
        buffers[place].block = number
        buffers[place].users = 1
        buffers[place].lastUse = clock
        return unsafe UnsafePointer(buffers[place].records)
    }

    /// The unused buffer that was used longest ago; a new one where all but one are in use, so that two lanes can share.
    private func freeBuffer() -> Int {
        let unused = buffers.indices.filter { buffers[$0].users == 0 }
        if unused.count > 1 || (unused.count == 1 && buffers.count > 2),
            let oldest = unused.min(by: { buffers[$0].lastUse < buffers[$1].lastUse })
        {
            return oldest
        }
        unsafe buffers.append(Buffer(records: .allocate(capacity: recordsPerBlock), block: -1, users: 0, lastUse: 0))
        return buffers.count - 1
    }
}
