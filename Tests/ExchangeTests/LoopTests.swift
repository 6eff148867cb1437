import Domain
import Exchange
import Testing

/// A small event loop around the exchange, with both clocks and constant latencies, and a market maker on a seeded market.
///
/// The golden numbers were computed with hftbacktest 2.4.4 on the same records (`ConstantLatency` 5 ms / 5 ms, no partial fills).
@Suite struct LoopTests {
    struct Golden: Sendable {
        let queue: QueueModel
        let sent: Int, cancels: Int, fills: Int
        let position: Int64
        let balance: String, fee: String
    }

    static let goldens = [
        Golden(
            queue: .riskAverse, sent: 1002, cancels: 842, fills: 167, position: -50, balance: "3000.817", fee: "-5.01001595"),
        Golden(queue: .power(1), sent: 1005, cancels: 843, fills: 169, position: -50, balance: "3000.809", fee: "-5.07001655"),
        Golden(queue: .power(3), sent: 1005, cancels: 843, fills: 169, position: -50, balance: "3000.809", fee: "-5.07001655"),
        Golden(queue: .log, sent: 1005, cancels: 843, fills: 169, position: -50, balance: "3000.809", fee: "-5.07001655"),
    ]

    @Test(arguments: LoopTests.goldens) func aMarketMakerGetsTheFillsOfHftbacktest(golden: Golden) {
        var rules = ExchangeRules()
        (rules.queue, rules.fills) = (golden.queue, .full)
        let instrument = testInstrument()
        var loop = MarketMakerLoop(instrument, records: SeededMarket.records(count: 30_000, seed: 11))
        var exchange = SimExchange(instruments: [instrument], rules: rules)
        loop.run(&exchange)
        #expect(loop.sent == golden.sent && loop.cancels == golden.cancels && loop.fills == golden.fills)
        #expect(loop.position == golden.position)
        #expect(loop.balance == amount(golden.balance) && loop.fee == amount(golden.fee))
    }
}

/// A seeded level-2 market that never crosses: the touch moves, levels behind it change, trades take from it.
enum SeededMarket {
    static func records(count: Int, seed: UInt64) -> [MarketRecord] {
        var random = SeededGenerator(seed: seed)
        var book = Book()
        var records: [MarketRecord] = []
        var (time, local) = (Int64(1_700_000_000_000_000_000), Int64(0))
        func emit(_ kind: MarketRecord.Kind, _ side: Side, _ ticks: Int64, _ size: Int64) {
            time += random.pick(1...9) == 1 ? random.pick(5_000_000...20_000_000) : random.pick(1_000...900_000)
            local = max(local + 1_000, time + random.pick(1_000_000...8_000_000))
            records.append(MarketRecord(
                kind: kind, instrument: InstrumentID(index: 0), localTime: local, exchangeTime: time, side: side, a: ticks, b: size))
            if kind == .level { book.set(side, ticks: ticks, size: size) }
        }
        for depth in Int64(0)..<20 {
            emit(.level, .buy, 600_000 - depth, random.pick(5...60))
            emit(.level, .sell, 600_001 + depth, random.pick(5...60))
        }
        while records.count < count {
            let side: Side = random.chance(50) ? .buy : .sell
            let (sign, best) = (side.sign, book.bestTicks(side))
            let gap = (book.bestAskTicks - book.bestBidTicks)
            switch random.pick(0...99) {
            case 0..<10:
                let size = random.pick(1...book.bestSize(side))
                emit(.trade, side.opposite, best, size)
                emit(.level, side, best, book.bestSize(side) - size)
                if book.levelCount(side) < 5 { emit(.level, side, best - sign * 9, random.pick(5...60)) }
            case 10..<22 where gap > 1:
                emit(.level, side, best + sign * random.pick(1...min(2, gap - 1)), random.pick(1...40))
            case 22..<30 where book.levelCount(side) > 8:
                emit(.level, side, best, 0)
            case 30..<45:
                emit(.level, side, best, random.pick(1...60))
            default:
                emit(.level, side, best - sign * random.pick(1...25), random.chance(20) ? 0 : random.pick(1...60))
            }
        }
        return records
    }
}

/// Every 100 ms from the first exchange time on: cancels what is acknowledged, then quotes both sides five ticks from the mid.
struct MarketMakerLoop {
    private enum Request { case submit(OrderRequest), cancel(OrderID) }
    private struct Live { let id: OrderID, side: Side, lots: Int64; var filled: Int64 = 0, isAcknowledged = false, isCancelling = false }

    private let instrument: Instrument
    private let records: [MarketRecord]
    private let latency: Int64 = 5_000_000
    private let step: Int64 = 100_000_000
    private var requests: [(due: Int64, what: Request)] = []
    private var inbox: [(due: Int64, report: ExecutionReport)] = []
    private var live: [Live] = []
    private var bestBid: Int64?
    private var bestAsk: Int64?
    private(set) var (sent, cancels, fills) = (0, 0, 0)
    private(set) var position: Int64 = 0
    private(set) var (balance, fee) = (Amount.zero, Amount.zero)

    init(_ instrument: Instrument, records: [MarketRecord]) { (self.instrument, self.records) = (instrument, records) }

    /// At one instant: venue records, venue requests, desk records, desk reports, timers.
    mutating func run(_ exchange: inout SimExchange) {
        var book = Book()
        var (venue, desk, request, report) = (0, 0, 0, 0)
        var timer = records[0].exchangeTime + step
        while true {
            let due = [
                venue < records.count ? records[venue].exchangeTime : .max,
                request < requests.count ? requests[request].due : .max,
                desk < records.count ? records[desk].localTime : .max,
                report < inbox.count ? inbox[report].due : .max,
                desk < records.count ? timer : .max,
            ]
            guard let now = due.min(), now < .max, let kind = due.firstIndex(of: now) else { return }
            switch kind {
            case 0:
                records.withUnsafeBufferPointer { exchange.apply($0.baseAddress! + venue, instrument: 0) }
                venue += 1
            case 1:
                let stamp = Timestamp(nanoseconds: now)
                switch requests[request].what {
                case .submit(let order): exchange.submit(order, at: stamp)
                case .cancel(let id): exchange.cancel(id, at: stamp)
                }
                request += 1
            case 2:
                let record = records[desk]
                if record.kind == .level, let side = record.side { book.set(side, ticks: record.a, size: record.b) }
                desk += 1
            case 3:
                hear(inbox[report].report)
                report += 1
            default:
                quote(book.bestBidTicks, book.bestAskTicks, at: now)
                timer += step
            }
            for one in exchange.reports { inbox.append((one.exchangeTime.nanoseconds + latency, one)) }
            exchange.reports.removeAll(keepingCapacity: true)
        }
    }

    private mutating func hear(_ report: ExecutionReport) {
        guard let index = live.firstIndex(where: { $0.id == report.order }) else { return }
        switch report.fact {
        case .accepted:
            live[index].isAcknowledged = true
        case .filled(let fill):
            fills += 1
            position += live[index].side.sign * fill.quantity.lots
            let value = instrument.notional(fill.price, fill.quantity)
            balance += live[index].side == .buy ? -value : value
            fee += fill.fee
            live[index].filled += fill.quantity.lots
            if live[index].filled == live[index].lots { live.remove(at: index) }
        case .rejected, .cancelled, .expired:
            live.remove(at: index)
        case .cancelRejected, .amended, .amendRejected:
            break
        }
    }

    private mutating func quote(_ bid: Int64, _ ask: Int64, at now: Int64) {
        if bid == Book.noBid || ask == Book.noAsk || bid >= ask { return }
        for index in live.indices where live[index].isAcknowledged && !live[index].isCancelling {
            live[index].isCancelling = true
            cancels += 1
            requests.append((now + latency, .cancel(live[index].id)))
        }
        if position < 50 { send(.buy, (bid + ask - 10) >> 1, now) }
        if position > -50 { send(.sell, (bid + ask + 11) >> 1, now) }
    }

    private mutating func send(_ side: Side, _ ticks: Int64, _ now: Int64) {
        sent += 1
        let order = OrderRequest(
            id: OrderID(UInt64(sent)), instrument: InstrumentID(index: 0), side: side, type: .limit, quantity: Quantity(lots: 10),
            price: Price(ticks: ticks), isPostOnly: true)
        requests.append((now + latency, .submit(order)))
        live.append(Live(id: order.id, side: side, lots: 10))
    }
}
