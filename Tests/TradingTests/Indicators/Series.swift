import Trading

#if arch(x86_64)
/// Wider than what is tested, by other arithmetic.
typealias Wide = Float80
#else
typealias Wide = Double
#endif

/// A small seeded generator, so that a failure can be repeated from the seed in its message.
struct SeriesRandom {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    /// In −1…1.
    mutating func unit() -> Double { Double(Int64(bitPattern: next()) >> 11) / 9_007_199_254_740_992 * 2 }
}

struct TestBar {
    var high: Double, low: Double, close: Double, volume: Double
    var input: IndicatorInput { .bar(high: high, low: low, close: close, volume: volume) }
}

func randomBars(_ count: Int, seed: UInt64, offset: Double = 100, step: Double = 1) -> [TestBar] {
    var random = SeriesRandom(seed)
    var price = offset
    return (0..<count).map { _ in
        // Some updates repeat the price: quiet stretches are a case of their own.
        if random.below(4) > 0 { price += random.unit() * step }
        let wide = random.below(3) > 0
        return TestBar(
            high: price + (wide ? random.unit().magnitude * step : 0),
            low: price - (wide ? random.unit().magnitude * step : 0),
            close: price, volume: Double(random.below(50)))
    }
}

/// An indicator behind a reference: `#expect` cannot hold a value that is not copyable.
final class Running {
    private var core: Indicator
    init(_ definition: IndicatorDefinition) { core = Indicator(definition) }
    var definition: IndicatorDefinition { core.definition }
    var value: IndicatorOutput { core.value }
    func update(_ input: IndicatorInput) -> IndicatorOutput { core.update(input) }
    func accepts(_ input: IndicatorInput) -> Bool { core.accepts(input) }
    func reset() { core.reset() }
}

/// `name argument argument…`
func indicator(_ text: String) throws -> Running {
    let words = text.split(separator: " ")
    return Running(try IndicatorDefinition(name: String(words[0]), arguments: words.dropFirst().map { Double($0) ?? .nan }))
}

/// Equal within a relative error of `tolerance`; `scale` is what the digits of the input allow, for results near zero.
func close(_ got: Double, _ wanted: Double, within tolerance: Double = 1e-10, scale: Double = 0) -> Bool {
    (got - wanted).magnitude <= tolerance * wanted.magnitude + scale || got == wanted
}
