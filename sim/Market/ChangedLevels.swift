internal import Domain

/// Which levels a depth feed has yet to tell of, each once, and what it last told.
struct ChangedLevels {
    private var bids = PublishedSide()
    private var asks = PublishedSide()

    /// A level now holds so much.
    mutating func note(_ side: Side, _ price: Int64, _ lots: Int64) {
        if side == .buy { bids.note(price, lots) } else { asks.note(price, lots) }
    }

    /// A level was told by other means (a snapshot).
    mutating func publish(_ side: Side, _ price: Int64, _ lots: Int64) {
        if side == .buy { bids.publish(price, lots) } else { asks.publish(price, lots) }
    }

    /// Puts the changes of a side in the order of a feed: best price first.
    mutating func sort(_ side: Side) {
        if side == .buy { bids.sort(descending: true) } else { asks.sort(descending: false) }
    }

    /// The next change at or after `index` that differs from what was told; it counts as told then.
    mutating func next(_ side: Side, _ index: inout Int) -> (price: Int64, lots: Int64)? {
        side == .buy ? bids.next(&index) : asks.next(&index)
    }

    mutating func forget() {
        bids.forget()
        asks.forget()
    }
}

private struct PublishedSide {
    private var base: Int64 = 0
    private var told: [Int64] = []
    private var current: [Int64] = []
    private var isNoted: [Bool] = []
    private var noted: [Int64] = []
    private static let margin: Int64 = 2048

    mutating func note(_ price: Int64, _ lots: Int64) {
        let index = place(of: price)
        current[index] = lots
        if isNoted[index] { return }
        isNoted[index] = true
        noted.append(price)
    }

    mutating func publish(_ price: Int64, _ lots: Int64) {
        let index = place(of: price)
        current[index] = lots
        told[index] = lots
    }

    /// By insertion: a message has a dozen levels.
    mutating func sort(descending: Bool) {
        var index = 1
        while index < noted.count {
            let price = noted[index]
            var hole = index
            while hole > 0, descending ? noted[hole - 1] < price : noted[hole - 1] > price {
                noted[hole] = noted[hole - 1]
                hole -= 1
            }
            noted[hole] = price
            index += 1
        }
    }

    mutating func next(_ index: inout Int) -> (price: Int64, lots: Int64)? {
        while index < noted.count {
            let price = noted[index]
            index += 1
            let place = Int(price - base)
            if told[place] == current[place] { continue }
            told[place] = current[place]
            return (price, current[place])
        }
        return nil
    }

    mutating func forget() {
        var index = 0
        while index < noted.count {
            isNoted[Int(noted[index] - base)] = false
            index += 1
        }
        noted.removeAll(keepingCapacity: true)
    }

    /// Where a price is kept; the table grows to hold it.
    private mutating func place(of price: Int64) -> Int {
        let offset = price - base
        if offset >= 0, offset < Int64(told.count) { return Int(offset) }
        let low = told.isEmpty ? price : min(price, base)
        let high = told.isEmpty ? price : max(price, base + Int64(told.count) - 1)
        let newBase = low - PublishedSide.margin
        let count = Int(high - low + 2 * PublishedSide.margin)
        let shift = Int(base - newBase)
        var (newTold, newCurrent) = ([Int64](repeating: 0, count: count), [Int64](repeating: 0, count: count))
        var newNoted = [Bool](repeating: false, count: count)
        for index in told.indices {
            (newTold[index + shift], newCurrent[index + shift]) = (told[index], current[index])
            newNoted[index + shift] = isNoted[index]
        }
        (base, told, current, isNoted) = (newBase, newTold, newCurrent, newNoted)
        return Int(price - base)
    }
}
