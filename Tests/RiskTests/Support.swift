import Domain
import Risk
import Testing

/// BTC_USDT on a tick of 0.5 and a lot of 0.001: prices in ticks are twice the price, lots are thousandths.
func bitcoin(
    minQuantity: Int64 = 1, minNotional: String = "0", takerFee: String = "0.001", quote: String = "USDT"
) throws -> Instrument {
    try Instrument(
        venue: "sim", symbol: "BTC_\(quote)", nativeSymbol: "BTC\(quote)", base: "BTC", quote: quote,
        tick: ExactDecimal("0.5"), lot: ExactDecimal("0.001"), minQuantity: Quantity(lots: minQuantity),
        minNotional: #require(Amount(ExactDecimal(minNotional))), makerFee: ExactDecimal("-0.0001"),
        takerFee: ExactDecimal(takerFee))
}

func amount(_ text: String) -> Amount {
    guard let decimal = try? ExactDecimal(text), let amount = Amount(decimal) else { preconditionFailure("amount \(text)") }
    return amount
}

func decimal(_ text: String) -> ExactDecimal {
    guard let decimal = try? ExactDecimal(text) else { preconditionFailure("decimal \(text)") }
    return decimal
}

let instrument0 = InstrumentID(index: 0)
let noon = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
let second = Span(nanoseconds: 1_000_000_000)

func limit(_ side: Side, _ lots: Int64, at ticks: Int64, reduceOnly: Bool = false, postOnly: Bool = false) -> OrderRequest {
    OrderRequest(
        id: OrderID(1), instrument: instrument0, side: side, type: .limit, quantity: Quantity(lots: lots),
        price: Price(ticks: ticks), isPostOnly: postOnly, isReduceOnly: reduceOnly)
}

func orderAtMarket(_ side: Side, _ lots: Int64) -> OrderRequest {
    OrderRequest(id: OrderID(1), instrument: instrument0, side: side, type: .market, quantity: Quantity(lots: lots))
}

/// A fresh book 100.0 / 101.0 (200 / 202 ticks), flat, nothing open.
func quietMarket() -> Exposure {
    var exposure = Exposure()
    (exposure.bestBidTicks, exposure.bestAskTicks, exposure.bookTime) = (200, 202, noon)
    return exposure
}

/// The breach of a request, nil where it is cleared.
func breach(
    of request: OrderRequest, _ limits: (inout RiskLimits.Scope) -> Void = { _ in }, exposure: Exposure = quietMarket(),
    on instrument: Instrument? = nil, now: Timestamp = noon
) throws -> Breach? {
    var wanted = RiskLimits()
    limits(&wanted.account)
    var gate = try Gate(instruments: [instrument ?? bitcoin()], limits: wanted)
    do throws(Breach) {
        let cleared = try gate.clear(request, at: now, exposure: exposure)
        #expect(cleared.request == request)
        #expect(cleared.limitVersion == 1)
        return nil
    } catch {
        return error
    }
}
