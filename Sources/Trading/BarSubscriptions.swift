import Domain

/// The bars that strategies subscribed to, each with its builder, in order of subscription.
struct BarSubscriptions {
    private struct Entry {
        let instrument: InstrumentID
        let interval: BarInterval
        var builder: BarBuilder
    }

    private var entries: [Entry] = []
    /// One subscription, of an instrument's bars as they are recorded, and that is the tape's only instrument.
    private var isPlain = false
    private var plainLength: Int64 = 0
    private let sources: [Span]
    /// When the next bar made of trades or middles ends, ns: before what arrives at that instant.
    private(set) var nextClose = Int64.max
    /// When the next bar made of recorded bars ends, ns: after what arrives at that instant.
    private(set) var nextRecordedClose = Int64.max

    /// - Parameter instruments: `barInterval` tells which tapes hold bars.
    init(instruments: [Instrument]) {
        sources = instruments.map(\.barInterval)
    }

    mutating func add(_ instrument: InstrumentID, interval text: String) throws(BarError) {
        let interval = try BarInterval(text, source: sources[instrument.position])
        guard !entries.contains(where: { $0.instrument == instrument && $0.interval == interval }) else { return }
        entries.append(Entry(instrument: instrument, interval: interval, builder: BarBuilder(interval)))
        refreshPlain()
    }

    mutating func remove(_ instrument: InstrumentID, interval: Span) {
        entries.removeAll { $0.instrument == instrument && $0.interval.span == interval }
        refreshDue()
        refreshPlain()
    }

    private mutating func refreshPlain() {
        isPlain = false
        guard sources.count == 1, entries.count == 1, let source = entries[0].interval.source, source == entries[0].interval.span else { return }
        (isPlain, plainLength) = (true, source.nanoseconds)
    }

    func has(_ instrument: InstrumentID) -> Bool { entries.contains { $0.instrument == instrument } }

    mutating func trade(_ instrument: InstrumentID, at time: Timestamp, ticks: Int64, size: Int64) {
        for index in entries.indices where entries[index].instrument == instrument {
            entries[index].builder.trade(at: time, price: Price(ticks: ticks), units: size)
            nextClose = min(nextClose, entries[index].builder.nextClose.nanoseconds)
        }
    }

    mutating func quote(_ instrument: InstrumentID, at time: Timestamp, bid: Int64, ask: Int64) {
        for index in entries.indices where entries[index].instrument == instrument {
            entries[index].builder.quote(at: time, bid: Price(ticks: bid), ask: Price(ticks: ask))
            nextClose = min(nextClose, entries[index].builder.nextClose.nanoseconds)
        }
    }

    mutating func recorded(_ instrument: InstrumentID, _ record: UnsafePointer<MarketRecord>) {
        for index in entries.indices where entries[index].instrument == instrument {
            unsafe entries[index].builder.recordedBar(
                openTime: Timestamp(nanoseconds: record.pointee.exchangeTime), open: Price(ticks: record.pointee.a),
                high: Price(ticks: record.pointee.b), low: Price(ticks: record.pointee.c), close: Price(ticks: record.pointee.d),
                units: record.pointee.e, trades: Int64(record.pointee.aux))
            nextRecordedClose = min(nextRecordedClose, entries[index].builder.nextClose.nanoseconds)
        }
    }

    /// A recorded bar that is, as it stands, the one bar subscribed to, and has ended; nil where it is not so simple.
    @inline(__always)
    func plain(_ record: UnsafePointer<MarketRecord>, at now: Timestamp) -> Bar? {
        guard isPlain, nextRecordedClose == .max else { return nil }
        let closeTime = unsafe record.pointee.exchangeTime + plainLength
        guard closeTime <= now.nanoseconds else { return nil }
        return unsafe Bar(
            openTime: Timestamp(nanoseconds: record.pointee.exchangeTime), closeTime: Timestamp(nanoseconds: closeTime),
            open: HalfTicks(Price(ticks: record.pointee.a)), high: HalfTicks(Price(ticks: record.pointee.b)),
            low: HalfTicks(Price(ticks: record.pointee.c)), close: HalfTicks(Price(ticks: record.pointee.d)),
            volume: record.pointee.e, trades: Int64(record.pointee.aux))
    }

    /// The next bar that has ended, in order of subscription; nil once there is none.
    ///
    /// - Parameter instrument: only bars of this one.
    mutating func popClosed(at now: Timestamp, of instrument: InstrumentID? = nil) -> (instrument: InstrumentID, bar: Bar)? {
        for index in entries.indices where instrument == nil || entries[index].instrument == instrument {
            if let bar = entries[index].builder.close(at: now) {
                if entries.count == 1 { (nextClose, nextRecordedClose) = (.max, .max) } else { refreshDue() }
                return (entries[index].instrument, bar)
            }
        }
        return nil
    }

    private mutating func refreshDue() {
        nextClose = .max
        nextRecordedClose = .max
        for entry in entries {
            let due = entry.builder.nextClose.nanoseconds
            if entry.interval.source == nil { nextClose = min(nextClose, due) } else { nextRecordedClose = min(nextRecordedClose, due) }
        }
    }
}
