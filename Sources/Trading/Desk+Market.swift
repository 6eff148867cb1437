import Domain

extension Desk {
    /// Takes in one record and answers which callbacks it calls for, of those the strategy subscribed to.
    ///
    /// - Complexity: constant; no allocation.
    @inline(__always)
    mutating func absorb(_ record: UnsafePointer<MarketRecord>, _ index: Int) -> Callbacks {
        let market = unsafe markets + index
        unsafe market.pointee.eventTime = Timestamp(nanoseconds: record.pointee.exchangeTime)
        var due: Callbacks = []
        var endsBatch = unsafe record.pointee.endsBatch
        switch unsafe record.pointee.kind {
        case .level:
            unsafe absorbLevel(record, index)
        case .trade:
            unsafe absorbTrade(record, index)
            due = .trade
        case .quote:
            guard dataKinds[index] == .quotes else { return [] }
            unsafe absorbQuote(record, index)
            // A quote is a whole book of one level a side, and so a message of its own.
            endsBatch = true
        case .clear, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status:
            due = unsafe absorbRare(record, index)
        }
        if unsafe endsBatch && market.pointee.isBookDirty {
            unsafe market.pointee.isBookDirty = false
            unsafe market.pointee.bookArrival = now
            due.insert(.book)
            let touch = unsafe books[index].touchVersion
            if unsafe touch != market.pointee.quotedTouch {
                unsafe market.pointee.quotedTouch = touch
                due.insert(.quote)
            }
            if unsafe market.pointee.hasBars { buildFromMid(index) }
        }
        return unsafe due.intersection(market.pointee.subscribed.union(.bar))
    }

    @inline(__always)
    private mutating func absorbLevel(_ record: UnsafePointer<MarketRecord>, _ index: Int) {
        let side: Side = unsafe record.pointee.side == .buy ? .buy : .sell
        let size = unsafe record.pointee.b
        let kept = unsafe size < markets[index].smallestUnits ? 0 : size
        unsafe books[index].set(side, ticks: record.pointee.a, size: kept)
        unsafe markets[index].isBookDirty = true
    }

    /// What ``absorb(_:_:)`` does with a level where nobody listens.
    @inline(__always)
    func absorbUnheardLevel(_ record: UnsafePointer<MarketRecord>, _ index: Int) {
        let market = unsafe markets + index
        let size = unsafe record.pointee.b
        unsafe market.pointee.eventTime = Timestamp(nanoseconds: record.pointee.exchangeTime)
        unsafe books[index].set(record.pointee.toldSide, ticks: record.pointee.a, size: size < market.pointee.smallestUnits ? 0 : size)
        let endsBatch = unsafe record.pointee.endsBatch
        unsafe market.pointee.isBookDirty = !endsBatch
        guard endsBatch else { return }
        unsafe market.pointee.bookArrival = now
        unsafe market.pointee.quotedTouch = books[index].touchVersion
    }

    @inline(__always)
    private mutating func absorbTrade(_ record: UnsafePointer<MarketRecord>, _ index: Int) {
        let market = unsafe markets + index
        unsafe market.pointee.lastTrade = PublicTrade(
            ticks: record.pointee.a, size: record.pointee.b, side: record.pointee.side,
            exchangeTime: Timestamp(nanoseconds: record.pointee.exchangeTime))
        unsafe market.pointee.hasTraded = true
        unsafe market.pointee.lastTradeArrival = now
        unsafe market.pointee.tradeVersion &+= 1
        if unsafe market.pointee.hasBars {
            unsafe bars.trade(InstrumentID(index: index), at: now, ticks: record.pointee.a, size: record.pointee.b)
        }
    }

    private mutating func absorbRare(_ record: UnsafePointer<MarketRecord>, _ index: Int) -> Callbacks {
        let market = unsafe markets + index
        switch unsafe record.pointee.kind {
        case .clear:
            if let side = unsafe record.pointee.side { unsafe books[index].clear(side) } else { unsafe books[index].clear() }
            unsafe orderBooks[index].clear()
            unsafe market.pointee.isBookDirty = true
        case .bar:
            unsafe noteClose(record, index)
            if unsafe market.pointee.hasBars {
                unsafe bars.recorded(InstrumentID(index: index), record)
                return bars.nextRecordedClose <= now.nanoseconds ? .bar : []
            }
        case .orderAdd, .orderModify, .orderCancel, .orderFill:
            unsafe orderBooks[index].apply(record, to: &books[index])
            unsafe market.pointee.isBookDirty = true
        case .status, .level, .trade, .quote:
            break
        }
        return []
    }

    @inline(__always)
    private func noteClose(_ record: UnsafePointer<MarketRecord>, _ index: Int) {
        let market = unsafe markets + index
        unsafe market.pointee.lastTrade.ticks = record.pointee.d
        unsafe market.pointee.lastTrade.size = record.pointee.e
        unsafe market.pointee.lastTrade.exchangeTime = now
        unsafe market.pointee.hasTraded = true
        unsafe market.pointee.lastTradeArrival = now
        unsafe market.pointee.tradeVersion &+= 1
    }

    /// Takes in a bar of a tape of one instrument's bars, where it is as it stands the one bar subscribed to; else nil, and nothing is done.
    @inline(__always)
    mutating func absorbPlainBar(_ record: UnsafePointer<MarketRecord>) -> Bar? {
        guard unsafe record.pointee.kindByte == MarketRecord.Kind.bar.rawValue, unsafe markets.pointee.hasBars,
            let bar = unsafe bars.plain(record, at: now)
        else { return nil }
        unsafe markets.pointee.eventTime = Timestamp(nanoseconds: record.pointee.exchangeTime)
        unsafe noteClose(record, 0)
        return bar
    }

    /// A quote record is a book of one level a side; a side that it leaves out is unchanged.
    private mutating func absorbQuote(_ record: UnsafePointer<MarketRecord>, _ index: Int) {
        let sides = unsafe record.pointee.aux
        if sides & 1 != 0 { unsafe setTouch(index, .buy, record.pointee.a, record.pointee.b) }
        if sides & 2 != 0 { unsafe setTouch(index, .sell, record.pointee.c, record.pointee.d) }
        unsafe markets[index].isBookDirty = true
    }

    private mutating func setTouch(_ index: Int, _ side: Side, _ ticks: Int64, _ size: Int64) {
        let old = unsafe books[index].bestTicks(side)
        if old != ticks, old != Book.noBid, old != Book.noAsk { unsafe books[index].set(side, ticks: old, size: 0) }
        unsafe books[index].set(side, ticks: ticks, size: size)
    }

    /// Bars come from trades; where a tape has none, from mids.
    private mutating func buildFromMid(_ index: Int) {
        guard !barsFromTrades[index] else { return }
        let bid = unsafe books[index].bestBidTicks
        let ask = unsafe books[index].bestAskTicks
        guard bid != Book.noBid, ask != Book.noAsk else { return }
        bars.quote(InstrumentID(index: index), at: now, bid: bid, ask: ask)
    }

    /// When the next bar ends by the desk's clock, ns; `Int64.max` where none is under way.
    @inline(__always) public var nextBarClose: Int64 { bars.nextClose }
    /// The same for bars that are put together from recorded bars: they end after what arrives at that instant.
    @inline(__always) public var nextRecordedBarClose: Int64 { bars.nextRecordedClose }
    /// When the next timer is due, ns; `Int64.max` where there is none.
    @inline(__always) public var nextTimer: Int64 { timers.nextDue }
    /// The earliest of the three.
    @inline(__always) public var nextDue: Int64 { min(bars.nextClose, bars.nextRecordedClose, timers.nextDue) }
}
