import Domain
import Testing

/// Every sequence of venue facts and cancels over one order of two lots answers, and leaves a sane order (I4, F5–F8, F15, F18).
struct OrderTests {
    static func request(lots: Int64 = 2) -> OrderRequest {
        OrderRequest(
            id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: lots),
            price: Price(ticks: 100))
    }

    static let facts: [ExecutionReport.Fact] = [
        .accepted, .rejected(.postOnly), .cancelled, .expired, .cancelRejected(.unknownOrder),
        .filled(Fill(id: FillID(1), price: Price(ticks: 100), quantity: Quantity(lots: 1), liquidity: .maker, fee: .zero)),
        .amended(price: Price(ticks: 101), open: Quantity(lots: 1)), .amendRejected(.unknownOrder),
    ]

    static func report(_ fact: ExecutionReport.Fact) -> ExecutionReport {
        ExecutionReport(order: OrderID(1), instrument: InstrumentID(index: 0), exchangeTime: Timestamp(nanoseconds: 5), fact: fact)
    }

    /// Walks every history of `depth` steps; answers how many states were visited.
    private func walk(_ order: Order, _ depth: Int) -> Int {
        #expect(order.leaves <= order.request.quantity)
        if case .done(.filled) = order.phase { #expect(order.filled >= order.request.quantity || order.filled > .zero) }
        if depth == 0 { return 1 }
        var visited = 1
        for fact in OrderTests.facts {
            var next = order
            let change = next.apply(OrderTests.report(fact), at: Timestamp(nanoseconds: Int64(depth)))
            #expect(next.filled >= order.filled, "a fill was forgotten")
            if change == .unchanged { #expect(next == order) }
            if !order.isOpen {
                #expect(!next.isOpen, "a final order came back to life")
                if case .filled = fact { #expect(change == .late || change == .contradicted) }
            }
            visited += walk(next, depth - 1)
        }
        var asked = order
        if asked.requestCancel() { visited += walk(asked, depth - 1) }
        var lost = order
        lost.loseTrack()
        if lost != order { visited += walk(lost, depth - 1) }
        return visited
    }

    @Test func everyHistoryHasAnAnswer() {
        #expect(walk(Order(OrderTests.request(), created: Timestamp(nanoseconds: 1)), 4) > 1_000)
    }

    @Test func aFillBeatsACancel() {
        var order = Order(OrderTests.request(lots: 1), created: Timestamp(nanoseconds: 1))
        _ = order.apply(OrderTests.report(.accepted), at: Timestamp(nanoseconds: 2))
        _ = order.requestCancel()
        #expect(order.stateName == "pending_cancel")
        _ = order.apply(OrderTests.report(.cancelled), at: Timestamp(nanoseconds: 3))
        #expect(order.stateName == "cancelled")
        #expect(order.apply(OrderTests.report(OrderTests.facts[5]), at: Timestamp(nanoseconds: 4)) == .late)
        #expect(order.stateName == "filled")
        #expect(order.filled.lots == 1)
    }

    @Test func namesFollowTheContract() {
        var order = Order(OrderTests.request(), created: Timestamp(nanoseconds: 1))
        #expect(order.stateName == "pending_new")
        _ = order.apply(OrderTests.report(.accepted), at: Timestamp(nanoseconds: 2))
        #expect(order.stateName == "open")
        _ = order.apply(OrderTests.report(OrderTests.facts[5]), at: Timestamp(nanoseconds: 3))
        #expect(order.stateName == "partially_filled")
        var lost = order
        lost.loseTrack()
        #expect(lost.stateName == "unknown")
        #expect(lost.isOpen)
        _ = order.apply(OrderTests.report(.expired), at: Timestamp(nanoseconds: 4))
        #expect(order.stateName == "expired")
        #expect(order.averagePrice(tick: ExactDecimal(mantissa: 5, scale: 1))?.description == "50")
    }

    @Test func clientOrderIDsHaveFourteenCharacters() {
        #expect(ClientOrderID.text(instance: "bt0", epoch: 0, order: OrderID(1)) == "bt000000000001")
        #expect(ClientOrderID.text(instance: "a1b", epoch: 33, order: OrderID(32)) == "a1b00110000010")
    }
}
