import Domain
import Testing

@testable import Risk

/// The chains of recent intents find what a walk over all of them finds.
struct RecentIntentTests {
    private struct Naive {
        var intents: [(request: OrderRequest, time: Timestamp)] = []
        func age(of request: OrderRequest, at now: Timestamp, window: Span) -> Span? {
            guard let twin = intents.last(where: { $0.request.isTwin(of: request) }) else { return nil }
            let age = now - twin.time
            return age < window ? age : nil
        }
    }

    @Test(arguments: [1, 7, 42, 99] as [UInt64]) func aWalkOverAllAgrees(seed: UInt64) {
        var random = seed
        func next(_ bound: UInt64) -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((random >> 33) % bound)
        }
        var chains = RecentIntents()
        var naive = Naive()
        let longest = Span(nanoseconds: 400)
        var now = Timestamp(nanoseconds: 0)
        var found = 0
        for number in 0..<20_000 {
            now = now + Span(nanoseconds: next(number % 1_000 < 500 ? 3 : 40))
            let type: OrderType = [.market, .limit, .stop, .stopLimit][Int(next(4))]
            let request = OrderRequest(
                id: OrderID(UInt64(number + 1)), instrument: InstrumentID(index: Int(next(2))), side: next(2) == 0 ? .buy : .sell, type: type,
                quantity: Quantity(lots: 1 + next(4)), price: Price(ticks: 100 + next(4)), stop: Price(ticks: 100 + next(4)))
            let window = Span(nanoseconds: 100 + 300 * next(2))
            let age = chains.age(of: request, at: now, window: window)
            #expect(age == naive.age(of: request, at: now, window: window), "seed \(seed), request \(number)")
            if age != nil { found += 1 }
            chains.note(request, at: now, longest: longest)
            naive.intents.append((request, now))
            if naive.intents.count > 4_000 { naive.intents.removeFirst(2_000) }
        }
        #expect(found > 1_000, "seed \(seed): too few twins to show anything")
    }
}
