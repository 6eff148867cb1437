import Domain
import Exchange
import Testing

@testable import Backtesting

/// `docs/fills.md`, two clocks: nothing overtakes, and each latency model is the written arithmetic.
struct LatencyTests {
    @Test func nothingOvertakes() {
        var line = DelayLine<Int>()
        #expect(line.isEmpty && line.nextDue == .max)
        line.send(1, due: 100)
        line.send(2, due: 50)  // sent later with a shorter way: it waits for the first
        line.send(3, due: 120)
        var arrivals: [(Int64, Int)] = []
        while !line.isEmpty {
            let due = line.nextDue
            arrivals.append((due, line.receive()))
        }
        #expect(arrivals.map(\.0) == [100, 100, 120] && arrivals.map(\.1) == [1, 2, 3])
        #expect(line.nextDue == .max)
        line.send(4, due: 110)  // also after the line was empty
        #expect(line.nextDue == 120)
    }

    @Test func aLongLineKeepsItsOrder() {
        var line = DelayLine<Int>()
        var received: [Int] = []
        for number in 0..<10_000 {
            line.send(number, due: Int64(number / 3))
            if number % 3 != 0 { received.append(line.receive()) }
        }
        while !line.isEmpty { received.append(line.receive()) }
        #expect(received == Array(0..<10_000))
    }

    @Test func feedLatencyIsProportional() throws {
        let model = try LatencyModel.feed(factor: ExactDecimal("1.5"), offset: Span(nanoseconds: 200))
        #expect(model.entry(at: 0, feedLag: 1_000) == 1_700)
        #expect(model.response(at: 0, feedLag: 3) == 204)
        #expect(model.entry(at: 0, feedLag: -5) == 200)
    }

    @Test func recordedLatencyIsInterpolated() throws {
        func row(_ time: Int64, _ entry: Int64, _ response: Int64) -> LatencyTable.Row {
            LatencyTable.Row(
                time: Timestamp(nanoseconds: time), entry: Span(nanoseconds: entry), response: Span(nanoseconds: response))
        }
        let model = LatencyModel.recorded(try #require(LatencyTable([row(100, 10, 40), row(200, 20, 20)])))
        #expect([0, 100, 150, 199, 200, 900].map { model.entry(at: $0, feedLag: 0) } == [10, 10, 15, 19, 20, 20])
        #expect([0, 150, 900].map { model.response(at: $0, feedLag: 0) } == [40, 30, 20])
        #expect(LatencyTable([]) == nil)
        #expect(LatencyTable([row(200, 1, 1), row(100, 1, 1)]) == nil)
        #expect(LatencyTable([row(100, -1, 1)]) == nil)
    }

    /// A bar that runs is known as such from its open to its close, and bars end in order of their closes.
    @Test func barsBeginAndEnd() throws {
        func instrument(_ interval: Int64) throws -> Instrument {
            try Instrument(
                venue: "t", symbol: "A_B", nativeSymbol: "AB", base: "A", quote: "B", tick: ExactDecimal("1"), lot: ExactDecimal("1"),
                barInterval: Span(nanoseconds: interval), dataKind: .bars)
        }
        var bars = BarPhases(instruments: [try instrument(60), try instrument(20)])
        func record(_ open: Int64) -> MarketRecord {
            MarketRecord(kind: .bar, instrument: InstrumentID(index: 0), localTime: open + 60, exchangeTime: open)
        }
        bars.begin(record(0), instrument: 0)
        bars.begin(record(10), instrument: 1)
        #expect(bars.nextClose == 30 && bars.isRunning(0) && bars.isRunning(1))
        let first = bars.end()
        #expect(first.instrument == 1 && bars.nextClose == 60 && !bars.isRunning(1))
        let second = bars.end()
        #expect(second.record.exchangeTime == 0 && bars.nextClose == .max)
    }
}
