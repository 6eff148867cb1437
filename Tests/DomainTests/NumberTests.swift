import Domain
import Testing

struct NumberTests {
    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("00012.500", "12.5"), ("1e-8", "0.00000001"), ("+3", "3"), (".5", "0.5"), ("5.", "5"),
        ("61602.02000000", "61602.02"), ("1E3", "1000"), ("-1.25e1", "-12.5"), ("123456789012345678901234567890", "123456789012345678901234567890"),
    ])
    func readsDecimals(_ text: String, _ plain: String) throws {
        #expect(try ExactDecimal(text).description == plain)
    }

    @Test(arguments: ["", "-", ".", "1.2.3", "NaN", "inf", "1e", "1e+", "0x10", " 1", "1 ", "1,5", "1e9999", "--1", "1e-40"])
    func refusesWhatIsNoDecimal(_ text: String) {
        #expect(throws: (any Error).self) { try ExactDecimal(text) }
    }

    @Test func countsMultiples() throws {
        #expect(try ExactDecimal("61602.02").multiple(of: ExactDecimal("0.01")) == 6_160_202)
        #expect(try ExactDecimal("61602.025").multiple(of: ExactDecimal("0.01")) == nil)
        #expect(try ExactDecimal("10.25").multiple(of: ExactDecimal("0.25")) == 41)
        #expect(try ExactDecimal("3").multiple(of: ExactDecimal("0.0001")) == 30_000)
    }

    @Test func equalDecimalsAreEqualHoweverWritten() throws {
        #expect(try ExactDecimal("1.50") == ExactDecimal("1.5"))
        #expect(try Set([ExactDecimal("1.50"), ExactDecimal("1.5")]).count == 1)
    }

    @Test func spansReadAndPrint() {
        #expect(Span("250us")?.nanoseconds == 250_000)
        #expect(Span("1.5s")?.nanoseconds == 1_500_000_000)
        #expect(Span("2h")?.text == "2h")
        #expect(Span("90m")?.text == "90m")
        #expect(Span("5")  == nil)
        #expect(Span("5 s") == nil)
        #expect(Span("s") == nil)
        #expect(Span("1w") == nil)
        #expect(Span.zero.text == "0s")
    }

    /// Against arithmetic on small numbers, where a plain division is exact enough to check every rounding.
    @Test func sharesRoundHalfToEven() {
        let unit = Amount(raw: ExactDecimal.powerOfTen(12))
        #expect(Amount(raw: 5).scaled(by: 1, over: 2).raw == 2)
        #expect(Amount(raw: 7).scaled(by: 1, over: 2).raw == 4)
        #expect(Amount(raw: -5).scaled(by: 1, over: 2).raw == -2)
        #expect(Amount(raw: -7).scaled(by: 1, over: 2).raw == -4)
        #expect((unit * 5).scaled(by: 1, over: 10, places: 12).raw == 0)
        #expect((unit * 15).scaled(by: 1, over: 10, places: 12).raw == unit.raw * 2)
        let large = Amount(raw: Int128.max / 3)
        #expect(large.scaled(by: 7, over: 7) == large)
        #expect(large.scaled(by: 1 << 100, over: 1 << 100) == large)
    }

    @Test func notionalsAreExact() throws {
        let instrument = try Instrument(
            venue: "t", symbol: "A_B", nativeSymbol: "AB", base: "A", quote: "B", tick: ExactDecimal("0.00000001"),
            lot: ExactDecimal("0.00000001"))
        #expect(instrument.notional(Price(ticks: 3), Quantity(lots: 7)).description == "0.0000000000000021")
        #expect(throws: Instrument.BadGrid.self) {
            try Instrument(
                venue: "t", symbol: "A_B", nativeSymbol: "AB", base: "A", quote: "B", tick: ExactDecimal("0"), lot: ExactDecimal("1"))
        }
    }
}
