internal import Domain

/// The many who leave a limit order somewhere and come back for it later: the depth of the book behind the dealers.
struct Crowd {
    struct Parameters: Hashable, Sendable {
        var ratePerSecond = 0.8
        /// Mean life of an order nobody fills.
        var lifetimeSeconds = 120.0
        /// Mean distance from the best price of its side, in ticks; one in eight stands five times as far.
        var depthTicks = 8.0
        var lots: Int64 = 1_500
    }

    private let parameters: Parameters
    private var random: Randomness
    private var orders: [RestingOrder] = []

    init(_ parameters: Parameters, seed: UInt64) {
        self.parameters = parameters
        random = Randomness(seed: seed, .crowd)
        orders.reserveCapacity(Int(parameters.ratePerSecond * parameters.lifetimeSeconds * 2) + 16)
    }

    mutating func pauseSeconds(pace: Double) -> Double {
        let leaving = Double(orders.count) / parameters.lifetimeSeconds
        return random.exponential(mean: 1 / (parameters.ratePerSecond * pace + leaving))
    }

    /// One comes or one goes, in proportion to how often each happens.
    mutating func act(fair: Double, pace: Double, owner: UInt16, book: inout MatchingBook, events: inout [BookEvent]) {
        let coming = parameters.ratePerSecond * pace
        let leaving = Double(orders.count) / parameters.lifetimeSeconds
        if random.unit() * (coming + leaving) < coming {
            place(fair: fair, owner: owner, book: &book, events: &events)
        } else {
            // An order filled since is among them still; it goes from the list when its turn to leave comes.
            let index = random.below(orders.count)
            book.cancel(orders[index], into: &events)
            orders.swapAt(index, orders.count - 1)
            orders.removeLast()
        }
    }

    private mutating func place(fair: Double, owner: UInt16, book: inout MatchingBook, events: inout [BookEvent]) {
        let side: Side = random.chance(0.5) ? .buy : .sell
        let mean = parameters.depthTicks * (random.chance(0.125) ? 5 : 1)
        let distance = Portable.floor(random.exponential(mean: mean))
        let best: Int64 = side == .buy
            ? book.bestBid?.ticks ?? Portable.floor(fair) - 1
            : book.bestAsk?.ticks ?? Portable.ceiling(fair) + 1
        let lots = drawSize(mean: parameters.lots, random: &random)
        let price = Price(ticks: max(1, best - side.sign * distance))
        if let order = book.place(side, Quantity(lots: lots), at: price, owner: owner, postOnly: true, into: &events) {
            orders.append(order)
        }
    }
}

/// Somebody with a large order and patience, now and then: shows a little of it at the best price, follows the price, fills up what
/// was hit (an iceberg), and takes what the schedule demands when he falls behind (a TWAP).
struct PatientTrader {
    struct Parameters: Hashable, Sendable {
        /// Mean time between two such orders.
        var everySeconds = 1_500.0
        /// How long he gives himself.
        var lastingSeconds = 420.0
        /// Size of the whole.
        var lots: Int64 = 60_000
        /// What he shows of it at once.
        var shownLots: Int64 = 2_000
    }

    private let parameters: Parameters
    private var random: Randomness
    private var side: Side = .buy
    private var total: Int64 = 0
    private var remaining: Int64 = 0
    private var start: Int64 = 0
    private var shown: RestingOrder?
    private var shownPrice: Int64 = 0
    private static let lookSeconds = 2.0

    init(_ parameters: Parameters, seed: UInt64) {
        self.parameters = parameters
        random = Randomness(seed: seed, .patient)
    }

    private var isWorking: Bool { remaining > 0 }

    mutating func pauseSeconds() -> Double {
        isWorking
            ? PatientTrader.lookSeconds * (0.5 + random.unit())
            : random.exponential(mean: parameters.everySeconds)
    }

    mutating func absorb(_ fill: BookEvent) {
        remaining -= fill.quantity.lots
        if remaining == 0 { shown = nil }
    }

    mutating func act(now: Int64, owner: UInt16, book: inout MatchingBook, events: inout [BookEvent]) {
        guard isWorking else {
            side = random.chance(0.5) ? .buy : .sell
            total = max(1, Portable.nearest(Double(parameters.lots) * (0.5 + random.unit())))
            remaining = total
            start = now
            return
        }
        catchUp(now: now, owner: owner, book: &book, events: &events)
        guard let best = side == .buy ? book.bestBid?.ticks : book.bestAsk?.ticks, remaining > 0 else { return }
        if let order = shown {
            if book.leaves(of: order) != nil, (best - shownPrice).magnitude <= 1 { return }
            book.cancel(order, into: &events)
            shown = nil
        }
        let lots = min(parameters.shownLots, remaining)
        shown = book.place(
            side, Quantity(lots: lots), at: Price(ticks: best), owner: owner, postOnly: true, into: &events)
        shownPrice = best
    }

    /// Takes when the schedule is a tenth of the order ahead of him; at its end, everything.
    private mutating func catchUp(now: Int64, owner: UInt16, book: inout MatchingBook, events: inout [BookEvent]) {
        let elapsed = Double(now - start) / (parameters.lastingSeconds * 1e9)
        let due = elapsed >= 1 ? total : Portable.nearest(Double(total) * elapsed)
        let behind = due - (total - remaining)
        guard behind > 0, elapsed >= 1 || behind * 10 > total else { return }
        if let order = shown {
            book.cancel(order, into: &events)
            shown = nil
        }
        let lots = min(behind, parameters.shownLots)
        let filled = book.take(side, Quantity(lots: lots), owner: owner, into: &events)
        remaining -= filled.lots
    }
}
