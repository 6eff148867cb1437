import Domain
import Testing
import Transport

@Suite struct BackoffTests {
    @Test func theBoundDoublesToItsCapAndResetsAfterAStableMinuteOnly() {
        var backoff = Backoff(base: .milliseconds(500), cap: .seconds(30))
        var random = SeededGenerator(seed: 1)
        var bounds: [Int64] = []
        for _ in 0..<9 {
            bounds.append(backoff.bound.nanoseconds / 1_000_000)
            let wait = backoff.failed(at: Timestamp(nanoseconds: 0), using: &random)
            #expect(wait >= .zero && wait.nanoseconds / 1_000_000 <= bounds[bounds.count - 1])
        }
        #expect(bounds == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
        backoff.connected(at: Timestamp(nanoseconds: 0))
        _ = backoff.failed(at: Timestamp(nanoseconds: 59_999_999_999), using: &random)
        #expect(backoff.bound == .seconds(30))
        backoff.connected(at: Timestamp(nanoseconds: 0))
        _ = backoff.failed(at: Timestamp(nanoseconds: 60_000_000_000), using: &random)
        #expect(backoff.bound == .seconds(1))
    }

    /// F35: a peer that closes at once a hundred times.
    @Test func aStormIsSpread() {
        var backoff = Backoff(base: .milliseconds(250), cap: .seconds(30))
        var random = SeededGenerator(seed: 7)
        var now = Timestamp(nanoseconds: 0)
        for _ in 0..<100 {
            backoff.connected(at: now)
            now = now + backoff.failed(at: now, using: &random)
        }
        #expect(now.nanoseconds > 20 * 60 * 1_000_000_000)
    }

    @Test func fullJitterUsesTheWholeRange() {
        var random = SeededGenerator(seed: 3)
        let waits = (0..<1000).map { _ -> Int64 in
            var backoff = Backoff(base: .seconds(1), cap: .seconds(30))
            return backoff.failed(at: Timestamp(nanoseconds: 0), using: &random).nanoseconds / 100_000_000
        }
        for tenth in Int64(0)..<10 { #expect(waits.filter { $0 == tenth }.count > 50) }
    }
}

@Suite struct ClockTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }

    @Test func theMedianOfFiveWithShortRoundTrips() {
        var clock = ClockOffset()
        #expect(clock.state == .measuring)
        for (offset, roundTrip) in [(100, 20), (110, 20), (-90, 900), (105, 40), (102, 10)] as [(Int64, Int64)] {
            let sample = clock.add(sent: at(0), received: at(roundTrip), server: at(roundTrip / 2 + offset))
            #expect(sample == .taken)
        }
        #expect(clock.offset == .milliseconds(102))
        #expect(clock.state == .steady)
        #expect(clock.add(sent: at(0), received: at(1500), server: at(9_000)) == .tooSlow)
        #expect(clock.add(sent: at(10), received: at(0), server: at(0)) == .tooSlow)
        #expect(clock.venueTime(at(1000)) == at(1102))
    }

    @Test func aJumpIsForgottenAndMeasuredAnew() {
        var clock = ClockOffset()
        for _ in 0..<5 { _ = clock.add(sent: at(0), received: at(10), server: at(5)) }
        #expect(clock.add(sent: at(0), received: at(10), server: at(3_600_005)) == .jumped(by: .seconds(3600)))
        #expect(clock.state == .measuring)
        for _ in 0..<2 { _ = clock.add(sent: at(0), received: at(10), server: at(3_600_005)) }
        #expect(clock.state == .tooFar)
    }

    @Test func theWallClockIsWatched() {
        var clock = ClockOffset()
        for _ in 0..<3 { _ = clock.add(sent: at(0), received: at(10), server: at(5)) }
        #expect(clock.watch(monotonic: at(0), wall: at(1_000_000)) == nil)
        #expect(clock.watch(monotonic: at(1000), wall: at(1_001_400)) == nil)
        #expect(clock.state == .steady)
        #expect(clock.watch(monotonic: at(2000), wall: at(1_002_400 - 3_600_000)) == .seconds(-3600))
        #expect(clock.state == .measuring)
    }
}
