import Domain
import Testing

@testable import Trading

struct PortfolioTests {
    static func instrument(_ symbol: String = "BTC_USDT", base: String = "BTC", quote: String = "USDT") throws -> Instrument {
        try Instrument(
            venue: "t", symbol: symbol, nativeSymbol: symbol, base: base, quote: quote, tick: ExactDecimal("0.1"),
            lot: ExactDecimal("0.001"))
    }

    static func fill(_ ticks: Int64, _ lots: Int64, fee: Amount = .zero) -> Fill {
        Fill(id: FillID(1), price: Price(ticks: ticks), quantity: Quantity(lots: lots), liquidity: .taker, fee: fee)
    }

    private func amount(_ text: String) throws -> Amount { try #require(try Amount(ExactDecimal(text))) }

    @Test func aReversalClosesAllAndOpensTheRest() throws {
        var book = try Portfolio(instruments: [PortfolioTests.instrument()], balances: [("USDT", amount("10000"))])
        let id = InstrumentID(index: 0)
        // Buy 1 BTC at 100, fee 1; sell 3 BTC at 110, fee 3: closes 1 with a third of the fee, opens −2 at 110.
        let opened = book.apply(PortfolioTests.fill(1_000, 1_000, fee: try amount("1")), side: .buy, instrument: id)
        #expect(opened.closedLots == 0 && opened.realised == .zero)
        let turned = book.apply(PortfolioTests.fill(1_100, 3_000, fee: try amount("3")), side: .sell, instrument: id)
        #expect(turned.closedLots == 1_000)
        #expect(turned.realised.description == "8")  // 10 gross − 1 entry − 1 of the exit's 3
        #expect(turned.positionAfter == -2_000)
        #expect(book.positions[0].cost.description == "220")
        #expect(book.positions[0].entryFees.description == "2")
        #expect(book.cash[0].description == "10226")
    }

    /// I2 and I21 over random fills: cash = start − Σ signed notional − Σ fees, and realised + unrealised = equity change.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func sumsStayExact(seed: UInt64) throws {
        var random = SplitMix(seed)
        let instrument = try PortfolioTests.instrument()
        var book = Portfolio(instruments: [instrument], balances: [("USDT", try amount("10000"))])
        var cash = try amount("10000")
        var fees = Amount.zero
        var lots: Int64 = 0
        var realised = Amount.zero
        for step in 0..<2_000 {
            let side: Side = random.below(2) == 0 ? .buy : .sell
            let ticks = Int64(1_000 + random.below(200))
            let count = Int64(1 + random.below(37))
            let notional = instrument.notional(Price(ticks: ticks), Quantity(lots: count))
            let fee = notional.scaled(by: 7, over: 10_000)
            cash -= side == .buy ? notional : -notional
            cash -= fee
            fees += fee
            lots += side.sign * count
            realised += book.apply(PortfolioTests.fill(ticks, count, fee: fee), side: side, instrument: InstrumentID(index: 0)).realised
            let mark = instrument.tickLot * (1_100 * lots)
            let position = book.positions[0]
            let cost = position.lots > 0 ? position.cost : -position.cost
            let unrealised = position.lots == 0 ? Amount.zero : mark - cost - position.entryFees
            let change = cash + mark - (try amount("10000"))
            #expect(book.cash[0] == cash && position.lots == lots && position.fees == fees, "seed \(seed), step \(step)")
            #expect(position.realised == realised)
            #expect(position.realised + unrealised == change, "seed \(seed), step \(step)")
            if lots == 0 { #expect(position.cost == .zero && position.entryFees == .zero) }
        }
    }

    @Test func aFeeInBaseIsTakenFromTheBaseCurrency() throws {
        var book = try Portfolio(instruments: [PortfolioTests.instrument()], balances: [])
        let fill = Fill(
            id: FillID(1), price: Price(ticks: 1_000), quantity: Quantity(lots: 1_000), liquidity: .taker,
            fee: try amount("0.001"), feeInBase: true)
        let outcome = book.apply(fill, side: .buy, instrument: InstrumentID(index: 0))
        #expect(outcome.feeInQuote.description == "0.1")
        #expect(book.balance(currency: 1).description == "0.999")
    }
}

/// A small seeded generator for tests.
struct SplitMix {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }
}
