import Domain
import Testing

@testable import Trading

@Suite struct TagTableTests {
    /// A tag for every order: what is kept is bounded, and no order that is known loses its own.
    @Test func tagsOfForgottenOrdersGiveWay() throws {
        var tags = TagTable()
        var orders = OrderTable(instrumentCount: 1)
        var kept: [(order: OrderID, text: String)] = []
        var most = 0
        for number in 1...100_000 {
            let text = "order \(number)"
            let tag = tags.tag(text) ?? tags.add(text, orders: orders)
            #expect(tags.tag(text) == tag)
            let request = OrderRequest(
                id: orders.nextID(), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 1),
                price: Price(ticks: 1), tag: tag)
            orders.open(request, at: Timestamp(nanoseconds: Int64(number)))
            if number % 1000 == 1 { kept.append((request.id, text)) } else { orders.drop(request.id) }
            most = max(most, tags.count)
        }
        #expect(most <= TagTable.smallestSweep + 1)
        for (order, text) in kept {
            let tag = try #require(orders[order]?.order.request.tag)
            #expect(tags.text(of: tag) == text)
            #expect(tags.tag(text) == tag)
        }
    }

    @Test func noTagIsTheEmptyText() {
        let tags = TagTable()
        #expect(tags.tag("") == OrderTag.none)
        #expect(tags.text(of: .none) == "")
        #expect(tags.tag("x") == nil)
    }
}
