import Domain
import Testing
import Venues

@testable import Live

struct UnknownResolverTests {
    func resolve(bound: Double, answers: (Double) -> Bool) throws -> (notPlacedAt: Double?, rounds: Int) {
        let request = OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 1), price: Price(ticks: 1))
        let order = KeptOrder(clientID: "abc", strategy: 0, symbol: "BTC_USDT", request: request, sent: time(0).wall)
        var resolver = UnknownResolver(
            clientID: "abc", sent: time(0), bound: Span(nanoseconds: Int64(bound * 1e9)), pause: Span(nanoseconds: 500_000_000), capabilities: venueCapabilities)
        var now = 0.1
        var rounds = 0
        while now < 120 {
            rounds += 1
            guard case .ask(let queries) = resolver.begin(order, at: time(now)) else { return (nil, rounds) }
            var last: UnknownResolver.Step?
            for _ in queries { last = resolver.answered(isWhole: answers(now), at: time(now)) }
            switch last {
            case .notPlaced: return (now, rounds)
            case .wait(let span): now += Double(span.nanoseconds) / 1e9
            case .ask, nil: return (nil, rounds)
            }
        }
        return (nil, rounds)
    }

    @Test("Absence is proof only after three whole rounds, the last begun after the venue could not take it any more")
    func proof() throws {
        let (at, rounds) = try resolve(bound: 2) { _ in true }
        #expect(try #require(at) >= 3 && rounds >= 3)
        let short = try resolve(bound: 0) { _ in true }
        #expect(short.rounds == 3)
    }

    @Test("C26: a venue that answers with errors for ever proves nothing")
    func errors() throws {
        let (at, _) = try resolve(bound: 2) { _ in false }
        #expect(at == nil)
    }

    @Test("A failed round begins the count again")
    func interrupted() throws {
        let (at, _) = try resolve(bound: 0) { $0 > 10 }
        #expect(try #require(at) > 11)
    }
}
