public import Domain

/// What a venue's feed makes of a generated market: records with the venue's time and the time of arrival, a snapshot first.
///
/// Level 3 tells every change of every order in the message of the action that caused it. Level 2 tells trades at once and the levels
/// that changed once an interval (or with each action, where the interval is zero).
public struct TapeFeed: Sendable {
    public enum Level: Int, Hashable, Sendable { case two = 2, three = 3 }

    public struct Parameters: Hashable, Sendable {
        public var level = Level.two
        /// Time between two depth messages of level 2; zero for one an action.
        public var depthInterval: Int64 = 100_000_000
        /// The least time from the venue to the desk, and the mean of what is added to it.
        public var latency: Int64 = 2_000_000
        public var jitter: Int64 = 500_000
        /// The desk's clock: arrivals are multiples of it.
        public var resolution: Int64 = 100_000
        public var seed: UInt64 = 1

        public init() {}
    }

    private let parameters: Parameters
    private let instrument: InstrumentID
    private var random: Randomness
    private var lastLocal: Int64 = .min
    private var changed = ChangedLevels()
    private var messageStart = 0

    public init(_ parameters: Parameters, instrument: InstrumentID) {
        self.parameters = parameters
        self.instrument = instrument
        random = Randomness(seed: parameters.seed, .feed)
    }

    /// The whole book as one message.
    public mutating func snapshot(of book: MatchingBook, at time: Int64, into records: inout [MarketRecord]) {
        begin(records)
        let flag = MarketRecord.Flag.snapshot
        append(.clear, at: time, flags: flag, into: &records)
        for side in [Side.buy, .sell] {
            if parameters.level == .three {
                for order in book.orders(side) {
                    append(
                        .orderAdd, at: time, side: side, flags: flag, price: order.price.ticks, size: order.quantity.lots,
                        order: order.order.serial, into: &records)
                }
            } else {
                for level in book.levels(side) {
                    append(
                        .level, at: time, side: side, flags: flag, price: level.price.ticks, size: level.quantity.lots,
                        into: &records)
                    changed.publish(side, level.price.ticks, level.quantity.lots)
                }
            }
        }
        finish(&records, exchangeTime: time)
    }

    /// What one action did.
    public mutating func tell(_ events: [BookEvent], at time: Int64, into records: inout [MarketRecord]) {
        if events.isEmpty { return }
        switch parameters.level {
        case .three: tellOrders(events, at: time, into: &records)
        case .two:
            note(events)
            begin(records)
            tellTrades(events, at: time, into: &records)
            if parameters.depthInterval == 0 { tellLevels(at: time, into: &records) }
            finish(&records, exchangeTime: time)
        }
    }

    /// The depth message of level 2 that is due at `time`, where anything changed since the last.
    public mutating func tellDepth(at time: Int64, into records: inout [MarketRecord]) {
        begin(records)
        tellLevels(at: time, into: &records)
        finish(&records, exchangeTime: time)
    }

    private mutating func note(_ events: [BookEvent]) {
        var index = 0
        while index < events.count {
            let event = events[index]
            changed.note(event.side, event.price.ticks, event.levelQuantity.lots)
            index += 1
        }
    }

    // MARK: Messages

    private mutating func begin(_ records: [MarketRecord]) { messageStart = records.count }

    /// Stamps the message's records with one arrival time and marks the last.
    private mutating func finish(_ records: inout [MarketRecord], exchangeTime: Int64) {
        if records.count == messageStart { return }
        let extra = parameters.jitter > 0 ? Int64(random.exponential(mean: Double(parameters.jitter))) : 0
        let arrival = exchangeTime + parameters.latency + extra
        let onClock = (arrival + parameters.resolution - 1) / parameters.resolution * parameters.resolution
        lastLocal = max(lastLocal, onClock)
        var index = messageStart
        while index < records.count {
            records[index].localTime = lastLocal
            index += 1
        }
        records[records.count - 1].flags |= MarketRecord.Flag.endOfBatch
    }

    private func append(
        _ kind: MarketRecord.Kind, at time: Int64, side: Side? = nil, flags: UInt8 = 0, price: Int64 = 0, size: Int64 = 0,
        order: UInt64 = 0, into records: inout [MarketRecord]
    ) {
        records.append(
            MarketRecord(
                kind: kind, instrument: instrument, localTime: time, exchangeTime: time, side: side, flags: flags,
                a: price, b: size, e: Int64(order)))
    }

    private mutating func tellOrders(_ events: [BookEvent], at time: Int64, into records: inout [MarketRecord]) {
        begin(records)
        var index = 0
        while index < events.count {
            let event = events[index]
            let kind: MarketRecord.Kind
            switch event.kind {
            case .added: kind = .orderAdd
            case .reduced: kind = .orderModify
            case .cancelled: kind = .orderCancel
            case .filled: kind = .orderFill
            }
            let isCancel = event.kind == .cancelled
            append(
                kind, at: time, side: event.side, price: isCancel ? 0 : event.price.ticks,
                size: isCancel ? 0 : event.quantity.lots, order: event.order.serial, into: &records)
            index += 1
            if event.kind == .filled, isLastFill(events, before: index) {
                tellTrade(events, endingAt: index, at: time, into: &records)
            }
        }
        finish(&records, exchangeTime: time)
    }

    private func tellTrades(_ events: [BookEvent], at time: Int64, into records: inout [MarketRecord]) {
        var index = 0
        while index < events.count {
            let isFill = events[index].kind == .filled
            index += 1
            if isFill, isLastFill(events, before: index) { tellTrade(events, endingAt: index, at: time, into: &records) }
        }
    }

    /// Fills of one aggressor at one price are one trade; whether it ends before `index`.
    private func isLastFill(_ events: [BookEvent], before index: Int) -> Bool {
        guard index < events.count, events[index].kind == .filled else { return true }
        let (one, next) = (events[index - 1], events[index])
        return one.price != next.price || one.taker != next.taker || one.side != next.side
    }

    private func tellTrade(
        _ events: [BookEvent], endingAt end: Int, at time: Int64, into records: inout [MarketRecord]
    ) {
        let last = events[end - 1]
        var lots = last.quantity.lots
        var index = end - 2
        while index >= 0, !isLastFill(events, before: index + 1), events[index].kind == .filled {
            lots += events[index].quantity.lots
            index -= 1
        }
        append(.trade, at: time, side: last.side.opposite, price: last.price.ticks, size: lots, into: &records)
    }

    private mutating func tellLevels(at time: Int64, into records: inout [MarketRecord]) {
        for side in [Side.buy, .sell] {
            changed.sort(side)
            var index = 0
            while let change = changed.next(side, &index) {
                append(.level, at: time, side: side, price: change.price, size: change.lots, into: &records)
            }
        }
        changed.forget()
    }
}
