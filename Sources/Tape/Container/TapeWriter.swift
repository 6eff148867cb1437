public import Domain
import Glibc

/// Writes one tape, record by record.
///
/// The file appears under its name only when ``finish()`` has run, except with ``Target/inPlace``, for recordings that shall
/// survive a crash.
@safe public final class TapeWriter {
    public enum Target: Hashable, Sendable {
        /// Writes `PATH.partial` and renames it at the end; without an end the partial file is removed.
        case whenComplete
        /// Writes under the final name; every flushed block survives a crash.
        case inPlace
    }

    /// Where the tape will stand.
    public let path: String
    public let instruments: [Instrument]
    public let encoding: TapeEncoding
    let target: Target
    let descriptor: Int32
    let recordsPerBlock: Int
    private(set) var isOpen = true

    private let records: UnsafeMutablePointer<MarketRecord>
    private var pending = 0
    private var summary: BlockSummary
    private var lastVenueOnly: [Int64]
    private var encoder: PackedEncoder
    private var variable: [UInt8] = []
    private var variableCount: UInt32 = 0

    private let tapeID: UInt32
    private var offset: Int
    private var index: [BlockHeader]
    private var output: [UInt8] = []
    /// Market records appended so far, those of earlier sessions included.
    public private(set) var recordCount: Int

    /// Begins a new tape.
    public convenience init(
        path: String, instruments: [Instrument], metadata: [(key: String, value: String)],
        encoding: TapeEncoding = .plain, target: Target = .whenComplete,
        recordsPerBlock: Int = 8192
    ) throws(TapeError) {
        guard instruments.count <= TapeFormat.maximumInstruments else {
            throw .badHeader(path: path, reason: "\(instruments.count) instruments; at most \(TapeFormat.maximumInstruments) fit")
        }
        precondition((1...TapeFormat.maximumRecordsPerBlock).contains(recordsPerBlock), "records per block out of range")
        let (header, bytes) = try TapeWriter.makeHeader(path, instruments, metadata, recordsPerBlock)
        let actual = target == .inPlace ? path : path + ".partial"
        let flags = target == .inPlace ? O_RDWR | O_CREAT | O_EXCL : O_RDWR | O_CREAT
        let descriptor = try SystemFile.open(actual, flags, operation: "create")
        do throws(TapeError) {
            try SystemFile.lock(descriptor, path: actual)
            try SystemFile.truncate(descriptor, to: 0, path: actual)
            try SystemFile.write(bytes, to: descriptor, path: actual)
        } catch {
            close(descriptor)
            throw error
        }
        self.init(
            path: path, instruments: instruments, encoding: encoding, target: target, descriptor: descriptor, header: header,
            state: TapeWriterState(lastVenueOnly: Array(repeating: .min, count: instruments.count)))
    }

    init(
        path: String, instruments: [Instrument], encoding: TapeEncoding, target: Target, descriptor: Int32,
        header: FileHeader, state: TapeWriterState
    ) {
        (self.path, self.instruments, self.encoding, self.target) = (path, instruments, encoding, target)
        self.descriptor = descriptor
        recordsPerBlock = Int(header.recordsPerBlock)
        unsafe records = .allocate(capacity: recordsPerBlock)
        (summary, lastVenueOnly, index) = (state.summary, state.lastVenueOnly, state.index)
        recordCount = state.recordCount
        encoder = PackedEncoder(
            capacity: encoding == .packed ? recordsPerBlock : 1, instruments: encoding == .packed ? instruments.count : 0)
        tapeID = header.crc
        offset = state.index.last?.end ?? Int(header.headerBytes)
    }

    deinit {
        unsafe records.deallocate()
        if isOpen {
            if target == .whenComplete { unsafe unlink(workPath) }
            close(descriptor)
        }
    }

    private var workPath: String { target == .inPlace ? path : path + ".partial" }

    private static func makeHeader(
        _ path: String, _ instruments: [Instrument], _ metadata: [(key: String, value: String)], _ recordsPerBlock: Int
    ) throws(TapeError) -> (FileHeader, [UInt8]) {
        var body = HeaderCodec.encode(instruments: instruments, metadata: metadata)
        var header = FileHeader()
        header.bodyBytes = UInt32(clamping: body.count)
        body.append(contentsOf: repeatElement(0, count: TapeFormat.padded(body.count) - body.count))
        guard body.count < TapeFormat.maximumHeaderBytes else {
            throw .badHeader(path: path, reason: "the header would take \(body.count) bytes; at most 64 MiB fit")
        }
        header.headerBytes = UInt32(FileHeader.length + body.count)
        header.bodyCRC = unsafe body.withUnsafeBytes { unsafe TapeFormat.checksum($0) }
        header.recordsPerBlock = UInt32(recordsPerBlock)
        header.seal()
        return (header, unsafe withUnsafeBytes(of: header) { unsafe Array($0) } + body)
    }

    /// Adds a record.
    ///
    /// - Throws: `outOfOrder` where a record the desk sees arrives before the one before it, or a venue-only record of an
    ///   instrument steps back in exchange time; `badRecord` for what no tape may hold. The tape stays usable after both.
    public func append(_ record: borrowing MarketRecord) throws(TapeError) {
        guard isOpen else { throw .closed(path: path) }
        guard TapeWriter.isWellFormed(record, instruments: instruments.count) else { throw refusal(of: copy record) }
        if record.flags & MarketRecord.Flag.venueOnly == 0 {
            if record.localTime < summary.latestLocal { throw refusal(of: copy record) }
        } else {
            if record.exchangeTime < lastVenueOnly[Int(record.instrument)] { throw refusal(of: copy record) }
            lastVenueOnly[Int(record.instrument)] = record.exchangeTime
        }
        unsafe records[pending] = copy record
        summary.add(record)
        pending += 1
        recordCount += 1
        if pending == recordsPerBlock { try writePending() }
    }

    /// Adds a record of variable length to the journal part, at this place between the market records.
    public func appendVariable(type: UInt16, time: Timestamp, _ payload: [UInt8]) throws(TapeError) {
        guard isOpen else { throw .closed(path: path) }
        guard payload.count <= TapeFormat.maximumVariableBytes else {
            throw .badRecord(path: path, record: recordCount, reason: "a variable record of \(payload.count) bytes; at most 16 MiB fit")
        }
        VariableCodec.append(type: type, time: time.nanoseconds, position: recordCount, payload: payload, to: &variable)
        variableCount += 1
        if variable.count >= TapeFormat.maximumVariableBytes / 16 { try writePending() }
    }

    /// Writes what is pending as (short) blocks; with `durably` also waits for the disk.
    public func flush(durably: Bool = false) throws(TapeError) {
        guard isOpen else { throw .closed(path: path) }
        try writePending()
        if durably { try SystemFile.synchronize(descriptor, path: workPath) }
    }

    /// Writes the rest, the index and the footer; the file then stands under its name.
    ///
    /// - Parameter durably: waits for the disk, so that the file outlasts a power cut from here on.
    public func finish(durably: Bool = true) throws(TapeError) {
        guard isOpen else { throw .closed(path: path) }
        try writePending()
        let indexOffset = offset
        var footer = FileFooter(
            indexOffset: UInt64(indexOffset), blocks: UInt64(index.count), records: UInt64(recordCount), tapeID: tapeID)
        footer.seal()
        var header = makeBlock(.index)
        header.count = UInt32(index.count)
        output.removeAll(keepingCapacity: true)
        unsafe index.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
        try writeBlock(&header)
        try write(footer)
        if durably { try SystemFile.synchronize(descriptor, path: workPath) }
        if target == .whenComplete { try SystemFile.rename(workPath, to: path, durably: durably) }
        isOpen = false
        close(descriptor)
    }

    /// Variable records first: each tells how many market records came before it, so that after a crash between the two blocks the
    /// reader sees that some are missing. The other way round a missing variable record would go unnoticed.
    private func writePending() throws(TapeError) {
        if variableCount > 0 { try writeVariableBlock() }
        if pending > 0 { try writeMarketBlock() }
    }

    private func writeMarketBlock() throws(TapeError) {
        let block = unsafe UnsafeBufferPointer(start: records, count: pending)
        var header = makeBlock(encoding == .plain ? .plain : .packed)
        header.firstRecord = UInt64(recordCount - pending)
        summary.fill(&header)
        output.removeAll(keepingCapacity: true)
        switch encoding {
        case .plain: unsafe output.append(contentsOf: UnsafeRawBufferPointer(block))
        case .packed: header.unpackedBytes = UInt32(unsafe encoder.encode(block, into: &output))
        }
        try writeBlock(&header)
        index.append(header)
        summary.startBlock()
        pending = 0
    }

    private func writeVariableBlock() throws(TapeError) {
        var header = makeBlock(.variable)
        header.count = variableCount
        swap(&output, &variable)
        try writeBlock(&header)
        index.append(header)
        variable.removeAll(keepingCapacity: true)
        variableCount = 0
    }

    private func makeBlock(_ kind: BlockKind) -> BlockHeader {
        BlockHeader(
            kindByte: kind.rawValue, number: UInt64(index.count), offset: UInt64(offset), firstRecord: UInt64(recordCount),
            count: 0, payloadBytes: 0, tapeID: tapeID)
    }

    /// Writes `output` as the payload of a block: header, payload and padding in one go.
    private func writeBlock(_ header: inout BlockHeader) throws(TapeError) {
        header.payloadBytes = UInt32(output.count)
        output.append(contentsOf: repeatElement(0, count: TapeFormat.padded(output.count) - output.count))
        header.payloadCRC = unsafe output.withUnsafeBytes { unsafe TapeFormat.checksum($0) }
        header.seal()
        try write(header)
        try guarded { () throws(TapeError) in try SystemFile.write(output, to: descriptor, path: workPath) }
        offset += BlockHeader.length + output.count
    }

    private func write(_ part: some SealedBytes) throws(TapeError) {
        try guarded { () throws(TapeError) in
            unsafe try withUnsafeBytes(of: part) { bytes throws(TapeError) in
                unsafe try SystemFile.write(bytes, to: descriptor, path: workPath)
            }
        }
    }

    /// After a failed write half a block may stand in the file: nothing may follow it.
    private func guarded(_ write: () throws(TapeError) -> Void) throws(TapeError) {
        do throws(TapeError) {
            try write()
        } catch {
            abandon()
            throw error
        }
    }

    private func abandon() {
        isOpen = false
        if target == .whenComplete { unsafe unlink(workPath) }
        close(descriptor)
    }
}

/// What a writer knows of the blocks already written.
struct TapeWriterState {
    var summary = BlockSummary()
    var lastVenueOnly: [Int64]
    var index: [BlockHeader] = []
    var recordCount = 0
}

extension TapeWriter {
    /// Whether a tape may hold the record, its place in time aside.
    @inline(__always) static func isWellFormed(_ record: borrowing MarketRecord, instruments: Int) -> Bool {
        let onlyOne = MarketRecord.Flag.deskOnly | MarketRecord.Flag.venueOnly
        let (kind, instrument, flags) = (record.kindByte &- 1, Int(record.instrument), record.flags & onlyOne)
        let latest = max(record.localTime, record.exchangeTime)
        let earliest = min(record.localTime, record.exchangeTime)
        return kind < 10 && instrument < instruments && flags != onlyOne && latest != .max && earliest != .min
    }

    private func refusal(of record: MarketRecord) -> TapeError {
        let number = recordCount
        if let reason = TapeWriter.fault(of: record, instruments: instruments.count) {
            return .badRecord(path: path, record: number, reason: reason)
        }
        let isVenueOnly = record.flags & MarketRecord.Flag.venueOnly != 0
        return .outOfOrder(
            path: path, record: number, instrument: instruments[Int(record.instrument)].name,
            clock: isVenueOnly ? "exchange" : "local", time: isVenueOnly ? record.exchangeTime : record.localTime,
            previous: isVenueOnly ? lastVenueOnly[Int(record.instrument)] : summary.latestLocal)
    }

    /// Why ``isWellFormed(_:instruments:)`` says no.
    static func fault(of record: MarketRecord, instruments: Int) -> String? {
        if MarketRecord.Kind(rawValue: record.kindByte) == nil { return "kind \(record.kindByte) does not exist" }
        if Int(record.instrument) >= instruments { return "instrument \(record.instrument) of \(instruments) does not exist" }
        let times = [record.localTime, record.exchangeTime]
        if times.contains(.max) || times.contains(.min) { return "a time of 2^63 − 1 or −2^63 is kept for 'never'" }
        let onlyOne = MarketRecord.Flag.deskOnly | MarketRecord.Flag.venueOnly
        return record.flags & onlyOne == onlyOne ? "flagged both desk-only and venue-only" : nil
    }
}
