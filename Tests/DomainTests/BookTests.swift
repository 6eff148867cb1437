import Domain
import Testing

/// The naive twin: every level in one sorted array a side.
private struct SortedBook {
    var levels: [[(ticks: Int64, size: Int64)]] = [[], []]

    func isBetter(_ side: Side, _ left: Int64, _ right: Int64) -> Bool { side == .buy ? left > right : left < right }

    mutating func set(_ side: Side, ticks: Int64, size: Int64) -> Int64 {
        let row = Int(side.rawValue)
        let index = levels[row].firstIndex { !isBetter(side, $0.ticks, ticks) } ?? levels[row].count
        var old: Int64 = 0
        if index < levels[row].count, levels[row][index].ticks == ticks {
            old = levels[row].remove(at: index).size
        }
        if size > 0 { levels[row].insert((ticks, size), at: index) }
        return old
    }

    func best(_ side: Side) -> (ticks: Int64, size: Int64)? { levels[Int(side.rawValue)].first }
}

/// SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct BookTests {
    @Test func anEmptyBookHasNoTouch() {
        let book = Book()
        #expect(book.bestBidTicks == Book.noBid && book.bestAskTicks == Book.noAsk)
        let counts = [book.levelCount(.buy), book.levelCount(.sell)]
        let next = [book.next(.buy, after: .max), book.next(.sell, after: .min)]
        let empty = [book.isEmpty(.buy), book.isEmpty(.sell)]
        #expect(book.bestBidSize == 0 && book.bestAskSize == 0)
        #expect(counts == [0, 0] && next == [nil, nil] && empty == [true, true])
    }

    @Test func versionsTellChangesAndTouchChanges() {
        var book = Book()
        let first = book.set(.buy, ticks: 100, size: 5)
        #expect(first == 0)
        #expect(book.version == 1 && book.touchVersion == 1)
        let second = book.set(.buy, ticks: 100, size: 5)
        #expect(second == 5)
        #expect(book.version == 1 && book.touchVersion == 1, "the same size again is no change")
        book.set(.buy, ticks: 90, size: 1)
        #expect(book.version == 2 && book.touchVersion == 1, "a level behind the touch")
        book.set(.buy, ticks: 110, size: 0)
        #expect(book.version == 2 && book.touchVersion == 1, "deleting what is not there")
        book.set(.buy, ticks: 100, size: 0)
        #expect(book.version == 3 && book.touchVersion == 2)
        book.set(.sell, ticks: 100_000, size: 1)
        #expect(book.version == 4 && book.touchVersion == 3)
        book.clear(.buy)
        #expect(book.version == 5 && book.touchVersion == 4)
        book.clear(.buy)
        #expect(book.version == 5 && book.touchVersion == 4, "clearing what is clear")
    }

    @Test func extremePricesAreOrdered() {
        var book = Book()
        let prices: [Int64] = [.min + 1, -1_000_000_000_000, -40_000, -1, 0, 1, 63, 64, 40_000, 1_000_000_000_000, .max - 1]
        for (index, ticks) in prices.enumerated() {
            book.set(.buy, ticks: ticks, size: Int64(index + 1))
            book.set(.sell, ticks: ticks, size: Int64(index + 1))
        }
        #expect(book.bestBidTicks == .max - 1 && book.bestAskTicks == .min + 1)
        var down: [Int64] = [], up: [Int64] = []
        var cursor: Int64? = book.bestBidTicks
        while let ticks = cursor { down.append(ticks); cursor = book.next(.buy, after: ticks) }
        cursor = book.bestAskTicks
        while let ticks = cursor { up.append(ticks); cursor = book.next(.sell, after: ticks) }
        #expect(down == prices.reversed() && up == prices)
        for ticks in prices.reversed() {
            #expect(book.bestBidTicks == ticks)
            book.set(.buy, ticks: ticks, size: 0)
        }
        let empty = book.isEmpty(.buy)
        #expect(empty)
    }

    /// Random commands, near and far, drifting, crossing and clearing, against the twin after each.
    @Test(arguments: 0..<24) func agreesWithASortedArray(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var book = Book()
        var twin = SortedBook()
        var middle: Int64 = [0, 600_000, -25, 1 << 40][seed % 4]
        let drift: Int64 = [0, 3, 400, 20_000][seed / 4 % 4]
        for step in 0..<3_000 {
            let side: Side = Bool.random(using: &random) ? .buy : .sell
            middle += drift == 0 ? 0 : Int64.random(in: -drift...drift, using: &random) + (step / 500 % 2 == 0 ? drift / 2 : -drift / 2)
            let reach: Int64 = [40, 40, 40, 300, 5_000, 60_000, 5_000_000][Int.random(in: 0..<7, using: &random)]
            let behind = Int64.random(in: -reach / 8...reach, using: &random)
            let known = twin.levels[Int(side.rawValue)]
            let ticks: Int64
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2: ticks = known.randomElement(using: &random)?.ticks ?? middle
            case 3: ticks = known.first?.ticks ?? middle
            default: ticks = side == .buy ? middle - behind : middle + behind
            }
            let size = Int.random(in: 0..<3, using: &random) == 0 ? 0 : Int64.random(in: 1...9, using: &random)
            let before = (twin.best(.buy), twin.best(.sell))
            let (version, touch) = (book.version, book.touchVersion)
            if Int.random(in: 0..<600, using: &random) == 0 {
                book.clear(side)
                twin.levels[Int(side.rawValue)] = []
            } else {
                let old = twin.set(side, ticks: ticks, size: size)
                let answered = book.set(side, ticks: ticks, size: size)
                #expect(answered == old, "seed \(seed), step \(step)")
                #expect((book.version != version) == (old != size), "seed \(seed), step \(step)")
            }
            let (bid, ask) = (twin.best(.buy), twin.best(.sell))
            let touched = before.0?.ticks != bid?.ticks || before.0?.size != bid?.size
                || before.1?.ticks != ask?.ticks || before.1?.size != ask?.size
            let counts = [book.levelCount(.buy), book.levelCount(.sell)]
            let same = book.bestBidTicks == bid?.ticks ?? Book.noBid && book.bestAskTicks == ask?.ticks ?? Book.noAsk
                && book.bestBidSize == bid?.size ?? 0 && book.bestAskSize == ask?.size ?? 0
                && counts == [twin.levels[0].count, twin.levels[1].count]
                && (book.touchVersion != touch) == touched
            #expect(same, "seed \(seed), step \(step)")
            if !same { return }
            if step % 97 == 0 { compareLevels(book, twin, random: &random, "seed \(seed), step \(step)") }
        }
    }

    private func compareLevels(_ book: borrowing Book, _ twin: SortedBook, random: inout SeededGenerator, _ place: String) {
        for side in [Side.buy, .sell] {
            let levels = twin.levels[Int(side.rawValue)]
            var walked: [Int64] = []
            var cursor = levels.isEmpty ? nil : Optional(book.bestTicks(side))
            while let ticks = cursor, walked.count <= levels.count {
                walked.append(ticks)
                cursor = book.next(side, after: ticks)
            }
            let sizes = walked.map { book.size(side, ticks: $0) }
            #expect(walked == levels.map(\.ticks) && sizes == levels.map(\.size), "\(place)")
            for _ in 0..<20 {
                let near = levels.randomElement(using: &random)?.ticks ?? 0
                let probe = near + Int64.random(in: -70_000...70_000, using: &random)
                let next = levels.first { twin.isBetter(side, probe, $0.ticks) }?.ticks
                let (answered, size) = (book.next(side, after: probe), book.size(side, ticks: probe))
                #expect(answered == next, "\(place), after \(probe)")
                #expect(size == levels.first { $0.ticks == probe }?.size ?? 0, "\(place)")
            }
        }
    }
}
