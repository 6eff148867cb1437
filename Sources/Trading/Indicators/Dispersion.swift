import Glibc

/// Mean and standard deviation (ddof 0) of the last n.
struct Dispersion: ~Copyable {
    private let count: Double
    private var window: SlidingWindow<SpreadFold>

    init(_ count: Int) {
        self.count = Double(count)
        window = SlidingWindow(count)
    }

    @inline(__always) mutating func push(_ value: Double) -> (sum: DoubleDouble, deviation: Double)? {
        guard let fold = window.fold(SpreadFold(value)) else { return nil }
        return (fold.sum, sqrt(fold.squares / count))
    }
}

/// `stddev(n)`.
struct StandardDeviation: IndicatorCore, ~Copyable {
    private var dispersion: Dispersion
    init(_ count: Int) { dispersion = Dispersion(count) }
    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        IndicatorOutput(dispersion.push(input.close).map(\.deviation))
    }
}

/// `zscore(n)`: (x − mean) / deviation; 0 where the window does not vary.
struct ZScore: IndicatorCore, ~Copyable {
    private let count: Double
    private var dispersion: Dispersion

    init(_ count: Int) {
        self.count = Double(count)
        dispersion = Dispersion(count)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        guard let (sum, deviation) = dispersion.push(input.close) else { return .none }
        guard deviation > 0 else { return IndicatorOutput(0) }
        let apart = (DoubleDouble.product(input.close, count) - sum).rounded / count
        return IndicatorOutput(apart / deviation)
    }
}

/// `bollinger(n, k)`: mean, mean + k deviations, mean − k deviations.
/// - Source: J. Bollinger, Bollinger on Bollinger Bands (2001).
struct BollingerBands: IndicatorCore, ~Copyable {
    private let count: Double
    private let width: Double
    private var dispersion: Dispersion

    init(_ count: Int, width: Double) {
        (self.count, self.width) = (Double(count), width)
        dispersion = Dispersion(count)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        guard let (sum, deviation) = dispersion.push(input.close) else { return .none }
        let mean = sum.rounded / count
        return IndicatorOutput(mean, mean + width * deviation, mean - width * deviation)
    }
}
