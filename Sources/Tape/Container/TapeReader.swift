public import Domain

/// What the index says about one block.
public struct TapeBlock: Hashable, Sendable {
    public let number: Int
    public let offset: Int
    public let bytes: Int
    /// Nil for a block of variable records.
    public let encoding: TapeEncoding?
    public let firstRecord: Int
    public let count: Int
    /// Of the records the desk sees.
    public let firstLocalTime: Timestamp
    public let lastLocalTime: Timestamp
    /// Of the records the venue sees.
    public let minExchangeTime: Timestamp
    public let maxExchangeTime: Timestamp
    /// Smallest local − exchange time, bars aside; `Int64.max` where the block has none.
    public let minimumLag: Span
    /// Exchange times never step back, inside it and relative to all earlier blocks.
    public let isMonotone: Bool

    init(_ header: BlockHeader) {
        (number, offset, bytes) = (Int(header.number), Int(header.offset), header.totalBytes)
        encoding = TapeEncoding(rawValue: header.kindByte)
        (firstRecord, count) = (Int(header.firstRecord), Int(header.count))
        firstLocalTime = Timestamp(nanoseconds: header.firstLocal)
        lastLocalTime = Timestamp(nanoseconds: header.lastLocal)
        minExchangeTime = Timestamp(nanoseconds: header.minExchange)
        maxExchangeTime = Timestamp(nanoseconds: header.maxExchange)
        minimumLag = Span(nanoseconds: header.minLag)
        isMonotone = header.flags & BlockHeader.exchangeMonotone != 0
    }
}

/// Reads one tape, memory-mapped. Not for use from two threads at once: open it twice.
@safe public final class TapeReader {
    public let path: String
    public let instruments: [Instrument]
    public let metadata: [(key: String, value: String)]
    /// Market records.
    public let recordCount: Int
    /// Of the records the desk sees; nil on a tape without any.
    public let firstLocalTime: Timestamp?
    public let lastLocalTime: Timestamp?
    /// Smallest local − exchange time over all records but bars and venue-only ones; nil where there are none.
    public let minimumLag: Span?
    /// What was cut, where the tape was not finished.
    public let tornTail: TornTail?
    /// Size of the file.
    public let fileBytes: Int

    let layout: TapeLayout
    let store: BlockStore
    /// For each block the earliest exchange time in it and all later ones; one more at the end.
    private let earliest: [Int64]

    public init(path: String) throws(TapeError) {
        self.path = path
        let file = try MappedFile(path: path)
        layout = try TapeLayout(file)
        tornTail = layout.tornTail
        fileBytes = file.count
        let start = FileHeader.length
        let body = unsafe Array(file.slice(start..<(start + Int(layout.header.bodyBytes))))
        do throws(HeaderCodec.BadBody) {
            (instruments, metadata) = try HeaderCodec.decode(body)
        } catch {
            throw .damaged(path: path, block: nil, offset: start, reason: error.message)
        }
        store = unsafe BlockStore(
            file: file, blocks: layout.blocks, recordsPerBlock: Int(layout.header.recordsPerBlock),
            instruments: instruments.count)
        var totals = LayoutTotals()
        for unsafe header in unsafe layout.blocks where header.isMarket { totals.add(header) }
        earliest = unsafe TapeReader.suffixMinima(layout.blocks)
        recordCount = totals.records
        firstLocalTime = totals.deskRecords > 0 ? Timestamp(nanoseconds: totals.firstLocal) : nil
        lastLocalTime = totals.deskRecords > 0 ? Timestamp(nanoseconds: totals.lastLocal) : nil
        minimumLag = totals.minLag == .max ? nil : Span(nanoseconds: totals.minLag)
    }

    private static func suffixMinima(_ blocks: UnsafeBufferPointer<BlockHeader>) -> [Int64] {
        var minima = [Int64](repeating: .max, count: blocks.count + 1)
        for number in blocks.indices.reversed() {
            minima[number] = min(minima[number + 1], unsafe blocks[number].isMarket ? blocks[number].minExchange : .max)
        }
        return minima
    }

    var blockCount: Int { unsafe layout.blocks.count }
    func header(_ number: Int) -> BlockHeader { unsafe layout.blocks[number] }
    /// The earliest exchange time in this block and all behind it.
    func earliestExchange(from number: Int) -> Int64 { earliest[number] }

    /// The index, block by block.
    public var blocks: [TapeBlock] { unsafe layout.blocks.map { TapeBlock($0) } }

    /// Whether blocks are packed, plain, or both.
    public var encodings: Set<TapeEncoding> { unsafe Set(layout.blocks.compactMap { TapeEncoding(rawValue: $0.kindByte) }) }

    /// Hands out every market record in the order of the file: those the desk sees by local time, venue-only ones where they stand.
    ///
    /// - Parameters:
    ///   - from: only records of this local time and later; blocks before it are not read.
    ///   - to: only records before this local time.
    public func forEachRecord(
        from: Timestamp? = nil, to: Timestamp? = nil, _ body: (borrowing MarketRecord) throws -> Void
    ) throws {
        for number in firstBlock(from: from)..<(unsafe layout.blocks.count) {
            let header = unsafe layout.blocks[number]
            guard header.isMarket else { continue }
            if let to, header.deskCount > 0, header.firstLocal >= to.nanoseconds { break }
            let records = unsafe try store.acquire(number)
            defer { store.release(number) }
            for row in 0..<Int(header.count) {
                let time = unsafe records[row].localTime
                if let from, time < from.nanoseconds { continue }
                if let to, time >= to.nanoseconds { continue }
                unsafe try body(records[row])
            }
        }
    }

    /// Checks the whole file, block by block: every checksum, every record, every figure of the index.
    public func verify() throws(TapeError) {
        var summary = BlockSummary()
        for number in unsafe layout.blocks.indices {
            let header = unsafe layout.blocks[number]
            if header.isMarket {
                try verifyMarketBlock(number, header, &summary)
            } else {
                _ = try store.variableRecords(number)
            }
        }
    }

    private func verifyMarketBlock(
        _ number: Int, _ header: BlockHeader, _ summary: inout BlockSummary
    ) throws(TapeError) {
        let records = unsafe try store.acquire(number, checkAgain: true)
        defer { store.release(number) }
        for row in 0..<Int(header.count) {
            let record = unsafe records[row]
            if record.flags & MarketRecord.Flag.venueOnly == 0 && record.localTime < summary.latestLocal {
                throw store.damage(header, "local times step back at record \(Int(header.firstRecord) + row)")
            }
            summary.add(record)
        }
        guard summary.agrees(with: header) else { throw store.damage(header, "the figures of its header are not those of its records") }
        summary.startBlock()
    }

    /// Every variable record, in order.
    public func variableRecords() throws(TapeError) -> [VariableRecord] {
        var records: [VariableRecord] = []
        for number in unsafe layout.blocks.indices where unsafe layout.blocks[number].kind == .variable {
            records.append(contentsOf: try store.variableRecords(number))
        }
        return records
    }

    /// Every variable record, in order; in memory is one block at a time.
    public func forEachVariable(_ body: (VariableRecord) throws -> Void) throws {
        for number in unsafe layout.blocks.indices where unsafe layout.blocks[number].kind == .variable {
            for record in try store.variableRecords(number) { try body(record) }
        }
    }

    /// The first block that can hold records of `from` or later.
    func firstBlock(from: Timestamp?) -> Int {
        guard let from else { return 0 }
        // Variable blocks carry no times: step over them to the next market block, inside a search for the partition.
        var (low, high) = (0, unsafe layout.blocks.count)
        while low < high {
            let middle = (low + high) / 2
            var probe = middle
            while probe < high, unsafe !layout.blocks[probe].isMarket { probe += 1 }
            if probe == high {
                high = middle
            } else if unsafe layout.blocks[probe].lastLocal < from.nanoseconds {
                low = probe + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

/// What the index says about all market blocks together.
struct LayoutTotals {
    var records = 0
    var deskRecords = 0
    var firstLocal: Int64 = .min
    var lastLocal: Int64 = .min
    var minLag: Int64 = .max

    mutating func add(_ header: BlockHeader) {
        if deskRecords == 0 && header.deskCount > 0 { firstLocal = header.firstLocal }
        if header.deskCount > 0 { lastLocal = header.lastLocal }
        records += Int(header.count)
        deskRecords += Int(header.deskCount)
        minLag = min(minLag, header.minLag)
    }
}
