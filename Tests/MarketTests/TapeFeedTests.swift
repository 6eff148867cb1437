import Domain
import Market
import Testing

@Suite struct TapeFeedTests {
    /// Orders by serial, folded into depth: an independent reading of a level-3 tape.
    struct OrderByOrder {
        var orders: [Int64: (side: Side, price: Int64, lots: Int64)] = [:]
        var depth = Depth()

        mutating func apply(_ record: MarketRecord) throws {
            switch record.kind {
            case .clear:
                orders = [:]
                depth = Depth()
            case .orderAdd:
                let side = try #require(record.side)
                #expect(orders[record.e] == nil, "order \(record.e) is added twice")
                orders[record.e] = (side, record.a, record.b)
                depth.set(side, record.a, depth[side, record.a] + record.b)
            case .orderModify:
                try change(record.e, to: record.b)
            case .orderCancel:
                try change(record.e, to: 0)
            case .orderFill:
                let order = try #require(orders[record.e])
                #expect(order.price == record.a)
                #expect(order.lots >= record.b)
                try change(record.e, to: order.lots - record.b)
            case .trade: break
            case .level, .quote, .bar, .status: Issue.record("a level-3 tape holds a \(record.kind)")
            }
        }

        private mutating func change(_ serial: Int64, to lots: Int64) throws {
            let order = try #require(orders[serial], "order \(serial) is not there")
            depth.set(order.side, order.price, depth[order.side, order.price] - order.lots + lots)
            orders[serial] = lots == 0 ? nil : (order.side, order.price, lots)
        }
    }

    @Test(arguments: ["0s", "100ms"]) func levelTwoIsWhatLevelThreeAddsUpTo(interval: String) throws {
        let extra = [ScenarioSetting("feed.depth_interval", .text(interval))]
        let orders = records(of: try shortScenario(level: 3, extra: extra))
        let levels = records(of: try shortScenario(level: 2, extra: extra))
        var truth = OrderByOrder()
        var depth = Depth()
        var next = 0
        var batches = 0
        for record in levels {
            if record.kind == .clear { depth = Depth() }
            if record.kind == .level { depth.set(try #require(record.side), record.a, record.b) }
            guard record.endsBatch, record.kind != .trade || interval == "0s" else { continue }
            // A depth message of an interval holds what happened before its time; the snapshot and single actions their own.
            let inclusive = interval == "0s" || record.flags & MarketRecord.Flag.snapshot != 0
            while next < orders.count, orders[next].exchangeTime < record.exchangeTime + (inclusive ? 1 : 0) {
                try truth.apply(orders[next])
                next += 1
            }
            batches += 1
            #expect(depth == truth.depth, "batch \(batches) at \(record.exchangeTime)")
            #expect(!depth.isCrossed)
            if depth != truth.depth { return }
        }
        #expect(batches > 1000)
        #expect(tradedLots(orders) == tradedLots(levels))
    }

    private func tradedLots(_ records: [MarketRecord]) -> [Int64] {
        records.filter { $0.kind == .trade }.flatMap { [$0.exchangeTime, $0.a, $0.b, $0.side == .buy ? 1 : -1] }
    }

    @Test func everyTradeHasItsFillsAndTheBookIsNeverCrossed() throws {
        let tape = records(of: try shortScenario(level: 3, seed: 21))
        var book = OrderByOrder()
        var filled: Int64 = 0
        var traded: Int64 = 0
        var kinds: Set<MarketRecord.Kind> = []
        for record in tape {
            kinds.insert(record.kind)
            try book.apply(record)
            if record.kind == .orderFill { filled += record.b }
            if record.kind == .trade {
                traded += record.b
                #expect(filled == traded, "the fills before a trade add up to it, at \(record.exchangeTime)")
            }
            if record.endsBatch {
                #expect(filled == traded)
                #expect(!book.depth.isCrossed, "at \(record.exchangeTime)")
            }
        }
        #expect(kinds == [.clear, .orderAdd, .orderModify, .orderCancel, .orderFill, .trade])
    }

    @Test(arguments: [2, 3] as [Int64]) func aTapeBeginsWithASnapshotAndItsClocksRise(level: Int64) throws {
        let tape = records(of: try shortScenario(level: level, duration: "3m"))
        #expect(tape.first?.kind == .clear)
        let snapshot = tape.prefix { $0.flags & MarketRecord.Flag.snapshot != 0 }
        #expect(snapshot.count > 20)
        #expect(snapshot.last?.endsBatch == true)
        #expect(snapshot.dropLast().allSatisfy { !$0.endsBatch })
        #expect(tape.dropFirst(snapshot.count).allSatisfy { $0.flags & MarketRecord.Flag.snapshot == 0 })
        #expect(tape.last?.endsBatch == true)
        for (record, following) in zip(tape, tape.dropFirst()) {
            #expect(record.localTime >= record.exchangeTime + 2_000_000)
            #expect(following.localTime >= record.localTime)
            if record.endsBatch {
                #expect(following.exchangeTime > record.exchangeTime || (level == 2 && following.exchangeTime == record.exchangeTime))
            } else {
                #expect((following.exchangeTime, following.localTime) == (record.exchangeTime, record.localTime))
            }
        }
    }

    @Test func theSameSeedGivesTheSameRecordsAndAnotherDoesNot() throws {
        let one = records(of: try shortScenario(level: 2, seed: 5, duration: "2m"))
        #expect(one == records(of: try shortScenario(level: 2, seed: 5, duration: "2m")))
        #expect(one != records(of: try shortScenario(level: 2, seed: 6, duration: "2m")))
        // A longer run begins like a shorter one.
        let longer = records(of: try shortScenario(level: 2, seed: 5, duration: "3m"))
        #expect(Array(longer.prefix(one.count)) == one)
    }

    /// Whoever trades, what one gains another has lost: each fill names an owner and a taker, and the taker is not the owner's quote.
    @Test func positionsOfAllParticipantsSumToNothing() {
        var flow = OrderFlow(OrderFlow.Parameters(), start: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
        var positions = [Int64](repeating: 0, count: 64)
        var fills = 0
        for _ in 0..<60_000 {
            flow.advance()
            for event in flow.events where event.kind == .filled {
                positions[Int(event.owner)] += event.side.sign * event.quantity.lots
                positions[Int(event.taker)] -= event.side.sign * event.quantity.lots
                fills += 1
                if event.taker >= OrderFlow.Owner.makers { #expect(event.owner != event.taker, "a dealer trades with himself") }
            }
            if let bid = flow.book.bestBid, let ask = flow.book.bestAsk { #expect(bid < ask) }
        }
        #expect(fills > 500)
        #expect(positions.reduce(0, +) == 0)
        #expect(positions.filter { $0 != 0 }.count >= 6)
    }
}
