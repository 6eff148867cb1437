/// Why an indicator cannot be made, as the user should read it.
public struct IndicatorError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// An indicator and its checked arguments.
public struct IndicatorDefinition: Hashable, Sendable {
    public let kind: IndicatorKind
    public let arguments: [Double]

    /// Longer windows are refused: they would be a slip of the pen, and cost memory outside the script's own.
    public static let largestCount = 1_000_000
    public static let names = IndicatorKind.allCases.map(\.rawValue)

    /// Reads `name(arguments…)` as a strategy wrote it after `ta.`.
    public init(name: String, arguments: [Double]) throws(IndicatorError) {
        guard let kind = IndicatorKind(rawValue: name) else {
            throw IndicatorError(description: "ta.\(name): no such indicator; there are \(Self.names.joined(separator: ", "))")
        }
        try self.init(kind, arguments)
    }

    public init(_ kind: IndicatorKind, _ arguments: [Double]) throws(IndicatorError) {
        let parameters = kind.parameters
        let needed = parameters.count { !$0.isOptional }
        guard (needed...parameters.count).contains(arguments.count) else {
            throw IndicatorError(description: IndicatorDefinition.wrongCount(kind, got: arguments.count))
        }
        for (parameter, value) in zip(parameters, arguments) {
            if let wanted = IndicatorDefinition.unmet(parameter, value) {
                throw IndicatorError(
                    description: "ta.\(kind.rawValue): expected \(wanted) for \(parameter.name), got \(Self.text(value))")
            }
        }
        (self.kind, self.arguments) = (kind, arguments)
    }

    private static func wrongCount(_ kind: IndicatorKind, got: Int) -> String {
        let parameters = kind.parameters
        let few = parameters.contains(where: \.isOptional) ? "at most " : ""
        let names = parameters.isEmpty ? "" : " (\(parameters.map(\.name).joined(separator: ", ")))"
        let plural = parameters.count == 1 ? "" : "s"
        return "ta.\(kind.rawValue): expected \(few)\(parameters.count) argument\(plural)\(names), got \(got)"
    }

    /// What was expected of the value, where it is not so.
    private static func unmet(_ parameter: IndicatorKind.Parameter, _ value: Double) -> String? {
        guard parameter.isCount else {
            return value.magnitude <= IndicatorInput.largestMagnitude ? nil : "a finite number"
        }
        guard value >= 1, value.isFinite, value == value.rounded() else { return "a whole number of at least 1" }
        return value <= Double(largestCount) ? nil : "a whole number of at most \(largestCount)"
    }

    private static func text(_ value: Double) -> String {
        guard let whole = Int(exactly: value) else { return "\(value)" }
        return "\(whole)"
    }

    /// The argument as a whole number, where it is one.
    func count(_ index: Int) -> Int { Int(arguments[index]) }

    /// Bytes of native memory a made indicator takes; to be counted against the script's budget before it is made.
    public var byteCount: Int {
        let overhead = 512
        switch kind {
        case .sma: return overhead + SlidingWindow<SumFold>.byteCount(count(0))
        case .wma: return overhead + SlidingWindow<WeightedFold>.byteCount(count(0))
        case .stddev, .zscore, .bollinger: return overhead + SlidingWindow<SpreadFold>.byteCount(count(0))
        case .highest, .lowest: return overhead + SlidingWindow<MaximumFold>.byteCount(count(0))
        case .donchian: return overhead + 2 * SlidingWindow<MaximumFold>.byteCount(count(0))
        case .stochastic:
            return overhead + 2 * SlidingWindow<MaximumFold>.byteCount(count(0))
                + SlidingWindow<SumFold>.byteCount(count(1) + count(2))
        case .vwap: return overhead + (arguments.isEmpty ? 0 : SlidingWindow<VolumeFold>.byteCount(count(0)))
        case .roc: return overhead + count(0) * MemoryLayout<Double>.stride
        case .ema, .rsi, .macd, .keltner, .atr, .adx, .obv, .cross: return overhead
        }
    }

    /// Updates until the first answer (for `vwap` and `roc`, provided nothing divides by zero).
    public var warmUp: Int {
        switch kind {
        case .sma, .wma, .ema, .highest, .lowest, .stddev, .zscore, .bollinger, .keltner, .donchian, .atr: count(0)
        case .rsi, .roc: count(0) + 1
        case .macd: max(count(0), count(1)) + count(2) - 1
        case .adx: 2 * count(0)
        case .stochastic: count(0) + count(1) + count(2) - 2
        case .vwap: arguments.isEmpty ? 1 : count(0)
        case .obv, .cross: 1
        }
    }
}
