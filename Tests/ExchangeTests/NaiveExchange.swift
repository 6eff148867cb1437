import Domain
import Exchange
import Foundation

/// The naive twin of the exchange: dictionaries, sorting and plain loops, written from `docs/fills.md`, sharing no code.
final class NaiveExchange {
    struct Own {
        var request: OrderRequest
        var type: OrderType
        var price: Int64
        var leaves: Int64
        var arrival: Int
        var ahead = 0.0
        var traded = 0.0
        /// Bars: before its first open; acceptance still to be reported; touched inside this bar.
        var fresh = true
        var mute = false
        var touched = false
        var waits = false
        var held = Amount.zero
        var id: OrderID { request.id }
        var side: Side { request.side }
        var dies: Bool { type == .market || request.timeInForce == .immediateOrCancel || request.timeInForce == .fillOrKill }
    }
    /// A recorded order of a level-3 tape.
    struct Recorded { var side: Side, price: Int64, units: Int64, arrival: Int }

    let instrument: Instrument
    let rules: ExchangeRules
    let lot: Double
    var reports: [ExecutionReport] = []
    var books: [Side: [Int64: Int64]] = [.buy: [:], .sell: [:]]
    var own: [Own] = []
    var recorded: [Int64: Recorded] = [:]
    var last: Int64?
    var position: Int64 = 0
    var balances: [String: Amount] = [:]
    var allowance = Int64.max
    private var arrivals = 0
    private var fills: UInt64 = 0

    init(_ instrument: Instrument, _ rules: ExchangeRules) {
        self.instrument = instrument
        self.rules = rules
        lot = Double("\(instrument.lot)")!
        for balance in rules.spot ?? [] { balances[balance.currency, default: .zero] += balance.total }
    }

    func arrive() -> Int { arrivals += 1; return arrivals }
    func say(_ id: OrderID, _ time: Int64, _ fact: ExecutionReport.Fact) {
        reports.append(
            ExecutionReport(
                order: id, instrument: InstrumentID(index: 0), exchangeTime: Timestamp(nanoseconds: time), fact: fact))
    }
    var nextExpiry: Timestamp { own.map(expiry).min() ?? .never }
    func expiry(_ o: Own) -> Timestamp { o.request.timeInForce == .goodTillDate ? o.request.expire : .never }

    // MARK: - Prices

    func best(_ side: Side) -> Int64? { side == .buy ? books[.buy]!.keys.max() : books[.sell]!.keys.min() }
    /// Whether `a` is a better price than `b` for an order resting on `side`.
    func better(_ side: Side, _ a: Int64, _ b: Int64) -> Bool { side == .buy ? a > b : a < b }
    func base(_ units: Int64) -> Double { Double("\(instrument.decimal(units: units))")! }

    func crosses(_ side: Side, _ price: Int64) -> Bool {
        guard let opposite = best(side.opposite) else { return false }
        return side == .buy ? price >= opposite : price <= opposite
    }

    func slip(_ price: Int64, _ o: Own) -> Int64 {
        let distance: Int64
        switch rules.slippage {
        case .ticks(let n): distance = n
        case .basisPoints(let bps):
            let exact = Double(price.magnitude) * Double("\(bps)")! / 10_000
            distance = Int64(exact.rounded(.up))
        }
        var result = o.side == .buy ? price + distance : price - distance
        if o.side == .sell, price > 0, result < 1 { result = 1 }
        if o.type == .limit {
            if o.side == .buy, result > o.price { result = o.price }
            if o.side == .sell, result < o.price { result = o.price }
        }
        return result
    }

    // MARK: - Money

    func notional(_ ticks: Int64, _ lots: Int64) -> ExactDecimal {
        instrument.decimal(Price(ticks: ticks)) * instrument.decimal(lots: lots)
    }
    func paysInBase(_ side: Side) -> Bool {
        let way = rules.fees.first?.currency ?? .quote
        return way == .base || way == .received && side == .buy
    }
    func fee(_ side: Side, _ ticks: Int64, _ lots: Int64, _ liquidity: Liquidity) -> Amount {
        let override = rules.fees.first ?? FeeOverride()
        let rate = liquidity == .maker ? override.maker ?? instrument.makerFee : override.taker ?? instrument.takerFee
        let exact = (paysInBase(side) ? instrument.decimal(lots: lots) : notional(ticks, lots)) * rate
        guard let rounding = override.rounding else { return Amount(exact)! }
        if exact.scale <= rounding.places { return Amount(exact)! }
        let divisor = ExactDecimal.powerOfTen(exact.scale - rounding.places)
        let (cut, rest) = exact.mantissa.quotientAndRemainder(dividingBy: divisor)
        var away = false
        switch rounding.direction {
        case .up: away = rest > 0
        case .down: break
        case .halfEven: away = rest.magnitude * 2 > divisor.magnitude || rest.magnitude * 2 == divisor.magnitude && cut % 2 != 0
        }
        let digits = away ? cut + rest.signum() : cut
        return Amount(ExactDecimal(mantissa: digits, scale: rounding.places))!
    }
    func worst(_ side: Side, _ ticks: Int64, _ lots: Int64) -> Amount {
        [Amount.zero, fee(side, ticks, lots, .maker), fee(side, ticks, lots, .taker)].max()!
    }
    func cost(_ ticks: Int64, _ lots: Int64) -> Amount {
        Amount(notional(ticks, lots))! + (paysInBase(.buy) ? .zero : worst(.buy, ticks, lots))
    }
    func sold(_ lots: Int64) -> Amount {
        Amount(instrument.decimal(lots: lots))! + (paysInBase(.sell) ? worst(.sell, 0, lots) : .zero)
    }
    func currency(_ side: Side) -> String { side == .buy ? instrument.quote : instrument.base }
    func free(_ side: Side, without id: OrderID) -> Amount {
        var sum = balances[currency(side), default: .zero]
        for o in own where o.id != id && o.side == side { sum -= o.held }
        return sum
    }
    func needs(_ o: Own) -> Amount {
        if o.side == .sell { return sold(o.leaves) }
        switch o.type {
        case .limit, .stopLimit: return cost(o.price, o.leaves)
        case .stop: return cost(o.request.stop.ticks, o.leaves)
        case .market:
            if instrument.dataKind == .bars { return last.map { cost($0, o.leaves) } ?? .zero }
            return walk(o).reduce(.zero) { $0 + cost(slip($1.ticks, o), $1.lots) }
        }
    }

    // MARK: - Fills

    func reducible(_ side: Side) -> Int64 { side == .buy ? max(0, -position) : max(0, position) }

    /// Fills an order that is in no list at the moment; answers lots.
    @discardableResult
    func fill(_ o: inout Own, _ wanted: Int64, _ ticks: Int64, _ liquidity: Liquidity, _ time: Int64) -> Int64 {
        var lots = min(wanted, o.leaves)
        if o.request.isReduceOnly { lots = min(lots, reducible(o.side)) }
        if rules.spot != nil {
            while lots > 0, (o.side == .buy ? cost(ticks, lots) : sold(lots)) > free(o.side, without: o.id) { lots -= 1 }
        }
        if lots <= 0 { return 0 }
        let (paid, inBase) = (fee(o.side, ticks, lots, liquidity), paysInBase(o.side))
        o.leaves -= lots
        position += o.side == .buy ? lots : -lots
        if rules.spot != nil {
            let (value, size) = (Amount(notional(ticks, lots))!, Amount(instrument.decimal(lots: lots))!)
            balances[instrument.base, default: .zero] += o.side == .buy ? size : -size
            balances[instrument.quote, default: .zero] += o.side == .buy ? -value : value
            balances[inBase ? instrument.base : instrument.quote, default: .zero] -= paid
            o.held = o.type == .market ? .zero : needs(o)
        }
        fills += 1
        say(o.id, time, .filled(Fill(
            id: FillID(fills), price: Price(ticks: ticks), quantity: Quantity(lots: lots), liquidity: liquidity, fee: paid,
            feeInBase: inBase)))
        return lots
    }

    /// Fills one of the listed orders.
    @discardableResult
    func fill(listed id: OrderID, _ lots: Int64, _ ticks: Int64, _ liquidity: Liquidity, _ time: Int64) -> Int64 {
        let index = own.firstIndex { $0.id == id }!
        var o = own[index]
        let filled = fill(&o, lots, ticks, liquidity, time)
        own[index] = o
        return filled
    }

    /// After an event: filled orders go, reduce-only orders without anything to reduce expire.
    func tidy(_ time: Int64, positionBefore: Int64) {
        if position != positionBefore {
            for o in own.sorted(by: { $0.arrival < $1.arrival }) where o.leaves > 0 && o.request.isReduceOnly && reducible(o.side) == 0 {
                say(o.id, time, .expired)
                own.removeAll { $0.id == o.id }
            }
        }
        own.removeAll { $0.leaves == 0 }
    }

    func priority(_ a: Own, _ b: Own) -> Bool {
        a.price == b.price ? a.arrival < b.arrival : better(a.side, a.price, b.price)
    }
    func queue(_ side: Side) -> [Own] { own.filter { $0.side == side && !$0.waits }.sorted(by: priority) }

    // MARK: - Taking

    func walk(_ o: Own) -> [(ticks: Int64, lots: Int64)] {
        let levels = books[o.side.opposite]!.sorted { o.side == .buy ? $0.key < $1.key : $0.key > $1.key }
        var steps: [(Int64, Int64)] = []
        var (units, taken): (Int64, Int64) = (0, 0)
        for (price, size) in levels {
            if o.type == .limit, o.side == .buy ? price > o.price : price < o.price { break }
            units += size
            let lots = min(units / instrument.unitsPerLot, o.leaves) - taken
            if lots > 0 { steps.append((price, lots)); taken += lots }
        }
        return steps
    }

    func act(_ order: Own, _ time: Int64) {
        var o = order
        let steps = walk(o)
        let held = steps.reduce(0) { $0 + $1.lots } == o.leaves && (!o.request.isReduceOnly || reducible(o.side) >= o.leaves)
        if o.type == .market, o.request.timeInForce == .fillOrKill, !held {
            return say(o.id, time, .expired)
        } else if o.type == .market {
            for step in steps where fill(&o, step.lots, slip(step.ticks, o), .taker, time) < step.lots { break }
        } else if crosses(o.side, o.price) {
            if o.request.isPostOnly { return say(o.id, time, .expired) }
            if o.request.timeInForce != .fillOrKill || held {
                if rules.fills == .full {
                    fill(&o, o.leaves, slip(best(o.side.opposite)!, o), .taker, time)
                } else {
                    for step in steps where fill(&o, step.lots, slip(step.ticks, o), .taker, time) < step.lots { break }
                }
            }
        }
        if o.leaves == 0 { return }
        if o.dies { return say(o.id, time, .expired) }
        o.ahead = base(books[o.side]![o.price] ?? 0)
        o.traded = 0
        o.waits = false
        own.append(o)
    }
}
