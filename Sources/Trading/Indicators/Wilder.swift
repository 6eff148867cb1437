/// `rsi(n)`: 100 × average gain / (average gain + average loss), Wilder's averages.
///
/// Exact in the long run too: updates without a change scale both averages alike and leave the answer as it is.
/// - Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section VI.
struct RelativeStrength: IndicatorCore {
    private let count: Int
    private var gains: ExponentialAverage
    private var losses: ExponentialAverage
    private var quiet = QuietSteps()
    private var previous: Double?
    private var strength = IndicatorOutput.none

    init(_ count: Int) {
        self.count = count
        gains = ExponentialAverage(wilder: count)
        losses = ExponentialAverage(wilder: count)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        guard let before = previous else {
            previous = input.close
            return .none
        }
        previous = input.close
        push(change: input.close - before)
        return strength
    }

    private mutating func push(change: Double) {
        // With n = 1 nothing is remembered, and a quiet update is a new state.
        if change == 0, gains.isWarm, count > 1 { return quiet.add() }
        let steps = quiet.take()
        if steps > 0 {
            gains.decay(steps: steps)
            losses.decay(steps: steps)
        }
        gains.push(max(change, 0))
        losses.push(max(-change, 0))
        guard gains.isWarm else { return }
        let all = gains.value.rounded(plus: losses.value)
        strength = IndicatorOutput(all > 0 ? 100 * (gains.value.rounded / all) : 50)
    }
}

/// The largest of high − low, high − previous close, previous close − low; high − low for the first bar.
struct TrueRange {
    private var previousClose: Double?

    mutating func push(_ input: IndicatorInput) -> Double {
        defer { previousClose = input.close }
        guard let previousClose else { return input.high - input.low }
        return max(input.high, previousClose) - min(input.low, previousClose)
    }
}

/// `atr(n)`: Wilder's average of the true range.
struct AverageTrueRange: IndicatorCore {
    private var range = TrueRange()
    private var average: ExponentialAverage

    init(_ count: Int) { average = ExponentialAverage(wilder: count) }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        average.push(range.push(input))
        return average.isWarm ? IndicatorOutput(average.value.rounded) : .none
    }
}

/// `keltner(n, k)`: EMA of the close, and k average true ranges above and below it.
/// - Source: C. W. Keltner (1960), in the form of L. Bradford Raschke (EMA and ATR).
struct KeltnerChannel: IndicatorCore {
    private let width: Double
    private var range: AverageTrueRange
    private var middle: ExponentialAverage

    init(_ count: Int, width: Double) {
        self.width = width
        range = AverageTrueRange(count)
        middle = ExponentialAverage(span: count)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        let range = range.update(input)
        middle.push(input.close)
        guard range.count > 0 else { return .none }
        let centre = middle.value.rounded
        return IndicatorOutput(centre, centre + width * range.v0, centre - width * range.v0)
    }
}

/// `adx(n)`: average directional index, +DI, −DI.
/// - Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), section IV. His running sums are n times our averages.
struct DirectionalMovement: IndicatorCore {
    private let count: Int
    private var range = TrueRange()
    private var ranges: ExponentialAverage
    private var ups: ExponentialAverage
    private var downs: ExponentialAverage
    private var index: ExponentialAverage
    private var quiet = QuietSteps()
    private var previous: IndicatorInput?
    /// +DI, −DI and DX as of the last bar that moved.
    private var directions = (up: 0.0, down: 0.0, index: 0.0)

    init(_ count: Int) {
        self.count = count
        ranges = ExponentialAverage(wilder: count)
        ups = ExponentialAverage(wilder: count)
        downs = ExponentialAverage(wilder: count)
        index = ExponentialAverage(wilder: count)
    }

    mutating func update(_ input: IndicatorInput) -> IndicatorOutput {
        defer { previous = input }
        let span = range.push(input)
        guard let previous else { return .none }
        let (rise, drop) = (input.high - previous.high, previous.low - input.low)
        push(range: span, up: rise > max(drop, 0) ? rise : 0, down: drop > max(rise, 0) ? drop : 0)
        guard ranges.isWarm else { return .none }
        index.push(directions.index)
        guard index.isWarm else { return .none }
        return IndicatorOutput(index.value.rounded, directions.up, directions.down)
    }

    private mutating func push(range: Double, up: Double, down: Double) {
        // As in ``RelativeStrength``: a bar without any range leaves the ratios as they are.
        if range == 0, up == 0, down == 0, ranges.isWarm, count > 1 { return quiet.add() }
        let steps = quiet.take()
        if steps > 0 {
            ranges.decay(steps: steps)
            ups.decay(steps: steps)
            downs.decay(steps: steps)
        }
        ranges.push(range)
        ups.push(up)
        downs.push(down)
        let all = ups.value.rounded(plus: downs.value)
        let whole = ranges.value.rounded
        directions.index = all > 0 ? 100 * ((ups.value - downs.value).rounded.magnitude / all) : 0
        directions.up = whole > 0 ? 100 * (ups.value.rounded / whole) : 0
        directions.down = whole > 0 ? 100 * (downs.value.rounded / whole) : 0
    }
}
