import Domain
import Testing
import Trading

@testable import Scripting

/// Several amendments of one order in flight: each keeps what it does not name, as the ones before it will leave it.
struct AmendTests {
    private static let script = """
        local S = {}
        function S.on_start() S.i = market.instrument() S.i:subscribe('trades') S.o = S.i:buy(0.5, 100) end
        function S.on_trade(i, price)
          if price < 2 then S.o:amend{price = 99} S.o:amend{qty = 0.2} else S.o:amend{qty = 0.1} end
        end
        function S.on_order(o) print(o.state, o.price, o.remaining, o.reason) end
        return S
        """

    /// An accepted order, and the first two amendments sent.
    private func bench() throws -> Bench {
        let bench = try Bench(Self.script)
        bench.start()
        bench.report(1, .accepted)
        bench.trade(.buy, 100, 1)
        _ = bench.take()
        return bench
    }

    private func sent(_ bench: Bench) -> [String] {
        bench.takeEffects().compactMap { effect in
            if case .amend(let cleared, _) = effect { "\(cleared.amendment.quantity.lots)@\(cleared.amendment.price.ticks)" } else { nil }
        }
    }

    private func accept(_ bench: Bench, _ lots: Int64, at ticks: Int64) {
        bench.report(1, .amended(price: Price(ticks: ticks), open: Quantity(lots: lots)))
    }

    @Test func theSecondKeepsThePriceOfTheFirst() throws {
        let bench = try bench()
        #expect(sent(bench) == ["5000@9900", "2000@9900"])
        accept(bench, 5000, at: 9900)
        accept(bench, 2000, at: 9900)
        #expect(bench.take() == ["open\t99.0\t0.5\tnil", "open\t99.0\t0.2\tnil"])
        bench.trade(.buy, 200, 1)
        #expect(sent(bench) == ["1000@9900"])
    }

    @Test func whereTheFirstIsRefusedThePriceStays() throws {
        let bench = try bench()
        _ = sent(bench)
        bench.report(1, .amendRejected(.postOnly))
        accept(bench, 2000, at: 10000)
        #expect(bench.take() == ["open\t100.0\t0.5\tpost_only", "open\t100.0\t0.2\tnil"])
        bench.trade(.buy, 200, 1)
        #expect(sent(bench) == ["1000@10000"])
    }

    @Test func whereTheSecondIsRefusedTheFirstStands() throws {
        let bench = try bench()
        _ = sent(bench)
        accept(bench, 5000, at: 9900)
        bench.report(1, .amendRejected(.minQuantity))
        #expect(bench.take() == ["open\t99.0\t0.5\tnil", "open\t99.0\t0.5\tmin_qty"])
        #expect(!bench.takeEffects().contains { if case .contradicted = $0 { true } else { false } })
        bench.trade(.buy, 200, 1)
        #expect(sent(bench) == ["1000@9900"])
    }

    /// A third while two are in flight, after the first of them was refused: the price of nobody.
    @Test func aRefusedPriceIsForgotten() throws {
        let bench = try bench()
        _ = sent(bench)
        bench.report(1, .amendRejected(.postOnly))
        bench.trade(.buy, 200, 1)
        #expect(sent(bench) == ["1000@10000"])
    }

    @Test func anAmendmentOfThePriceAloneKeepsTheQuantityInFlight() throws {
        let bench = try Bench(
            """
            local S = {}
            function S.on_start() S.i = market.instrument() S.i:subscribe('trades') S.o = S.i:buy(0.5, 100) end
            function S.on_trade() S.o:amend{qty = 0.2} S.o:amend{price = 99} end
            return S
            """)
        bench.start()
        bench.report(1, .accepted)
        bench.trade(.buy, 100, 1)
        #expect(sent(bench) == ["2000@10000", "2000@9900"])
    }
}
