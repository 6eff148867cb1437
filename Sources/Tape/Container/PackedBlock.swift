import Domain

/// The packed encoding: eleven columns of differences from what was last seen, cut into byte planes.
///
/// A plane holds one byte of every value of a column, so that the bytes that carry information and those that do not are
/// compressed apart; a column whose values are all zero takes no plane at all.
enum PackedColumns {
    static let columns = 11
    /// Divisor and width of each column, then the first local and exchange time.
    static let directoryBytes = columns * 16 + 16
    static func maximumBytes(_ count: Int) -> Int { directoryBytes + columns * 8 * count }

    /// What was last seen of one stream (an instrument's bids, offers, trades, …) in this block.
    struct Last {
        var a: Int64 = 0
        var b: Int64 = 0
        var c: Int64 = 0
        var d: Int64 = 0
        var e: Int64 = 0
    }
    static let streams = 8

    /// Bids, offers, and levels of unknown side; trades; quotes; bars; orders.
    @inline(__always) static func stream(kind: UInt8, flags: UInt8, instrument: UInt16) -> Int {
        let own: Int
        switch kind {
        case MarketRecord.Kind.trade.rawValue: own = 4
        case MarketRecord.Kind.quote.rawValue: own = 5
        case MarketRecord.Kind.bar.rawValue: own = 6
        case MarketRecord.Kind.orderAdd.rawValue...MarketRecord.Kind.orderFill.rawValue: own = 7
        default: own = Int(flags >> MarketRecord.Flag.sideShift)
        }
        return Int(instrument) * streams + own
    }

    @inline(__always) static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }
    @inline(__always) static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

/// Turns blocks of records into packed payloads; keeps its buffers from block to block.
@safe struct PackedEncoder: ~Copyable {
    private let capacity: Int
    private let residuals: UnsafeMutablePointer<Int64>
    private let body: UnsafeMutableRawBufferPointer
    private var last: [PackedColumns.Last]
    private var deflater = Deflater()

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

    /// Appends the packed payload to `output`; answers its length before deflation.
    mutating func encode(_ records: UnsafeBufferPointer<MarketRecord>, into output: inout [UInt8]) -> Int {
        precondition(records.count <= capacity && records.count > 0)
        for index in last.indices { last[index] = PackedColumns.Last() }
        unsafe fillResiduals(records)
        unsafe body.storeBytes(of: records[0].localTime, toByteOffset: PackedColumns.columns * 16, as: Int64.self)
        unsafe body.storeBytes(of: records[0].exchangeTime, toByteOffset: PackedColumns.columns * 16 + 8, as: Int64.self)
        var pieces = [PackedColumns.directoryBytes]
        var length = PackedColumns.directoryBytes
        for column in 0..<PackedColumns.columns {
            let width = storeColumn(column, count: records.count, at: length)
            for _ in 0..<width { pieces.append(records.count) }
            length += width * records.count
        }
        unsafe deflater.deflate(UnsafeRawBufferPointer(rebasing: body[..<length]), pieces: pieces, into: &output)
        return length
    }

    private mutating func fillResiduals(_ records: UnsafeBufferPointer<MarketRecord>) {
        var local = unsafe records[0].localTime
        var exchange = unsafe records[0].exchangeTime
        for row in 0..<records.count {
            let record = unsafe records[row]
            put(row, 0, record.localTime &- local)
            put(row, 1, record.exchangeTime &- exchange)
            (local, exchange) = (record.localTime, record.exchangeTime)
            putValues(row, record)
            put(row, 7, Int64(record.kindByte))
            put(row, 8, Int64(record.flags))
            put(row, 9, Int64(record.instrument))
            put(row, 10, Int64(record.aux))
        }
    }

    @inline(__always) private func put(_ row: Int, _ column: Int, _ value: Int64) {
        unsafe residuals[column * capacity + row] = value
    }

    @inline(__always) private mutating func putValues(_ row: Int, _ record: MarketRecord) {
        let stream = PackedColumns.stream(kind: record.kindByte, flags: record.flags, instrument: record.instrument)
        let previous = last[stream]
        last[stream] = PackedColumns.Last(a: record.a, b: record.b, c: record.c, d: record.d, e: record.e)
        var (a, b, c, d, e) = (record.a, record.b, record.c, record.d, record.e)
        switch MarketRecord.Kind(rawValue: record.kindByte) {
        case .bar:
            b = b &- max(record.a, record.d)
            c = min(record.a, record.d) &- c
            d = d &- record.a
            a = a &- previous.d
        case .quote:
            (a, b, c, d) = (a &- previous.a, b &- previous.b, c &- previous.c, d &- previous.d)
        case .orderAdd, .orderModify, .orderCancel, .orderFill:
            (a, e) = (a &- previous.a, e &- previous.e)
        case .level, .trade, .clear, .status, nil:
            a = a &- previous.a
        }
        put(row, 2, a)
        put(row, 3, b)
        put(row, 4, c)
        put(row, 5, d)
        put(row, 6, e)
    }

    /// Divides a column by what all its values share, and cuts it into as few planes as hold it; answers how many.
    private func storeColumn(_ column: Int, count: Int, at offset: Int) -> Int {
        let values = unsafe residuals + column * capacity
        var divisor: UInt64 = 0
        var row = 0
        while row < count && divisor != 1 {
            divisor = PackedEncoder.greatestCommonDivisor(divisor, unsafe values[row].magnitude)
            row += 1
        }
        if divisor == 0 || divisor > UInt64(Int64.max) { divisor = 1 }
        var union: UInt64 = 0
        for row in 0..<count {
            let value = PackedColumns.zigzag(unsafe divisor == 1 ? values[row] : values[row] / Int64(divisor))
            union |= value
            unsafe values[row] = Int64(bitPattern: value)
        }
        let width = (64 - union.leadingZeroBitCount + 7) / 8
        for plane in 0..<width {
            let start = offset + plane * count
            let shift = UInt64(8 * plane)
            for row in 0..<count {
                unsafe body[start + row] = UInt8(truncatingIfNeeded: UInt64(bitPattern: values[row]) &>> shift)
            }
        }
        unsafe body.storeBytes(of: divisor, toByteOffset: column * 16, as: UInt64.self)
        unsafe body.storeBytes(of: UInt64(width), toByteOffset: column * 16 + 8, as: UInt64.self)
        return width
    }

    private static func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }
}
