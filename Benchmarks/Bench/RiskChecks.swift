import Domain
import Risk

/// One order judged by the gate with every control that a person can set set.
struct RiskChecks {
    private var gate: Gate
    private var exposure = Exposure()
    private let requests: [OrderRequest]
    private static let noon = Timestamp(nanoseconds: 1_700_000_000_000_000_000)

    init() throws {
        let instrument = try SyntheticMarket.instrument()
        var scope = RiskLimits.Scope()
        scope.maxOrderQuantity = ["BTC": try ExactDecimal("10")]
        scope.maxOrderValue = Amount(try ExactDecimal("1000000"))
        scope.priceCollar = RiskLimits.PriceCollar(
            aggressive: try ExactDecimal("0.02"), passive: try ExactDecimal("0.1"), referenceMaxAge: Span(nanoseconds: 5_000_000_000))
        scope.maxOpenOrders = 100
        scope.maxOpenValue = Amount(try ExactDecimal("10000000"))
        scope.maxPosition = ["BTC": try ExactDecimal("50")]
        scope.balanceHaircut = try ExactDecimal("0.01")
        scope.duplicateWindow = Span(nanoseconds: 100_000_000)
        var limits = RiskLimits()
        limits.account = scope
        limits.instruments[instrument.name] = scope
        limits.strategies["bench"] = scope
        gate = Gate(instruments: [instrument], limits: limits, strategy: "bench")
        requests = (0..<1024).map { index in
            let side: Side = index % 2 == 0 ? .buy : .sell
            let ticks: Int64 = side == .buy ? 599_990 - Int64(index % 64) : 600_011 + Int64(index % 64)
            return OrderRequest(
                id: OrderID(UInt64(index + 1)), instrument: InstrumentID(index: 0), side: side, type: .limit,
                quantity: Quantity(lots: Int64(10 + index % 90)), price: Price(ticks: ticks), isPostOnly: true)
        }
        fillExposure()
    }

    private mutating func fillExposure() {
        let million = Amount(raw: 1_000_000 * ExactDecimal.powerOfTen(Amount.scale))
        (exposure.positionLots, exposure.buyLeavesLots, exposure.sellLeavesLots) = (500, 300, 300)
        (exposure.liveOrders, exposure.accountLiveOrders) = (12, 30)
        (exposure.openValue, exposure.accountOpenValue) = (million, million)
        (exposure.highestOwnBuyTicks, exposure.lowestOwnSellTicks) = (599_995, 600_010)
        (exposure.highestStayingBuyTicks, exposure.lowestStayingSellTicks) = (599_995, 600_010)
        (exposure.bestBidTicks, exposure.bestAskTicks, exposure.bookTime) = (600_000, 600_001, RiskChecks.noon)
        (exposure.lastTicks, exposure.lastTime) = (600_000, RiskChecks.noon)
        exposure.checksBalances = true
        (exposure.availableQuote, exposure.availableBase) = (million * 10, million)
    }

    /// The clock goes on by a millisecond a request, so that the window of duplicates stays as full as it would be.
    mutating func run(_ count: Int) throws -> Elapsed {
        var refused = 0
        var now = RiskChecks.noon
        let elapsed = Elapsed.of {
            for index in 0..<count {
                now = now + Span(nanoseconds: 1_000_000)
                exposure.bookTime = now
                do throws(Breach) {
                    Sink.keep(try gate.clear(requests[index & 1023], at: now, exposure: exposure).charge.value.raw == 0 ? 1 : 0)
                } catch {
                    refused += 1
                }
            }
        }
        guard refused == 0 else { throw BenchError("\(refused) of \(count) requests were refused: not what was to be measured") }
        return elapsed
    }
}
