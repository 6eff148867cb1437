import Domain

/// Walks over every market record of one tape in the order of the file, venue-only ones included, one at a time.
@safe final class FileCursor {
    let reader: TapeReader
    private var block = -1
    private var row = 0
    private var count = 0
    private var records: UnsafePointer<MarketRecord>?
    /// Local time of the latest record the desk sees: by it several files are merged without breaking the order of any.
    private(set) var key: Int64 = .min
    private(set) var current: MarketRecord?

    init(_ reader: TapeReader) throws(TapeError) {
        self.reader = reader
        try advance()
    }

    deinit { letGo() }

    func advance() throws(TapeError) {
        row += 1
        while row >= count {
            letGo()
            block += 1
            guard block < reader.blockCount else {
                block = reader.blockCount - 1
                current = nil
                return
            }
            let header = reader.header(block)
            guard header.isMarket else { continue }
            unsafe records = unsafe try reader.store.acquire(block)
            (row, count) = (0, Int(header.count))
        }
        guard let records = unsafe records else { return }
        let record = unsafe records[row]
        if record.flags & MarketRecord.Flag.venueOnly == 0 { key = record.localTime }
        current = record
    }

    private func letGo() {
        if unsafe records != nil { reader.store.release(block) }
        unsafe records = nil
        count = 0
    }
}
