internal import Domain

/// A dealer: quotes a ladder on both sides of where he believes the price is, leans against his inventory, and moves his quotes when
/// his belief has moved. He sees the fair value late and blurred, which is what informed traders live on.
struct MarketMaker {
    struct Parameters: Hashable, Sendable {
        var count = 4
        /// Orders a side.
        var levels = 6
        /// Half of the spread he wants in quiet times, in ticks.
        var halfSpreadTicks = 1.0
        /// Standard deviation of his error about the fair value, in ticks.
        var errorTicks = 0.8
        /// How late he learns it.
        var delaySeconds = 0.3
        /// Mean time between two looks at his quotes.
        var requoteSeconds = 0.8
        /// Size of his best quote, in lots; the ones behind are larger.
        var lots: Int64 = 2_000
        /// Inventory at which he shifts his quotes by three ticks and stops adding to it.
        var inventoryLots: Int64 = 40_000
        /// At each look he is rid of one such part of his inventory, outside this market.
        var unloading: Int64 = 200
    }

    private struct Quote {
        var order: RestingOrder
        var price: Int64
        var lots: Int64
    }

    let owner: UInt16
    private(set) var inventory: Int64 = 0
    private(set) var random: Randomness
    private let parameters: Parameters
    private let gap: Int64
    private var error = 0.0
    private var bids: [Quote] = []
    private var asks: [Quote] = []
    private var targets: [Int64] = []

    init(_ parameters: Parameters, index: Int, owner: UInt16, seed: UInt64) {
        self.parameters = parameters
        self.owner = owner
        random = Randomness(seed: seed, .makers, index: index)
        gap = Int64(2 + index % 3)
        error = parameters.errorTicks * random.normal()
        bids.reserveCapacity(parameters.levels)
        asks.reserveCapacity(parameters.levels)
        targets.reserveCapacity(parameters.levels)
    }

    mutating func pauseSeconds() -> Double {
        0.05 + random.exponential(mean: max(parameters.requoteSeconds - 0.05, 0.001))
    }

    /// Takes note of a fill of one of his orders.
    mutating func absorb(_ fill: BookEvent) {
        inventory += fill.side.sign * fill.quantity.lots
        if fill.side == .buy {
            MarketMaker.reduce(&bids, by: fill)
        } else {
            MarketMaker.reduce(&asks, by: fill)
        }
    }

    private static func reduce(_ quotes: inout [Quote], by fill: BookEvent) {
        for index in quotes.indices where quotes[index].order == fill.order {
            quotes[index].lots -= fill.quantity.lots
            if quotes[index].lots == 0 { quotes.remove(at: index) }
            return
        }
    }

    /// Compares his quotes with what he wants now, cancels those that are out of place and places those that miss.
    ///
    /// - Parameters:
    ///   - fair: The fair value as he could know it, in ticks.
    ///   - activity: What volatility is multiplied by; he widens with it.
    mutating func requote(fair: Double, activity: Double, book: inout MatchingBook, events: inout [BookEvent]) {
        error = 0.9 * error + 0.43588989435406733 * parameters.errorTicks * random.normal()
        // What he holds he works off elsewhere, in some minutes.
        inventory -= inventory / parameters.unloading
        let lean = max(-1.0, min(1.0, Double(inventory) / Double(parameters.inventoryLots)))
        let centre = fair + error - 3 * lean
        let half = parameters.halfSpreadTicks * (0.6 + 0.4 * activity)
        var bid = Portable.floor(centre - half)
        var ask = Portable.ceiling(centre + half)
        // First everything out of place is pulled, so that he never trades with himself.
        cancelMisplaced(.buy, front: bid, book: &book, events: &events)
        cancelMisplaced(.sell, front: ask, book: &book, events: &events)
        takeBargains(bid: bid, ask: ask, lean: lean, book: &book, events: &events)
        if let best = book.bestAsk, bid >= best.ticks { bid = best.ticks - 1 }
        if lean < 1 { placeMissing(.buy, front: bid, book: &book, events: &events) }
        if let best = book.bestBid, ask <= best.ticks { ask = best.ticks + 1 }
        if lean > -1 { placeMissing(.sell, front: ask, book: &book, events: &events) }
        if lean.magnitude > 0.5 { trim(lean > 0 ? .buy : .sell, book: &book, events: &events) }
    }

    /// What others offer at the price at which he would bid himself, or below it, he takes.
    private mutating func takeBargains(
        bid: Int64, ask: Int64, lean: Double, book: inout MatchingBook, events: inout [BookEvent]
    ) {
        let size = Quantity(lots: parameters.lots)
        if lean < 1, let best = book.bestAsk, best.ticks <= bid {
            let filled = book.take(.buy, size, limit: Price(ticks: bid), owner: owner, into: &events)
            inventory += filled.lots
        } else if lean > -1, let best = book.bestBid, best.ticks >= ask {
            let filled = book.take(.sell, size, limit: Price(ticks: ask), owner: owner, into: &events)
            inventory -= filled.lots
        }
    }

    /// With much inventory he makes the orders that would add to it smaller, which keeps their places in the queue.
    private mutating func trim(_ side: Side, book: inout MatchingBook, events: inout [BookEvent]) {
        let most = max(1, parameters.lots / 2)
        var index = 0
        while index < (side == .buy ? bids.count : asks.count) {
            let quote = side == .buy ? bids[index] : asks[index]
            if quote.lots > most, book.reduce(quote.order, to: Quantity(lots: most), into: &events) {
                if side == .buy { bids[index].lots = most } else { asks[index].lots = most }
            }
            index += 1
        }
    }

    /// The prices he wants: the front, then round numbers behind it, which stay where they are while the front moves.
    private mutating func aim(_ side: Side, front: Int64) {
        targets.removeAll(keepingCapacity: true)
        targets.append(front)
        let below = front - 1
        var price = side == .buy ? floored(below) : -floored(-(front + 1))
        while targets.count < parameters.levels {
            targets.append(price)
            price -= side.sign * gap
        }
    }

    private func floored(_ ticks: Int64) -> Int64 {
        let rest = ticks % gap
        return ticks - (rest < 0 ? rest + gap : rest)
    }

    private mutating func cancelMisplaced(
        _ side: Side, front: Int64, book: inout MatchingBook, events: inout [BookEvent]
    ) {
        aim(side, front: front)
        var index = 0
        while index < (side == .buy ? bids.count : asks.count) {
            let quote = side == .buy ? bids[index] : asks[index]
            if wants(quote.price) {
                index += 1
                continue
            }
            book.cancel(quote.order, into: &events)
            if side == .buy { bids.remove(at: index) } else { asks.remove(at: index) }
        }
    }

    private func wants(_ price: Int64) -> Bool {
        var index = 0
        while index < targets.count {
            if targets[index] == price { return true }
            index += 1
        }
        return false
    }

    private mutating func placeMissing(
        _ side: Side, front: Int64, book: inout MatchingBook, events: inout [BookEvent]
    ) {
        aim(side, front: front)
        var level = 0
        while level < targets.count {
            let price = targets[level]
            if price > 0, !quotes(side, at: price) {
                let wanted = Double(parameters.lots) * (1 + 0.6 * Double(level)) * (0.5 + random.unit())
                let lots = Portable.rounded(max(1, Portable.nearest(wanted)), digits: 100)
                if let order = book.place(
                    side, Quantity(lots: lots), at: Price(ticks: price), owner: owner, postOnly: true, into: &events)
                {
                    let quote = Quote(order: order, price: price, lots: lots)
                    if side == .buy { bids.append(quote) } else { asks.append(quote) }
                }
            }
            level += 1
        }
    }

    private func quotes(_ side: Side, at price: Int64) -> Bool {
        let mine = side == .buy ? bids : asks
        var index = 0
        while index < mine.count {
            if mine[index].price == price { return true }
            index += 1
        }
        return false
    }
}
