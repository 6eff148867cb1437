/// Mean of the last n.
struct SimpleAverage: ~Copyable {
    private let count: Double
    private var window: SlidingWindow<SumFold>

    init(_ count: Int) {
        self.count = Double(count)
        window = SlidingWindow(count)
    }

    @inline(__always) mutating func push(_ value: Double) -> Double? {
        guard let runs = window.push(SumFold(value)) else { return nil }
        return runs.older.sum.rounded(plus: runs.newer.sum) / count
    }
}

/// `sma(n)`.
struct SMA: IndicatorCore, ~Copyable {
    private var average: SimpleAverage
    init(_ count: Int) { average = SimpleAverage(count) }
    @inline(__always) mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        IndicatorOutput(average.push(input.close))
    }
}

/// `wma(n)`: the newest weighs n, the oldest 1.
struct WMA: IndicatorCore, ~Copyable {
    private let weights: Double
    private var window: SlidingWindow<WeightedFold>

    init(_ count: Int) {
        weights = Double(count * (count + 1) / 2)
        window = SlidingWindow(count)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        IndicatorOutput(window.fold(WeightedFold(input.close)).map { $0.weighted.rounded / weights })
    }
}

/// `ema(n)`: weight 2/(n+1), seeded with the mean of the first n.
struct EMA: IndicatorCore {
    private var average: ExponentialAverage
    init(_ count: Int) { average = ExponentialAverage(span: count) }
    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        average.push(input.close)
        return average.isWarm ? IndicatorOutput(average.value.rounded) : .none
    }
}

/// `macd(fast, slow, signal)`: the difference of two EMAs, its EMA, and the difference of these.
struct MACD: IndicatorCore {
    private var fast: ExponentialAverage
    private var slow: ExponentialAverage
    private var signal: ExponentialAverage

    init(fast: Int, slow: Int, signal: Int) {
        self.fast = ExponentialAverage(span: fast)
        self.slow = ExponentialAverage(span: slow)
        self.signal = ExponentialAverage(span: signal)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        fast.push(input.close)
        slow.push(input.close)
        guard fast.isWarm, slow.isWarm else { return .none }
        let line = fast.value - slow.value
        signal.push(line)
        guard signal.isWarm else { return .none }
        return IndicatorOutput(line.rounded, signal.value.rounded, (line - signal.value).rounded)
    }
}

/// `roc(n)`: the change over n values, as a fraction of the older. None where the older is zero.
@safe struct RateOfChange: IndicatorCore, ~Copyable {
    private let past: UnsafeMutablePointer<Double>
    private let count: Int
    private var next = 0
    private var isFull = false

    init(_ count: Int) {
        self.count = count
        unsafe past = UnsafeMutablePointer.allocate(capacity: count)
        unsafe past.initialize(repeating: 0, count: count)
    }

    deinit { unsafe past.deallocate() }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        let base = unsafe past[next]
        let wasFull = isFull
        unsafe past[next] = input.close
        next += 1
        if next == count { (next, isFull) = (0, true) }
        return wasFull && base != 0 ? IndicatorOutput((input.close - base) / base) : .none
    }
}
