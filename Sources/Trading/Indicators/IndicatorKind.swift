/// Every indicator of the strategy API, by its name there.
public enum IndicatorKind: String, CaseIterable, Hashable, Sendable {
    case sma, wma, ema, highest, lowest, stddev, zscore, roc, rsi, bollinger, keltner, macd, donchian
    case atr, adx, stochastic, obv, vwap, cross

    /// One argument of the function that makes it.
    public struct Parameter: Hashable, Sendable {
        public let name: String
        /// A whole number of values; otherwise any finite factor.
        public let isCount: Bool
        public let isOptional: Bool
    }

    /// What an update takes.
    public enum Operands: Hashable, Sendable {
        /// A number, or a bar that stands for its close.
        case value
        /// A bar, or a number that stands for a bar without range.
        case bar
        /// A bar and nothing else.
        case barOnly
        /// Price and quantity, or a bar.
        case priceAndQuantity
        /// Two numbers.
        case pair
    }

    public var parameters: [Parameter] {
        switch self {
        case .sma, .wma, .ema, .highest, .lowest, .stddev, .zscore, .roc, .rsi, .donchian, .atr, .adx:
            [.count("n")]
        case .bollinger, .keltner: [.count("n"), Parameter(name: "k", isCount: false, isOptional: false)]
        case .macd: [.count("fast"), .count("slow"), .count("signal")]
        case .stochastic: [.count("n"), .count("smooth"), .count("d")]
        case .vwap: [Parameter(name: "n", isCount: true, isOptional: true)]
        case .obv, .cross: []
        }
    }

    public var operands: Operands {
        switch self {
        case .sma, .wma, .ema, .highest, .lowest, .stddev, .zscore, .roc, .rsi, .bollinger, .macd: .value
        case .keltner, .donchian, .atr, .adx, .stochastic: .bar
        case .obv: .barOnly
        case .vwap: .priceAndQuantity
        case .cross: .pair
        }
    }

    /// Whether a number alone is an error because a volume is needed.
    public var requiresBar: Bool { operands == .barOnly }

    /// The names of the values it answers.
    public var outputs: [String] {
        switch self {
        case .sma, .wma, .ema, .highest, .lowest, .stddev, .zscore, .roc, .rsi, .atr, .obv, .vwap, .cross: [rawValue]
        case .bollinger, .keltner: ["middle", "upper", "lower"]
        case .macd: ["line", "signal", "histogram"]
        case .donchian: ["upper", "lower", "middle"]
        case .adx: ["adx", "plus_di", "minus_di"]
        case .stochastic: ["k", "d"]
        }
    }
}

extension IndicatorKind.Parameter {
    fileprivate static func count(_ name: String) -> Self { Self(name: name, isCount: true, isOptional: false) }
}
