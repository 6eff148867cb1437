import Domain
import Testing
import Trading

private func time(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds) }
private func seconds(_ count: Int64) -> Timestamp { time(count * 1_000_000_000) }
private func price(_ ticks: Int64) -> Price { Price(ticks: ticks) }

/// A builder behind a reference: `#expect` cannot call what changes a value.
private final class Building {
    private var builder: BarBuilder
    init(_ interval: BarInterval) { builder = BarBuilder(interval) }
    var nextClose: Timestamp { builder.nextClose }
    func close(at now: Timestamp) -> Bar? { builder.close(at: now) }
    func trade(at time: Timestamp, price: Price, units: Int64) { builder.trade(at: time, price: price, units: units) }
    func quote(at time: Timestamp, bid: Price, ask: Price) { builder.quote(at: time, bid: bid, ask: ask) }
    func recorded(_ units: Int64, at open: Timestamp, ticks: Int64) {
        builder.recordedBar(
            openTime: open, open: price(ticks), high: price(ticks + 5), low: price(ticks - 5), close: price(ticks + 1),
            units: units, trades: 2)
    }
}

private struct Generator {
    var state: UInt64
    mutating func below(_ bound: Int64) -> Int64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64(state >> 33) % bound
    }
}

@Suite struct BarTests {
    @Test func aBarClosesByTheClock() throws {
        let builder = Building(try BarInterval("1m"))
        #expect(builder.nextClose == .never && builder.close(at: seconds(600)) == nil)
        builder.trade(at: seconds(65), price: price(100), units: 3)
        #expect(builder.nextClose == seconds(120))
        builder.trade(at: seconds(70), price: price(104), units: 2)
        builder.trade(at: seconds(80), price: price(97), units: 1)
        builder.trade(at: time(119_999_999_999), price: price(99), units: 4)
        #expect(builder.close(at: time(119_999_999_999)) == nil)
        let bar = try #require(builder.close(at: seconds(120)))
        #expect(bar.openTime == seconds(60) && bar.closeTime == seconds(120))
        #expect([bar.open, bar.high, bar.low, bar.close].map(\.price) == [100, 104, 97, 99].map { price($0) })
        #expect(bar.volume == 10 && bar.trades == 4)
        #expect(builder.nextClose == .never && builder.close(at: seconds(120)) == nil)
        // A trade at the very end belongs to the next bar; minutes without trades make none.
        builder.trade(at: seconds(120), price: price(5), units: 1)
        #expect(builder.nextClose == seconds(180))
        #expect(builder.close(at: seconds(1_000))?.openTime == seconds(120))
    }

    @Test func middlesKeepHalfTicks() throws {
        let builder = Building(try BarInterval("15s"))
        builder.quote(at: seconds(1), bid: price(10), ask: price(11))
        builder.quote(at: seconds(2), bid: price(9), ask: price(11))
        builder.quote(at: seconds(3), bid: price(11), ask: price(12))
        let bar = try #require(builder.close(at: seconds(15)))
        #expect([bar.open, bar.high, bar.low, bar.close].map(\.count) == [21, 23, 20, 23])
        #expect(bar.volume == 0 && bar.trades == 0)
        #expect(bar.open.price == nil && bar.low.price == price(10))
        #expect(bar.open.decimal(tick: try ExactDecimal("0.05")) == (try ExactDecimal("0.525")))
    }

    @Test("bars are the naive grouping of the trades", arguments: ["1s", "15s", "1m", "7m", "4h", "1d", "7d"], [UInt64(1), 2])
    func twin(text: String, seed: UInt64) throws {
        let interval = try BarInterval(text)
        let length = interval.span.nanoseconds
        var random = Generator(state: seed)
        var now: Int64 = -5 * length + random.below(length)
        let trades = (0..<600).map { _ -> (time: Int64, ticks: Int64, units: Int64) in
            // Often at one instant or on a boundary, now and then after a long silence.
            switch random.below(10) {
            case 0: now = (now / length + 1) * length
            case 1: now += random.below(4) * length
            case 2: break
            default: now += random.below(length / 3)
            }
            return (now, 1_000 + random.below(50), 1 + random.below(9))
        }
        let builder = Building(interval)
        var bars: [Bar] = []
        for trade in trades {
            while builder.nextClose <= time(trade.time) { bars += [builder.close(at: builder.nextClose)].compactMap { $0 } }
            builder.trade(at: time(trade.time), price: price(trade.ticks), units: trade.units)
        }
        let groups = Dictionary(grouping: trades) { Int64((Double($0.time) / Double(length)).rounded(.down)) }
        // The last one is unfinished.
        let wanted = groups.keys.sorted().dropLast()
        try #require(bars.map { $0.openTime } == wanted.map { time($0 * length) }, "\(text), seed \(seed)")
        for (bar, key) in zip(bars, wanted) {
            let group = groups[key] ?? []
            let ticks = group.map { price($0.ticks) }
            #expect(bar.closeTime == time((key + 1) * length))
            #expect(bar.open.price == ticks.first && bar.close.price == ticks.last, "\(text), seed \(seed)")
            #expect(bar.high.price == ticks.max() && bar.low.price == ticks.min(), "\(text), seed \(seed)")
            #expect(bar.volume == group.map(\.units).reduce(0, +) && bar.trades == group.count)
        }
    }

    @Test func aClockThatStepsBackOpensNoBarTwice() throws {
        let builder = Building(try BarInterval("10s"))
        builder.trade(at: seconds(5), price: price(1), units: 1)
        #expect(builder.close(at: seconds(10))?.openTime == seconds(0))
        builder.trade(at: seconds(9), price: price(2), units: 1)
        builder.trade(at: seconds(8), price: price(3), units: 1)
        #expect(builder.close(at: seconds(20))?.openTime == seconds(10))
    }

    @Test func recordedBarsAggregate() throws {
        let builder = Building(try BarInterval("3m", source: Span("1m")))
        var closed: [Bar] = []
        // Minute 5 is absent, though it would end a bar; the last bar, of minute 9 alone, is unfinished.
        for minute in [Int64(1), 2, 3, 4, 6, 7, 8, 9] {
            while builder.nextClose < seconds(minute * 60 + 60) { closed += [builder.close(at: builder.nextClose)].compactMap { $0 } }
            builder.recorded(minute, at: seconds(minute * 60), ticks: minute * 10)
            closed += [builder.close(at: seconds(minute * 60 + 60))].compactMap { $0 }
        }
        #expect(closed.map(\.openTime) == [0, 180, 360].map { seconds($0) })
        #expect(closed.map { $0.open.price } == [10, 30, 60].map { price($0) })
        #expect(closed.map { $0.high.price } == [25, 45, 85].map { price($0) })
        #expect(closed.map { $0.low.price } == [5, 25, 55].map { price($0) })
        #expect(closed.map { $0.close.price } == [21, 41, 81].map { price($0) })
        #expect(closed.map(\.volume) == [3, 7, 21] && closed.map(\.trades) == [4, 4, 6])
    }

    /// Sessions that open at half past: a bar of the tape's own length is itself; a longer one never knows a bar early.
    @Test func recordedBarsOffTheGrid() throws {
        let same = Building(try BarInterval("1h", source: Span("1h")))
        same.recorded(60, at: seconds(1_800), ticks: 10)
        #expect(same.nextClose == seconds(5_400) && same.close(at: seconds(5_400))?.openTime == seconds(1_800))
        let double = Building(try BarInterval("2h", source: Span("1h")))
        double.recorded(60, at: seconds(5_400), ticks: 10)
        #expect(double.nextClose == seconds(14_400))
    }

    static let refusals: [(String, String?, String)] = [
        ("0", nil, "bars: expected an interval above zero such as \"15s\", \"1m\", \"4h\" or \"1d\", got \"0\""),
        ("-1m", nil, "bars: expected an interval above zero such as \"15s\", \"1m\", \"4h\" or \"1d\", got \"-1m\""),
        ("1x", nil, "bars: expected an interval above zero such as \"15s\", \"1m\", \"4h\" or \"1d\", got \"1x\""),
        ("60", nil, "bars: expected an interval above zero such as \"15s\", \"1m\", \"4h\" or \"1d\", got \"60\""),
        ("", nil, "bars: expected an interval above zero such as \"15s\", \"1m\", \"4h\" or \"1d\", got \"\""),
        ("30s", "1m", "bars: the tape holds bars of 1m; expected that or a multiple of it, got the shorter \"30s\""),
        ("90s", "1m", "bars: the tape holds bars of 1m; expected a multiple of it, got \"90s\""),
    ]

    @Test("an interval that cannot be had is refused in words", arguments: refusals)
    func refusal(text: String, source: String?, wanted: String) {
        #expect {
            try BarInterval(text, source: source.flatMap { Span($0) })
        } throws: { "\($0)" == wanted }
    }

    @Test func intervals() throws {
        #expect(try BarInterval("1d").span == .day && BarInterval("1d", source: .zero).source == nil)
        #expect(try BarInterval("60s", source: Span("1m")).span == Span("1m"))
    }
}
