public import Domain
import Risk

/// Market records: the part of ``Engine/step(_:at:into:)`` that runs millions of times, and the short ways that drivers take.
extension Engine where S: ~Copyable {
    /// Whether a market record can call the strategy, or move a bar on.
    public var hearsRecords: Bool {
        for index in desk.instruments.indices {
            let market = unsafe desk.markets + index
            if unsafe market.pointee.hasBars || !market.pointee.subscribed.isDisjoint(with: callbacks) { return true }
        }
        return false
    }

    /// A record has arrived: ``step(_:at:into:)`` of a market input, for drivers that have millions of them.
    ///
    /// - Returns: Whether anything but the market's own state may have changed: timers, bars, wishes.
    @inline(__always)
    public mutating func absorb(
        _ record: UnsafePointer<MarketRecord>, instrument: Int, at time: Timestamp, into effects: inout [Effect]
    ) -> Bool {
        precondition(time >= desk.now, "time ran backwards")
        desk.now = time
        return unsafe market(record, instrument, &effects)
    }

    /// ``absorb(_:instrument:at:into:)`` while ``hearsRecords`` is false: no record calls anybody.
    @inline(__always)
    public mutating func absorbUnheard(_ record: UnsafePointer<MarketRecord>, instrument: Int, at time: Timestamp, into effects: inout [Effect]) {
        let isLevel = unsafe record.pointee.kindByte == MarketRecord.Kind.level.rawValue && record.pointee.hasSide
        guard isLevel, unsafe record.pointee.flags & MarketRecord.Flag.snapshot == 0 else {
            return unsafe absorbRarely(record, instrument, time, &effects)
        }
        precondition(time >= desk.now, "time ran backwards")
        desk.now = time
        unsafe desk.absorbUnheardLevel(record, instrument)
    }

    @inline(never)
    private mutating func absorbRarely(_ record: UnsafePointer<MarketRecord>, _ instrument: Int, _ time: Timestamp, _ effects: inout [Effect]) {
        _ = unsafe absorb(record, instrument: instrument, at: time, into: &effects)
    }

    /// ``absorb(_:instrument:at:into:)`` of a bar, on a tape of one instrument's bars: most need no builder.
    @inline(__always)
    public mutating func absorbBar(_ record: UnsafePointer<MarketRecord>, at time: Timestamp, into effects: inout [Effect]) -> Bool {
        precondition(time >= desk.now, "time ran backwards")
        desk.now = time
        guard isRunning, callbacks.contains(.bar), let bar = unsafe desk.absorbPlainBar(record) else {
            return unsafe market(record, 0, &effects)
        }
        if unsafe record.pointee.flags & MarketRecord.Flag.snapshot != 0 { gate.bookSeen(InstrumentID(index: 0)) }
        finish(strategy.onBar(bar, of: InstrumentID(index: 0), &desk), &effects)
        return true
    }

    @inline(__always)
    mutating func market(_ record: UnsafePointer<MarketRecord>, _ instrument: Int, _ effects: inout [Effect]) -> Bool {
        if unsafe record.pointee.flags & MarketRecord.Flag.snapshot != 0 { gate.bookSeen(InstrumentID(index: instrument)) }
        let wanted = unsafe desk.absorb(record, instrument)
        guard wanted.intersection(callbacks) != [] else { return unsafe desk.markets[instrument].hasBars }
        unsafe callMarket(wanted, record, InstrumentID(index: instrument), &effects)
        return true
    }

    private mutating func callMarket(
        _ wanted: Callbacks, _ record: UnsafePointer<MarketRecord>, _ instrument: InstrumentID, _ effects: inout [Effect]
    ) {
        guard isRunning else { return }
        let due = wanted.intersection(callbacks)
        if due.contains(.quote) { finish(strategy.onQuote(instrument, &desk), &effects) }
        if due.contains(.book), isRunning { finish(strategy.onBook(instrument, &desk), &effects) }
        if due.contains(.trade), isRunning {
            let trade = unsafe PublicTrade(
                ticks: record.pointee.a, size: record.pointee.b, side: record.pointee.side,
                exchangeTime: Timestamp(nanoseconds: record.pointee.exchangeTime))
            finish(strategy.onTrade(trade, of: instrument, &desk), &effects)
        }
        if due.contains(.bar), isRunning { closeBars(of: instrument, &effects) }
    }
}
