import Domain
import Foundation
import Report
import Testing

/// The arithmetic below the statistics, against the C library's and Swift's own.
@Suite struct NumberTests {
    @Test func powerAgreesWithTheLibrary() throws {
        var random = TestRandom(seed: 11)
        for _ in 0..<3000 {
            let base = exp((random.unit() - 0.5) * 8)
            let exponent = (random.unit() - 0.5) * 160
            let wanted = pow(base, exponent)
            let found = try #require(Power.raise(base, to: exponent))
            #expect(abs(found - wanted) <= wanted * 2.3e-16, "\(base)^\(exponent)")
        }
    }

    @Test func powerAtTheEdges() {
        #expect(Power.raise(1, to: 1e6) == 1)
        #expect(Power.raise(2, to: 10) == 1024)
        #expect(Power.raise(4, to: 0.5) == 2)
        #expect(Power.raise(0, to: 2) == 0)
        #expect(Power.raise(0, to: -1) == nil)
        #expect(Power.raise(-1, to: 2) == nil)
        #expect(Power.raise(1.5, to: 1e9) == nil)
        #expect(Power.raise(0.5, to: 1e9) == 0)
        #expect(Power.raise(.infinity, to: 1) == nil)
    }

    /// The quick conversion rounds as Swift's does, ties and carries included.
    @Test func amountsBecomeTheNearestDouble() {
        var random = TestRandom(seed: 12)
        var values: [Int128] = [0, 1, -1, .max, .min + 1, 1 << 64, (1 << 64) - 1, 1 << 53, (1 << 53) + 1, (1 << 100) + (1 << 47), (1 << 100) + (1 << 47) + 1]
        for _ in 0..<5000 {
            let wide = Int128(bitPattern: UInt128(random.next()) << 64 | UInt128(random.next()))
            values.append(wide >> Int128(random.below(127)))
        }
        for value in values { #expect(Amount(raw: value).units == Double(value), "\(value)") }
    }
}
