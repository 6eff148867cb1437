import Domain
import Glibc

extension TapeWriter {
    /// Opens a tape to go on writing it: after a crash its torn tail is cut, after a finish its index is taken off.
    ///
    /// The whole tape is checked first: one does not append to a damaged tape.
    ///
    /// - Returns: the writer, and what was cut (nil where the tape had been finished).
    /// - Throws: `damaged` for damage before the tail, with block and offset; `busy` where another process writes it.
    public static func reopen(
        path: String, encoding: TapeEncoding = .plain
    ) throws(TapeError) -> (writer: TapeWriter, cut: TornTail?) {
        let descriptor = try SystemFile.open(path, O_RDWR, operation: "open for writing")
        do throws(TapeError) {
            try SystemFile.lock(descriptor, path: path)
            let reader = try TapeReader(path: path)
            let state = try state(of: reader)
            let end = state.index.last?.end ?? Int(reader.layout.header.headerBytes)
            try SystemFile.truncate(descriptor, to: end, path: path)
            let writer = TapeWriter(
                path: path, instruments: reader.instruments, encoding: encoding, target: .inPlace, descriptor: descriptor,
                header: reader.layout.header, state: state)
            return (writer, reader.tornTail)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Verifies every block, and gathers what the writer must know to go on.
    private static func state(of reader: TapeReader) throws(TapeError) -> TapeWriterState {
        try reader.verify()
        var state = TapeWriterState(lastVenueOnly: Array(repeating: .min, count: reader.instruments.count))
        for number in 0..<reader.blockCount {
            let header = reader.header(number)
            state.index.append(header)
            guard header.isMarket else { continue }
            let records = unsafe try reader.store.acquire(number)
            defer { reader.store.release(number) }
            for row in 0..<Int(header.count) {
                let record = unsafe records[row]
                state.summary.add(record)
                if record.flags & MarketRecord.Flag.venueOnly != 0 {
                    state.lastVenueOnly[Int(record.instrument)] = record.exchangeTime
                }
            }
            state.summary.startBlock()
            state.recordCount += Int(header.count)
        }
        return state
    }
}
