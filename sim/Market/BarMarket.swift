public import Domain

/// Bars without the orders behind them: the fair value's path, seen through a bid and an ask, with a volume that follows its moves.
/// A year of minutes takes a second to make where an order book would take an hour.
///
/// With two instruments the second follows the first: `log B = β · log A + s`, with `s` an Ornstein–Uhlenbeck process, so that the
/// pair is cointegrated by construction.
public struct BarMarket: Sendable {
    public struct Parameters: Hashable, Sendable {
        var fairValue = FairValue.Parameters()
        /// First price of each instrument, in ticks.
        var startTicks: [Double] = [25_000]
        /// Mean volume of a bar, in lots, of each instrument.
        var volumeLots: [Double] = [300]
        /// Mean number of trades of a bar, of each instrument.
        var trades: [Double] = [40]
        var interval: Int64 = 60_000_000_000
        /// Points of the path in one bar.
        var steps = 6
        var dayShape = 1.0
        /// Of a pair: β, and the standard deviation and memory of `s`.
        var beta = 1.0
        var spread = 0.01
        var spreadSeconds = 28_800.0
        var seed: UInt64 = 1

        public init() {}
    }

    private let parameters: Parameters
    private var fairValue: FairValue
    private var spread = 0.0
    private let spreadKeep: Double
    private let spreadNoise: Double
    private var spreadRandom: Randomness
    private var volume: Randomness
    private var mood = 0.0
    private var open: Int64
    private var bars: [Bar]

    /// One instrument's bar in the making, in ticks.
    private struct Bar {
        var open: Int64 = 0
        var high: Int64 = 0
        var low: Int64 = 0
        var close: Int64 = 0
    }

    /// - Parameter start: The first bar's open.
    public init(_ parameters: Parameters, start: Timestamp) {
        self.parameters = parameters
        let stepSeconds = Double(parameters.interval) / 1e9 / Double(parameters.steps)
        let seed = parameters.seed
        fairValue = FairValue(parameters.fairValue, stepSeconds: stepSeconds, slowEvery: parameters.steps, seed: seed)
        spreadKeep = Portable.exp(-stepSeconds / parameters.spreadSeconds)
        spreadNoise = parameters.spread * (1 - spreadKeep * spreadKeep).squareRoot()
        spreadRandom = Randomness(seed: seed, .spread)
        volume = Randomness(seed: seed, .volume)
        open = start.nanoseconds
        bars = [Bar](repeating: Bar(), count: parameters.startTicks.count)
    }

    /// Makes the next bar of every instrument.
    public mutating func advance(into records: inout [MarketRecord]) {
        let pace = DayShape.pace(at: open, strength: parameters.dayShape)
        let before = fairValue.x
        var step = 0
        while step < parameters.steps {
            fairValue.step(pace: pace)
            see(0, x: fairValue.x, isFirst: step == 0)
            if bars.count > 1 {
                spread = spreadKeep * spread + spreadNoise * spreadRandom.normal()
                see(1, x: parameters.beta * fairValue.x + spread, isFirst: step == 0)
            }
            step += 1
        }
        mood = 0.95 * mood + 0.12 * volume.normal()
        // A move of one standard deviation goes with an ordinary volume; larger moves with more.
        let move = ((fairValue.x - before) / fairValue.stepSpread(parameters.steps)).magnitude
        let busy = pace * Portable.exp(mood) * (0.55 + 0.55 * min(move, 6))
        for index in bars.indices { write(index, busy: busy, into: &records) }
        open += parameters.interval
    }

    /// One look at the price, from the bid or the ask.
    private mutating func see(_ index: Int, x: Double, isFirst: Bool) {
        let fair = parameters.startTicks[index] * Portable.exp(x)
        let price = max(1, volume.next() & 1 == 0 ? Portable.floor(fair) : Portable.ceiling(fair))
        if isFirst {
            bars[index] = Bar(open: price, high: price, low: price, close: price)
        } else {
            if price > bars[index].high { bars[index].high = price }
            if price < bars[index].low { bars[index].low = price }
            bars[index].close = price
        }
    }

    private mutating func write(_ index: Int, busy: Double, into records: inout [MarketRecord]) {
        let share = busy * Portable.exp(0.25 * volume.normal())
        let lots = Portable.rounded(max(1, Portable.nearest(parameters.volumeLots[index] * share)), digits: 1000)
        let count = Portable.rounded(max(1, Portable.nearest(parameters.trades[index] * share)), digits: 100)
        let bar = bars[index]
        records.append(
            MarketRecord(
                kind: .bar, instrument: InstrumentID(index: index), localTime: open + parameters.interval,
                exchangeTime: open, flags: MarketRecord.Flag.endOfBatch,
                a: bar.open, b: bar.high, c: bar.low, d: bar.close, e: lots, aux: UInt32(clamping: min(count, lots))))
    }
}
