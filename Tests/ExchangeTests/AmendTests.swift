import Domain
import Testing

@testable import Exchange

/// Amendments that name only one of price and quantity: the other is what it is when they arrive.
struct AmendTests {
    private func amend(_ bench: Bench, _ id: OrderID, lots: Int64? = nil, at price: Int64? = nil) {
        bench.exchange.amend(
            AmendRequest(
                id: id, price: Price(ticks: price ?? 1), quantity: Quantity(lots: lots ?? 1), keepsPrice: price == nil,
                keepsQuantity: lots == nil),
            at: Timestamp(nanoseconds: bench.tick()))
    }

    private func quoted() -> Bench {
        let bench = Bench()
        bench.level(.buy, 100, 500)
        bench.level(.sell, 110, 500)
        return bench
    }

    @Test func aQuantityAloneKeepsThePriceOfTheOneBefore() {
        let bench = quoted()
        let order = bench.send(.buy, 5, at: 100, post: true)
        amend(bench, order, at: 99)
        amend(bench, order, lots: 2)
        #expect(bench.heard() == ["1 accepted", "1 amended 5@99", "1 amended 2@99"])
    }

    @Test func aRefusedPriceIsNotKept() {
        let bench = quoted()
        let order = bench.send(.buy, 5, at: 100, post: true)
        amend(bench, order, at: 110)
        amend(bench, order, lots: 2)
        #expect(bench.heard() == ["1 accepted", "1 amend rejected post_only", "1 amended 2@100"])
    }

    /// F10: what was filled while the amendment was on its way is not open again.
    @Test func aPriceAloneKeepsWhatIsLeft() {
        let bench = quoted()
        let order = bench.send(.buy, 5, at: 105)
        bench.trade(.sell, 105, 3)
        _ = bench.heard()
        amend(bench, order, at: 104)
        #expect(bench.heard() == ["1 amended 2@104"])
    }
}
