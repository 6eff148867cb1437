import Domain
import Live
import Testing
import Transport
import VenueSim
import Venues

/// Everything at once, and the kill switch's own session.
struct SoakCases {
    static let faults: Setting = FaultCases.short
        .with(.place, .dropAnswer, nth: 4, every: 9, count: 0).with(.place, .ignore, nth: 7, every: 14, count: 0)
        .with(.place, .late, nth: 5, every: 7, count: 0, delay: .milliseconds(100)).with(.place, .errorAfter, nth: 6, every: 13, count: 0, code: 10_001)
        .with(.cancel, .dropAnswer, nth: 3, every: 5, count: 0).with(.cancel, .fillFirst, nth: 2, every: 7, count: 0)
        .with(.fillPush, .duplicate, nth: 2, every: 3, count: 0).with(.fillPush, .skip, nth: 3, every: 7, count: 0)
        .with(.orderPush, .reorder, nth: 3, every: 5, count: 0).with(.orderPush, .skip, nth: 8, every: 9, count: 0)
        .with(.openOrders, .errorBefore, nth: 2, every: 5, count: 0).with(.detail, .partial, nth: 2, every: 6, count: 0)
        .with(.history, .errorBefore, nth: 2, every: 4, count: 0)

    /// Random orders, cancels, trades and cut connections under all of these: in the end we hold what the venue holds.
    @Test(arguments: VenueUnderTest.all, [UInt64(1), 2]) func manyFaultsAtOnce(_ subject: VenueUnderTest, seed: UInt64) async throws {
        try await VenueBench.run(subject, SoakCases.faults) { bench in
            var random = SeededGenerator(seed: seed)
            try await bench.begin()
            var placed: [String] = []
            for step in 0..<28 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    let isBuy = Bool.random(using: &random)
                    let away = Int64.random(in: -3...6, using: &random)
                    let id = bench.place(isBuy ? .buy : .sell, .random(in: 1...20, using: &random), at: isBuy ? 9_999 - away : 10_001 + away)
                    placed.append(id)
                    try await bench.until("step \(step) of seed \(seed): \(id) has an answer, or none") {
                        bench.keeper.order(id)?.stage != .sent || bench.keeper.order(id)?.venueID != nil
                    }
                case 5..<8: if let id = placed.randomElement(using: &random) { bench.cancel(id) }
                case 8: bench.trade(Bool.random(using: &random) ? .sell : .buy, 8, at: 10_000)
                default:
                    guard step % 3 == 0 else { continue }
                    let connections = bench.readyCounts[.orders] ?? 0
                    bench.sim.cutAll()
                    try await bench.until("connected again") { bench.readyCounts[.orders] ?? 0 > connections }
                }
            }
            bench.send(.cancelAll(nil))
            try await bench.until("nothing is open there") { bench.sim.venue.open.isEmpty }
            try await bench.until("nothing is unknown here") { bench.keeper.unknown.isEmpty }
            for _ in 0..<5 where bench.difference != nil { try await bench.reconcile() }
            try await bench.agree("(seed \(seed))")
        }
    }

    /// The kill switch: orders that another session placed, on instruments it does not know, are gone afterwards.
    @Test(arguments: VenueUnderTest.all) func aCancellingSessionEmptiesTheAccount(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            for index in 0..<6 {
                let order = bench.sim.venue.submit(
                    OrderRequest(
                        id: OrderID(0), instrument: InstrumentID(index: index % 2), side: .buy, type: .limit, quantity: Quantity(lots: 1),
                        price: Price(ticks: 1_000 + Int64(index))),
                    clientID: "earlier\(index)", connection: 0, at: VenueBench.wall)
                bench.sim.venue.execute(order.venueID, at: VenueBench.wall)
            }
            bench.send(.begin(.cancelling, instruments: [bench.instruments[0]]))
            try await bench.until("ready") { bench.links[.orders] == .ready }
            bench.send(.cancelAll(nil))
            try await bench.until("received") { bench.told.contains { if case .cancelAllReceived(symbol: nil) = $0 { true } else { false } } }
            try await bench.until("all are gone") { bench.sim.venue.open.isEmpty }
            // It can place nothing.
            let id = bench.place(.buy, 1, at: 9_990)
            #expect(bench.isDone(id) && bench.sim.venue.orders.count == 6)
        }
    }
}
