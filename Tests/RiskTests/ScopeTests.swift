import Domain
import Testing

@testable import Risk

/// Where several scopes set a window, the tightest of each part is in force: less, over the longest time.
struct ScopeTests {
    @Test("A strategy's own window tightens the account's, and cannot shorten it")
    func windows() throws {
        let instrument = try Instrument(
            venue: "v", symbol: "A_USD", nativeSymbol: "A_USD", base: "A", quote: "USD", tick: ExactDecimal("0.01"), lot: ExactDecimal("1"))
        var limits = RiskLimits()
        var account = LaterLimits.Messages()
        (account.rate, account.per, account.reservedForCancels) = (4, .seconds(10), 0)
        limits.account.later.messages = account
        var own = LaterLimits.Messages()
        (own.rate, own.per, own.reservedForCancels) = (6, .seconds(1), 0)
        var scope = RiskLimits.Scope()
        scope.later.messages = own
        limits.strategies["s"] = scope
        var gate = Gate(instruments: [instrument], limits: limits, strategy: "s")
        var exposure = Exposure()
        (exposure.bestBidTicks, exposure.bestAskTicks) = (100, 101)
        func order(_ seconds: Int64) throws {
            _ = try gate.clear(
                OrderRequest(
                    id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 1), price: Price(ticks: 100),
                    allowsDuplicate: true),
                at: Timestamp(nanoseconds: seconds * 1_000_000_000), exposure: exposure)
        }
        for second in 0..<4 { try order(Int64(second)) }
        #expect(throws: Breach.throttled(count: 5, limit: 4)) { try order(9) }
        try order(10)
    }
}
