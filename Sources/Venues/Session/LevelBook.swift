internal import Domain
internal import JSON

/// One instrument's book as a venue sends it: whole snapshots, of which only what changed is told on.
///
/// A snapshot after another one becomes the levels that differ, so that the desk and the tape see changes, not copies.
struct LevelBook {
    enum Outcome: Equatable {
        case records([MarketRecord])
        /// Older than what we have, or the same again.
        case stale
        case invalid(String, mustResubscribe: Bool)
    }

    let instrument: InstrumentID
    let symbol: String
    private let symbolBytes: [UInt8]
    let grids: InstrumentGrids
    /// Whether the desk has been told a whole book since the last word of doubt.
    private(set) var isValid = false
    private var bids: [BookLevel] = []
    private var asks: [BookLevel] = []
    private var sequence: Int64?
    private var update: Int64?
    private var time = Timestamp(nanoseconds: .min)
    private var recentTrades = RecentTrades()

    /// Whether a snapshot with a smaller number than the last is passed over; else it is a fault, and the book asked for anew.
    var passesOldSnapshots = false

    init(_ instrument: Instrument, id: InstrumentID) {
        self.instrument = id
        symbol = instrument.nativeSymbol
        symbolBytes = Array(symbol.utf8)
        grids = InstrumentGrids(instrument)
    }

    func isNamed(_ name: Bytes) -> Bool {
        guard name.count == symbolBytes.count else { return false }
        for index in symbolBytes.indices where symbolBytes[index] != name[index] { return false }
        return true
    }

    /// Forgets the book: what comes next is a first snapshot. Trades already told stay told.
    mutating func invalidate() {
        isValid = false
        (bids, asks) = ([], [])
        (sequence, update) = (nil, nil)
        time = Timestamp(nanoseconds: .min)
    }

    /// The best price of a side, in ticks; nil where it is empty or not to be believed.
    func touch(_ side: Side) -> Int64? { isValid ? (side == .buy ? bids.first : asks.first)?.ticks : nil }

    /// What comes next is of another connection, which counts anew; the book itself stands.
    mutating func renumber() { (sequence, update) = (nil, nil) }

    // MARK: - Snapshots

    mutating func apply(snapshot data: BookData, at now: VenueTime) -> Outcome {
        if isValid, let fault = order(of: data) { return fault }
        let newBids = LevelBook.sorted(data.bids) { $0.ticks > $1.ticks }
        let newAsks = LevelBook.sorted(data.asks) { $0.ticks < $1.ticks }
        if let why = LevelBook.fault(newBids, newAsks) { return .invalid(why, mustResubscribe: false) }
        let exchangeTime = (data.time ?? now.wall).nanoseconds
        var records: [MarketRecord] = []
        if isValid {
            difference(bids, newBids, .buy, exchangeTime, now, into: &records)
            difference(asks, newAsks, .sell, exchangeTime, now, into: &records)
            // Nothing changed: the touch is told again, so that the book's age is that of this message.
            if records.isEmpty, let (side, level) = touch { records.append(record(side, level, exchangeTime, now)) }
        } else {
            records.reserveCapacity(1 + newBids.count + newAsks.count)
            records.append(
                MarketRecord(
                    kind: .clear, instrument: instrument, localTime: now.wall.nanoseconds, exchangeTime: exchangeTime,
                    flags: MarketRecord.Flag.snapshot))
            for level in newBids { records.append(record(.buy, level, exchangeTime, now, flags: MarketRecord.Flag.snapshot)) }
            for level in newAsks { records.append(record(.sell, level, exchangeTime, now, flags: MarketRecord.Flag.snapshot)) }
        }
        (bids, asks, isValid) = (newBids, newAsks, true)
        (sequence, update) = (data.sequence ?? sequence, data.update)
        time = data.time ?? time
        if let last = records.indices.last { records[last].flags |= MarketRecord.Flag.endOfBatch }
        return .records(records)
    }

    private var touch: (Side, BookLevel)? { bids.first.map { (.buy, $0) } ?? asks.first.map { (.sell, $0) } }

    /// A snapshot that is not newer than the last one.
    private func order(of data: BookData) -> Outcome? {
        if let last = sequence, let next = data.sequence {
            if next == last || next < last && passesOldSnapshots { return .stale }
            if next < last { return .invalid("the book's sequence went back from \(last) to \(next)", mustResubscribe: true) }
            return nil
        }
        if let next = data.time, next < time { return .stale }
        return nil
    }

    private static func sorted(_ levels: [BookLevel], _ isBetter: (BookLevel, BookLevel) -> Bool) -> [BookLevel] {
        let live = levels.contains { $0.size == 0 } ? levels.filter { $0.size > 0 } : levels
        return zip(live, live.dropFirst()).allSatisfy(isBetter) ? live : live.sorted(by: isBetter)
    }

    private static func fault(_ bids: [BookLevel], _ asks: [BookLevel]) -> String? {
        if bids.isEmpty && asks.isEmpty { return "the book is empty" }
        if let bid = bids.first, let ask = asks.first, bid.ticks >= ask.ticks { return "the book is crossed" }
        for side in [bids, asks] where zip(side, side.dropFirst()).contains(where: { $0.ticks == $1.ticks }) {
            return "the book shows one price twice"
        }
        return nil
    }

    /// What changed between two sides, each sorted from the touch.
    private func difference(
        _ old: [BookLevel], _ new: [BookLevel], _ side: Side, _ exchangeTime: Int64, _ now: VenueTime, into records: inout [MarketRecord]
    ) {
        var (i, j) = (0, 0)
        let sign = side == .buy ? -1 : 1 as Int64
        while i < old.count || j < new.count {
            let left = i < old.count ? old[i].ticks * sign : Int64.max
            let right = j < new.count ? new[j].ticks * sign : Int64.max
            if left < right {
                records.append(record(side, BookLevel(ticks: old[i].ticks, size: 0), exchangeTime, now))
                i += 1
            } else if right < left {
                records.append(record(side, new[j], exchangeTime, now))
                j += 1
            } else {
                if old[i].size != new[j].size { records.append(record(side, new[j], exchangeTime, now)) }
                i += 1
                j += 1
            }
        }
    }

    @inline(__always) private func record(
        _ side: Side, _ level: BookLevel, _ exchangeTime: Int64, _ now: VenueTime, flags: UInt8 = 0
    ) -> MarketRecord {
        MarketRecord(
            kind: .level, instrument: instrument, localTime: now.wall.nanoseconds, exchangeTime: exchangeTime, side: side, flags: flags,
            a: level.ticks, b: level.size)
    }

    // MARK: - Changes

    mutating func apply(update data: BookData, at now: VenueTime) -> Outcome {
        guard isValid, let last = update else { return .invalid("a change of a book without a base", mustResubscribe: true) }
        guard let next = data.update, data.previous == last else {
            return .invalid("a gap: the change after \(last) says that it follows \(data.previous.map(String.init) ?? "nothing")", mustResubscribe: true)
        }
        let (newBids, newAsks) = (LevelBook.merge(bids, data.bids) { $0 > $1 }, LevelBook.merge(asks, data.asks) { $0 < $1 })
        var whole = data
        (whole.bids, whole.asks, whole.update) = (newBids, newAsks, next)
        whole.sequence = nil
        whole.time = data.time.map { max($0, time) }
        return apply(snapshot: whole, at: now)
    }

    private static func merge(_ levels: [BookLevel], _ changes: [BookLevel], _ isBetter: (Int64, Int64) -> Bool) -> [BookLevel] {
        var result = levels
        for change in changes {
            let place = result.firstIndex { !isBetter($0.ticks, change.ticks) } ?? result.count
            if place < result.count, result[place].ticks == change.ticks {
                if change.size == 0 { result.remove(at: place) } else { result[place] = change }
            } else if change.size > 0 {
                result.insert(change, at: place)
            }
        }
        return result
    }

    // MARK: - Trades

    /// Records of the trades that have not been told yet, in the order of their times.
    mutating func apply(trades: [TradeData], at now: VenueTime) -> [MarketRecord] {
        var records: [MarketRecord] = []
        // Several trades come newest first; a stable order by time puts equal ones in the order of their ids' arrival.
        for trade in trades.count > 1 ? LevelBook.chronological(trades) : trades {
            if let id = trade.id, !recentTrades.insert(id) { continue }
            records.append(
                MarketRecord(
                    kind: .trade, instrument: instrument, localTime: now.wall.nanoseconds,
                    exchangeTime: (trade.time ?? now.wall).nanoseconds, side: trade.side, a: trade.ticks, b: trade.size))
        }
        if let last = records.indices.last { records[last].flags |= MarketRecord.Flag.endOfBatch }
        return records
    }

    private static func chronological(_ trades: [TradeData]) -> [TradeData] {
        let times = trades.map { $0.time?.nanoseconds ?? 0 }
        let newestFirst = (times.first ?? 0) > (times.last ?? 0)
        return (newestFirst ? trades.reversed() : trades).enumerated()
            .sorted { ($0.element.time?.nanoseconds ?? 0, $0.offset) < ($1.element.time?.nanoseconds ?? 0, $1.offset) }.map(\.element)
    }
}

/// The last ids of trades, so that what a reconnect repeats is told once.
struct RecentTrades {
    private static let capacity = 1_024
    private var ids: [UInt64] = []
    private var next = 0
    private var known: Set<UInt64> = []

    /// False where the id is known already.
    mutating func insert(_ id: UInt64) -> Bool {
        guard known.insert(id).inserted else { return false }
        if ids.count < RecentTrades.capacity {
            ids.append(id)
        } else {
            known.remove(ids[next])
            ids[next] = id
            next = (next + 1) % RecentTrades.capacity
        }
        return true
    }
}
