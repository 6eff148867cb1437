import Domain
import Testing

@testable import Trading

struct TimerQueueTests {
    /// Against a list that is sorted anew for every question.
    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func firesInOrderOfTimeThenAge(seed: UInt64) {
        var random = SplitMix(seed)
        var queue = TimerQueue()
        var naive: [(due: Int64, id: UInt64, every: Int64)] = []
        var now: Int64 = 0
        for step in 0..<3_000 {
            switch random.below(4) {
            case 0, 1:
                let due = now + Int64(random.below(50))
                let every = random.below(3) == 0 ? Int64(1 + random.below(20)) : 0
                let id = queue.add(due: Timestamp(nanoseconds: due), every: Span(nanoseconds: every))
                naive.append((due, id.raw, every))
            case 2 where !naive.isEmpty:
                let victim = naive.remove(at: Int(random.below(UInt64(naive.count))))
                let first = queue.cancel(TimerID(victim.id))
                let second = queue.cancel(TimerID(victim.id))
                #expect(first && !second)
            default:
                now += Int64(random.below(10))
                let expected = naive.indices.filter { naive[$0].due <= now }.min { (naive[$0].due, naive[$0].id) < (naive[$1].due, naive[$1].id) }
                let popped = queue.pop(at: Timestamp(nanoseconds: now))
                #expect(popped?.raw == expected.map { naive[$0].id }, "seed \(seed), step \(step)")
                if let expected {
                    if naive[expected].every > 0 { naive[expected].due += naive[expected].every } else { naive.remove(at: expected) }
                }
            }
            #expect(queue.nextDue == naive.map(\.due).min() ?? .max)
        }
    }
}
