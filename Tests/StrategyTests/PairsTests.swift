import Domain
import Foundation
import Testing

struct PairsTests {
    static let beta = 1.5

    /// log A = 1.5 · log B + a spread that comes back; prices in cents.
    private func market(seed: UInt64, count: Int = 1500) throws -> (market: SmallMarket, a: [Int64], b: [Int64]) {
        var market = SmallMarket([
            try SmallMarket.instrument("AAA", kind: .bars, tick: "0.01", lot: "0.01"),
            try SmallMarket.instrument("BBB", kind: .bars, tick: "0.01", lot: "0.01"),
        ])
        var random = Seeded(seed)
        func noise(_ size: Double) -> Double { size * (Double(random.below(20_001)) / 10_000 - 1) }
        var (common, spread) = (log(50.0), 0.0)
        var (a, b): ([Int64], [Int64]) = ([], [])
        for minute in 0..<count {
            common += noise(0.006)
            spread += -0.05 * spread + noise(0.004)
            b.append(Int64((exp(common) * 100).rounded()))
            a.append(Int64((exp(PairsTests.beta * common + spread - 1) * 100).rounded()))
            for (instrument, price) in [a[minute], b[minute]].enumerated() {
                market.bar(minute, instrument, open: price, high: price, low: price, close: price)
            }
        }
        return (market, a, b)
    }

    /// The z-score of the newest of a window, and the slope of least squares, computed afresh.
    private func measure(_ a: [Int64], _ b: [Int64], _ place: Int, window: Int) -> (beta: Double, z: Double) {
        let range = (place - window + 1)...place
        let (x, y) = (a[range].map { log(Double($0)) }, b[range].map { log(Double($0)) })
        let (meanX, meanY) = (x.reduce(0, +) / Double(window), y.reduce(0, +) / Double(window))
        let covariance = zip(x, y).map { ($0 - meanX) * ($1 - meanY) }.reduce(0, +)
        let beta = covariance / y.map { ($0 - meanY) * ($0 - meanY) }.reduce(0, +)
        let spread = zip(x, y).map { ($0 - meanX) - beta * ($1 - meanY) }
        let deviation = (spread.map { $0 * $0 }.reduce(0, +) / Double(window)).squareRoot()
        return (beta, spread[window - 1] / deviation)
    }

    @Test(arguments: [21, 22] as [UInt64])
    func entersAndLeavesAtTheScoresAndHedges(seed: UInt64) throws {
        let (market, a, b) = try market(seed: seed)
        let trial = try Trial.run("pairs", on: market.tape(), set: ["interval": "1m", "window": "200", "value": "2000"])
        #expect(trial.ending == .endOfTape && trial.orders.allSatisfy { !$0.isRefused })

        // What should have happened, bar by bar.
        var side = 0
        var waits = false
        var expected: [(minute: Int, side: Int, beta: Double)] = []
        for place in 199..<(a.count - 1) {
            let (beta, z) = measure(a, b, place, window: 200)
            #expect(beta > 0.5, "seed \(seed): the market of this test is not a pair")
            var wanted = side
            if waits && abs(z) <= 0.5 { waits = false }
            if side != 0 && abs(z) >= 4 {
                (wanted, waits) = (0, true)
            } else if side != 0 && Double(side) * z >= -0.5 {
                wanted = 0
            } else if side == 0 && !waits && abs(z) >= 2 && abs(z) < 4 {
                wanted = z > 0 ? -1 : 1
            }
            if wanted != side { expected.append((place + 1, wanted, beta)) }
            side = wanted
        }
        #expect(expected.count >= 20, "seed \(seed)")
        #expect(trial.fills.count == 2 * expected.count, "seed \(seed)")
        guard trial.fills.count == 2 * expected.count else { return }
        for (place, event) in expected.enumerated() {
            let (first, second) = (trial.fills[2 * place], trial.fills[2 * place + 1])
            #expect(first.time == Int64(event.minute) * SmallMarket.minute && second.time == first.time, "seed \(seed)")
            #expect(first.instrument == 0 && second.instrument == 1 && first.side != second.side)
            if event.side == 0 {
                #expect(first.position == 0 && second.position == 0, "seed \(seed): not flat")
            } else {
                #expect(first.side == (event.side > 0 ? .buy : .sell))
                let (closeA, closeB) = (Double(a[event.minute - 1]) / 100, Double(b[event.minute - 1]) / 100)
                let ratio = second.quantity * closeB / (first.quantity * closeA)
                #expect(abs(ratio / event.beta - 1) < 0.01, "seed \(seed): hedged \(ratio), should be \(event.beta)")
            }
        }
    }

    /// A common move of 20 % while a position is open changes nothing but rounding.
    @Test func aPositionIsNeutralToTheMarket() throws {
        var market = SmallMarket([
            try SmallMarket.instrument("AAA", kind: .bars, tick: "0.0001", lot: "0.0001"),
            try SmallMarket.instrument("BBB", kind: .bars, tick: "0.0001", lot: "0.0001"),
        ])
        for minute in 0..<140 {
            let wiggle = minute < 100 ? 0.01 * sin(Double(minute)) : 0
            let spread = minute < 100 ? 0.002 * cos(Double(minute) * 1.7) : 0.005  // wide from 100 on
            let common = minute <= 102 ? 0.0 : log(1.2) * Double(minute - 102) / 37
            let b = 10 * exp(common + wiggle)
            let a = 20 * exp(PairsTests.beta * (common + wiggle) + spread)
            for (instrument, price) in [a, b].enumerated() {
                let ticks = Int64((price * 10_000).rounded())
                market.bar(minute, instrument, open: ticks, high: ticks, low: ticks, close: ticks)
            }
        }
        let trial = try Trial.run(
            "pairs", on: market.tape(),
            set: ["interval": "1m", "window": "100", "beta": "1.5", "entry": "2", "exit": "-10", "stop": "100", "value": "1000"])
        #expect(trial.fills.map(\.side) == [.sell, .buy])
        let equity = try #require(Double(trial.equity))
        // 1,000 short and 1,500 long; log-linear legs differ from straight ones only by convexity: 1.2^1.5 − 1 = 0.3145 against 1.5 · 0.2 = 0.3.
        #expect(abs(equity - 10_000 - (1500 * 0.2 - 1000 * (pow(1.2, 1.5) - 1))) < 0.5, "\(equity)")
        #expect(abs(equity - 10_000) < 15)
    }
}
