import Domain

/// Turns packed payloads back into records; keeps its buffers from block to block.
@safe final class PackedDecoder {
    private let capacity: Int
    private let body: UnsafeMutableRawBufferPointer
    private let residuals: UnsafeMutablePointer<Int64>
    private var last: [PackedColumns.Last]
    private var inflater = Inflater()

    init(capacity: Int, instruments: Int) {
        self.capacity = capacity
        unsafe residuals = .allocate(capacity: capacity * PackedColumns.columns)
        unsafe body = .allocate(byteCount: PackedColumns.maximumBytes(capacity), alignment: 64)
        last = Array(repeating: PackedColumns.Last(), count: instruments * PackedColumns.streams)
    }

    deinit {
        unsafe residuals.deallocate()
        unsafe body.deallocate()
    }

    /// Decodes `count` records into `records`; answers what is wrong with the payload, or nil.
    func decode(
        _ payload: UnsafeRawBufferPointer, unpackedBytes: Int, count: Int, into records: UnsafeMutablePointer<MarketRecord>
    ) -> String? {
        guard count <= capacity, count > 0, unpackedBytes >= PackedColumns.directoryBytes, unsafe unpackedBytes <= body.count else {
            return "a packed block of \(count) records in \(unpackedBytes) bytes"
        }
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: body[..<unpackedBytes])
        if let fault = unsafe inflater.inflate(payload, into: target) { return fault }
        var offset = PackedColumns.directoryBytes
        for column in 0..<PackedColumns.columns {
            let divisor = unsafe body.load(fromByteOffset: column * 16, as: UInt64.self)
            let width = unsafe body.load(fromByteOffset: column * 16 + 8, as: UInt64.self)
            guard width <= 8, divisor >= 1, divisor <= UInt64(Int64.max), offset + Int(width) * count <= unpackedBytes else {
                return "column \(column) has width \(width) and divisor \(divisor)"
            }
            loadColumn(column, divisor: Int64(divisor), width: Int(width), count: count, at: offset)
            offset += Int(width) * count
        }
        guard offset == unpackedBytes else { return "\(unpackedBytes - offset) bytes are left over" }
        return unsafe rebuild(records, count: count)
    }

    private func loadColumn(_ column: Int, divisor: Int64, width: Int, count: Int, at offset: Int) {
        let values = unsafe residuals + column * capacity
        guard width > 0, let base = unsafe body.baseAddress else {
            for row in 0..<count { unsafe values[row] = 0 }
            return
        }
        let planes = unsafe (base + offset).assumingMemoryBound(to: UInt8.self)
        for row in 0..<count { unsafe values[row] = Int64(planes[row]) }
        for plane in 1..<max(width, 1) {
            let bytes = unsafe planes + plane * count
            let shift = Int64(8 * plane)
            for row in 0..<count { unsafe values[row] |= Int64(bytes[row]) &<< shift }
        }
        for row in 0..<count {
            unsafe values[row] = PackedColumns.unzigzag(UInt64(bitPattern: values[row])) &* divisor
        }
    }

    private func rebuild(_ records: UnsafeMutablePointer<MarketRecord>, count: Int) -> String? {
        for index in last.indices { last[index] = PackedColumns.Last() }
        let streams = last.count
        var local = unsafe body.load(fromByteOffset: PackedColumns.columns * 16, as: Int64.self)
        var exchange = unsafe body.load(fromByteOffset: PackedColumns.columns * 16 + 8, as: Int64.self)
        return unsafe last.withUnsafeMutableBufferPointer { last -> String? in
            for row in 0..<count {
                local = local &+ value(row, 0)
                exchange = exchange &+ value(row, 1)
                let kind = UInt8(truncatingIfNeeded: value(row, 7))
                let flags = UInt8(truncatingIfNeeded: value(row, 8))
                let instrument = UInt16(truncatingIfNeeded: value(row, 9))
                let stream = PackedColumns.stream(kind: kind, flags: flags, instrument: instrument)
                guard stream < streams else { return "record \(row) names instrument \(instrument)" }
                let next = unsafe values(row, kind: kind, after: last[stream])
                unsafe last[stream] = next
                unsafe records[row] = MarketRecord(
                    localTime: local, exchangeTime: exchange, values: next, kindByte: kind, flags: flags,
                    instrument: instrument, aux: UInt32(truncatingIfNeeded: value(row, 10)))
            }
            return nil
        }
    }

    @inline(__always) private func value(_ row: Int, _ column: Int) -> Int64 {
        unsafe residuals[column * capacity + row]
    }

    @inline(__always) private func values(_ row: Int, kind: UInt8, after last: PackedColumns.Last) -> PackedColumns.Last {
        var (a, b, c, d, e) = (value(row, 2), value(row, 3), value(row, 4), value(row, 5), value(row, 6))
        switch MarketRecord.Kind(rawValue: kind) {
        case .bar:
            a = a &+ last.d
            d = d &+ a
            b = b &+ max(a, d)
            c = min(a, d) &- c
        case .quote:
            (a, b, c, d) = (a &+ last.a, b &+ last.b, c &+ last.c, d &+ last.d)
        case .orderAdd, .orderModify, .orderCancel, .orderFill:
            (a, e) = (a &+ last.a, e &+ last.e)
        case .level, .trade, .clear, .status, nil:
            a = a &+ last.a
        }
        return PackedColumns.Last(a: a, b: b, c: c, d: d, e: e)
    }
}

extension MarketRecord {
    /// A record from its stored parts, whatever they say.
    @inline(__always) init(
        localTime: Int64, exchangeTime: Int64, values: PackedColumns.Last, kindByte: UInt8, flags: UInt8,
        instrument: UInt16, aux: UInt32
    ) {
        self.init(
            kind: .status, instrument: InstrumentID(index: Int(instrument)), localTime: localTime, exchangeTime: exchangeTime,
            flags: flags, a: values.a, b: values.b, c: values.c, d: values.d, e: values.e, aux: aux)
        self.kindByte = kindByte
    }
}
