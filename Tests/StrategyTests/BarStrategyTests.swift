import Domain
import Testing

/// What a strategy on bars should have done: one market order at the open of the bar after the one that decided it.
private struct Expected: Equatable, CustomStringConvertible {
    var time: Int64
    var side: Side
    var price: Double
    var quantity: Double
    var description: String { "\(time / SmallMarket.minute)m \(side) \(quantity) at \(price)" }

    init(_ fill: Trial.Filled) { (time, side, price, quantity) = (fill.time, fill.side, fill.price, fill.quantity) }

    init(bar: Int, side: Side, price: Int64, quantity: Double) {
        (time, self.side, self.price, self.quantity) = (Int64(bar) * SmallMarket.minute, side, Double(price), quantity)
    }

    /// The fills that bring a position to what was wanted at each bar's close.
    static func following(_ wanted: [Int], _ bars: [SmallMarket.Bar], quantity: Double) -> [Expected] {
        var position = 0
        var fills: [Expected] = []
        for bar in 1..<bars.count where wanted[bar - 1] != position {
            let change = wanted[bar - 1] - position
            fills.append(
                Expected(bar: bar, side: change > 0 ? .buy : .sell, price: bars[bar].open, quantity: Double(abs(change)) * quantity))
            position = wanted[bar - 1]
        }
        return fills
    }
}

struct SmaCrossTests {
    /// Sums in whole ticks: fast mean above slow mean without a rounding.
    private func wanted(_ bars: [SmallMarket.Bar], fast: Int, slow: Int, short: Bool) -> [Int] {
        var side = 0
        return bars.indices.map { index in
            guard index >= slow - 1 else { return 0 }
            func sum(_ count: Int) -> Int64 { bars[(index - count + 1)...index].reduce(0) { $0 + $1.close } }
            let (f, s) = (sum(fast) * Int64(slow), sum(slow) * Int64(fast))
            if f > s { side = 1 }
            if f < s { side = short ? -1 : 0 }
            return side
        }
    }

    @Test(arguments: [(1, true), (2, true), (3, false)] as [(UInt64, Bool)])
    func tradesAtTheCrossingsAndNowhereElse(seed: UInt64, short: Bool) throws {
        let bars = SmallMarket.wander(500, from: 10_000, step: 30, seed: seed)
        let trial = try Trial.run(
            "sma_cross", on: SmallMarket.market(of: bars).tape(),
            set: ["interval": "1m", "fast": "5", "slow": "12", "short": "\(short)", "qty": "3"])
        let expected = Expected.following(wanted(bars, fast: 5, slow: 12, short: short), bars, quantity: 3)
        #expect(expected.count > 20, "seed \(seed)")
        #expect(trial.fills.map(Expected.init) == expected, "seed \(seed)")
        #expect(trial.ending == .endOfTape && trial.orders.allSatisfy { !$0.isRefused })
    }

    @Test func aValueInsteadOfAQuantityIsRoundedDownToTheLot() throws {
        let bars = SmallMarket.wander(100, from: 300, step: 5, seed: 4)
        let trial = try Trial.run(
            "sma_cross", on: SmallMarket.market(of: bars, lot: "0.1").tape(),
            set: ["interval": "1m", "fast": "2", "slow": "5", "value": "1000"])
        let first = try #require(trial.fills.first)
        let price = Double(bars[4].close)  // the first close at which the means are warm
        #expect(abs(first.quantity - (1000 / price * 10).rounded(.down) / 10) < 1e-9)
    }

    @Test func aQuantityBelowTheLotEndsTheRunAndSaysWhy() throws {
        let bars = SmallMarket.wander(100, from: 300, step: 5, seed: 4)
        let trial = try Trial.run(
            "sma_cross", on: SmallMarket.market(of: bars).tape(), set: ["interval": "1m", "fast": "2", "slow": "5", "qty": "0.5"])
        #expect(trial.orders.isEmpty)
        guard case .strategyStopped(let reason) = trial.ending else { return #expect(Bool(false), "\(trial.ending)") }
        #expect(reason.contains("ABC_USD: 0.5 ABC is less than one order may be (1 ABC)"))
        #expect(trial.log.contains("error " + reason))
    }
}

struct RsiReversionTests {
    /// Wilder's index, straight from his definition; nil for the first `period` closes.
    static func index(_ closes: [Int64], period: Int) -> [Double?] {
        var gains = 0.0, losses = 0.0
        return closes.indices.map { place in
            guard place > 0 else { return nil }
            let change = Double(closes[place] - closes[place - 1])
            let (gain, loss) = (max(change, 0), max(-change, 0))
            if place <= period {
                (gains, losses) = (gains + gain / Double(period), losses + loss / Double(period))
            } else {
                (gains, losses) = (gains + (gain - gains) / Double(period), losses + (loss - losses) / Double(period))
            }
            return place < period ? nil : gains + losses == 0 ? 50 : 100 * gains / (gains + losses)
        }
    }

    private func wanted(_ bars: [SmallMarket.Bar], _ index: [Double?]) -> [Int] {
        var side = 0
        return index.map { value in
            guard let value else { return 0 }
            if side > 0 && value >= 50 || side < 0 && value <= 50 {
                side = 0
            } else if side == 0 {
                side = value < 30 ? 1 : value > 70 ? -1 : 0
            }
            return side
        }
    }

    @Test(arguments: [5, 6, 7] as [UInt64])
    func entersBeyondTheThresholdsAndLeavesInTheMiddle(seed: UInt64) throws {
        let bars = SmallMarket.wander(600, from: 10_000, step: 30, seed: seed)
        let trial = try Trial.run(
            "rsi_reversion", on: SmallMarket.market(of: bars).tape(),
            set: ["interval": "1m", "period": "7", "max_bars": "0", "qty": "2"])
        let index = RsiReversionTests.index(bars.map(\.close), period: 7)
        let expected = Expected.following(wanted(bars, index), bars, quantity: 2)
        #expect(expected.count > 20, "seed \(seed)")
        #expect(trial.fills.map(Expected.init) == expected, "seed \(seed)")
        for fill in trial.fills {
            let decided = try #require(index[Int(fill.time / SmallMarket.minute) - 1])
            switch fill.tag {
            case "oversold": #expect(fill.side == .buy && decided < 30)
            case "overbought": #expect(fill.side == .sell && decided > 70)
            default: #expect(fill.tag == "calm" && fill.position == 0)
            }
        }
    }

    /// A fall without end: bought once, given up after `max_bars`, and not bought again while the index has not come back.
    @Test func anOldPositionIsLeftAndNotTakenUpAgain() throws {
        let bars = (0..<60).map { SmallMarket.Bar(open: 1000 - $0 * 3, high: 1001 - $0 * 3, low: 996 - $0 * 3, close: 997 - $0 * 3) }
        let trial = try Trial.run(
            "rsi_reversion", on: SmallMarket.market(of: bars).tape(),
            set: ["interval": "1m", "period": "5", "max_bars": "10", "qty": "1"])
        #expect(trial.fills.map(\.tag) == ["oversold", "too old"])
        #expect(trial.fills.map { $0.time / SmallMarket.minute } == [6, 16])
    }
}

struct DonchianBreakoutTests {
    private func wanted(_ bars: [SmallMarket.Bar], entry: Int, exit: Int, warm: Int) -> [Int] {
        var side = 0
        return bars.indices.map { place in
            guard place >= warm else { return 0 }
            let (outer, inner) = (bars[(place - entry)..<place], bars[(place - exit)..<place])
            let close = bars[place].close
            if close > outer.map(\.high).max() ?? 0 {
                side = 1
            } else if close < outer.map(\.low).min() ?? 0 {
                side = -1
            } else if side > 0 && close < inner.map(\.low).min() ?? 0 || side < 0 && close > inner.map(\.high).max() ?? 0 {
                side = 0
            }
            return side
        }
    }

    @Test(arguments: [8, 9, 10] as [UInt64])
    func entersOnTheBarThatBreaksTheChannel(seed: UInt64) throws {
        let bars = SmallMarket.wander(600, from: 10_000, step: 20, seed: seed)
        let trial = try Trial.run(
            "donchian_breakout", on: SmallMarket.market(of: bars).tape(),
            set: ["interval": "1m", "entry": "10", "exit": "4", "atr": "10", "qty": "1"])
        let expected = Expected.following(wanted(bars, entry: 10, exit: 4, warm: 10), bars, quantity: 1)
        #expect(expected.count > 20, "seed \(seed)")
        #expect(trial.fills.map(Expected.init) == expected, "seed \(seed)")
    }

    /// The wilder the market, the smaller the position: two ranges cost `risk` of the equity.
    @Test func theSizeFollowsTheRange() throws {
        var bars = (0..<30).map { _ in SmallMarket.Bar(open: 1000, high: 1010, low: 990, close: 1000) }  // a range of 20
        bars.append(SmallMarket.Bar(open: 1000, high: 1030, low: 1000, close: 1025))
        bars.append(SmallMarket.Bar(open: 1025, high: 1030, low: 1020, close: 1025))
        let trial = try Trial.run(
            "donchian_breakout", on: SmallMarket.market(of: bars, lot: "0.01").tape(),
            set: ["interval": "1m", "entry": "10", "exit": "4", "atr": "10", "risk": "0.01"])
        #expect(trial.fills.map(\.quantity) == [2.5])  // 0.01 · 10,000 / (2 · 20)
        let bold = try Trial.run(
            "donchian_breakout", on: SmallMarket.market(of: bars, lot: "0.01").tape(),
            set: ["interval": "1m", "entry": "10", "exit": "4", "atr": "10", "risk": "0.5", "leverage": "2"])
        #expect(bold.fills.map(\.quantity) == [19.51])  // 2 · 10,000 / 1025
    }
}
