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

/// The budget as one would write it first.
private struct NaiveBudget {
    let limit: Int, window: Int64, reserve: Int
    var times: [Int64] = []
    mutating func take(_ kind: MessageBudget.Kind, _ now: Int64) -> Bool {
        let recent = times.filter { $0 > now - window }.count
        guard recent < (kind == .cancel ? limit : limit - reserve) else { return false }
        times.append(now)
        return true
    }
}

@Suite struct MessageBudgetTests {
    @Test func aBucketsBurstIsNotLetThroughTwice() {
        var budget = MessageBudget(limit: 10, window: .seconds(1))
        var granted = 0
        for millisecond in Int64(0)..<1000 where budget.take(.new, at: Timestamp(nanoseconds: millisecond * 1_000_000)) == .granted { granted += 1 }
        #expect(granted == 10)
    }

    @Test func cancelsHaveTheirReserve() {
        var budget = MessageBudget(limit: 10, window: .seconds(1), reserve: 3)
        let now = Timestamp(nanoseconds: 5)
        for _ in 0..<7 { #expect(budget.take(.new, at: now) == .granted) }
        #expect(budget.take(.amend, at: now) == .refused(until: now + .seconds(1)))
        for _ in 0..<3 { #expect(budget.take(.cancel, at: now) == .granted) }
        #expect(budget.take(.cancel, at: now) == .refused(until: now + .seconds(1)))
        #expect(budget.take(.cancel, at: now + .seconds(1)) == .granted)
    }

    @Test func aSmallBurstRefillsEvenly() {
        var budget = MessageBudget(limit: 10, window: .seconds(1), burst: 2)
        var now = Timestamp(nanoseconds: 0)
        #expect(budget.take(.new, at: now) == .granted)
        #expect(budget.take(.new, at: now) == .granted)
        #expect(budget.take(.new, at: now) == .refused(until: now + .milliseconds(100)))
        now = now + .milliseconds(100)
        #expect(budget.take(.new, at: now) == .granted)
        #expect(budget.take(.new, at: now) == .refused(until: now + .milliseconds(100)))
    }

    @Test(arguments: 0..<100) func agreesWithTheNaiveOne(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...12, using: &random)
        let reserve = Int.random(in: 0..<limit, using: &random)
        let window = Int64.random(in: 1...50, using: &random)
        var budget = MessageBudget(limit: limit, window: Span(nanoseconds: window), reserve: reserve)
        var naive = NaiveBudget(limit: limit, window: window, reserve: reserve)
        var now: Int64 = 0
        var wrong: [String] = []
        for _ in 0..<300 {
            now += Int64.random(in: 0...6, using: &random)
            let kind: MessageBudget.Kind = [.new, .amend, .cancel][Int.random(in: 0..<3, using: &random)]
            var copy = naive
            let verdict = budget.take(kind, at: Timestamp(nanoseconds: now))
            let expected = naive.take(kind, now)
            if (verdict == .granted) != expected { wrong.append("\(verdict) at \(now)") }
            if case .refused(let until) = verdict {
                let (early, then) = (copy.take(kind, until.nanoseconds - 1), copy.take(kind, until.nanoseconds))
                if early || !then { wrong.append("\(verdict) at \(now): \(early ? "too late" : "too early")") }
            }
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong)")
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

    @Test func noncesRiseWhateverTheClockDoes() {
        var nonce = Nonce(persisted: 1000)
        var given: [UInt64] = []
        for now in [500, 500, 2000, 1000, 2000] as [UInt64] { given.append(nonce.next(now: now)) }
        #expect(given == [1001, 1002, 2000, 2001, 2002])
    }
}
