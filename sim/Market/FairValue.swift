/// What an instrument would be worth to somebody who knew everything: a path of log prices with clustering volatility, a drift that
/// comes and goes (so that there are trends), a slow pull back to where it began, and jumps now and then.
///
/// `x += (drift + pull) · dt + σ · e^h · √dt · z`, with `h` and `drift` Ornstein–Uhlenbeck processes.
/// - Source: the log-OU volatility of Scott (1987), the jumps of Merton (1976).
struct FairValue {
    struct Parameters: Hashable, Sendable {
        /// Standard deviation of log returns over 365 days.
        var volatility = 0.45
        /// Standard deviation of `h`, and the time in which it forgets.
        var clustering = 0.35
        var clusteringSeconds = 3_600.0
        /// Spread of the drift: 1 lets it move the price, over the time in which it forgets, as far as the noise does.
        var trend = 0.6
        var trendSeconds = 1_200.0
        /// Time of the pull back to the first price; 0 for none.
        var reversionSeconds = 0.0
        var jumpsPerDay = 6.0
        /// Standard deviation of a jump's log return.
        var jump = 0.0012
    }

    /// Log of price ÷ first price.
    private(set) var x = 0.0
    /// What clustering multiplies the volatility by at this moment.
    private(set) var activity = 1.0
    private var h = 0.0
    private var drift = 0.0
    private let stepVolatility: Double
    private let hKeep: Double
    private let hNoise: Double
    private let hMean: Double
    private let driftKeep: Double
    private let driftNoise: Double
    private let pull: Double
    private let jumpChance: Double
    private let jump: Double
    private var noise: Randomness
    private var slow: Randomness
    private var jumps: Randomness
    private var sinceSlow = 0
    private let slowEvery: Int

    /// - Parameter slowEvery: Volatility and drift move once in so many steps.
    init(_ parameters: Parameters, stepSeconds: Double, slowEvery: Int, seed: UInt64) {
        let yearSeconds = 365.0 * 86_400
        let perSecond = parameters.volatility / yearSeconds.squareRoot()
        stepVolatility = perSecond * stepSeconds.squareRoot()
        let slowSeconds = stepSeconds * Double(slowEvery)
        hKeep = FairValue.keep(slowSeconds, parameters.clusteringSeconds)
        hNoise = parameters.clustering * (1 - hKeep * hKeep).squareRoot()
        // The mean of e^2h is then 1: clustering moves volatility about without adding to it.
        hMean = -parameters.clustering * parameters.clustering
        driftKeep = FairValue.keep(slowSeconds, parameters.trendSeconds)
        let driftSpread = parameters.trend * perSecond * stepSeconds
            / (parameters.trendSeconds > 0 ? parameters.trendSeconds.squareRoot() : 1)
        driftNoise = driftSpread * (1 - driftKeep * driftKeep).squareRoot()
        pull = parameters.reversionSeconds > 0 ? stepSeconds / parameters.reversionSeconds : 0
        jumpChance = parameters.jumpsPerDay * stepSeconds / 86_400
        jump = parameters.jump
        noise = Randomness(seed: seed, .fairValue)
        slow = Randomness(seed: seed, .volatility)
        jumps = Randomness(seed: seed, .jumps)
        self.slowEvery = slowEvery
        h = hMean
    }

    private static func keep(_ step: Double, _ memory: Double) -> Double { memory > 0 ? Portable.exp(-step / memory) : 0 }

    /// Standard deviation of the log return of so many steps at this moment.
    func stepSpread(_ steps: Int) -> Double { max(stepVolatility * activity * Double(steps).squareRoot(), 1e-12) }

    /// One step of the path.
    ///
    /// - Parameter pace: How busy the hour is, 1 on average: the variance follows it.
    mutating func step(pace: Double) {
        if sinceSlow == 0 { stepSlowly(pace: pace) }
        sinceSlow += 1
        if sinceSlow == slowEvery { sinceSlow = 0 }
        x += drift - pull * x + stepVolatility * activity * noise.normal()
        if jumps.chance(jumpChance) { x += jump * jumps.normal() }
        // Whatever a scenario says, a price stays within e^±4 of its first.
        x = max(-4, min(4, x))
    }

    private mutating func stepSlowly(pace: Double) {
        h = hMean + hKeep * (h - hMean) + hNoise * slow.normal()
        drift = driftKeep * drift + driftNoise * slow.normal()
        activity = Portable.exp(h) * pace.squareRoot()
    }
}

/// How busy a day's hours are: a quiet Asian night, the European morning, the American afternoon.
enum DayShape {
    /// One weight an hour of UTC; their mean is 1.
    private static let hours: [Double] = [
        0.80, 0.75, 0.75, 0.75, 0.70, 0.70, 0.75, 0.90, 1.10, 1.10, 1.00, 1.00,
        1.10, 1.45, 1.75, 1.65, 1.45, 1.20, 1.05, 1.00, 1.00, 0.95, 0.60, 0.50,
    ]

    /// The weight at a time, straight lines between the hours' middles.
    ///
    /// - Parameter strength: 0 makes every hour the same.
    static func pace(at nanoseconds: Int64, strength: Double) -> Double {
        let hourLength: Int64 = 3_600_000_000_000
        let shifted = nanoseconds - hourLength / 2
        let hour = shifted >= 0 ? shifted / hourLength : (shifted - hourLength + 1) / hourLength
        let part = Double(shifted - hour * hourLength) / Double(hourLength)
        let index = Int(((hour % 24) + 24) % 24)
        let weight = hours[index] * (1 - part) + hours[(index + 1) % 24] * part
        return 1 + strength * (weight - 1)
    }
}
