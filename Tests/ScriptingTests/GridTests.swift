import Domain
import Testing

@testable import Scripting

struct GridTests {
    @Test func numbersAreTheNearestDoubles() throws {
        var seed: UInt64 = 42
        func draw(_ limit: UInt64) -> Int64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((seed >> 11) % limit)
        }
        for text in ["0.01", "0.00000001", "0.5", "0.25", "1", "5", "0.0003", "1e-18"] {
            let step = try ExactDecimal(text)
            let grid = Grid(step: step)
            for limit in [100, 1_000_000, 1 << 52] as [UInt64] {
                for _ in 0..<300 {
                    let count = draw(limit)
                    let exact = (ExactDecimal(mantissa: Int128(count), scale: 0) * step).description
                    #expect(grid.number(count) == Double(exact), "\(count) × \(text)")
                    #expect(count == 0 || grid.count(of: grid.number(count)) == count || limit > 1 << 50, "\(count) × \(text)")
                }
            }
        }
    }

    @Test func theToleranceIsAsWritten() throws {
        let grid = try Grid(step: ExactDecimal("0.01"))
        #expect(grid.count(of: 100.01 + 0.9e-8) == 10001)
        #expect(grid.count(of: 100.01 + 1.2e-8) == nil)
        let big = (123_456_789_012.34).nextUp.nextUp
        #expect(grid.count(of: big) == 12_345_678_901_234)
        #expect(grid.count(of: .nan) == nil && grid.count(of: .infinity) == nil && grid.count(of: 1e308) == nil)
    }

    @Test func amountsAreTheNearestDoubles() throws {
        for text in ["0", "1", "-1.5", "0.1", "123456789.123456789012345678", "-0.000000000000000000000001", "99999999999999.999999999999", "10000"] {
            let amount = try #require(Amount(ExactDecimal(text)))
            #expect(nearestDouble(amount) == Double(text))
        }
    }
}
