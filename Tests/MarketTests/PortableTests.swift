import Glibc
import Market
import Testing

@Suite struct PortableTests {
    /// First outputs for a state of the published kind: xoshiro256++ seeded by splitmix64(0) (computed apart, in Python).
    @Test func theGeneratorIsTheOnePublished() {
        var random = Randomness(seed: 0, stream: 0)
        let drawn = (0..<4).map { _ in random.next() }
        #expect(drawn == [0x53175D61490B23DF, 0x61DA6F3DC380D507, 0x5C0FDF91EC9A7BFC, 0x02EEBF8C3BBE5E1A])
    }

    @Test func streamsDiffer() {
        var one = Randomness(seed: 1, stream: 1)
        var two = Randomness(seed: 1, stream: 2)
        #expect(one.next() != two.next())
    }

    @Test func drawsAreWithinTheirBounds() {
        var random = Randomness(seed: 3, stream: 1)
        var seen = [Int](repeating: 0, count: 7)
        for _ in 0..<7_000 {
            seen[random.below(7)] += 1
            let unit = random.unit()
            #expect(unit > 0 && unit < 1)
        }
        #expect(seen.allSatisfy { $0 > 850 && $0 < 1150 })
    }
}
