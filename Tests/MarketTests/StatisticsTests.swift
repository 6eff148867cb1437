import Domain
import Market
import Testing

/// A generated market looks like one: spreads, clustering, volatility. The bounds are wide; they catch a model that broke.
@Suite struct StatisticsTests {
    private struct Path {
        var spreads: [Int64] = []
        /// Mid at each whole second, in half ticks, and trades in each.
        var mids: [Double] = []
        var trades: [Double] = []
        var signs: [Double] = []

        init(_ records: [MarketRecord]) {
            var depth = Depth()
            let start = records.first?.exchangeTime ?? 0
            var second: Int64 = 0
            var count = 0.0
            for record in records {
                while record.exchangeTime >= start + (second + 1) * 1_000_000_000 {
                    second += 1
                    trades.append(count)
                    count = 0
                    if let bid = depth.bids.keys.max(), let ask = depth.asks.keys.min() {
                        mids.append(Double(bid + ask) / 2)
                        spreads.append(ask - bid)
                    }
                }
                if record.kind == .level, let side = record.side { depth.set(side, record.a, record.b) }
                if record.kind == .trade {
                    count += 1
                    signs.append(record.side == .buy ? 1 : -1)
                }
            }
        }
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    private func variance(_ values: [Double]) -> Double {
        let middle = mean(values)
        return mean(values.map { ($0 - middle) * ($0 - middle) })
    }
    private func autocorrelation(_ values: [Double], _ lag: Int) -> Double {
        let middle = mean(values)
        let products = zip(values, values.dropFirst(lag)).map { ($0 - middle) * ($1 - middle) }
        return mean(products) / variance(values)
    }

    @Test func anOrderBookLooksLikeOne() throws {
        let path = Path(records(of: try shortScenario(level: 2, duration: "30m")))
        let narrow = path.spreads.filter { $0 <= 3 }.count
        #expect(Double(narrow) > 0.85 * Double(path.spreads.count))
        #expect(path.spreads.allSatisfy { $0 >= 1 })
        // Arrivals cluster: a Poisson process has a variance equal to its mean and no memory.
        #expect(variance(path.trades) > 1.3 * mean(path.trades))
        #expect(autocorrelation(path.trades, 1) > 0.08)
        #expect(autocorrelation(path.signs, 1) > 0.1)
        let trades = mean(path.trades)
        #expect(trades > 0.8 && trades < 8)
        // 25 % a year on 26,000 ticks is 9 ticks a half minute; the hour, the clustering and the book make more or less of it.
        let moves = stride(from: 30, to: path.mids.count, by: 30).map { path.mids[$0] - path.mids[$0 - 30] }
        let spread = variance(moves).squareRoot()
        #expect(spread > 2.5 && spread < 25)
    }

    @Test func barsLookLikeBars() throws {
        var text = try settings(of: scenarioText("eth-year.toml")).filter { $0.key != "duration" }
        text.append(ScenarioSetting("duration", .text("60d")))
        let bars = records(of: try Scenario(text))
        #expect(bars.count == 60 * 1440)
        var returns: [Double] = []
        for (index, bar) in bars.enumerated() {
            #expect(bar.b >= max(bar.a, bar.d) && bar.c <= min(bar.a, bar.d) && bar.c > 0 && bar.e > 0 && bar.aux > 0)
            #expect(bar.localTime == bar.exchangeTime + 60_000_000_000)
            if index > 0 {
                #expect(bar.exchangeTime == bars[index - 1].exchangeTime + 60_000_000_000)
                returns.append(Double(bar.d - bars[index - 1].d) / Double(bars[index - 1].d))
            }
        }
        let yearly = (variance(returns) * 525_600).squareRoot()
        #expect(yearly > 0.3 && yearly < 0.8)
        #expect(autocorrelation(returns.map(\.magnitude), 1) > 0.1)
        #expect(autocorrelation(returns.map(\.magnitude), 60) > 0.05)
    }

    @Test func aPairComesBackTogether() throws {
        let tape = records(of: try Scenario(try settings(of: scenarioText("pair.toml"))))
        let first = tape.filter { $0.instrument == 0 }.map { Double($0.d) }
        let second = tape.filter { $0.instrument == 1 }.map { Double($0.d) }
        #expect(first.count == second.count && first.count == 28 * 1440)
        // β is 1.2, so B ÷ A^1.2 = s does not wander; its fifth power needs no logarithm: B⁵ ÷ A⁶.
        let ratios = zip(first, second).map { a, b in (b / second[0]) * (b / second[0]) * (b / second[0]) * (b / second[0]) * (b / second[0])
            / ((a / first[0]) * (a / first[0]) * (a / first[0]) * (a / first[0]) * (a / first[0]) * (a / first[0])) }
        let halves = (mean(Array(ratios.prefix(ratios.count / 2))), mean(Array(ratios.suffix(ratios.count / 2))))
        #expect((halves.0 / halves.1 - 1).magnitude < 0.06)
        let spread = variance(ratios).squareRoot() / mean(ratios)
        #expect(spread > 0.02 && spread < 0.15)
    }
}
