import Domain

/// What a block's header tells about its records, gathered record by record over the whole tape.
///
/// The writer and ``TapeReader/verify()`` use the same code, so that a header that lies is found.
struct BlockSummary {
    private(set) var count: UInt32 = 0
    private(set) var deskCount: UInt32 = 0
    private(set) var venueCount: UInt32 = 0
    private(set) var firstLocal: Int64 = .min
    private(set) var minExchange: Int64 = .max
    private(set) var minLag: Int64 = .max
    private(set) var instruments: UInt64 = 0
    private(set) var isSorted = true
    private(set) var isMonotone = true
    private var blockMaxExchange: Int64 = .min
    private(set) var latestLocal: Int64 = .min
    private var latestExchange: Int64 = .min

    @inline(__always) mutating func add(_ record: borrowing MarketRecord) {
        count += 1
        instruments |= 1 << (UInt64(record.instrument) & 63)
        if record.flags & MarketRecord.Flag.venueOnly == 0 {
            if deskCount == 0 { firstLocal = record.localTime }
            deskCount += 1
            latestLocal = record.localTime
            if record.kindByte != MarketRecord.Kind.bar.rawValue {
                minLag = min(minLag, BlockSummary.lag(of: record))
            }
        }
        if record.flags & MarketRecord.Flag.deskOnly == 0 {
            let time = record.exchangeTime
            venueCount += 1
            if time < blockMaxExchange { isSorted = false }
            if time < latestExchange { isMonotone = false }
            minExchange = min(minExchange, time)
            blockMaxExchange = max(blockMaxExchange, time)
            latestExchange = max(latestExchange, time)
        }
    }

    /// Local minus exchange time, held at the ends of its type.
    @inline(__always) static func lag(of record: borrowing MarketRecord) -> Int64 {
        let (lag, overflow) = record.localTime.subtractingReportingOverflow(record.exchangeTime)
        return overflow ? (record.localTime < 0 ? .min : .max) : lag
    }

    func fill(_ header: inout BlockHeader) {
        header.count = count
        header.flags = (isSorted ? BlockHeader.exchangeSorted : 0) | (isMonotone ? BlockHeader.exchangeMonotone : 0)
        (header.deskCount, header.venueCount, header.instruments) = (deskCount, venueCount, instruments)
        (header.firstLocal, header.lastLocal) = (deskCount == 0 ? latestLocal : firstLocal, latestLocal)
        (header.minExchange, header.maxExchange, header.minLag) = (minExchange, blockMaxExchange, minLag)
    }

    /// Whether a header says what these records say.
    func agrees(with header: BlockHeader) -> Bool {
        var own = header
        fill(&own)
        return own.expectedCRC == header.expectedCRC
    }

    /// Begins the next block; what concerns the whole tape stays.
    mutating func startBlock() {
        let (local, exchange) = (latestLocal, latestExchange)
        self = BlockSummary()
        (latestLocal, latestExchange) = (local, exchange)
    }
}
