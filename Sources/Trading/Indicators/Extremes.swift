/// `highest(n)`.
struct Highest: IndicatorCore, ~Copyable {
    private var window: SlidingWindow<MaximumFold>
    init(_ count: Int) { window = SlidingWindow(count) }
    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        IndicatorOutput(window.fold(MaximumFold(input.close)).map(\.value))
    }
}

/// `lowest(n)`.
struct Lowest: IndicatorCore, ~Copyable {
    private var window: SlidingWindow<MaximumFold>
    init(_ count: Int) { window = SlidingWindow(count) }
    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        // 0 − x, so that the lowest of zeros is not a minus zero.
        IndicatorOutput(window.fold(MaximumFold(0 - input.close)).map { 0 - $0.value })
    }
}

/// The highest high and the lowest low of the last n bars.
struct Channel: ~Copyable {
    private var highs: SlidingWindow<MaximumFold>
    private var lows: SlidingWindow<MaximumFold>

    init(_ count: Int) {
        highs = SlidingWindow(count)
        lows = SlidingWindow(count)
    }

    mutating func push(_ input: IndicatorInput) -> (upper: Double, lower: Double)? {
        let upper = highs.fold(MaximumFold(input.high))
        let lower = lows.fold(MaximumFold(0 - input.low))
        guard let upper, let lower else { return nil }
        return (upper.value, 0 - lower.value)
    }
}

/// `donchian(n)`: highest high, lowest low, and their middle.
struct DonchianChannel: IndicatorCore, ~Copyable {
    private var channel: Channel
    init(_ count: Int) { channel = Channel(count) }
    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        guard let (upper, lower) = channel.push(input) else { return .none }
        return IndicatorOutput(upper, lower, (upper + lower) / 2)
    }
}

/// `stochastic(n, smooth, d)`: where the close lies in its channel, 0…100, as a mean of `smooth`; and the mean of `d` of that.
/// In a channel without height it lies in the middle, at 50.
/// - Source: G. C. Lane, "Lane's Stochastics" (1984).
struct Stochastic: IndicatorCore, ~Copyable {
    private var channel: Channel
    private var smooth: SimpleAverage
    private var slow: SimpleAverage

    init(_ count: Int, smooth: Int, slow: Int) {
        channel = Channel(count)
        self.smooth = SimpleAverage(smooth)
        self.slow = SimpleAverage(slow)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        guard let (upper, lower) = channel.push(input) else { return .none }
        let raw = upper > lower ? 100 * (input.close - lower) / (upper - lower) : 50
        guard let k = smooth.push(raw), let d = slow.push(k) else { return .none }
        return IndicatorOutput(k, d)
    }
}
