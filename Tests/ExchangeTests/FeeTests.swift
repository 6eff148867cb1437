import Domain
import Exchange
import Testing

/// What a fill costs, in which currency, and how the venue rounds it.
@Suite struct FeeTests {
    /// Bids 99, asks 101; tick 0.1, lot 0.001; a buy of 3 and one of 7 that rests at 100, a sale of 5.
    private func fees(_ fees: FeeOverride) -> [String] {
        let bench = Bench { $0.fees = [fees] }
        bench.level(.sell, 101, 1_000)
        bench.level(.buy, 99, 1_000)
        bench.send(.buy, 3, at: 101)
        bench.send(.buy, 7, at: 100)
        bench.trade(.sell, 99, 1)
        bench.send(.sell, 5, at: 99)
        return bench.exchange.reports.compactMap { report in
            if case .filled(let fill) = report.fact { return "\(fill.fee)\(fill.feeInBase ? " base" : "")" }
            return nil
        }
    }

    @Test func theQuoteCurrencyIsTheDefault() {
        #expect(fees(FeeOverride()) == ["0.00002121", "-0.0000035", "0.00003465"])
    }

    @Test func inBaseTheRateIsOnTheQuantity() {
        // 0.003 × 0.0007, 0.007 × −0.00005, 0.005 × 0.0007.
        #expect(fees(FeeOverride(currency: .base)) == ["0.0000021 base", "-0.00000035 base", "0.0000035 base"])
    }

    @Test func whatIsReceivedPays() {
        #expect(fees(FeeOverride(currency: .received)) == ["0.0000021 base", "-0.00000035 base", "0.00003465"])
    }

    @Test func roundingIsTheVenues() {
        #expect(fees(FeeOverride(rounding: FeeRounding(places: 6, .up))) == ["0.000022", "-0.000003", "0.000035"])
        #expect(fees(FeeOverride(rounding: FeeRounding(places: 6, .down))) == ["0.000021", "-0.000003", "0.000034"])
        // 2121, 350 and 3465 of 1e-8 at 1e-7: 212, −35, and the tie to the even 346.
        #expect(fees(FeeOverride(rounding: FeeRounding(places: 7, .halfEven))) == ["0.0000212", "-0.0000035", "0.0000346"])
        #expect(fees(FeeOverride(rounding: FeeRounding(places: 2, .up))) == ["0.01", "0", "0.01"])
    }

    @Test func aSpotBalancePaysItsFeeInBase() {
        let bench = Bench(testInstrument(maker: "0", taker: "0.1")) {
            $0.fees = [FeeOverride(currency: .base)]
            $0.spot = [SpotBalance(currency: "USDT", total: amount("1.01"))]
        }
        bench.level(.sell, 101, 1_000)
        bench.level(.buy, 99, 1_000)
        bench.send(.buy, 100, at: 101)
        #expect(bench.heard() == ["1 accepted", "1 taker 100@101"], "nothing of the quote currency is kept for the fee")
        #expect(bench.exchange.balance("USDT") == .zero && bench.exchange.balance("BTC") == amount("0.09"))
        bench.send(.sell, 82, at: 99)
        bench.send(.sell, 81, at: 99)
        #expect(bench.heard() == ["2 rejected insufficient_balance", "3 accepted", "3 taker 81@99"], "81 lots and 8.1 for the fee")
        #expect(bench.exchange.balance("BTC") == amount("0.0009"))
    }

    @Test func roundedFeesNeverOverdraw() {
        let bench = Bench(testInstrument(maker: "0", taker: "0.001")) {
            $0.fees = [FeeOverride(rounding: FeeRounding(places: 2, .up))]
            $0.spot = [SpotBalance(currency: "USDT", total: amount("0.13"))]
        }
        for price in 1...12 { bench.level(.sell, Int64(100 + price), 1) }
        bench.send(.buy, 12, at: 112)
        bench.send(.buy, 11, at: 109)
        // A cent a fill: more than the cent that was held back for all of it.
        _ = bench.heard()
        #expect((bench.exchange.balance("USDT") ?? .zero) >= .zero)
        #expect(bench.exchange.position(0) > 0)
    }
}
