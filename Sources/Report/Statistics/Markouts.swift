import Domain

/// How the mid moved after our fills: at 0.1, 1, 10 and 60 seconds, in our favour positive.
///
/// Fills wait in a ring until the last horizon is behind them, so the state is bounded by the fills of a minute.
struct Markouts: Sendable {
    static let horizons: [Span] = [100, 1_000, 10_000, 60_000].map { Span(nanoseconds: $0 * 1_000_000) }

    private struct Pending: Sendable {
        var time: Timestamp
        var instrument: InstrumentID
        var isMaker: Bool
        /// Signed: above zero for a buy.
        var lots: Int64
        var doubledTicks: Int64
        /// Notional in quote units.
        var notional: Double
    }

    /// Of one horizon and one kind of fill.
    struct Curve: Sendable {
        private(set) var count = 0
        private var gain = DoubleDouble.zero
        private var notional = DoubleDouble.zero

        mutating func add(gain more: Double, notional value: Double) {
            count += 1
            gain += more
            notional += value
        }

        /// Weighted by notional, in basis points.
        var basisPoints: Double? { count > 0 ? finite((gain / notional).value * 10_000) : nil }
    }

    private var ring: [Pending] = []
    /// Sequence number of the first fill in `ring`; cursors count in the same way.
    private var base = 0
    private var cursors = [Int](repeating: 0, count: horizons.count)
    /// Worth of one lot at half a tick, in quote units, by instrument.
    private let halfTickLots: [Double]
    private let marked: [Bool]
    /// By horizon; maker and taker.
    private(set) var maker = [Curve](repeating: Curve(), count: horizons.count)
    private(set) var taker = [Curve](repeating: Curve(), count: horizons.count)
    private(set) var nextDue = Timestamp.never

    /// Bars tell nothing about the seconds after a fill: their instruments are left out.
    init(instruments: [Instrument]) {
        halfTickLots = instruments.map { $0.tickLot.units / 1e24 / 2 }
        marked = instruments.map { $0.dataKind != .bars }
    }

    mutating func fill(_ row: FillRow) {
        guard marked[row.instrument.position] else { return }
        let doubled = row.price.ticks * 2
        let notional = Double(doubled.magnitude) * Double(row.quantity.lots) * halfTickLots[row.instrument.position]
        ring.append(
            Pending(
                time: row.time, instrument: row.instrument, isMaker: row.liquidity == .maker,
                lots: row.side.sign * row.quantity.lots, doubledTicks: doubled, notional: notional))
        nextDue = min(nextDue, row.time + Markouts.horizons[0])
    }

    /// Marks every fill whose horizon lies before `time` at the mids that stand now: `doubledMids[i]` is best bid + best ask of
    /// instrument `i` in ticks, nil where it has no mid.
    mutating func mark(before time: Timestamp, doubledMids: [Int64?]) {
        for horizon in Markouts.horizons.indices {
            while cursors[horizon] - base < ring.count {
                let pending = ring[cursors[horizon] - base]
                if pending.time + Markouts.horizons[horizon] >= time { break }
                settle(pending, horizon, doubledMids)
                cursors[horizon] += 1
            }
        }
        let done = (cursors.min() ?? base) - base
        if done > 64 && done * 2 >= ring.count || done == ring.count {
            ring.removeFirst(done)
            base += done
        }
        nextDue = .never
        for horizon in Markouts.horizons.indices where cursors[horizon] - base < ring.count {
            nextDue = min(nextDue, ring[cursors[horizon] - base].time + Markouts.horizons[horizon])
        }
    }

    private mutating func settle(_ pending: Pending, _ horizon: Int, _ doubledMids: [Int64?]) {
        guard let mid = doubledMids[pending.instrument.position] else { return }
        let moved = Double(mid - pending.doubledTicks) * Double(pending.lots)
        let gain = moved * halfTickLots[pending.instrument.position]
        if pending.isMaker {
            maker[horizon].add(gain: gain, notional: pending.notional)
        } else {
            taker[horizon].add(gain: gain, notional: pending.notional)
        }
    }

    /// Fills still waiting for a horizon.
    var pendingCount: Int { ring.count }

    var json: JSON {
        .array(
            Markouts.horizons.indices.map { index in
                .object([
                    "horizon_ns": .integer(Markouts.horizons[index].nanoseconds),
                    "maker_bps": .ratio(maker[index].basisPoints), "maker_fills": .integer(maker[index].count),
                    "taker_bps": .ratio(taker[index].basisPoints), "taker_fills": .integer(taker[index].count),
                ])
            })
    }
}
