/// `obv()`: volume added on a higher close, taken off on a lower one, from 0 at the first bar.
/// - Source: J. E. Granville, New Key to Stock Market Profits (1963).
struct OnBalanceVolume: IndicatorCore {
    private var balance = DoubleDouble.zero
    private var previousClose: Double?

    static func accepts(_ input: IndicatorInput) -> Bool { input.hasBar && input.isFinite && input.volume >= 0 }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        if let previousClose {
            if input.close > previousClose { balance = balance + input.volume }
            if input.close < previousClose { balance = balance + -input.volume }
        }
        previousClose = input.close
        return IndicatorOutput(balance.rounded)
    }
}

/// `vwap(n?)`: Σ price × quantity / Σ quantity, over the last n updates or since the start; a bar counts with
/// (high + low + close) / 3 and its volume. None while nothing was traded.
struct VolumeWeightedPrice: IndicatorCore, ~Copyable {
    private var window: SlidingWindow<VolumeFold>?
    private var all = VolumeFold.empty

    /// - Parameter count: nil for all since the start.
    init(_ count: Int?) {
        if let count { window = SlidingWindow(count) } else { window = nil }
    }

    static func accepts(_ input: IndicatorInput) -> Bool {
        input.shape != .number && input.isFinite && input.volume >= 0
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        let price = input.hasBar ? (input.high + input.low + input.close) / 3 : input.close
        let one = VolumeFold(price: price, quantity: input.volume)
        if window == nil {
            all = all.adding(one)
            return IndicatorOutput(all.average)
        }
        guard let fold = window?.fold(one), let average = fold.average else { return .none }
        return IndicatorOutput(average)
    }
}

/// `cross()`: 1 at the update where a comes above b, −1 where it comes below, else 0. Equality is no side:
/// below, equal, above is one crossing, at "above"; above, equal, above is none.
struct Cross: IndicatorCore {
    private var side = 0.0

    static func accepts(_ input: IndicatorInput) -> Bool { input.shape == .pair && input.isFinite }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        let now = input.close > input.second ? 1.0 : input.close < input.second ? -1 : 0
        guard now != 0 else { return IndicatorOutput(0) }
        defer { side = now }
        return IndicatorOutput(side != 0 && side != now ? now : 0)
    }
}
