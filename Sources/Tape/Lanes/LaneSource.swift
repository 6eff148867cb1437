import Domain

/// One tape's part of a lane: hands out stretches of records that lie in the lane's order in memory.
@safe final class LaneSource {
    let map: UnsafePointer<UInt16>
    private let ownedMap: UnsafeMutablePointer<UInt16>
    private let reader: TapeReader
    private let clock: LaneClock
    private let from: Int64
    private var block: Int
    private var held: Int?
    private var reorder: ReorderBuffer

    /// - Parameter from: the desk lane begins with the first record of this time or later.
    init(reader: TapeReader, clock: LaneClock, map: [UInt16], from: Timestamp?) {
        (self.reader, self.clock) = (reader, clock)
        self.from = from?.nanoseconds ?? .min
        block = reader.firstBlock(from: from)
        unsafe ownedMap = .allocate(capacity: max(map.count, 1))
        _ = unsafe UnsafeMutableBufferPointer(start: ownedMap, count: map.count).initialize(from: map)
        unsafe self.map = unsafe UnsafePointer(ownedMap)
        reorder = ReorderBuffer()
    }

    deinit {
        letGo()
        unsafe ownedMap.deallocate()
    }

    /// The next stretch, valid until the next call; nil at the end. It may hold records that the lane skips.
    func nextStretch() throws(TapeError) -> UnsafeBufferPointer<MarketRecord>? {
        letGo()
        switch clock {
        case .desk: return unsafe try nextDeskStretch()
        case .venue: return unsafe try nextVenueStretch()
        }
    }

    private func nextDeskStretch() throws(TapeError) -> UnsafeBufferPointer<MarketRecord>? {
        while block < reader.blockCount {
            let number = block
            let header = reader.header(number)
            block += 1
            guard header.isMarket, header.deskCount > 0 else { continue }
            var stretch = unsafe try hold(number, header)
            if header.firstLocal < from {
                while let first = unsafe stretch.first, first.localTime < from {
                    unsafe stretch = UnsafeBufferPointer(rebasing: stretch.dropFirst())
                }
            }
            return unsafe stretch
        }
        return nil
    }

    private func nextVenueStretch() throws(TapeError) -> UnsafeBufferPointer<MarketRecord>? {
        while block < reader.blockCount {
            let number = block
            let header = reader.header(number)
            block += 1
            guard header.isMarket, header.venueCount > 0 else { continue }
            let earliestUnread = reader.earliestExchange(from: block)
            let isSorted = header.flags & BlockHeader.exchangeSorted != 0
            if reorder.isEmpty && isSorted && header.maxExchange <= earliestUnread {
                return unsafe try hold(number, header)
            }
            let records = unsafe try hold(number, header)
            let ready = unsafe reorder.add(records, without: clock.skippedFlag, isSorted: isSorted, upTo: earliestUnread)
            letGo()
            if ready.count > 0 { return unsafe ready }
        }
        return nil
    }

    private func hold(_ number: Int, _ header: BlockHeader) throws(TapeError) -> UnsafeBufferPointer<MarketRecord> {
        let records = unsafe try reader.store.acquire(number)
        held = number
        return unsafe UnsafeBufferPointer(start: records, count: Int(header.count))
    }

    private func letGo() {
        if let held { reader.store.release(held) }
        held = nil
    }
}
