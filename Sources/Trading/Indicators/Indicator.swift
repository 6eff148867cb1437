/// The arithmetic of one indicator.
protocol IndicatorCore: ~Copyable {
    /// Takes in an input that ``accepts(_:)`` let through.
    mutating func update(_ input: IndicatorInput) -> IndicatorOutput
    /// Whether the input can be taken in.
    static func accepts(_ input: IndicatorInput) -> Bool
}

extension IndicatorCore where Self: ~Copyable {
    @inline(__always) static func accepts(_ input: IndicatorInput) -> Bool { input.isFinite }
}

/// One running indicator, a value with one owner.
///
/// The arithmetic lies in memory of its own and is reached by a switch over the kind. Not a class: a generic one would
/// not be specialised, and any one checks every update for exclusive access.
@safe public struct Indicator: ~Copyable {
    public let definition: IndicatorDefinition
    private let kind: IndicatorKind
    private let core: UnsafeMutableRawPointer
    /// The answer of the last update that was taken in.
    public private(set) var value = IndicatorOutput.none

    public init(_ definition: IndicatorDefinition) {
        self.definition = definition
        kind = definition.kind
        unsafe core = Indicator.makeCore(definition)
    }

    deinit { destroyCore() }

    /// Takes one input in. One that ``accepts(_:)`` refuses changes nothing and is answered with no values.
    /// - Complexity: amortised O(1); allocates nothing.
    public mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        switch kind {
        case .sma: step(SMA.self, input)
        case .wma: step(WMA.self, input)
        case .ema: step(EMA.self, input)
        case .highest: step(Highest.self, input)
        case .lowest: step(Lowest.self, input)
        case .stddev: step(StandardDeviation.self, input)
        case .zscore: step(ZScore.self, input)
        case .roc: step(RateOfChange.self, input)
        case .rsi: step(RelativeStrength.self, input)
        case .bollinger: step(BollingerBands.self, input)
        case .keltner: step(KeltnerChannel.self, input)
        case .macd: step(MACD.self, input)
        case .donchian: step(DonchianChannel.self, input)
        case .atr: step(AverageTrueRange.self, input)
        case .adx: step(DirectionalMovement.self, input)
        case .stochastic: step(Stochastic.self, input)
        case .obv: step(OnBalanceVolume.self, input)
        case .vwap: step(VolumeWeightedPrice.self, input)
        case .cross: step(Cross.self, input)
        }
    }

    @inline(__always)
    private mutating func step<Core: IndicatorCore & ~Copyable>(_ type: Core.Type, _ input: IndicatorInput) -> IndicatorOutput {
        guard Core.accepts(input) else { return .none }
        let output = unsafe core.assumingMemoryBound(to: Core.self).pointee.update(input)
        value = output
        return output
    }

    /// Whether the input is finite, and of a shape this indicator can take. For the error message, when an update answered none.
    public func accepts(_ input: IndicatorInput) -> Bool {
        switch kind {
        case .obv: OnBalanceVolume.accepts(input)
        case .vwap: VolumeWeightedPrice.accepts(input)
        case .cross: Cross.accepts(input)
        case .sma, .wma, .ema, .highest, .lowest, .stddev, .zscore, .roc, .rsi, .bollinger, .keltner, .macd, .donchian,
            .atr, .adx, .stochastic:
            input.isFinite
        }
    }

    /// Back to the state of a new one.
    public mutating func reset() { self = Indicator(definition) }
}

extension Indicator {
    private static func place<Core: IndicatorCore & ~Copyable>(_ value: consuming Core) -> UnsafeMutableRawPointer {
        let pointer = UnsafeMutablePointer<Core>.allocate(capacity: 1)
        unsafe pointer.initialize(to: value)
        return UnsafeMutableRawPointer(pointer)
    }

    private static func makeCore(_ definition: IndicatorDefinition) -> UnsafeMutableRawPointer {
        let n = definition.arguments.isEmpty ? 0 : definition.count(0)
        return switch definition.kind {
        case .sma: unsafe place(SMA(n))
        case .wma: unsafe place(WMA(n))
        case .ema: unsafe place(EMA(n))
        case .highest: unsafe place(Highest(n))
        case .lowest: unsafe place(Lowest(n))
        case .stddev: unsafe place(StandardDeviation(n))
        case .zscore: unsafe place(ZScore(n))
        case .roc: unsafe place(RateOfChange(n))
        case .rsi: unsafe place(RelativeStrength(n))
        case .bollinger: unsafe place(BollingerBands(n, width: definition.arguments[1]))
        case .keltner: unsafe place(KeltnerChannel(n, width: definition.arguments[1]))
        case .macd: unsafe place(MACD(fast: n, slow: definition.count(1), signal: definition.count(2)))
        case .donchian: unsafe place(DonchianChannel(n))
        case .atr: unsafe place(AverageTrueRange(n))
        case .adx: unsafe place(DirectionalMovement(n))
        case .stochastic: unsafe place(Stochastic(n, smooth: definition.count(1), slow: definition.count(2)))
        case .obv: unsafe place(OnBalanceVolume())
        case .vwap: unsafe place(VolumeWeightedPrice(n > 0 ? n : nil))
        case .cross: unsafe place(Cross())
        }
    }

    private func destroy<Core: IndicatorCore & ~Copyable>(_ type: Core.Type) {
        let pointer = unsafe core.assumingMemoryBound(to: Core.self)
        unsafe pointer.deinitialize(count: 1)
        unsafe pointer.deallocate()
    }

    private func destroyCore() {
        switch kind {
        case .sma: destroy(SMA.self)
        case .wma: destroy(WMA.self)
        case .ema: destroy(EMA.self)
        case .highest: destroy(Highest.self)
        case .lowest: destroy(Lowest.self)
        case .stddev: destroy(StandardDeviation.self)
        case .zscore: destroy(ZScore.self)
        case .roc: destroy(RateOfChange.self)
        case .rsi: destroy(RelativeStrength.self)
        case .bollinger: destroy(BollingerBands.self)
        case .keltner: destroy(KeltnerChannel.self)
        case .macd: destroy(MACD.self)
        case .donchian: destroy(DonchianChannel.self)
        case .atr: destroy(AverageTrueRange.self)
        case .adx: destroy(DirectionalMovement.self)
        case .stochastic: destroy(Stochastic.self)
        case .obv: destroy(OnBalanceVolume.self)
        case .vwap: destroy(VolumeWeightedPrice.self)
        case .cross: destroy(Cross.self)
        }
    }
}
