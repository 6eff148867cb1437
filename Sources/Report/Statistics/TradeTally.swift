import Domain

/// What a set of fills adds up to: of the run, of one instrument, of one tag.
struct TradeTally: Sendable {
    struct Extreme: Hashable, Sendable {
        var pnl: Amount
        var time: Timestamp
        var instrument: InstrumentID
    }

    private(set) var fills = 0
    private(set) var notional = Amount.zero
    private(set) var makerNotional = Amount.zero
    private(set) var fees = Amount.zero
    private(set) var buys = 0

    private(set) var trades = 0
    private(set) var wins = 0
    private(set) var losses = 0
    private(set) var gains = Amount.zero
    /// Zero or below.
    private(set) var lost = Amount.zero
    private(set) var best: Extreme?
    private(set) var worst: Extreme?
    private var winStreak = 0
    private var lossStreak = 0
    private(set) var longestWinStreak = 0
    private(set) var longestLossStreak = 0
    /// Holding time × notional closed, and the notional closed.
    private var heldNotional = DoubleDouble.zero
    private var closedNotional = DoubleDouble.zero

    mutating func fill(_ row: FillRow, notional value: Amount, fee: Amount) {
        fills += 1
        notional += value
        fees += fee
        if row.liquidity == .maker { makerNotional += value }
        if row.side == .buy { buys += 1 }
    }

    mutating func trade(_ row: FillRow, held: Span, closedNotional closed: Amount) {
        let pnl = row.realisedPnL
        trades += 1
        if pnl > .zero {
            wins += 1
            gains += pnl
            (winStreak, lossStreak) = (winStreak + 1, 0)
        } else if pnl < .zero {
            losses += 1
            lost += pnl
            (winStreak, lossStreak) = (0, lossStreak + 1)
        } else {
            (winStreak, lossStreak) = (0, 0)
        }
        longestWinStreak = max(longestWinStreak, winStreak)
        longestLossStreak = max(longestLossStreak, lossStreak)
        if best.map({ pnl > $0.pnl }) ?? true { best = Extreme(pnl: pnl, time: row.time, instrument: row.instrument) }
        if worst.map({ pnl < $0.pnl }) ?? true { worst = Extreme(pnl: pnl, time: row.time, instrument: row.instrument) }
        let weight = closed.units
        heldNotional += DoubleDouble.product(Double(held.nanoseconds), weight)
        closedNotional += weight
    }

    var pnl: Amount { gains + lost }
    /// Trades with a P&L above zero, of all.
    var winRate: Double? { trades > 0 ? Double(wins) / Double(trades) : nil }
    /// Gains over losses; nil without a loss.
    var profitFactor: Double? { lost < .zero ? finite(gains.ratio(to: -lost)) : nil }
    /// The mean P&L of a trade, rounded half to even at 10^-24.
    var expectancy: Amount? { TradeTally.mean(pnl, trades) }
    var averageWin: Amount? { TradeTally.mean(gains, wins) }
    var averageLoss: Amount? { TradeTally.mean(lost, losses) }
    var makerShare: Double? { notional > .zero ? makerNotional.ratio(to: notional) : nil }
    /// Weighted by the notional closed.
    var averageHolding: Span? {
        guard trades > 0, closedNotional.high > 0 else { return nil }
        return finite((heldNotional / closedNotional).value.rounded()).map { Span(nanoseconds: Int64($0)) }
    }

    private static func mean(_ sum: Amount, _ count: Int) -> Amount? {
        count > 0 ? sum.scaled(by: 1, over: Int128(count)) : nil
    }
}

/// Since when a position has been held: the mean of its entries' times, weighted by quantity.
struct EntryClock: Sendable {
    private var heldLots: Int64 = 0
    private var entry: Int64 = 0

    /// How long what this fill closes was held, zero where it closes nothing.
    mutating func fill(_ row: FillRow) -> Span {
        let now = row.time.nanoseconds
        let closed = row.reducedLots
        let opened = row.quantity.lots - closed
        let held = closed > 0 && heldLots > 0 ? now - entry : 0
        heldLots = max(heldLots - closed, 0)
        if opened > 0 {
            let total = Int128(heldLots) + Int128(opened)
            entry = heldLots == 0 ? now : entry + Int64(Int128(now - entry) * Int128(opened) / total)
            heldLots += opened
        }
        return Span(nanoseconds: held)
    }
}
