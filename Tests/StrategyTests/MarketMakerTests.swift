import Domain
import Testing

struct MarketMakerTests {
    /// A market whose mid wanders by a tick now and then, and where trades hit both sides; size 2 at each price.
    static func market(seed: UInt64, seconds: Int, drift: Int = 0) throws -> (market: SmallMarket, doubledMid: [Int64]) {
        var market = SmallMarket([try SmallMarket.instrument(kind: .level2)])
        var random = Seeded(seed)
        var mid: Int64 = 10_000
        var mids: [Int64] = []
        for second in 0..<seconds {
            let at = Int64(second) * SmallMarket.second
            let step = random.below(10)
            mid += step < 3 ? -1 : step < 6 ? 1 : 0
            if drift != 0 && second % 10 == 0 { mid += Int64(drift) }
            mids.append(2 * mid)
            market.book(at: at, bids: (1...8).map { (mid - $0, 2) }, asks: (1...8).map { (mid + $0, 2) })
            for place in 0..<2 {
                let aggressor: Side = random.below(2) == 0 ? .buy : .sell
                let depth = Int64(1 + random.below(3))
                let price = aggressor == .buy ? mid + depth : mid - depth
                market.trade(at: at + Int64(place + 1) * 300_000_000, price, Int64(1 + random.below(6)), aggressor)
            }
        }
        return (market, mids)
    }

    static let settings: KeyValuePairs = ["qty": "2", "inventory_limit": "3", "risk": "0.3"]

    @Test(arguments: [(31, 0, 0), (32, 1, 0), (33, -1, 0), (34, 0, 150_000_000)] as [(UInt64, Int, Int64)])
    func neverExceedsItsLimitAndOnlyMakes(seed: UInt64, drift: Int, latency: Int64) throws {
        let (market, _) = try MarketMakerTests.market(seed: seed, seconds: 900, drift: drift)
        let trial = try Trial.run(
            "market_maker", on: market.tape(), set: ["qty": "2", "inventory_limit": "2", "risk": "0.02"], latency: latency)
        #expect(trial.ending == .endOfTape)
        #expect(trial.fills.count > 50, "seed \(seed): \(trial.fills.count) fills")
        #expect(trial.fills.allSatisfy { abs($0.position) <= 4 }, "seed \(seed): the limit is 2 quotes of 2")
        #expect(trial.fills.contains { abs($0.position) == 4 }, "seed \(seed): the limit was never met; the test says nothing")
        #expect(trial.fills.allSatisfy { $0.isMaker && $0.tag == "quote" })
        #expect(trial.orders.allSatisfy { $0.order.request.isPostOnly && $0.order.request.type == .limit && $0.quantity <= 2 })
        let refused = trial.orders.filter { $0.isRefused && $0.reason != "post_only" }
        #expect(refused.isEmpty, "seed \(seed): \(refused.map(\.reason))")
    }

    @Test(arguments: [0, 150_000_000] as [Int64])
    func hasOneOrderASide(latency: Int64) throws {
        let (market, _) = try MarketMakerTests.market(seed: 35, seconds: 600)
        let trial = try Trial.run("market_maker", on: market.tape(), set: MarketMakerTests.settings, latency: latency)
        for side in [Side.buy, .sell] {
            let own = trial.orders.filter { $0.side == side }.sorted { $0.order.id < $1.order.id }
            #expect(own.count > 20)
            for (earlier, later) in zip(own, own.dropFirst()) { #expect(earlier.closed <= later.created) }
        }
    }

    @Test func leansAgainstItsInventory() throws {
        let (market, mids) = try MarketMakerTests.market(seed: 36, seconds: 900, drift: 0)
        let trial = try Trial.run("market_maker", on: market.tape(), set: MarketMakerTests.settings)
        let reservation = trial.plots["reservation"] ?? []
        let inventory = trial.plots["inventory"] ?? []
        let (bids, asks) = (trial.plots["bid"] ?? [], trial.plots["ask"] ?? [])
        #expect(reservation.count > 50 && inventory.count == reservation.count)
        var seen: Set<Int> = []
        for (place, shown) in reservation.enumerated() {
            let mid = Double(mids[Int(shown.time / SmallMarket.second)]) / 2
            let held = inventory[place].value
            seen.insert(held.sign == .minus ? -1 : held == 0 ? 0 : 1)
            if held > 0 { #expect(shown.value < mid) }
            if held < 0 { #expect(shown.value > mid) }
            if held == 0 { #expect(shown.value == mid) }
            #expect(bids[place].value < shown.value + 1 && asks[place].value > shown.value - 1 && bids[place].value < asks[place].value)
        }
        #expect(seen == [-1, 0, 1], "the inventory was never on one of its sides; the test says nothing")
    }

    /// No quotes while a side of the book is missing, and none before there is anything to estimate from.
    @Test func doesNotQuoteIntoAnEmptyBook() throws {
        var (market, mids) = try MarketMakerTests.market(seed: 37, seconds: 300)
        let last = mids[mids.count - 1] / 2
        market.book(at: 300 * SmallMarket.second, bids: [(last - 1, 2)], asks: [])
        market.trade(at: 330 * SmallMarket.second, last - 1, 1, .sell)
        let trial = try Trial.run("market_maker", on: market.tape(), set: MarketMakerTests.settings)
        #expect(trial.orders.count > 20)
        #expect(trial.orders.allSatisfy { $0.created > 59 * SmallMarket.second })
        #expect(trial.orders.allSatisfy { $0.closed <= 301 * SmallMarket.second && $0.created <= 300 * SmallMarket.second })
    }
}
