import Domain

/// The event arrays of hftbacktest: `.npz` or `.npy` of 64-byte rows `ev, exch_ts, local_ts, px, qty, order_id, ival, fval`.
///
/// - Source: hftbacktest 2.4, `types.py` and `data/validation.py`.
struct HftBacktestFormat {
    private let session: ImportSession
    private let product: Int
    private var cleared = PartialClear()
    private var run: (exchange: Int64, local: Int64, isLevel: Bool) = (.min, .min, false)

    init(_ session: ImportSession, _ parts: [InputPart]) {
        self.session = session
        let own = parts[0].fileName == "data.npy" ? parts[0].outerName : parts[0].fileName
        product = session.product(names: InstrumentNames.guess(file: own))
    }

    mutating func run(_ parts: [InputPart]) throws(ImportError) {
        for (index, part) in parts.enumerated() {
            let array = try NumpyRows(part)
            while let row = try array.next() {
                session.reading(index, line: array.number)
                do throws(BadRow) {
                    try take(row)
                } catch {
                    try session.bad(error, at: Place(name: array.name + " row", line: array.number))
                }
                if let failure { throw failure }
            }
        }
        try session.commit()
    }

    private var failure: ImportError?

    private enum Bits {
        static let exchange: UInt64 = 1 << 31
        static let local: UInt64 = 1 << 30
        static let buy: UInt64 = 1 << 29
        static let sell: UInt64 = 1 << 28
    }

    private mutating func take(_ row: NumpyRows.Row) throws(BadRow) {
        guard let event = try event(row) else { return }
        if event.kind == .clear, event.v0.mantissa != 0 {
            for delete in cleared.upTo(event) { try add(delete) }
            return
        }
        try add(event)
        if session.products[product].scan.hasSnapshot && session.pass == .write { cleared.note(event) }
    }

    /// Records of one message follow one another at the same two times.
    private mutating func add(_ event: SourceEvent) throws(BadRow) {
        let isLevel = event.kind == .level || event.kind == .clear
        if !isLevel || !run.isLevel || event.exchange != run.exchange || event.local != run.local {
            do throws(ImportError) { try session.commit() } catch { failure = error }
        }
        try session.add(event)
        run = (event.exchange, event.local, isLevel)
    }

    private func event(_ row: NumpyRows.Row) throws(BadRow) -> SourceEvent? {
        let bits = row.word(0)
        let (isExchange, isLocal) = (bits & Bits.exchange != 0, bits & Bits.local != 0)
        guard isExchange || isLocal else { return nil }
        guard let kind = HftBacktestFormat.kinds[bits & 0xFF] else { throw BadRow("expected an event kind of 1 to 5 or 10 to 13, found \(bits & 0xFF)") }
        let exchange = Int64(bitPattern: row.word(1))
        let local = Int64(bitPattern: row.word(2))
        guard exchange > 0, local > 0 else { throw BadRow("expected times above zero, found \(min(exchange, local))") }
        let side: Side? = bits & Bits.buy != 0 ? .buy : bits & Bits.sell != 0 ? .sell : nil
        var flags: UInt8 = isExchange && isLocal ? 0 : isLocal ? MarketRecord.Flag.deskOnly : MarketRecord.Flag.venueOnly
        if bits & 0xFF == 4 { flags |= MarketRecord.Flag.snapshot }
        var event = SourceEvent(kind, product: product, local: try session.shifted(local), exchange: exchange, side: side, flags: flags)
        if kind == .level && side == nil { throw BadRow("expected a depth row with a side, found one without") }
        event.id = Int64(bitPattern: row.word(5))
        if kind == .orderCancel { return event }
        if kind == .clear {
            // With a price (NaN and zero are none) and a side only the levels up to it go.
            let limit = Double(bitPattern: row.word(3))  // house-ok: reads doubles
            if side != nil, limit.isFinite, limit > 0 { event.v0 = try decimal(row.word(3), "px") }
            return event
        }
        event.v0 = try decimal(row.word(3), "px")
        event.v1 = try decimal(row.word(4), "qty")
        return event
    }

    private static let kinds: [UInt64: MarketRecord.Kind] = [
        1: .level, 2: .trade, 3: .clear, 4: .level, 5: .level, 10: .orderAdd, 11: .orderCancel, 12: .orderModify, 13: .orderFill,
    ]

    /// The decimal that a double stands for: the one with the fewest places whose double is this one or its closest neighbours.
    private func decimal(_ bits: UInt64, _ what: String) throws(BadRow) -> ShortDecimal {
        let value = Double(bitPattern: bits)  // house-ok: the file holds doubles; they become exact decimals here
        if let decimal = NearestDecimal.of(value) { return decimal }
        throw BadRow("expected \(what) as a finite number with at most 15 digits, found \(value)")
    }
}

/// Knows the prices in the book, to turn “clear this side up to a price” into deletions.
struct PartialClear {
    private var bids: Set<ShortDecimal> = []
    private var asks: Set<ShortDecimal> = []

    mutating func note(_ event: SourceEvent) {
        if event.kind == .clear {
            if event.side != .sell { bids.removeAll() }
            if event.side != .buy { asks.removeAll() }
        } else if event.kind == .level {
            let isThere = event.v1.mantissa != 0
            if event.side == .buy {
                if isThere { bids.insert(event.v0) } else { bids.remove(event.v0) }
            } else {
                if isThere { asks.insert(event.v0) } else { asks.remove(event.v0) }
            }
        }
    }

    /// The levels between the best and the clear's price, gone; a whole side as one clear.
    mutating func upTo(_ event: SourceEvent) -> [SourceEvent] {
        let isBid = event.side == .buy
        let all = isBid ? bids : asks
        let gone = all.filter { PartialClear.isBelow($0, event.v0) != isBid || $0 == event.v0 }
        var whole = event
        whole.v0 = .zero
        if isBid { bids.subtract(gone) } else { asks.subtract(gone) }
        if gone.count == all.count { return [whole] }
        // Sorted: what comes of a set must not depend on its order.
        return gone.sorted { PartialClear.isBelow($0, $1) }.map { price in
            var delete = event
            (delete.kind, delete.v0, delete.v1) = (.level, price, .zero)
            return delete
        }
    }

    private static func isBelow(_ left: ShortDecimal, _ right: ShortDecimal) -> Bool {
        let places = Int(max(left.scale, right.scale))
        return left.exact.scaled(to: places) ?? 0 < right.exact.scaled(to: places) ?? 0
    }
}

/// Turns the doubles of a file into the decimals that were meant.
enum NearestDecimal {
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12]  // house-ok: exact powers of ten

    /// Nil for NaN, infinities, and where no decimal of at most 12 places is within four units of the last place.
    static func of(_ value: Double) -> ShortDecimal? {  // house-ok: reads doubles
        guard value.isFinite, abs(value) < 9e15 else { return nil }
        for (scale, power) in powers.enumerated() {
            let scaled = (value * power).rounded()
            guard abs(scaled) < 9e15 else { return nil }
            if abs(scaled / power - value) <= 4 * value.ulp {
                return ShortDecimal(mantissa: Int64(scaled), scale: Int32(scale)).shifted(down: 0)
            }
        }
        return nil
    }
}
