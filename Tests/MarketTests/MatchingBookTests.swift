import Domain
import Market
import Testing

@Suite struct MatchingBookTests {
    /// Random commands; the second width makes the window of levels move and the book sparse.
    @Test(arguments: [(1, 12), (2, 12), (3, 60), (4, 100_000), (5, 3)] as [(UInt64, Int)])
    func agreesWithTheNaiveTwin(seed: UInt64, width: Int) {
        var random = Randomness(seed: seed, stream: 99)
        var book = MatchingBook()
        var twin = NaiveBook()
        var orders: [RestingOrder] = []
        for step in 0..<1500 {
            var events: [BookEvent] = []
            twin.changes = []
            let side: Side = random.below(2) == 0 ? .buy : .sell
            let lots = Int64(1 + random.below(9))
            let price = Int64(1_000_000 + random.below(width))
            let owner = UInt16(random.below(5))
            let pick = orders.isEmpty ? nil : orders[random.below(orders.count)]
            switch (random.below(10), pick) {
            case (0...4, _), (_, nil):
                let postOnly = random.below(3) == 0
                let order = book.place(
                    side, Quantity(lots: lots), at: Price(ticks: price), owner: owner, postOnly: postOnly, into: &events)
                #expect(order?.serial == twin.place(side, lots, at: price, owner: owner, postOnly: postOnly))
                if let order { orders.append(order) }
            case (5, _):
                let limit: Price? = random.below(2) == 0 ? nil : Price(ticks: price)
                let filled = book.take(side, Quantity(lots: 3 * lots), limit: limit, owner: owner, into: &events)
                let worst = limit?.ticks ?? (side == .buy ? .max : .min)
                #expect(filled.lots == 3 * lots - twin.match(side, 3 * lots, limit: worst, owner: owner))
            case (6, let order?):
                #expect(book.reduce(order, to: Quantity(lots: lots), into: &events) == twin.reduce(order.serial, to: lots))
            case (_, let order?):
                #expect(book.cancel(order, into: &events) == twin.cancel(order.serial))
            }
            compare(events, twin.changes, seed: seed, width: width, step: step)
            if step % 50 == 0 { compare(book, twin, seed: seed, width: width, step: step) }
        }
        compare(book, twin, seed: seed, width: width, step: 1500)
    }

    private func compare(_ events: [BookEvent], _ changes: [NaiveBook.Change], seed: UInt64, width: Int, step: Int) {
        let ours = events.map {
            "\($0.kind) \($0.order.serial) \($0.side) \($0.price.ticks) \($0.quantity.lots) \($0.levelQuantity.lots) \($0.owner) \($0.taker)"
        }
        let theirs = changes.map {
            "\($0.kind) \($0.entry.serial) \($0.entry.side) \($0.entry.price) \($0.lots) \($0.level) \($0.entry.owner) \($0.taker)"
        }
        #expect(ours == theirs, "seed \(seed), width \(width), step \(step)")
    }

    private func compare(_ book: MatchingBook, _ twin: NaiveBook, seed: UInt64, width: Int, step: Int) {
        for side in [Side.buy, .sell] {
            let ours = book.orders(side).map { "\($0.order.serial) \($0.price.ticks) \($0.quantity.lots) \($0.owner)" }
            let theirs = twin.queue(side).map { "\($0.serial) \($0.price) \($0.lots) \($0.owner)" }
            #expect(ours == theirs, "seed \(seed), width \(width), step \(step)")
            for level in book.levels(side) {
                #expect(level.quantity.lots == twin.level(side, level.price.ticks))
                #expect(book.quantity(side, at: level.price) == level.quantity)
            }
        }
        #expect(book.count == twin.entries.count)
        #expect(book.bestBid?.ticks == twin.queue(.buy).first?.price)
        #expect(book.bestAsk?.ticks == twin.queue(.sell).first?.price)
    }

    @Test func firstComeIsFirstServedAndAReductionKeepsThePlace() throws {
        var book = MatchingBook()
        var events: [BookEvent] = []
        let first = try #require(book.place(.sell, Quantity(lots: 5), at: Price(ticks: 101), owner: 1, into: &events))
        let second = try #require(book.place(.sell, Quantity(lots: 5), at: Price(ticks: 101), owner: 2, into: &events))
        let better = try #require(book.place(.sell, Quantity(lots: 1), at: Price(ticks: 100), owner: 3, into: &events))
        let isSmaller = book.reduce(first, to: Quantity(lots: 2), into: &events)
        #expect(isSmaller)
        events = []
        let rest = book.place(.buy, Quantity(lots: 4), at: Price(ticks: 101), owner: 9, into: &events)
        #expect(rest == nil)
        #expect(events.map(\.order) == [better, first, second])
        #expect(events.map(\.quantity.lots) == [1, 2, 1])
        #expect(book.leaves(of: second) == Quantity(lots: 4))
        #expect(book.leaves(of: first) == nil)
    }

    @Test func aSlotThatIsUsedAgainDoesNotAnswerForItsOldOrder() throws {
        var book = MatchingBook()
        var events: [BookEvent] = []
        let old = try #require(book.place(.buy, Quantity(lots: 1), at: Price(ticks: 10), owner: 1, into: &events))
        book.cancel(old, into: &events)
        let new = try #require(book.place(.buy, Quantity(lots: 1), at: Price(ticks: 10), owner: 1, into: &events))
        let isGone = book.cancel(old, into: &events)
        #expect(!isGone)
        #expect(book.leaves(of: new) == Quantity(lots: 1))
    }
}
