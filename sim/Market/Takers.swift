internal import Domain

/// Who takes for reasons of his own: market orders that come in clusters, each making the next likelier, most on the same side.
///
/// - Source: a two-sided Hawkes process with exponential kernels, drawn by Ogata's thinning.
struct NoiseTakers {
    struct Parameters: Hashable, Sendable {
        /// Market orders a second, both sides, that nothing provoked.
        var ratePerSecond = 0.25
        /// Orders that one order provokes on its own side and on the other; their sum must be below 1.
        var excitation = 0.5
        var crossExcitation = 0.1
        /// Time in which an order's echo fades.
        var decaySeconds = 3.0
        /// Mean size.
        var lots: Int64 = 800
    }

    private let parameters: Parameters
    private var random: Randomness
    private var buys = 0.0
    private var sells = 0.0

    init(_ parameters: Parameters, seed: UInt64) {
        self.parameters = parameters
        random = Randomness(seed: seed, .takers)
    }

    /// Seconds to the next order and its side; the state moves there.
    mutating func next(pace: Double) -> (seconds: Double, side: Side) {
        let base = parameters.ratePerSecond * pace
        var elapsed = 0.0
        while true {
            let bound = base + buys + sells
            let wait = random.exponential(mean: 1 / bound)
            elapsed += wait
            let fade = Portable.exp(-min(wait / parameters.decaySeconds, 600))
            buys *= fade
            sells *= fade
            let rate = base + buys + sells
            if random.unit() * bound > rate { continue }
            let side: Side = random.unit() * rate < 0.5 * base + buys ? .buy : .sell
            excite(side)
            return (elapsed, side)
        }
    }

    private mutating func excite(_ side: Side) {
        let own = parameters.excitation / parameters.decaySeconds
        let other = parameters.crossExcitation / parameters.decaySeconds
        buys += side == .buy ? own : other
        sells += side == .sell ? own : other
    }

    /// A size: mostly small, sometimes large, with at most two significant digits.
    mutating func size() -> Int64 { drawSize(mean: parameters.lots, random: &random) }
}

/// An exponential size with a heavy tail (one in twenty is six times as large), round as people make it.
func drawSize(mean: Int64, random: inout Randomness) -> Int64 {
    let typical = Double(mean) * 0.8
    let scale = random.chance(0.05) ? 6.0 : 1.0
    return Portable.rounded(max(1, Portable.nearest(random.exponential(mean: typical * scale))), digits: 100)
}

/// Who knows where the fair value will be and takes what is priced wrong by then.
struct InformedTraders {
    struct Parameters: Hashable, Sendable {
        var ratePerSecond = 0.25
        /// How far ahead they know.
        var horizonSeconds = 2.0
        /// What a trade must promise, in ticks.
        var thresholdTicks = 2.0
        var lots: Int64 = 1_200
    }

    private let parameters: Parameters
    private var random: Randomness

    init(_ parameters: Parameters, seed: UInt64) {
        self.parameters = parameters
        random = Randomness(seed: seed, .informed)
    }

    mutating func pauseSeconds(pace: Double) -> Double {
        random.exponential(mean: 1 / (parameters.ratePerSecond * pace))
    }

    mutating func act(future: Double, owner: UInt16, book: inout MatchingBook, events: inout [BookEvent]) {
        let lots = drawSize(mean: parameters.lots, random: &random)
        let highest = Portable.floor(future - parameters.thresholdTicks)
        let lowest = Portable.ceiling(future + parameters.thresholdTicks)
        if let ask = book.bestAsk, ask.ticks <= highest {
            book.take(.buy, Quantity(lots: lots), limit: Price(ticks: highest), owner: owner, into: &events)
        } else if let bid = book.bestBid, bid.ticks >= lowest {
            book.take(.sell, Quantity(lots: lots), limit: Price(ticks: lowest), owner: owner, into: &events)
        }
    }
}

/// Who buys because it went up: compares a fast and a slow mean of the mid and follows the difference.
struct MomentumTraders {
    struct Parameters: Hashable, Sendable {
        /// Time between two looks.
        var everySeconds = 1.0
        var fastSeconds = 15.0
        var slowSeconds = 90.0
        /// Difference of the means at which they begin, in ticks.
        var thresholdTicks = 4.0
        /// How likely they act on a look once it is exceeded.
        var chance = 0.15
        var lots: Int64 = 600
    }

    private let parameters: Parameters
    private var random: Randomness
    private var fast = 0.0
    private var slow = 0.0
    private var hasMean = false
    private let fastWeight: Double
    private let slowWeight: Double

    init(_ parameters: Parameters, seed: UInt64) {
        self.parameters = parameters
        random = Randomness(seed: seed, .momentum)
        fastWeight = 1 - Portable.exp(-parameters.everySeconds / parameters.fastSeconds)
        slowWeight = 1 - Portable.exp(-parameters.everySeconds / parameters.slowSeconds)
    }

    mutating func act(owner: UInt16, book: inout MatchingBook, events: inout [BookEvent]) {
        guard let bid = book.bestBid, let ask = book.bestAsk else { return }
        let mid = 0.5 * Double(bid.ticks + ask.ticks)
        if !hasMean { (fast, slow, hasMean) = (mid, mid, true) }
        fast += fastWeight * (mid - fast)
        slow += slowWeight * (mid - slow)
        let signal = fast - slow
        guard signal.magnitude > parameters.thresholdTicks, random.chance(parameters.chance) else { return }
        let lots = drawSize(mean: parameters.lots, random: &random)
        book.take(signal > 0 ? .buy : .sell, Quantity(lots: lots), owner: owner, into: &events)
    }
}
