public import Domain

/// What the records of one instrument add up to.
public struct InstrumentStatistics: Sendable {
    public let instrument: Instrument
    public private(set) var records = 0
    /// Level updates of change messages; those of snapshots are counted apart.
    public private(set) var depth = 0
    public private(set) var snapshotLevels = 0
    public private(set) var trades = 0
    public private(set) var quotes = 0
    public private(set) var bars = 0
    public private(set) var orders = 0
    public private(set) var statuses = 0
    /// Quotes with a bid at the ask, and with a bid above it.
    public private(set) var lockedQuotes = 0
    public private(set) var crossedQuotes = 0
    /// Marked gaps of a capture, or places where bars are absent.
    public private(set) var gaps = 0
    /// Bars absent in those places.
    public private(set) var missingBars = 0
    public private(set) var firstTime: Int64?
    public private(set) var lastTime: Int64?
    public private(set) var firstExchangeTime: Int64?
    public private(set) var lastExchangeTime: Int64?
    /// Records that arrived before they happened.
    public private(set) var early = 0
    private var tradeUnits: Int128 = 0
    private var tradeTickUnits: Int128 = 0
    private var volumeUnits: Int128 = 0
    private var book = TapeBook()
    private var quotedBid: (price: Int64, size: Int64)?
    private var quotedAsk: (price: Int64, size: Int64)?
    private var lastOpen: Int64?

    init(_ instrument: Instrument) { self.instrument = instrument }

    mutating func add(_ record: borrowing MarketRecord) {
        records += 1
        let exchange = record.exchangeTime
        firstExchangeTime = min(firstExchangeTime ?? exchange, exchange)
        lastExchangeTime = max(lastExchangeTime ?? exchange, exchange)
        if record.localTime < record.exchangeTime { early += 1 }
        // The other half of what the desk sees in another order than the venue.
        if record.flags & MarketRecord.Flag.venueOnly != 0 { return }
        if firstTime == nil { firstTime = record.localTime }
        lastTime = record.localTime
        if record.flags & MarketRecord.Flag.gap != 0 { gaps += 1 }
        count(record)
    }

    private mutating func count(_ record: borrowing MarketRecord) {
        switch record.kind {
        case .level:
            if record.flags & MarketRecord.Flag.snapshot != 0 { snapshotLevels += 1 } else { depth += 1 }
            book.apply(record)
        case .clear: book.apply(record)
        case .trade:
            trades += 1
            tradeUnits += Int128(record.b)
            tradeTickUnits += Int128(record.a) * Int128(record.b)
        case .quote: quote(record)
        case .bar: bar(record)
        case .orderAdd, .orderModify, .orderCancel, .orderFill:
            orders += 1
            book.apply(record)
        case .status: statuses += 1
        }
    }

    private mutating func quote(_ record: borrowing MarketRecord) {
        quotes += 1
        if record.aux & 1 != 0 { quotedBid = (record.a, record.b) }
        if record.aux & 2 != 0 { quotedAsk = (record.c, record.d) }
        guard record.aux & 3 == 3 else { return }
        if record.a == record.c { lockedQuotes += 1 }
        if record.a > record.c { crossedQuotes += 1 }
    }

    private mutating func bar(_ record: borrowing MarketRecord) {
        bars += 1
        volumeUnits += Int128(record.e)
        let interval = instrument.barInterval.nanoseconds
        if let lastOpen, interval > 0, record.exchangeTime - lastOpen > interval {
            gaps += 1
            missingBars += Int((record.exchangeTime - lastOpen) / interval) - 1
        }
        lastOpen = record.exchangeTime
    }

    public var tradeQuantity: ExactDecimal { ExactDecimal(mantissa: tradeUnits, scale: 0) * instrument.sizeUnit }
    public var tradeNotional: ExactDecimal {
        ExactDecimal(mantissa: tradeTickUnits, scale: 0) * instrument.sizeUnit * instrument.tick
    }
    public var volume: ExactDecimal { ExactDecimal(mantissa: volumeUnits, scale: 0) * instrument.sizeUnit }

    private var hasDepth: Bool { depth + snapshotLevels + orders > 0 }

    /// The book after the last record, best first: of depth, else of the last quotes.
    public func levels(_ side: Side) -> [(price: Price, size: ExactDecimal)] {
        let quoted = (side == .buy ? quotedBid : quotedAsk).map { [$0] } ?? []
        let raw = hasDepth ? book.levels(side) : quoted
        return raw.map { (price: Price(ticks: $0.price), size: instrument.decimal(units: $0.size)) }
    }

    /// Nil where there is no book.
    public var bookSHA256: String? {
        if hasDepth { return book.sha256(instrument) }
        if quotedBid == nil && quotedAsk == nil { return nil }
        var top = TapeBook()
        if let bid = quotedBid { top.apply(level(.buy, bid)) }
        if let ask = quotedAsk { top.apply(level(.sell, ask)) }
        return top.sha256(instrument)
    }

    private func level(_ side: Side, _ value: (price: Int64, size: Int64)) -> MarketRecord {
        MarketRecord(
            kind: .level, instrument: InstrumentID(index: 0), localTime: 0, exchangeTime: 0, side: side, a: value.price, b: value.size)
    }
}

/// What the records of a tape add up to, instrument by instrument.
public struct TapeStatistics: Sendable {
    public private(set) var instruments: [InstrumentStatistics]

    public init(_ instruments: [Instrument]) { self.instruments = instruments.map(InstrumentStatistics.init) }

    public mutating func add(_ record: borrowing MarketRecord) { instruments[Int(record.instrument)].add(record) }

    /// Reads a whole tape.
    public static func read(_ reader: TapeReader) throws -> TapeStatistics {
        var result = TapeStatistics(reader.instruments)
        try reader.forEachRecord { result.add($0) }
        return result
    }
}
