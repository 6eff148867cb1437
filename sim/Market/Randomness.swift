/// Seeded random numbers, the same on every machine. Each purpose draws from a stream of its own, so that a draw added to one
/// participant does not shift the others.
///
/// - Source: xoshiro256++ (Blackman and Vigna, 2019), its state filled by splitmix64.
public struct Randomness: Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    /// What a stream is for; the number is part of the format of a seed.
    enum Stream: UInt64 {
        case fairValue = 1, volatility = 2, jumps = 3, takers = 4, crowd = 5, informed = 6, momentum = 7
        case patient = 8, feed = 9, volume = 10, spread = 11
        case makers = 1000
    }

    init(seed: UInt64, _ stream: Stream, index: Int = 0) {
        self.init(seed: seed, stream: stream.rawValue + UInt64(index) &* 65_536)
    }

    public init(seed: UInt64, stream: UInt64) {
        var state = seed &+ stream &* 0xD1B5_4A32_D192_ED03
        s0 = Randomness.splitmix(&state)
        s1 = Randomness.splitmix(&state)
        s2 = Randomness.splitmix(&state)
        s3 = Randomness.splitmix(&state)
    }

    private static func splitmix(_ state: inout UInt64) -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    public mutating func next() -> UInt64 {
        let sum = s0 &+ s3
        let result = ((sum &<< 23) | (sum &>> 41)) &+ s0
        let shifted = s1 &<< 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = (s3 &<< 45) | (s3 &>> 19)
        return result
    }

    /// Uniform strictly between 0 and 1.
    public mutating func unit() -> Double { (Double(next() &>> 11) + 0.5) * 0x1p-53 }

    /// Uniform in `0 ..< bound`.
    public mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    mutating func exponential(mean: Double) -> Double { -mean * Portable.log(unit()) }

    /// Mean 0, variance 1, nearly normal: 64 fair coins (a count of bits, exact everywhere) and a uniform to fill the gaps.
    mutating func normal() -> Double {
        let coins = Double(next().nonzeroBitCount - 32)
        // The variance of 64 coins is 16, that of the uniform 1/12.
        return (coins + unit() - 0.5) * 0.24935149047701483
    }
}
