/// Random numbers that are the same for a seed on every machine. Streams split off, so that a draw more in one does not shift another.
struct Chance: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func split() -> Chance { Chance(next()) }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }

    /// True so many times in a thousand.
    mutating func permille(_ share: Int) -> Bool { below(1_000) < share }

    /// A time between the two, milliseconds.
    mutating func milliseconds(_ range: ClosedRange<Int64>) -> Int64 {
        (range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))) * 1_000_000
    }
}
