internal import Domain

/// One order in its level's queue.
struct QueueNode: BitwiseCopyable {
    var serial: UInt64
    var price: Int64
    var lots: Int64
    var next: Int32
    var previous: Int32
    var owner: UInt16
    var side: Side
}

/// One price: a queue of orders by arrival, and what they hold together.
struct QueueLevel: BitwiseCopyable {
    var lots: Int64 = 0
    var head: Int32 = -1
    var tail: Int32 = -1
}

/// One side of a book: a window of levels around the market, with a bit set for each level that holds orders.
///
/// - Complexity: constant time for a level; the next level is a scan of 64 levels a step.
struct Ladder {
    let side: Side
    /// Price of `levels[0]`; the window moves when a price falls outside it.
    private(set) var base: Int64 = 0
    private(set) var best = -1
    var levels: [QueueLevel] = []
    private var words: [UInt64] = []

    /// Widest window, in ticks.
    static let maximumSpan: Int64 = 1 << 24
    private static let margin: Int64 = 2048

    init(side: Side) { self.side = side }

    var isEmpty: Bool { best < 0 }
    var bestPrice: Int64 { base + Int64(best) }

    func price(at index: Int) -> Int64 { base + Int64(index) }

    /// Nil where the window does not hold the price: nothing rests there.
    func index(of price: Int64) -> Int? {
        let offset = price - base
        return offset >= 0 && offset < Int64(levels.count) ? Int(offset) : nil
    }

    /// The level's place, the window moved if it must.
    mutating func makeIndex(of price: Int64) -> Int {
        if let index = index(of: price) { return index }
        var low = price
        var high = price
        if best >= 0 {
            low = min(low, base + Int64(following(-1, upward: true)))
            high = max(high, base + Int64(following(levels.count, upward: false)))
        }
        precondition(high - low < Ladder.maximumSpan, "a book would be \(high - low) ticks wide")
        rebuild(from: low - Ladder.margin, count: Int((high - low + 2 * Ladder.margin) / 64 + 1) * 64)
        return Int(price - base)
    }

    private mutating func rebuild(from newBase: Int64, count: Int) {
        var moved = [QueueLevel](repeating: QueueLevel(), count: count)
        var bits = [UInt64](repeating: 0, count: count / 64)
        for index in levels.indices where levels[index].head >= 0 {
            let place = Int(base + Int64(index) - newBase)
            moved[place] = levels[index]
            bits[place / 64] |= 1 &<< UInt64(place % 64)
        }
        if best >= 0 { best = Int(bestPrice - newBase) }
        (base, levels, words) = (newBase, moved, bits)
    }

    mutating func occupy(_ index: Int) {
        words[index / 64] |= 1 &<< UInt64(index % 64)
        if best < 0 || (side == .buy ? index > best : index < best) { best = index }
    }

    mutating func vacate(_ index: Int) {
        words[index / 64] &= ~(1 &<< UInt64(index % 64))
        if index == best { best = worse(than: index) }
    }

    /// The next level behind `index` that holds orders, −1 where there is none.
    func worse(than index: Int) -> Int { following(index, upward: side == .sell) }

    private func following(_ index: Int, upward: Bool) -> Int {
        if upward {
            let start = index + 1
            var word = start / 64
            if word >= words.count { return -1 }
            var bits = words[word] & (~0 &<< UInt64(start % 64))
            while bits == 0 {
                word += 1
                if word == words.count { return -1 }
                bits = words[word]
            }
            return word * 64 + bits.trailingZeroBitCount
        }
        if index <= 0 { return -1 }
        var word = (index - 1) / 64
        var bits = words[word] & (~0 &>> UInt64(63 - (index - 1) % 64))
        while bits == 0 {
            word -= 1
            if word < 0 { return -1 }
            bits = words[word]
        }
        return word * 64 + 63 - bits.leadingZeroBitCount
    }
}
