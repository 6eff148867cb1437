import Domain
import Exchange
import Foundation
import Testing

/// Thousands of random markets and orders, through the exchange and through its naive twin, report by report.
///
/// `PERIGEE_SEED=n` repeats one seed; `PERIGEE_SEEDS=n` runs that many of each kind.
@Suite struct TwinTests {
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["PERIGEE_SEED"].flatMap(UInt64.init) { return [one] }
        return Array(0..<(environment["PERIGEE_SEEDS"].flatMap(UInt64.init) ?? 150))
    }()

    @Test(arguments: [DataKind.level2, .quotes, .level3, .bars])
    func theExchangeAgreesWithItsTwin(kind: DataKind) {
        for seed in TwinTests.seeds {
            var run = TwinRun(kind, seed: seed &* 4 + UInt64(kind.rawValue))
            if let difference = run.firstDifference(steps: 160) {
                Issue.record(
                    "\(kind), \(difference)\nrepeat: PERIGEE_SEED=\(seed) swift test --filter TwinTests")
                return
            }
        }
    }
}

/// One random market with random orders of ours.
private struct TwinRun: ~Copyable {
    let kind: DataKind
    var random: SeededGenerator
    let instrument: Instrument
    let rules: ExchangeRules
    var exchange: SimExchange
    let twin: NaiveExchange
    var time: Int64 = 0
    var middle: Int64 = 1_000
    var nextID: UInt64 = 1
    var nextRecorded: Int64 = 1
    var log: [String] = []

    init(_ kind: DataKind, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        instrument = testInstrument(
            kind, sizeUnit: random.chance(40) ? "0.00001" : "0.001", maker: random.chance(50) ? "-0.00005" : "0.0003",
            minQuantity: random.chance(20) ? 3 : 1, minNotional: random.chance(20) ? "0.4" : "0")
        rules = TwinRun.rules(kind, &random)
        self.kind = kind
        self.random = random
        exchange = SimExchange(instruments: [instrument], rules: rules)
        twin = NaiveExchange(instrument, rules)
    }

    private static func rules(_ kind: DataKind, _ random: inout SeededGenerator) -> ExchangeRules {
        var rules = ExchangeRules()
        rules.queue = [.riskAverse, .power(1), .power(3), .log].randomElement(using: &random)!
        if kind == .level3 && random.chance(70) { rules.queue = .fifo }
        rules.fills = random.chance(50) ? .partial : .full
        if random.chance(25) { rules.slippage = random.chance(50) ? .ticks(2) : .basisPoints(decimal("12.5")) }
        if random.chance(25) { rules.fees = [FeeOverride(maker: decimal("0.001"), taker: random.chance(50) ? decimal("0.002") : nil)] }
        if random.chance(25) {
            var fees = rules.fees.first ?? FeeOverride()
            fees.currency = [.quote, .base, .received].randomElement(using: &random)!
            if random.chance(60) {
                let places = Int(random.pick(4...7))
                fees.rounding = FeeRounding(places: places, [.up, .down, .halfEven].randomElement(using: &random)!)
            }
            rules.fees = [fees]
        }
        if kind == .bars && random.chance(40) { rules.maxBarShare = decimal("0.1") }
        if random.chance(40) {
            rules.spot = [
                SpotBalance(currency: "USDT", total: amount("5.25")), SpotBalance(currency: "BTC", total: amount("0.03")),
            ]
        }
        return rules
    }

    mutating func firstDifference(steps: Int) -> String? {
        for step in 0..<steps {
            time += random.pick(1...4)
            if twin.nextExpiry.nanoseconds <= time {
                exchange.expire(at: Timestamp(nanoseconds: time))
                twin.expire(at: time)
                log.append("expire \(time)")
            }
            if random.chance(40) { request() } else { market() }
            let (theirs, ours) = (twin.reports, exchange.reports)
            exchange.reports.removeAll(keepingCapacity: true)
            twin.reports = []
            let expiries = (twin.nextExpiry, exchange.nextExpiry)
            let positions = (twin.position, exchange.position(0))
            let balances = (twin.balances["USDT"] ?? .zero, exchange.balance("USDT") ?? .zero)
            if theirs != ours || expiries.0 != expiries.1 || positions.0 != positions.1 || rules.spot != nil && balances.0 != balances.1 {
                let story = log.suffix(40).joined(separator: "\n")
                return "step \(step), \(rules), unit \(instrument.sizeUnit)\n\(story)\ntwin \(theirs)\nexchange \(ours)\n"
                    + "expiries \(expiries) positions \(positions) balances \(balances)"
            }
        }
        return nil
    }

    // MARK: - Requests

    private mutating func request() {
        let stamp = Timestamp(nanoseconds: time)
        if nextID > 1 && random.chance(15) {
            let id = OrderID(UInt64(random.pick(max(1, Int64(nextID) - 8)...Int64(nextID))))
            log.append("cancel \(id.raw)")
            exchange.cancel(id, at: stamp)
            twin.cancel(id, at: time)
        } else if let known = twin.own.randomElement(using: &random), random.chance(25) {
            let price = random.chance(50) ? known.price : middle + random.pick(-6...6)
            let amend = AmendRequest(id: known.id, price: Price(ticks: price), quantity: Quantity(lots: random.pick(0...12)))
            log.append("amend \(amend)")
            exchange.amend(amend, at: stamp)
            twin.amend(amend, at: time)
        } else {
            let order = randomOrder()
            log.append("submit \(order)")
            exchange.submit(order, at: stamp)
            twin.submit(order, at: time)
        }
    }

    private mutating func randomOrder() -> OrderRequest {
        defer { nextID += 1 }
        let type = [OrderType.limit, .limit, .limit, .limit, .market, .stop, .stopLimit].randomElement(using: &random)!
        let tif: TimeInForce = random.chance(60) ? .goodTillCancel : [.immediateOrCancel, .fillOrKill, .goodTillDate].randomElement(using: &random)!
        let near = [Int64(0), 1, -1, 2, -2, 4, -4, 8, -8]
        return OrderRequest(
            id: OrderID(nextID), instrument: InstrumentID(index: 0), side: random.chance(50) ? .buy : .sell, type: type,
            quantity: Quantity(lots: random.pick(random.chance(80) ? 1...12 : 0...40)),
            price: Price(ticks: middle + near.randomElement(using: &random)!),
            stop: Price(ticks: middle + near.randomElement(using: &random)!), timeInForce: tif,
            expire: Timestamp(nanoseconds: time + random.pick(-1...60)), isPostOnly: random.chance(15), isReduceOnly: random.chance(15))
    }

    // MARK: - Records

    private mutating func market() {
        if random.chance(30) { middle += random.pick(-2...2) }
        switch kind {
        case .bars: bar()
        case .quotes: random.chance(80) ? quote() : trade()
        case .level3: random.chance(95) ? recorded() : trade()
        case .level2, .trades:
            if random.chance(20) { trade() } else if random.chance(2) { clear() } else { level() }
        }
    }

    private mutating func apply(_ record: MarketRecord) {
        log.append("\(record.kind) \(record.side.map(\.name) ?? "-") \(record.a) \(record.b) \(record.c) \(record.d) \(record.e) at \(time)")
        withUnsafePointer(to: record) { exchange.apply($0, instrument: 0) }
    }

    private mutating func size() -> Int64 {
        let lots = random.pick(1...15) * instrument.unitsPerLot
        return instrument.unitsPerLot > 1 && random.chance(60) ? lots - random.pick(0...99) : lots
    }

    private mutating func level() {
        let side: Side = random.chance(50) ? .buy : .sell
        let ticks = middle + (side == .buy ? -random.pick(-1...7) : random.pick(-1...7))
        let units = random.chance(35) ? 0 : size()
        apply(record(.level, at: time, side, ticks, units))
        twin.level(side, ticks, units, time)
    }

    private mutating func clear() {
        let side: Side? = [.buy, .sell, nil].randomElement(using: &random)!
        apply(record(.clear, at: time, side))
        for one in [Side.buy, .sell] where side == nil || side == one { twin.books[one] = [:] }
    }

    private mutating func trade() {
        let aggressor: Side? = random.chance(10) ? nil : (random.chance(50) ? .buy : .sell)
        let (price, units, isOff) = (middle + random.pick(-4...4), size(), random.chance(5))
        apply(record(.trade, at: time, aggressor, price, units, flags: isOff ? MarketRecord.Flag.offBook : 0))
        twin.trade(aggressor, price, units, offBook: isOff, time)
    }

    private mutating func quote() {
        let sides = UInt32(random.pick(1...3))
        let (bid, ask) = (middle - random.pick(0...3), middle + random.pick(0...3))
        let (bidSize, askSize) = (size(), size())
        apply(record(.quote, at: time, nil, bid, bidSize, ask, askSize, aux: sides))
        if sides & 1 != 0 { twin.quote(.buy, bid, bidSize, time) }
        if sides & 2 != 0 { twin.quote(.sell, ask, askSize, time) }
    }

    private mutating func recorded() {
        let known = twin.recorded.keys.sorted().randomElement(using: &random)
        if let known, random.chance(55) {
            let order = twin.recorded[known]!
            switch random.pick(0...3) {
            case 0:
                apply(record(.orderCancel, at: time, order.side, 0, 0, 0, 0, known))
                twin.remove(known, order.units, time)
            case 1:
                let (price, units) = (order.price + (random.chance(40) ? random.pick(-2...2) : 0), size())
                apply(record(.orderModify, at: time, order.side, price, units, 0, 0, known))
                twin.modify(known, price, units, time)
            default:
                let units = random.chance(50) ? order.units : size()
                apply(record(.orderFill, at: time, order.side, order.price, units, 0, 0, known))
                twin.executed(known, units, time)
            }
            return
        }
        let side: Side = random.chance(50) ? .buy : .sell
        let ticks = middle + (side == .buy ? -random.pick(-1...5) : random.pick(-1...5))
        let (units, isSnapshot) = (size(), random.chance(5))
        apply(record(.orderAdd, at: time, side, ticks, units, 0, 0, nextRecorded, flags: isSnapshot ? MarketRecord.Flag.snapshot : 0))
        twin.add(nextRecorded, side, ticks, units, snapshot: isSnapshot, time)
        nextRecorded += 1
    }

    private mutating func bar() {
        let open = middle + random.pick(-3...3)
        let (high, low) = (open + random.pick(0...5), open - random.pick(0...5))
        let (close, volume) = (random.pick(low...high), random.pick(0...200) * instrument.unitsPerLot)
        let bar = record(.bar, at: time, nil, open, high, low, close, volume)
        log.append("bar \(open) \(high) \(low) \(close) volume \(volume) at \(time)")
        let opened = Timestamp(nanoseconds: time)
        withUnsafePointer(to: bar) { exchange.openBar($0, instrument: 0, at: opened) }
        twin.openBar(open, volume: volume, at: time)
        while random.chance(25) {
            time += 1
            request()
        }
        time += 3
        let closed = Timestamp(nanoseconds: time)
        withUnsafePointer(to: bar) { exchange.closeBar($0, instrument: 0, at: closed) }
        twin.closeBar(open, high, low, close, at: time)
        middle = close
    }
}
